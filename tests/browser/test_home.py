"""Home on a server that was started a moment ago: its picture comes first, and nothing jumps afterwards."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import app
from tests.browser.looks import canvas, colours, settled

_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map((one) => one.node?.textContent?.slice(0, 60));
    window.shifts.push({ value: entry.value, at: entry.startTime, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
_SKELETONS = "[data-testid=stColumn] [data-testid=stSkeletonElement]"


@pytest.mark.parametrize(("width", "stored"), [(1440, True), (390, False)])
def test_nothing_jumps_on_a_cold_server(page: Page, bench: Path, width: int, stored: bool) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(_SHIFTS)
    file = bench / "checkpoints" / "cifar10-resnet18" / "index" / "showcase-last.npz"
    assert file.exists()
    if not stored:
        file.unlink()
    with app.running(bench / "checkpoints", bench / "data") as address:
        page.goto(address)
        if stored:
            first = canvas(page, "maps of layer1.0").bounding_box()
            expect(page.locator(_SKELETONS)).to_have_count(0)
        else:
            expect(page.locator(_SKELETONS).first).to_be_visible()
        for link in ("Doctor", "Train a network"):
            expect(page.get_by_role("link", name=link)).to_be_visible()
        page.wait_for_timeout(300)
        drawn = page.evaluate("performance.now()")
        expect(page.get_by_text(re.compile("PyTorch .*GPU"))).to_be_visible(timeout=60_000)
        settled(page)
        last = canvas(page, "maps of layer1.0")
        assert colours(last) > 20
        if stored:
            assert last.bounding_box() == first
        # What comes before is Streamlit's: the list of pages finds its width.
        shifts = [shift for shift in page.evaluate("window.shifts") if shift["at"] > drawn]
        assert sum(shift["value"] for shift in shifts) < 0.05, shifts
    assert file.exists()
