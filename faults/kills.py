"""kill -9 of those who train, and of those who had it started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from benchmarks.images import environment
from cnnviz.config import RunConfig
from cnnviz.models import checkpoint
from cnnviz.runs import control, lease, queue
from cnnviz.runs.run import Run, every
from faults.outcome import Case, Lost, Outcome, require, tally
from faults.place import place, workers_at_once

_SHOWN = 15.0
"""Seconds until the bench tells that a worker is dead."""
_PATIENCE = 120.0
_SAVES_ALWAYS = (
    "import cnnviz.train.snapshots as m; m._EVERY = 0.0; m._SHARE = 0\n"
    "import os, time; plain = os.fsync; os.fsync = lambda d: (time.sleep(.002), plain(d))\n"
)
"""What workers run first: they save after every epoch, slowly, so that many are killed in the middle of it."""
PLAIN: dict[str, Any] = {
    "data": {"name": "tiny"}, "network": {"name": "mlp", "hidden": [16]}, "epochs": 4, "batch_size": 40,
    "optimiser": {"name": "sgd", "learning_rate": 0.05}, "schedule": {"name": "constant"}, "device": "cpu",
    "precision": "fp32", "memory_format": "contiguous", "compile": "off",
}  # fmt: skip
_CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"network": {"name": "mlp", "hidden": [8, 8], "dropout": 0.3}},
    {"network": {"name": "cnn", "convs": [4], "pool_after": [1], "linear": [8]}},
    {"network": {"name": "cnn", "convs": [4, 4], "pool_after": [2], "linear": [], "batch_norm": "all"}},
    {"optimiser": {"name": "adam", "learning_rate": 0.01}},
    {"optimiser": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True}},
    {"schedule": {"name": "one_cycle"}},
    {"augmentation": [{"name": "horizontal_flip"}]},
    {"early_stopping": {"patience": 2}},
    {"batch_size": 7},
)


def configurations() -> Iterator[RunConfig]:
    """Twenty: ten ways to train, each under two seeds."""
    for seed in (0, 1):
        for change in _CHANGES:
            yield RunConfig.parse(PLAIN | change | {"seed": seed})


def worker(*, quick: bool) -> Outcome:
    """Killed at random times, and taken up again until it ends as if nothing had been."""
    random = np.random.default_rng(6)
    chosen = list(configurations())[:: 7 if quick else 1]
    kills = 3 if quick else 10
    with place(), workers_at_once():
        cases = [case for config in chosen for case in _Killed(config, random).cases(kills)]
        return tally(
            "kill -9 of a worker",
            f"{len(chosen)} configurations, each killed {kills} times at random, in the middle of saving too: told "
            f"within {_SHOWN:.0f} s, the newest snapshot loads, no line is lost, and the run that was resumed ends "
            "with the weights of one that nobody interrupted, to the last bit",
            cases,
            lost="what was learnt since the last snapshot, and learnt again",
        )


class _Killed:
    """One configuration: its uninterrupted end, and a run that is killed on the way there."""

    def __init__(self, config: RunConfig, random: np.random.Generator) -> None:
        self.config, self.random = config, random
        self.expected = ""
        self.took = 0.5
        self.run: Run | None = None

    def cases(self, kills: int) -> Iterator[Case]:
        name = f"{self.config.network.name}, {self.config.optimiser.name}, seed {self.config.seed}"
        for number in range(kills):
            yield f"{name}, kill {number + 1}", partial(self.kill, last=number + 1 == kills)

    def kill(self, *, last: bool) -> None:
        with environment(NURSERY=_SAVES_ALWAYS):
            if not self.expected:
                self._uninterrupted()
            for _ in range(50):
                if self.run is None or self.run.status().state == "finished":
                    self._ended()
                    self.run = control.start(self.config)
                if self._killed(self.run):
                    break
            else:
                raise Lost("could not be hit")
            if last:
                control.resume(self.run.id)
                _until(self.run, "finished")
                self._ended()

    def _uninterrupted(self) -> None:
        whole = control.start(self.config)
        _until(whole, "running", "finished")
        start = time.monotonic()
        _until(whole, "finished")
        self.took = time.monotonic() - start
        self.expected = whole.metrics().finished["weights_sha256"]
        _gone(whole)

    def _killed(self, run: Run) -> bool:
        """Whether it was still at work when it was hit."""
        if run.status().state == "interrupted":
            control.resume(run.id)
        time.sleep(float(self.random.uniform(0, self.took)))
        process = lease.holder(run.folder / "lease")
        lines = run.folder / "metrics.jsonl"
        before = lines.read_bytes() if lines.exists() else b""
        if process is None:
            _until(run, "finished", "queued", "interrupted", "running")
            return False
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        told = time.monotonic()
        while (state := run.status().state) in ("queued", "running"):
            queue.revive()  # as every page does: who was killed before it had begun, waits again
            if lease.holder(run.folder / "lease") not in (None, process):
                return True
            require(time.monotonic() - told < _SHOWN, f"still {state} after {_SHOWN:.0f} s")
            time.sleep(0.01)
        if state == "finished":
            return False
        require(state == "interrupted", f"it is {state}: {run.status().reason}")
        whole = before[: before.rfind(b"\n") + 1]
        require(not whole or lines.read_bytes().startswith(whole), "lines of its figures are lost")
        last = run.folder / "snapshots" / "last.safetensors"
        if last.exists():
            checkpoint.load(last)
        return True

    def _ended(self) -> None:
        if self.run is None:
            return
        found = self.run.metrics().finished.get("weights_sha256")
        require(found == self.expected, "it ended with other weights than the run that nobody interrupted")
        litter = [path.name for path in self.run.folder.rglob("*.new")]
        require(not litter, f"left {litter}")
        _gone(self.run)
        self.run = None


def starter(*, quick: bool) -> Outcome:
    """Whoever started a run is killed: it goes on, and who comes next finds it and starts no second one."""
    count = 4 if quick else 50
    with place(), workers_at_once():
        config = RunConfig.parse(PLAIN | {"epochs": 100_000})
        return tally(
            "kill -9 of the app",
            "the process that started a run is killed at once: the worker goes on, is found again, and the same run is "
            "not started twice",
            ((f"app {number}", partial(_outlived, config)) for number in range(count)),
        )


def _outlived(config: RunConfig) -> None:
    parent = os.fork()
    if not parent:
        try:
            control.start(config)
            time.sleep(60)
        finally:
            os._exit(0)
    found = _wait(lambda: next(iter(every()), None))
    run = found
    _until(run, "running")
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    epoch = run.status().epoch
    _wait(lambda: run.status().epoch > epoch + 1)
    try:
        control.start(config)
    except Exception as error:
        require("already under way" in str(error), str(error))
    else:
        raise Lost("it was started twice")
    require(len(every()) == 1, "there are two runs")
    control.stop(run.id)
    require(run.status().state == "stopped", f"it can't be stopped: {run.status().state}")
    _gone(run)


def _gone(run: Run) -> None:
    _wait(lambda: not lease.held(run.folder / "lease"))
    control.delete(run.id)


def _until(run: Run, *states: str) -> None:
    ended = {"finished", "stopped", "failed", "interrupted"}
    now = _wait(lambda: run.status().state in ended | set(states) and run.status())
    require(now.state in states, f"it is {now.state}: {now.reason} {run.log()[-200:]}")


def _wait(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + _PATIENCE
    while not (value := condition()):
        require(time.monotonic() < until, "waited in vain")
        time.sleep(0.01)
    return value
