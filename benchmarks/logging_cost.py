"""What it costs a training to be written down, and to be watched.

One real worker trains all the while, and the Train page of its run is open in a browser every second stretch of
time. A worker's own account gives its speed: each status says the step, the time of day, and the seconds that went
into training, in which writing has no part.
"""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import Page

from benchmarks import machine
from benchmarks.browser import App, app, browser_seconds, page
from benchmarks.images import environment, on_disk, source
from benchmarks.pairs import RATE, SHARE, Row, spread
from benchmarks.sessions import ready, recipe
from cnnviz.config import RunConfig
from cnnviz.errors import RunError
from cnnviz.runs import control
from cnnviz.runs.run import Run
from cnnviz.runs.status import Status
from cnnviz.train.execution import Execution

_STRETCH = 40.0
"""Seconds of one measurement: several drawings of the page."""
_SETTLE = 8.0
"""Seconds that a page has for its first drawing, which happens once."""
_PATIENCE = 300


class Stretch(NamedTuple):
    """What was seen in a stretch of time."""

    with_writing: float
    """Images a second of all time."""
    without: float
    """Images a second of the time that went into training."""
    app_cores: float
    browser_cores: float
    messages: float
    """A second, from the app to the page."""


def measure(*, quick: bool) -> list[Row]:
    """Three rows: what writing costs, what a watching page costs by the clock, and both by processor time."""
    config = fixed(recipe("imagenet"), ready("imagenet").session.way)
    with (
        TemporaryDirectory() as checkpoints,
        environment(CNNVIZ_CHECKPOINTS=checkpoints),
        on_disk(),
        app() as running,
        page() as browser,
    ):
        browser.goto(f"{running.url}/train")
        browser.get_by_role("button", name="Start").wait_for(timeout=120_000)
        browser.wait_for_timeout(5000)  # the first visit goes on to load torch
        alone, watched = alternately(config, running, browser, repeats=3 if quick else 5)
    return rows(alone, watched, f"{config.precision}, {config.memory_format.replace('_', ' ')}, not compiled")


def rows(alone: Sequence[Stretch], watched: Sequence[Stretch], way: str) -> list[Row]:
    """The table's lines from what was seen."""
    what = f"the worker of a ResNet-18 with 7×7 stem, {way}; {source()}"
    written = [stretch.with_writing for stretch in alone]
    bare = [stretch.without for stretch in alone]
    seen = [stretch.with_writing for stretch in watched]
    turns = f"stretches of {_STRETCH:.0f} s in turn, in one process"
    # What slows the machine for a while falls on both neighbours of a stretch.
    written_beside = _between(written)
    return [
        Row(
            name="logging: written",
            what=f"{what}: all time, journal, status and snapshots included, against the time inside fit()",
            unit=RATE,
            ours=written,
            theirs=bare,
            target=0.97,
            notes=[_cost(written, bare), turns],
        ),
        Row(
            name="logging: page",
            what="the same while Chromium on this machine shows the Train page, against the stretches before and after",
            unit=RATE,
            ours=seen,
            theirs=written_beside,
            notes=[
                _cost(seen, written_beside),
                f"the page got {spread([one.messages for one in watched]).median:.1f} messages a second; cores "
                f"used: app {spread([one.app_cores for one in watched]).median:.2f}, browser "
                f"{spread([one.browser_cores for one in watched]).median:.2f} "
                f"(unwatched {spread([one.browser_cores + one.app_cores for one in alone]).median:.2f} together)",
            ],
        ),
        Row(
            name="logging: both",
            what="of the machine, what stays with the training while it is written and watched: the time inside "
            "fit(), of the cores that app and browser leave; a machine's speed, which varies, has no part in it",
            unit=SHARE,
            ours=[100 * kept for kept in kept_by_training(alone, watched, cores=machine.cores())],
            theirs=[100.0] * len(watched),
            target=0.97,
            notes=["what app and browser use unwatched is not counted as the page's"],
        ),
    ]


def kept_by_training(alone: Sequence[Stretch], watched: Sequence[Stretch], *, cores: int) -> list[float]:
    """Shares of the machine that a watched run keeps, 0 to 1: of the time (writing takes some) and of the cores."""
    idle = _between([one.app_cores + one.browser_cores for one in alone])
    return [
        one.with_writing / one.without * (1 - max(0.0, one.app_cores + one.browser_cores - unwatched) / cores)
        for one, unwatched in zip(watched, idle, strict=True)
    ]


def fixed(config: RunConfig, way: Execution) -> RunConfig:
    """`config` computed in that way, uncompiled, so that no probe is needed."""
    chosen = {"precision": way.precision, "memory_format": way.memory_format, "compile": "off"}
    return config.model_copy(update=chosen)


def alternately(
    config: RunConfig, running: App, browser: Page, *, repeats: int, seconds: float = _STRETCH
) -> tuple[list[Stretch], list[Stretch]]:
    """Stretches of one run without and with its page open, in turn, the first and the last without.

    The run is stopped and deleted afterwards.
    """
    alone: list[Stretch] = []
    watched: list[Stretch] = []
    run = control.start(config)
    try:
        address = f"{running.url}/train?run={run.id}"
        browser.goto(address)
        browser.get_by_role("button", name="Stop").wait_for(timeout=_PATIENCE * 1000)
        _first_steps(run, browser)
        for number in range(repeats + 1):
            browser.goto("about:blank")
            browser.wait_for_timeout(2000)
            alone.append(_stretch(run, running, browser, seconds))
            if number == repeats:
                break
            browser.goto(address)
            browser.wait_for_timeout(1000 * min(_SETTLE, seconds))
            watched.append(_stretch(run, running, browser, seconds))
            if not watched[-1].messages:
                raise RuntimeError("The page was open, but was told nothing of the run.")
    finally:
        with suppress(RunError):
            control.stop(run.id)
        control.delete(run.id)
    return alone, watched


def _first_steps(run: Run, browser: Page) -> None:
    for _ in range(_PATIENCE):
        status = _active(run)
        if status.seconds > 3 or status.step > 20:
            return
        browser.wait_for_timeout(1000)
    raise RuntimeError("The worker does not come to its first steps.")


def _stretch(run: Run, running: App, browser: Page, seconds: float) -> Stretch:
    before, *used = _active(run), running.seconds(), browser_seconds(), _messages(browser)
    browser.wait_for_timeout(1000 * seconds)
    after, *now = _active(run), running.seconds(), browser_seconds(), _messages(browser)
    passed, images = after.updated - before.updated, (after.step - before.step) * run.config.batch_size
    app_cores, browser_cores, messages = ((b - a) / seconds for a, b in zip(used, now, strict=True))
    return Stretch(
        images / passed, images / (after.seconds - before.seconds), app_cores, browser_cores, messages
    )


def _messages(browser: Page) -> float:
    return float(browser.evaluate("window.messages"))


def _active(run: Run) -> Status:
    status = run.status()
    if not status.active:
        raise RuntimeError(f"The worker is {status.state} at step {status.step}. {status.reason}")
    return status


def _between(figures: Sequence[float]) -> list[float]:
    """The means of neighbours."""
    return [(a + b) / 2 for a, b in pairwise(figures)]


def _cost(ours: Sequence[float], theirs: Sequence[float]) -> str:
    costs = spread([100 * (1 - a / b) for a, b in zip(ours, theirs, strict=True)])
    return f"cost {costs.median:.1f} % ({costs.low:.1f}..{costs.high:.1f} %)"
