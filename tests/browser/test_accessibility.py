"""Every page, light and dark, as axe-core sees it: nothing serious. Headings are in order, canvases are reached."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app_pages import PAGES
from tests.browser.conftest import tab
from tests.browser.looks import drawn, visit

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WHITE_ON_PRIMARY = re.compile(
    r"color-contrast (<p>(Start|Look into network and data|Measure .*)</p>|<span title=)"
)
"""Primary buttons and the tags of a multiselect, in the dark theme alone: Streamlit writes in white on the primary
colour, which has to be bright to be read as text itself. No setting parts the two."""


_WITH_CANVASES = {"home": "", "activations": "activations?layer=layer2.0&channel=12"}
ADDRESSES = (*(_WITH_CANVASES.get(name, name) for name in PAGES), "diagnosis?view=map")


@pytest.fixture(scope="module")
def page(context: BrowserContext) -> Iterator[Page]:
    """One tab for all pages: Streamlit's scripts, which take seconds, are run once."""
    with tab(context) as page:
        yield page


@pytest.mark.parametrize("name", ADDRESSES)
def test_nothing_serious_is_found_and_every_canvas_is_reached(page: Page, address: str, name: str) -> None:
    page.emulate_media(color_scheme="light")
    visit(page, f"{address}/{name}")
    looked_at(page, "rgb(255, 255, 255)")
    assert findings(page, "{resultTypes: ['violations']}") == []
    levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert all(after <= before + 1 for before, after in pairwise([1, *levels])), levels
    canvases_are_reached(page)
    page.emulate_media(color_scheme="dark")
    looked_at(page, "rgb(16, 19, 23)")
    # All but colours is the same.
    dark = findings(page, "{resultTypes: ['violations'], runOnly: ['color-contrast']}")
    assert [line for line in dark if not WHITE_ON_PRIMARY.match(line)] == []


def canvases_are_reached(page: Page) -> None:
    """Everything that is drawn on a canvas can be reached with Tab, has a name, and shows that it has the focus."""
    canvases = page.locator("canvas[role=img]")
    for index in range(canvases.count()):
        one = canvases.nth(index)
        expect(one).to_have_attribute("tabindex", "0")
        expect(one).to_have_attribute("data-drawn", re.compile("."))  # more may be drawn than at first
        assert one.get_attribute("aria-label")
        # The focus of the keyboard, not of a script, is the one that is shown.
        one.focus()
        page.keyboard.press("Shift")
        expect(one).to_be_focused()
        expect(one).to_have_css("outline-style", "solid")
        expect(one).to_have_css("outline-width", "2px")
    strip = page.locator("[role=listbox]")
    for index in range(strip.count()):
        assert strip.nth(index).locator("[role=option][tabindex='0']:not(:disabled)").count() == 1


def looked_at(page: Page, background: str) -> None:
    """Wait until all is drawn on that background."""
    expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", background)
    drawn(page)
    expect(page.locator("canvas[role=img]:not([data-drawn])")).to_have_count(0)
    # Colours fade from one theme to the other; what spins for ever takes no part.
    fading = "(one) => one.constructor.name === 'CSSTransition' && one.playState === 'running'"
    page.wait_for_function(f"() => !document.getAnimations().some({fading})")


def findings(page: Page, options: str) -> list[str]:
    """What axe-core calls serious or critical, a line each."""
    if not page.evaluate("'axe' in window"):  # the tab is one for all pages
        page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {options})")["violations"]
    return [
        f"{one['id']} {node['html'][:150]} {node['any'][0]['message'] if node['any'] else one['help']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
