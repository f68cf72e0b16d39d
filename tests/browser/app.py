"""The real app in a process of its own, for tests and screenshots."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port on which nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(checkpoints: Path, data: Path, *, log: Path | None = None) -> Iterator[str]:
    """The address of an app that was started for this block, as `make app` starts it."""
    port = free_port()
    environment = os.environ | {
        "CNNVIZ_CHECKPOINTS": str(checkpoints),
        "CNNVIZ_DATA": str(data),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "cnnviz.ui.shell.serve", "--port", str(port)]
    log = log or checkpoints / "app.log"
    with log.open("wb") as output:
        app = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
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
