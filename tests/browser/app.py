"""The real app in a process of its own, for tests and screenshots."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
UNHURRIED = """
import time
from cnnviz.train import loop
end = loop._end_of_epoch
def slowly(session):
    time.sleep(0.1)
    yield from end(session)
loop._end_of_epoch = slowly
"""
"""What a nursery's workers run first: a training that is watched for a while leaves the processor to the watching."""


def free_port() -> int:
    """A port on which nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    checkpoints: Path, data: Path, *, log: Path | None = None, nursery: Path | None = None
) -> Iterator[str]:
    """The address of an app that was started for this block: as `make app` does, or with workers from a nursery."""
    environment = os.environ | {
        "CNNVIZ_CHECKPOINTS": str(checkpoints),
        "CNNVIZ_DATA": str(data),
        "OMP_NUM_THREADS": "1",
        "NURSERY": UNHURRIED,
    }
    module = ["tests.browser.serve", str(nursery)] if nursery else ["cnnviz.ui.shell.serve"]
    log = log or checkpoints / "app.log"
    with started([sys.executable, "-m", *module], cwd=ROOT, environment=environment, log=log) as address:
        yield address


@contextmanager
def started(command: list[str], *, cwd: Path, environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """The address of an app that a command starts, at the port that is added to it."""
    port = free_port()
    with log.open("wb") as output:
        app = subprocess.Popen(
            [*command, "--port", str(port)], cwd=cwd, env=environment, stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if app.poll() is not None:
                raise RuntimeError(f"The app ended at once:\n{log.read_text()}")
            try:
                urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except (URLError, OSError):
                time.sleep(0.1)
        yield address
    finally:
        app.terminate()
        app.wait(60)
