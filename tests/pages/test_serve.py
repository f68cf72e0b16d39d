"""Starting the app where it can't start."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest


def serve(port: int | str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cnnviz.ui.shell.serve", "--port", str(port), *more]
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


@pytest.mark.parametrize("host", ["999.1.1.1", "192.0.2.1"])
def test_an_address_of_another_machine(host: str) -> None:
    ended = serve(8765, "--host", host)
    assert ended.returncode != 0
    assert ended.stderr.strip() == f"{host} is no address of this machine: leave out --host."


def test_a_home_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("CNNVIZ_CHECKPOINTS", raising=False)
    monkeypatch.setenv("CNNVIZ_HOME", str(tmp_path / "file" / "home"))
    ended = serve(8765)
    assert ended.returncode != 0
    assert "set CNNVIZ_HOME to a folder that can be written" in ended.stderr
    assert ended.stderr.strip().count("\n") == 0
