"""The main job on the real data sets, through the form."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import canvas, choose, colours, enter, settled

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize(
    ("data", "network", "train", "others", "least"),
    [("MNIST", "MLP", 8000, 1000, 0.85), ("CIFAR-10", "ResNet-18", 128, 100, None)],
)
def test_train_on_it_and_look_inside(
    page: Page, real_address: str, *, data: str, network: str, train: int, others: int, least: float | None
) -> None:
    page.goto(f"{real_address}/train")
    settled(page)
    choose(page, "Network", network)
    choose(page, "Data", data)
    enter(page, "Epochs", "2")
    enter(page, "Batch size", "32")
    page.get_by_text("More settings").click()
    enter(page, "Training images", str(train))
    enter(page, "Validation images", str(others))
    enter(page, "Test images", str(others))
    expect(page.get_by_text(re.compile(f"{train:,}.*training and.*{others:,}.*validation"))).to_be_visible()
    page.get_by_role("button", name="Start").click()
    title = f"{network.lower().replace('-', '')} on {data.lower().replace('-', '')}"
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_text("finished", exact=True)).to_be_visible(timeout=120_000)
    tested = page.locator("[data-testid=stMetric]").filter(has_text="Test accuracy").inner_text()
    found = re.search(r"([\d.]+) % ± [\d.]+", tested)
    assert found is not None, tested
    # So few images teach a large network nothing: tests/train/test_real_images.py is about that.
    assert least is None or float(found[1]) / 100 >= least

    page.get_by_role("link", name="Filters").last.click()
    assert colours(canvas(page, "first-layer filters, Epoch 2")) > 50
    page.get_by_role("link", name="Activations").first.click()
    settled(page)
    assert colours(canvas(page, "Activations of")) > 10
