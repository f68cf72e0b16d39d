"""Starts the nursery, and has it start workers: what takes the place of `subprocess.Popen`. See nursery.py."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cnnviz.workspace import ROOT

_PATIENCE = 100.0
"""Seconds that a nursery may take to load torch, beside much else."""


@contextmanager
def running() -> Iterator[Path]:
    """The address of a nursery that lives for this block."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        address = Path(folder) / "nursery"
        listener.bind(str(address))
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py")), str(listener.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )
        try:
            yield address
        finally:
            process.kill()
            process.communicate()


def stand_in(address: Path) -> SimpleNamespace:
    """What `cnnviz.runs.process` needs of the module `subprocess`, with workers that start in no time."""

    def popen(
        command: list[str], *, stdout: Any, env: dict[str, str], pass_fds: list[int], **_: Any
    ) -> SimpleNamespace:
        assert command[1] == "-m"
        message = {
            "module": command[2],
            "folder": command[3],
            "arguments": command[5:],
            "environment": env,
            "nursery": str(address),
        }
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(str(address))
            socket.send_fds(connection, [json.dumps(message).encode()], [stdout.fileno(), pass_fds[0]])
            return SimpleNamespace(pid=int(connection.recv(32)))

    return SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)
