"""Choosing what to look at: mistakes of the network, several uploads, another size."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.looks import canvas, choose, colours, drawn, photo, settled


@pytest.fixture
def unpredicted(bench: Path) -> None:
    """Runs whose predictions are not known yet."""
    for kept in bench.glob("checkpoints/*/index/predictions-*.npz"):
        kept.unlink()


def no_picture(kind: str) -> bytes:
    """Something that was called .png."""
    file = io.BytesIO()
    match kind:
        case "text":
            return b"Dear network, I am a picture. Honestly."
        case "cut off":
            Image.effect_noise((300, 300), 90).save(file, "PNG")
            return file.getvalue()[:2000]
        case "huge":
            Image.new("1", (30_000, 30_000)).save(file, "PNG")
            return file.getvalue()
    raise AssertionError(kind)


def test_uploads_at_once_one_turned_and_three_that_are_none(page: Page, address: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned, other = tmp_path / "turned.jpg", tmp_path / "other.png"
    kinds = ("text", "cut off", "huge")
    broken = [tmp_path / f"{kind}.png" for kind in kinds]
    for kind, file in zip(kinds, broken, strict=True):
        file.write_bytes(no_picture(kind))
    with Image.open(photo(tmp_path)) as flower:
        flower.save(turned, exif=exif)
    Image.effect_noise((64, 64), 90).save(other)
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer1.0")
    canvas(page, "Activations of layer1.0 for Frog")
    page.get_by_text("Upload", exact=True).first.click()
    page.locator("input[type=file]").set_input_files([turned, *broken, other])
    assert colours(canvas(page, "Activations of layer1.0 for turned.jpg")) > 50
    alerts = page.get_by_test_id("stAlert")
    expect(alerts).to_have_count(len(kinds))
    expect(alerts.first).to_contain_text("text.png: This is not a PNG")
    for kind, alert in zip(kinds, alerts.all(), strict=True):
        # The icon's name comes first, as text.
        lines = [line for line in alert.inner_text().splitlines() if line.strip()]
        assert len(lines) == 2, lines
        assert "picture" in lines[1], kind
    page.get_by_text("How it was read").click()
    expect(page.get_by_text(re.compile(r"JPEG, 640 × 427, RGB\. Turned by 90° to the right"))).to_be_visible()
    first = page.url
    strip = canvas(page, "2 pictures of yours")
    strip.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    canvas(page, "Activations of layer1.0 for other.png")
    expect(page.get_by_text("PNG, 64 × 64, L. Taken as it is.")).to_be_visible()
    assert page.url != first
    page.goto(first)
    canvas(page, "Activations of layer1.0 for turned.jpg")


def test_another_size_is_a_link_and_shows_everywhere(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer1.0&image=photo.frog")
    canvas(page, "Activations of layer1.0 for Frog")
    choose(page, "Resolution", "112 × 112")
    expect(page).to_have_url(re.compile("size=112"))
    expect(page.get_by_text("Frog, as the network reads it: 112 × 112, colour")).to_be_visible()
    expect(page.get_by_role("combobox", name="Layer")).to_have_value(re.compile("64 × 112 × 112"))
    expect(page.get_by_text(re.compile("Trained at 32 × 32"))).to_be_visible()
    page.goto(page.url)
    expect(page.get_by_text("Frog, as the network reads it: 112 × 112, colour")).to_be_visible()
    choose(page, "Resolution", "32 × 32, as trained")
    expect(page.get_by_role("combobox", name="Layer")).to_have_value(re.compile("64 × 32 × 32"))
    expect(page.get_by_text(re.compile("Trained at 32 × 32"))).to_have_count(0)


@pytest.mark.realdata
@pytest.mark.usefixtures("unpredicted")
def test_what_was_predicted_before_a_stop_shows_at_once(page: Page, real_address: str) -> None:
    page.goto(f"{real_address}/activations?run=cifar10-resnet18&layer=layer1.0&image=test.3")
    settled(page)
    page.get_by_role("button", name="Predict 2,000 test images").click()
    expect(page.get_by_text(re.compile(r"^[1-9]00 of 2,000 test images")).first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"^([1-9]00) of the \1 test images predicted so far"))).to_be_visible()
    expect(page.get_by_role("button", name="Go on to 2,000")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


@pytest.mark.realdata
@pytest.mark.usefixtures("unpredicted")
def test_the_surest_mistakes_are_found_and_looked_at(page: Page, real_address: str) -> None:
    page.goto(f"{real_address}/activations?run=mnist-mlp&layer=act1&image=test.0")
    settled(page)
    page.get_by_role("button", name="Predict 2,000 test images").click()
    expect(page.get_by_text("2,000 of the 2,000 test images predicted so far.")).to_be_visible()
    page.get_by_text("Wrong", exact=True).click()
    settled(page)
    choose(page, "Order", "Surest first")
    expect(page.get_by_text(re.compile(r"^\d\d of the 2,000 test images predicted"))).to_be_visible()
    drawn(page)  # a click on what is drawn anew is lost
    found = canvas(page, "test images: arrow keys")
    found.click(position={"x": 5, "y": 5})
    expect(page.get_by_text(re.compile(r"Looks like \d, but it is \d"))).to_be_visible()
    found.hover(position={"x": 5, "y": 5})
    expect(page.get_by_text(re.compile(r"\d, test image [\d,]+: predicted \d, \d+\.\d %"))).to_be_visible()
