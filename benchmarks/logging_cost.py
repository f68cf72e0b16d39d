"""What it costs a training to be written down, and to be watched.

The bare loop and the worker are processes of their own, since that is how a run is trained. The app and the
browser are there in every turn, but look at the run in the watched ones only. A worker's speed is its own
account of itself: each status it writes says the step and the time.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

from benchmarks.browser import App, app, browser_seconds, page
from benchmarks.images import environment, on_disk, source
from benchmarks.pairs import RATE, Row, in_turn, spread
from benchmarks.sessions import recipe
from cnnviz.config import RunConfig
from cnnviz.errors import RunError
from cnnviz.runs import control
from cnnviz.runs.run import Run
from cnnviz.runs.status import Status
from cnnviz.workspace import ROOT

_STEPS = 280
"""Long enough for two of the saves, which follow the clock."""
_WARM_UP = 20
_PATIENCE = 300.0


class Nobody:
    """Who looks at the runs: in this case nobody, which only notes what the worker does."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.saves: list[int] = []

    def come(self, run: Run) -> None:
        """Called when the run has been started."""

    def begin(self) -> None:
        """Called when counting begins."""

    def end(self) -> None:
        """Called when counting ends."""

    def wait(self, seconds: float) -> None:
        """Let some time pass."""
        time.sleep(seconds)


class Reader(Nobody):
    """Somebody with the run's page open from its start. Notes what that takes, a second."""

    def __init__(self, running: App, browser: Page) -> None:
        super().__init__()
        self.running, self.browser = running, browser
        self.messages: list[float] = []
        self.app_cores: list[float] = []
        self.browser_cores: list[float] = []
        self._before = self._now()

    def come(self, run: Run) -> None:
        self.browser.goto(f"{self.running.url}/train?run={run.id}")
        self.browser.get_by_role("button", name="Stop").wait_for(timeout=120_000)

    def begin(self) -> None:
        self._before = self._now()

    def end(self) -> None:
        start, *before = self._before
        now, *after = self._now()
        for noted, old, new in zip(
            (self.messages, self.app_cores, self.browser_cores), before, after, strict=True
        ):
            noted.append((new - old) / (now - start))
        if self.messages[-1] < 0.5:
            raise RuntimeError("The page was open, but was told nothing of the run.")
        self.browser.goto("about:blank")

    def wait(self, seconds: float) -> None:
        self.browser.wait_for_timeout(1000 * seconds)

    def _now(self) -> tuple[float, float, float, float]:
        messages = float(self.browser.evaluate("window.messages"))
        return time.monotonic(), messages, self.running.seconds(), browser_seconds()


def measure(*, quick: bool) -> list[Row]:
    """Three rows: written against bare, written and watched against bare, watched against not watched."""
    size: dict[str, Any] = {"steps": _STEPS, "warm_up": _WARM_UP}
    with (
        TemporaryDirectory() as checkpoints,
        environment(CNNVIZ_CHECKPOINTS=checkpoints),
        on_disk(),
        app() as running,
        page() as browser,
    ):
        config = fixed(recipe("imagenet"))
        browser.goto(f"{running.url}/train")
        browser.get_by_role("button", name="Start").wait_for(timeout=120_000)
        browser.wait_for_timeout(5000)  # the first visit goes on to load torch
        browser.goto("about:blank")
        alone, watched = Nobody(), Reader(running, browser)
        bare, written, both = in_turn(
            lambda: bare_images_per_second(config, **size),
            lambda: worker_images_per_second(config, alone, **size),
            lambda: worker_images_per_second(config, watched, **size),
            repeats=1 if quick else 3,
        )
    way = f"{config.precision}, {config.memory_format.replace('_', ' ')}, not compiled"
    turns = f"turns of {_STEPS} steps, {spread(alone.seconds).median:.0f} s"
    return [
        Row(
            name="logging: written",
            what=f"the worker, with journal, status and snapshots, against fit() alone; 7×7 stem, {way}; {source()}",
            unit=RATE,
            ours=written,
            theirs=bare,
            target=0.97,
            notes=[_cost(written, bare), f"{turns}, with saves of all weights: {_list(alone.saves)}"],
        ),
        Row(
            name="logging: watched",
            what="the same while Chromium on this machine shows the Train page, against fit() alone",
            unit=RATE,
            ours=both,
            theirs=bare,
            target=0.97,
            notes=[
                _cost(both, bare),
                f"{turns}, with saves of all weights: {_list(watched.saves)}",
                f"the page got {spread(watched.messages).median:.1f} messages a second; cores used: app "
                f"{spread(watched.app_cores).median:.2f}, browser {spread(watched.browser_cores).median:.2f}",
            ],
        ),
        Row(
            name="logging: page",
            what="the worker that is watched against the one that is not",
            unit=RATE,
            ours=both,
            theirs=written,
            notes=[_cost(both, written)],
        ),
    ]


def fixed(config: RunConfig) -> RunConfig:
    """`config` with the execution that its probe chooses here, uncompiled, so that every process takes it."""
    way = _bare(config.model_copy(update={"compile": "off"}), steps=1, warm_up=0)["execution"]
    chosen = {"precision": way["precision"], "memory_format": way["memory_format"], "compile": "off"}
    return config.model_copy(update=chosen)


def bare_images_per_second(config: RunConfig, *, steps: int, warm_up: int) -> float:
    """Speed of `fit` in a process that does nothing else."""
    return float(_bare(config, steps=steps, warm_up=warm_up)["images_per_second"])


def worker_images_per_second(config: RunConfig, onlooker: Nobody, *, steps: int, warm_up: int) -> float:
    """Speed of a real worker, pauses for its files included; the run is stopped and deleted afterwards."""
    run = control.start(config)
    try:
        onlooker.come(run)
        first = _status_at(run, warm_up, onlooker)
        onlooker.begin()
        saves = _Saves(run)
        last = _status_at(run, first.step + steps, onlooker, saves.look)
        onlooker.end()
    finally:
        with suppress(RunError):
            control.stop(run.id)
        control.delete(run.id)
    seconds = last.updated - first.updated
    onlooker.seconds.append(seconds)
    onlooker.saves.append(saves.count)
    return (last.step - first.step) * config.batch_size / seconds


class _Saves:
    """Counts how often a run's weights are written."""

    def __init__(self, run: Run) -> None:
        self._path = run.folder / "snapshots" / "last.safetensors"
        self._last = self._path.stat().st_mtime_ns
        self.count = 0

    def look(self) -> None:
        now = self._path.stat().st_mtime_ns
        self.count += now != self._last
        self._last = now


def _bare(config: RunConfig, *, steps: int, warm_up: int) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.bare_loop",
        config.model_dump_json(),
        str(steps),
        str(warm_up),
    ]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _status_at(run: Run, step: int, onlooker: Nobody, look: Callable[[], None] = lambda: None) -> Status:
    """The first status seen of that step or a later one."""
    until = time.monotonic() + _PATIENCE
    while True:
        status = run.status()
        look()
        if status.step >= step:
            return status
        if not status.active or time.monotonic() > until:
            raise RuntimeError(f"The worker is {status.state} at step {status.step}. {status.reason}")
        onlooker.wait(0.5)


def _cost(ours: Sequence[float], theirs: Sequence[float]) -> str:
    costs = spread([100 * (1 - a / b) for a, b in zip(ours, theirs, strict=True)])
    return f"cost {costs.median:.1f} % ({costs.low:.1f}..{costs.high:.1f} %)"


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
