"""Everything that is drawn on a canvas can be reached with Tab, has a name, and shows that it has the focus."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import drawn

ADDRESSES = (
    "", "data", "activations?layer=layer2.0&channel=12", "filters", "compare", "attribution", "diagnosis",
    "diagnosis?view=map", "robustness",
)  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
def test_every_canvas_is_reached_and_named_and_shows_its_focus(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}")
    drawn(page)
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
