"""The map of images: a box of it has its images beside, a key chooses one, and a link opens the same."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looks import canvas, drawn


def corner(plot: Locator, x: float, y: float) -> tuple[float, float]:
    """A place on the screen: shares of the plot's width and height."""
    box = plot.bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def pulled(page: Page, plot: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box."""
    page.mouse.move(*corner(plot, *start))
    page.mouse.down()
    page.mouse.move(*corner(plot, 0.5, 0.5), steps=3)
    page.mouse.move(*corner(plot, *end), steps=3)
    page.mouse.up()


@pytest.mark.realdata
def test_a_box_has_its_images_beside_and_a_link_opens_it(page: Page, real_address: str) -> None:
    page.goto(f"{real_address}/diagnosis?run=mnist-mlp&view=map")
    plot = canvas(page, "Map of 500 test images by act2, PCA")
    drawn(page)
    expect(page.get_by_text(re.compile(r"Mistakes on the map, surest first: \d+ of 10,000"))).to_be_visible()
    plot.scroll_into_view_if_needed()
    pulled(page, plot, (0.1, 0.05), (0.6, 0.5))
    said = page.get_by_text(re.compile(r"^\d+ images: .* wrong$"))
    expect(said).to_be_visible()
    expect(page).to_have_url(re.compile(r"box=-?[\d.e-]+%2C"))
    count = re.match(r"\d+", said.inner_text())
    assert count is not None
    heading = page.get_by_text(f"In the box, mistakes first: {count[0]} of 10,000 test images")
    expect(heading).to_be_visible()
    assert 20 < int(count[0]) < 480
    words = said.inner_text()
    page.goto(page.url)  # the same link, opened anew
    drawn(page)
    expect(page.get_by_text(words)).to_be_visible()
    plot = canvas(page, "Map of 500")
    plot.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Mistakes on the map")).to_be_visible()
    expect(page).not_to_have_url(re.compile("box="))


@pytest.mark.realdata
def test_an_image_is_pointed_at_and_chosen_by_keys(page: Page, real_address: str) -> None:
    page.goto(f"{real_address}/diagnosis?run=mnist-mlp&view=map&colour=outcome")
    plot = canvas(page, "Map of 500")
    drawn(page)
    plot.scroll_into_view_if_needed()
    shape = json.loads(plot.get_attribute("data-shape") or "{}")
    plot.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    card = page.locator(".card")
    expect(card).to_be_visible()
    expect(card).to_contain_text("test image")
    picture = page.locator("canvas.picture[data-drawn]")
    expect(picture).to_be_visible()
    assert shape["side"] > 300
    pixels = picture.evaluate(
        "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    )
    assert pixels > 10
    number = re.search(r"test image ([\d,]+)", card.inner_text())
    assert number is not None
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"image=test\.{number[1].replace(',', '')}\b"))
    expect(page.get_by_text(f"Image {number[1]}, and the nearest to it by features: 12 of")).to_be_visible()
    expect(page.get_by_text(re.compile("^Taken for "))).to_be_visible()
    wrong = page.get_by_role("button", name=re.compile(r"^wrong \("))
    wrong.click()
    expect(wrong).to_have_attribute("aria-pressed", "true")


@pytest.mark.realdata
def test_t_sne_says_how_far_it_is_and_can_be_stopped(page: Page, real_address: str) -> None:
    page.goto(f"{real_address}/diagnosis?run=mnist-mlp&view=map&method=tsne&sample=2000")
    make = page.get_by_role("button", name="t-SNE of 2,000 images")
    make.click()
    expect(page.get_by_text(re.compile(r"t-SNE, step \d+ of 1,000"))).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(make).to_be_visible()
    page.goto(f"{real_address}/diagnosis?run=mnist-mlp&view=map&method=tsne&perplexity=10")
    page.get_by_role("button", name="t-SNE of 500 images").click()
    canvas_found = page.locator("canvas[aria-label*='act2, t-SNE']")
    expect(canvas_found).to_be_visible(timeout=120_000)
    expect(page.get_by_text(re.compile("t-SNE, perplexity 10, seed 0"))).to_be_visible()
