"""Runs in the hands of two impatient people."""

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Error, Page, expect

from cnnviz.runs.run import Run
from tests.browser.conftest import Start
from tests.browser.looks import choose, enter, settled, visit

SLOW = 90_000
"""Milliseconds until a worker trains, also where something else has the cores."""


def watched(page: Page, address: str, run: Run) -> None:
    """Open a run's page, and wait until it trains."""
    page.goto(f"{address}/train?run={run.id}")
    settled(page)  # a click while the page is still being drawn is lost
    expect(page.get_by_text(re.compile(r"epoch \d+ of 100000"))).to_be_visible(timeout=SLOW)


def test_stop_resume_and_delete(page: Page, address: str, start: Start) -> None:
    run = start(100_000)
    watched(page, address, run)
    began = time.monotonic()
    page.locator(".st-key-stop-run button").first.click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()
    assert time.monotonic() - began < 15
    assert (run.folder / "snapshots" / "last.safetensors").exists()

    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile(r"epoch \d+ of 100000"))).to_be_visible(timeout=SLOW)
    page.locator(".st-key-stop-run button").first.click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()

    page.get_by_role("button", name="Delete").click()
    assert run.folder.exists()
    page.get_by_role("button", name="Delete for good").click()
    expect(page).not_to_have_url(re.compile(run.id))
    settled(page)
    assert not run.folder.exists()


def test_two_tabs_at_once_have_one_winner(page: Page, address: str, bench: Path) -> None:
    before = set((bench / "checkpoints").iterdir())
    other = page.context.new_page()
    tabs = (page, other)
    for tab in tabs:
        tab.goto(f"{address}/train")
        settled(tab)
        choose(tab, "Network", "MLP")  # before the data: how fast a large one is would be measured first
        choose(tab, "Data", "Digits")
        enter(tab, "Epochs", "1500")
    for tab in tabs:
        tab.get_by_role("button", name="Start").click(no_wait_after=True)
    for tab in tabs:  # one is shown the run it has started, the other is told that there is one
        answered = (
            "location.search.includes('run=2') || document.body.innerText.includes('already under way')"
        )
        tab.wait_for_function(answered, timeout=SLOW)
        settled(tab)
    made = {
        path for path in set((bench / "checkpoints").iterdir()) - before if (path / "config.json").exists()
    }
    assert len(made) == 1
    run = made.pop().name
    for tab in tabs:
        visit(tab, f"{address}/train?run={run}")
        expect(tab.get_by_text(re.compile(r"epoch \d+ of 1500"))).to_be_visible(timeout=SLOW)
    for tab in tabs:
        with suppress(Error):  # the other tab may have been quicker
            tab.locator(".st-key-stop-run button").first.click(no_wait_after=True, timeout=2000)
    for tab in tabs:
        expect(tab.get_by_text("stopped", exact=True)).to_be_visible()
        settled(tab)  # a popover that is open while the page starts over is closed
    for _ in range(3):
        for button in ("Delete", "Delete for good"):
            for tab in tabs:
                with suppress(Error):  # the other tab may have been quicker
                    tab.get_by_role("button", name=button).first.click(no_wait_after=True, timeout=2000)
        for tab in tabs:
            settled(tab)
        if not (bench / "checkpoints" / run).exists():
            break
    for tab in tabs:
        settled(tab)
        expect(tab.get_by_text("encountered an error")).to_have_count(0)
    assert not (bench / "checkpoints" / run).exists()
    other.close()


def test_a_dead_worker_is_told_and_taken_up_again(page: Page, address: str, start: Start) -> None:
    run = start(100_000)
    watched(page, address, run)
    process = int((run.folder / "lease").read_bytes()[:20].split()[0])
    os.kill(process, signal.SIGKILL)
    expect(page.get_by_text("interrupted", exact=True)).to_be_visible(timeout=15_000)
    expect(page.get_by_text(re.compile("killed"))).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile(r"epoch \d+ of 100000"))).to_be_visible(timeout=SLOW)
    page.locator(".st-key-stop-run button").first.click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()
