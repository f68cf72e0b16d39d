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
from dataclasses import dataclass, field
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


@dataclass
class Seen:
    """What was noted in the turns of one kind, a figure a turn."""

    seconds: list[float] = field(default_factory=list)
    saves: list[int] = field(default_factory=list)
    messages: list[float] = field(default_factory=list)
    """A second, to the page."""
    app: list[float] = field(default_factory=list)
    """Processor seconds a second."""
    browser: list[float] = field(default_factory=list)


def measure(*, quick: bool) -> list[Row]:
    """Three rows: written against bare, written and watched against bare, watched against not watched."""
    alone, watched = Seen(), Seen()
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
        browser.wait_for_timeout(8000)  # the first visit loads torch and measures a little
        browser.goto("about:blank")
        bare, written, both = in_turn(
            lambda: bare_images_per_second(config, **size),
            lambda: worker_images_per_second(config, alone, **size),
            lambda: watched_images_per_second(config, watched, running, browser, **size),
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
                f"{spread(watched.app).median:.2f}, browser {spread(watched.browser).median:.2f}",
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


def worker_images_per_second(
    config: RunConfig,
    seen: Seen,
    *,
    steps: int,
    warm_up: int,
    started: Callable[[Run], None] = lambda run: None,
    sleep: Callable[[float], None] = time.sleep,
    begun: Callable[[], None] = lambda: None,
) -> float:
    """Speed of a real worker, pauses for its files included; the run is stopped and deleted afterwards.

    `started` is called with the run, `begun` when counting begins, `sleep` to wait some seconds.
    """
    run = control.start(config)
    try:
        started(run)
        first = _status_at(run, warm_up, sleep)
        begun()
        saves = _Saves(run)
        last = _status_at(run, first.step + steps, sleep, saves.look)
    finally:
        with suppress(RunError):
            control.stop(run.id)
        control.delete(run.id)
    seconds = last.updated - first.updated
    seen.seconds.append(seconds)
    seen.saves.append(saves.count)
    return (last.step - first.step) * config.batch_size / seconds


def watched_images_per_second(
    config: RunConfig, seen: Seen, running: App, browser: Page, *, steps: int, warm_up: int
) -> float:
    """The same, with the run's page open in `browser` from its start."""
    start = messages = app_seconds = chromium_seconds = 0.0

    def begun() -> None:
        nonlocal start, messages, app_seconds, chromium_seconds
        start, messages = time.monotonic(), browser.evaluate("window.messages")
        app_seconds, chromium_seconds = running.seconds(), browser_seconds()

    speed = worker_images_per_second(
        config,
        seen,
        steps=steps,
        warm_up=warm_up,
        started=lambda run: _open(browser, f"{running.url}/train?run={run.id}"),
        sleep=lambda seconds: browser.wait_for_timeout(1000 * seconds),
        begun=begun,
    )
    passed = time.monotonic() - start
    seen.messages.append((browser.evaluate("window.messages") - messages) / passed)
    seen.app.append((running.seconds() - app_seconds) / passed)
    seen.browser.append((browser_seconds() - chromium_seconds) / passed)
    browser.goto("about:blank")
    return speed


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


def _open(browser: Page, url: str) -> None:
    browser.goto(url)
    browser.get_by_role("button", name="Stop").wait_for(timeout=30_000)


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


def _status_at(
    run: Run, step: int, sleep: Callable[[float], None], look: Callable[[], None] = lambda: None
) -> Status:
    """The first status seen of that step or a later one."""
    until = time.monotonic() + _PATIENCE
    while True:
        status = run.status()
        look()
        if status.step >= step:
            return status
        if not status.active or time.monotonic() > until:
            raise RuntimeError(f"The worker is {status.state} at step {status.step}. {status.reason}")
        sleep(0.5)


def _cost(ours: Sequence[float], theirs: Sequence[float]) -> str:
    costs = spread([100 * (1 - a / b) for a, b in zip(ours, theirs, strict=True)])
    return f"cost {costs.median:.1f} % ({costs.low:.1f}..{costs.high:.1f} %)"


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
