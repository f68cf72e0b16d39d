"""Forks workers for the tests and for the app that they drive. Torch, which takes seconds to import, is imported once.

`python tests/nursery.py DESCRIPTOR` serves the socket that `nursery_client` listens on, until its standard input ends.

Each child is a worker (of a run, an index or a map) as `python -m MODULE` would be: a session leader of its own that
has been given its folder, the locked lease and the log, and nothing of its parent. What it starts
comes from here, too. `NURSERY` in its environment is Python to run first: a fault to have.
"""

import array
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnviz.runs import process
from tests import nursery_client


def serve(listener: socket.socket) -> None:
    import torch
    import torch._dynamo  # every first optimiser would: that takes longer than a small run

    torch.set_num_threads(1)
    import sklearn.datasets  # noqa: F401 of the digits

    import cnnviz.data.catalogue
    import cnnviz.diagnosis.embedding_process
    import cnnviz.explore.channels.excitation
    import cnnviz.index.worker
    import cnnviz.train.loop
    import cnnviz.train.snapshots  # noqa: F401
    from cnnviz.runs import (
        process,
        worker,  # noqa: F401
    )
    from tests import nursery_client

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        with connection, suppress(OSError):  # who asked may be killed before the answer
            message, ancillary, *_ = connection.recvmsg(1 << 16, socket.CMSG_LEN(2 * 4))
            handles = array.array("i")
            handles.frombytes(ancillary[0][2])
            child = os.fork()
            if not child:
                process.subprocess = nursery_client.stand_in(Path(listener.getsockname()))
                listener.close()
                connection.close()
                become_worker(json.loads(message), *handles)
            for handle in handles:
                os.close(handle)
            connection.send(str(child).encode())


def become_worker(request: dict[str, Any], log: int, lease: int) -> None:
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = ["worker", str(request["folder"]), str(lease), *request["arguments"]]
        process.subprocess = nursery_client.stand_in(Path(request["nursery"]))  # of the worker after it
        exec(os.environ.get("NURSERY", ""), {})  # noqa: S102
        importlib.import_module(str(request["module"])).main()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
