"""Images of one's own: a zip, a folder a class, becomes a data set that trains."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.looks import choose, drawn, enter, settled


def pictures(folder: Path) -> Path:
    """A zip of forty bright and forty dark pictures."""
    random = np.random.default_rng(1)
    target = folder / "holiday.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name, level in (("bright", 200), ("dark", 60)):
            for number in range(40):
                pixels = random.normal(level, 30, (30, 40, 3)).clip(0, 255).astype(np.uint8)
                file = io.BytesIO()
                Image.fromarray(pixels).save(file, "PNG")
                archive.writestr(f"{name}/{number}.png", file.getvalue())
    return target


def test_a_zip_becomes_a_data_set_that_trains_and_one_that_wants_out_does_not(
    page: Page, address: str, bench: Path, tmp_path: Path
) -> None:
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../escaped.png", b"no picture")
    page.goto(address)
    drawn(page)  # what moves takes the popover out of sight
    page.get_by_role("button", name="Import your own").click()
    page.locator("input[type=file]").set_input_files(evil)
    settled(page)
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_test_id("stAlert")).to_have_count(1)
    assert "Traceback" not in page.get_by_test_id("stAlert").inner_text()
    assert not list(bench.rglob("escaped.png"))

    enter(page, "Name", "My holiday")
    enter(page, "Side in pixels", "16")
    page.locator("input[type=file]").set_input_files(pictures(tmp_path))
    settled(page)
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("my-holiday · your own images")).to_be_visible()
    assert (bench / "data" / "my-holiday" / "train_images.npy").exists()

    page.get_by_role("link", name="New run").first.click()
    settled(page)
    choose(page, "Data", "my-holiday")
    choose(page, "Network", "MLP")
    enter(page, "Epochs", "4")
    enter(page, "Batch size", "16")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("finished", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_text("mlp on my-holiday").first).to_be_visible()
