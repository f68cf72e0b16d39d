"""Every page, light and dark, as axe-core sees it: nothing serious, and headings in order."""

import re
from itertools import pairwise
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.app_pages import PAGES
from tests.browser.looks import drawn

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WHITE_ON_PRIMARY = re.compile(
    r"color-contrast (<p>(Start|Look into network and data|Measure .*)</p>|<span title=)"
)
"""Primary buttons and the tags of a multiselect, in the dark theme alone: Streamlit writes in white on the primary
colour, which has to be bright to be read as text itself. No setting parts the two."""


@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_is_found(page: Page, address: str, name: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/{'' if name == 'home' else name}")
    looked_at(page, "rgb(255, 255, 255)")
    assert findings(page) == []
    levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert all(after <= before + 1 for before, after in pairwise([1, *levels])), levels
    page.emulate_media(color_scheme="dark")
    looked_at(page, "rgb(16, 19, 23)")
    assert [line for line in findings(page) if not WHITE_ON_PRIMARY.match(line)] == []


def looked_at(page: Page, background: str) -> None:
    """Wait until all is drawn on that background."""
    expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", background)
    drawn(page)
    expect(page.locator("canvas[role=img]:not([data-drawn])")).to_have_count(0)


def findings(page: Page) -> list[str]:
    """What axe-core calls serious or critical, a line each."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']} {node['html'][:150]} {node['any'][0]['message'] if node['any'] else one['help']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
