"""Starting the app where it can't start."""

import socket
import subprocess
import sys

import pytest


def serve(port: int | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cnnviz.ui.shell.serve", "--port", str(port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_in_use_is_one_line_with_another_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = serve(port)
    assert ended.returncode != 0
    assert ended.stderr.strip().splitlines() == [
        f"Port {port} can't be used (Address already in use): try make app PORT={port + 1}"
    ]


@pytest.mark.parametrize("port", [70_000, -1])
def test_what_is_no_port(port: int) -> None:
    ended = serve(port)
    assert ended.returncode != 0
    assert "is not a port" in ended.stderr
