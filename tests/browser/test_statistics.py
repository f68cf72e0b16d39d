"""Early against late: the curves of a shipped run at once, and of one's own after a click."""

import re

from playwright.sync_api import Page, expect

from cnnviz.runs.run import Run
from tests.browser.looks import drawn


def test_the_curves_are_there_and_a_point_leads_to_its_layer(page: Page, address: str) -> None:
    page.goto(f"{address}/statistics?run=cifar10-resnet18")
    drawn(page)
    charts = page.locator("[data-testid=stVegaLiteChart]")
    expect(charts).to_have_count(6)
    expect(page.get_by_text(re.compile("Rises from 33 % in relu to 93 % in layer4.1"))).to_be_visible()
    points = charts.nth(4).locator(".mark-symbol path[aria-label]")
    expect(points).to_have_count(20)  # ten layers, trained and untrained
    page.wait_for_timeout(1000)  # charts take their size
    points.nth(4).click()
    expect(page).to_have_url(re.compile(r"/activations\?.*layer=layer2\.1"))
    expect(page.get_by_role("combobox", name="Layer")).to_have_value(re.compile("layer2.1"))


def test_ones_own_run_is_measured(page: Page, address: str, own_run: Run) -> None:
    page.goto(f"{address}/statistics?run={own_run.id}")
    expect(page.get_by_text("Not measured yet")).to_be_visible()
    page.get_by_role("button", name="Measure 359 test images").click()
    expect(page.locator("[data-testid=stVegaLiteChart]")).to_have_count(6)
    drawn(page)
    assert list((own_run.folder / "index").glob("statistics-last-359-all.json"))
    page.reload()
    drawn(page)
    expect(page.locator("[data-testid=stVegaLiteChart]")).to_have_count(6)
