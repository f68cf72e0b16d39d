import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.runs import lease
from cnnviz.runs import process as hiring
from cnnviz.runs.run import Run
from tests import nursery_client


@pytest.fixture
def quick(nursery: Path, bench: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers come from the nursery. Those that are left at the end are killed."""
    monkeypatch.setattr(hiring, "subprocess", nursery_client.stand_in(nursery))
    yield
    kill_all(bench.checkpoints)


def kill_all(checkpoints: Path) -> None:
    """Kill every worker of a test's runs (which only the test can have started)."""
    for path in [*checkpoints.glob("*/lease"), *checkpoints.glob("*/index/*/lease")]:
        process = lease.holder(path)
        if process is not None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def wait_for(condition: Callable[[], Any], *, seconds: float = 150) -> Any:
    """What `condition` gives, once that is true."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.005)
    return value


@dataclass
class Watch:
    """Looks at runs until something has happened."""

    faults: pytest.MonkeyPatch

    def until(self, run: Run, *states: str) -> Any:
        """The run's status, once it is in one of these states (and not in another last one)."""
        last = {"finished", "stopped", "failed", "interrupted"}
        now = wait_for(lambda: (now := run.status()).state in (last | set(states)) and now)
        assert now.state in states, f"{now}\n{run.log()}"
        return now

    def lines(self, run: Run, count: int) -> None:
        """Return when the run has measured so many lines."""
        path = run.folder / "metrics.jsonl"
        wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") >= count)

    def process(self, run: Run) -> int:
        """The id of the run's worker."""
        found = wait_for(lambda: lease.holder(run.folder / "lease"))
        assert isinstance(found, int)
        return found

    def kill(self, run: Run) -> None:
        """kill -9 of the run's worker; returns when it is dead."""
        os.kill(self.process(run), signal.SIGKILL)
        wait_for(lambda: not lease.held(run.folder / "lease"))

    def fault(self, code: str) -> None:
        """Python that workers run first, from now on."""
        self.faults.setenv("NURSERY", code)

    def all(self, condition: Callable[[], Any]) -> Any:
        """What `condition` gives, once that is true."""
        return wait_for(condition)

    def soon(self, condition: Callable[[], Any]) -> Any:
        """As `all`, in about the second that a dead worker may go unnoticed (more on a busy machine)."""
        return wait_for(condition, seconds=3)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.fixture
def small(tiny_data: str, tiny_config: RunConfig) -> RunConfig:
    """A run of a moment, with dropout and augmentation, so that a step taken twice or left out shows."""
    values = tiny_config.model_dump(mode="json")
    values["network"]["dropout"] = 0.2
    values["augmentation"] = [{"name": "horizontal_flip"}]
    values["optimiser"] = {"name": "adam", "learning_rate": 0.01}
    values["schedule"] = {"name": "one_cycle"}
    values["batch_size"] = 60
    return RunConfig.parse(values)


@pytest.fixture
def long(small: RunConfig) -> RunConfig:
    """A run that lasts until it is stopped."""
    return small.model_copy(update={"epochs": 1_000_000, "title": "long"})
