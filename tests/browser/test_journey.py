"""The whole main job, as a new user does it: train, watch, look at filters and maps, upload a photo."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.looks import canvas, choose, colours, enter, photo, settled


def test_train_watch_and_look_inside(page: Page, address: str, bench: Path, tmp_path: Path) -> None:
    page.goto(f"{address}/train")
    settled(page)
    choose(page, "Data", "Shapes")
    enter(page, "Epochs", "3")
    enter(page, "Batch size", "32")
    page.get_by_text("More settings").click()
    enter(page, "Training images", "128")
    enter(page, "Validation images", "32")
    enter(page, "Test images", "32")
    expect(page.get_by_text(re.compile("128.*training and.*32.*validation"))).to_be_visible()
    page.get_by_role("button", name="Start").click()

    # The curve grows: the live panel draws itself again while the worker trains.
    expect(page.get_by_text("resnet18 on shapes").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"epoch \d of 3"))).to_be_visible()
    expect(page.locator("[data-testid=stVegaLiteChart]").first).to_be_visible()
    expect(page.get_by_text("finished", exact=True)).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Test accuracy").first).to_be_visible()
    expect(canvas(page, "first-layer filters, Epoch 3")).to_be_visible()
    run = re.search(r"run=([^&]+)", page.url)
    assert run is not None
    assert (bench / "checkpoints" / run[1] / "snapshots" / "last.safetensors").exists()

    page.get_by_role("link", name="Filters").last.click()
    before, after = canvas(page, "Epoch 0, untrained"), canvas(page, "first-layer filters, Epoch 3")
    assert colours(before) > 50
    assert colours(after) > 50

    page.get_by_role("link", name="Activations").first.click()
    settled(page)
    expect(page.get_by_role("combobox", name="Checkpoint")).to_have_value(re.compile("resnet18 on shapes"))
    assert colours(canvas(page, "Activations of layer1.0")) > 50
    page.get_by_text("Upload", exact=True).first.click()
    page.locator("input[type=file]").set_input_files(photo(tmp_path))
    expect(page.get_by_text("my flower.jpg, as the network reads it: 32 × 32, colour")).to_be_visible()
    expect(page).to_have_url(re.compile(r"image=upload\.[0-9a-f]{16}"))
    choose(page, "Layer", "1. conv1 · Conv2d · 64 × 16 × 16")
    assert colours(canvas(page, "Activations of conv1 for my flower.jpg")) > 50
    expect(page).to_have_url(re.compile("layer=conv1"))
