"""Any view is a link, also for a server that was started a second ago."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import app
from tests.browser.looks import canvas, settled


def test_a_link_opens_the_same_on_a_new_server(page: Page, bench: Path) -> None:
    with app.running(bench / "checkpoints", bench / "data") as address:
        page.goto(f"{address}/activations?run=mnist-mlp&layer=fc2&image=photo.digit-7&snapshot=last")
        settled(page)
        expect(page.get_by_role("combobox", name="Layer")).to_have_value(re.compile("fc2"))
        assert canvas(page, "Activations of fc2 for Handwritten 7").is_visible()
        for name in ("Home", "New run", "Filters"):
            expect(page.get_by_role("link", name=name).first).to_be_visible()


def test_the_selection_follows_from_page_to_page(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=mnist-mlp")
    settled(page)
    page.get_by_role("link", name="Filters").first.click()
    assert canvas(page, "100 first-layer filters").is_visible()
    expect(page).to_have_url(re.compile("filters.*run=mnist-mlp"))
    page.get_by_role("link", name="New run").first.click()
    expect(page.get_by_text("came with cnnviz").first).to_be_visible()
    expect(page).to_have_url(re.compile("train.*run=mnist-mlp"))
