import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cnnviz.cli.app import app
from cnnviz.runs import control
from cnnviz.runs import run as running
from cnnviz.workspace import ROOT

Ask = Callable[..., Result]


@pytest.fixture(autouse=True)
def _no_run_outlives_its_test(bench: Any) -> Iterator[None]:
    yield
    for run in running.every():
        if run.status().active:
            control.stop(run.id, patience=0)


@pytest.fixture
def ask(bench: Any) -> Ask:
    """Runs a command in this process: `ask("runs", "--json")`."""
    return lambda *arguments, **options: CliRunner().invoke(app, [str(one) for one in arguments], **options)


Shell = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def shell(bench: Any) -> Iterator[Shell]:
    """Starts a command in a process of its own, with stdout and stderr piped; those that go on are killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **options: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "cnnviz", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            # A test run in the background may have been told to ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
