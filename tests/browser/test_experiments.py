"""An experiment of the reports, started from a real browser; and a data set, looked at and augmented."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.looks import canvas, choose, colours, settled


def test_an_experiment_is_run_and_gets_its_verdict(page: Page, address: str, bench: Path) -> None:
    page.goto(f"{address}/experiments")
    settled(page)
    page.get_by_role("button", name=re.compile("^000-1 · ")).click()
    page.get_by_role("radio", name="Smoke").click()
    expect(page).to_have_url(re.compile("size=smoke"))
    settled(page)
    # All variants are chosen; a click leaves one out, so all others are clicked.
    for pill in page.get_by_test_id("stButtonGroup").last.get_by_role("button").all():
        if pill.inner_text() != "dropout":
            pill.click()
            settled(page)  # a click while the page is drawn anew may be lost
    # A run takes seconds, so three seeds are proposed; one is enough here.
    expect(page.get_by_role("button", name=re.compile(r"Run 3$"))).to_be_visible(timeout=30_000)
    seeds = page.get_by_role("spinbutton", name="Seeds")
    seeds.fill("1")
    seeds.press("Enter")
    page.get_by_role("button", name=re.compile(r"Run$")).click()
    expect(page.get_by_text("All of these have been run.")).to_be_visible(timeout=90_000)
    row = page.get_by_role("row").filter(has_text="dropout").first
    expect(row).to_contain_text("Not comparable: run at size smoke")
    expect(page.locator("[data-testid=stVegaLiteChart]").first).to_be_visible()
    assert list((bench / "checkpoints").glob("*smoke/metrics.jsonl"))


def test_a_data_set_is_looked_at_and_augmented(page: Page, address: str) -> None:
    page.goto(f"{address}/data")
    settled(page)
    choose(page, "Data set", "Digits")
    expect(page.get_by_text("1,438 training and 359 test images")).to_be_visible()
    assert colours(canvas(page, "Mean training image of each class")) > 20
    draws = canvas(page, "eight draws of the chosen augmentation")
    before = draws.evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("button", name="Draw again").click()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before", arg=[draws.element_handle(), before]
    )
