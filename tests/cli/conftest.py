import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cnnviz.cli.app import app
from cnnviz.runs import control
from cnnviz.runs import process as hiring
from cnnviz.runs import run as running
from cnnviz.workspace import ROOT
from tests import nursery_client

Ask = Callable[..., Result]


IN_THE_NURSERY = (
    "import sys\n"
    "from pathlib import Path\n"
    "from cnnviz.cli import main\n"
    "from cnnviz.runs import process\n"
    "from tests import nursery_client\n"
    "process.subprocess = nursery_client.stand_in(Path(sys.argv.pop(1)))\n"
    "main()"
)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Workers of the nursery get nowhere until they are asked to stop; gives a function that ends it for later ones."""
    monkeypatch.setenv(
        "NURSERY",
        "import time\n"
        "from cnnviz.runs.job import Job\n"
        "plain = Job.check\n"
        "def check(self):\n"
        "    while self.folder.name != '.queue' and not (self.folder / 'stop').exists():\n"
        "        time.sleep(0.02)\n"
        "    plain(self)\n"
        "Job.check = check\n",
    )
    return lambda: monkeypatch.delenv("NURSERY")


@pytest.fixture(autouse=True)
def _no_run_outlives_its_test(bench: Any, nursery: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a command starts in this process comes from the nursery, and ends with its test."""
    monkeypatch.setattr(hiring, "subprocess", nursery_client.stand_in(nursery))
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
    """Starts a command in a process of its own, with stdout and stderr piped; those that go on are killed.

    Workers that it starts are real ones, unless it is given the nursery for them.
    """
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, nursery: Path | None = None) -> "subprocess.Popen[str]":
        program = ["-c", IN_THE_NURSERY, str(nursery)] if nursery else ["-m", "cnnviz"]
        process = subprocess.Popen(
            [sys.executable, *program, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            # A test run in the background may have been told to ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
