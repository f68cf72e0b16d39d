"""Looking inside with mouse and keyboard."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from cnnviz.progress import finish
from cnnviz.runs import importing
from tests.app_pages import PAGES
from tests.browser.looks import canvas, colours, settled


def test_home_opens_on_something_to_look_at(page: Page, address: str) -> None:
    page.goto(address)
    assert colours(canvas(page, "maps of layer1.0")) > 20
    expect(page.get_by_text(re.compile("says frog"))).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    every_page_is_one_click_away(page)
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.get_by_role("link", name="layer3.0").click()
    assert canvas(page, "Activations of layer3.0 for Frog").is_visible()


def every_page_is_one_click_away(page: Page) -> None:
    """Also on a telephone."""
    links = page.locator(".st-key-pages").get_by_role("link")
    expect(links).to_have_count(len(PAGES))
    for name, link in zip(PAGES, links.all(), strict=True):
        expect(link).to_be_in_viewport()
        assert link.get_attribute("href") == ("" if name == "home" else name)


def test_arrow_keys_walk_layers_and_pictures(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer1.0")
    canvas(page, "Activations of layer1.0 for")
    page.keyboard.press("ArrowRight")
    canvas(page, "Activations of layer1.1.conv1 for")
    page.keyboard.press("ArrowLeft")
    canvas(page, "Activations of layer1.0 for")
    pictures = canvas(page, "built-in pictures")
    pictures.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    canvas(page, "Activations of layer1.0 for Ship")
    expect(page).to_have_url(re.compile(r"image=photo\.ship"))


def test_from_the_layer_to_one_number_with_the_mouse(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer1.0.relu")
    settled(page)
    maps = canvas(page, "Activations of layer1.0.relu")
    maps.hover(position={"x": 5, "y": 5})
    expect(page.get_by_text(re.compile(r"channel 0: .* to .*, mean"))).to_be_visible()
    maps.click(position={"x": 150, "y": 20})
    expect(page.get_by_text("layer1.0.relu, channel 1")).to_be_visible()
    expect(page).to_have_url(re.compile("channel=1"))
    cells = canvas(page, "Map of channel 1 of layer1.0.relu")
    cells.click(position={"x": 3, "y": 3})
    expect(page).to_have_url(re.compile(r"cell=0\.0"))
    expect(page.get_by_text("Row 0, column 0 sees 5 × 5 pixels.")).to_be_visible()
    expect(page.get_by_text("3×3 convolution: Σ input × weight")).to_be_visible()
    expect(page.get_by_text(re.compile(r"layer1\.0\.relu ReLU: ReLU\("))).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("layer1.0.relu, channel 1")).to_have_count(0)


def test_from_the_layer_to_one_number_by_keyboard_and_by_link(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=mnist-mlp&layer=act1")
    settled(page)
    canvas(page, "Activations of act1").press("ArrowRight")
    canvas(page, "Activations of act1").press("Enter")
    expect(page).to_have_url(re.compile("channel=1"))
    expect(page.get_by_text("The inputs that add most, of 784 from flatten")).to_be_visible()
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=conv1&channel=7&cell=2.3")
    expect(page.get_by_text("conv1, channel 7")).to_be_visible()
    expect(page.get_by_text("Row 2, column 3 sees 3 × 3 pixels.")).to_be_visible()
    expect(page.get_by_text("Input × weight, from image")).to_be_visible()


def stop(page: Page, layer: str) -> Locator:
    """A layer in the network's strip."""
    return page.get_by_role("option", name=re.compile(f"^{re.escape(layer)}: "))


def test_from_the_whole_network_to_one_number_with_the_mouse(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18")
    settled(page)
    expect(stop(page, "layer3.0.conv1")).to_have_count(0)
    stop(page, "layer3.0").click()
    canvas(page, "Activations of layer3.0 for")
    expect(page).to_have_url(re.compile(r"layer=layer3\.0(&|$)"))
    the_strip_has_a_picture_of_every_layer_and_an_arc_for_every_shortcut(page)
    stop(page, "layer3.0.relu").click()
    maps = canvas(page, "Activations of layer3.0.relu for")
    expect(stop(page, "layer3.0.relu")).to_have_attribute("aria-selected", "true")
    maps.click(position={"x": 20, "y": 20})
    expect(page.get_by_text("layer3.0.relu, channel 0")).to_be_visible()
    canvas(page, "Map of channel 0 of layer3.0.relu").click(position={"x": 3, "y": 3})
    expect(page).to_have_url(re.compile(r"cell=0\.0"))
    expect(page.get_by_text("3×3 convolution: Σ input × weight")).to_be_visible()


def test_from_the_whole_network_to_one_number_by_keyboard_alone(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=conv1")
    settled(page)
    stop(page, "conv1").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(stop(page, "relu")).to_be_focused()
    # In the strip, arrow keys do not walk layers as well.
    settled(page)
    expect(page).to_have_url(re.compile(r"layer=conv1(&|$)"))
    canvas(page, "Activations of conv1 for")
    page.keyboard.press("Enter")
    canvas(page, "Activations of relu for")
    # The focus stays on what was chosen, so that one can walk on.
    expect(stop(page, "relu")).to_be_focused()
    maps = canvas(page, "Activations of relu for")
    maps.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text("relu, channel 1")).to_be_visible()
    cells = canvas(page, "Map of channel 1 of relu")
    cells.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"cell=0\.0"))
    expect(page.get_by_text("Row 0, column 0 sees 3 × 3 pixels.")).to_be_visible()


def test_thousands_of_channels_fit_a_canvas_on_a_sharp_narrow_screen(
    browser: Browser, address: str, bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
    run = finish(importing.from_torchvision("resnet50", weights="random", seed=0, side=64))
    context = browser.new_context(viewport={"width": 390, "height": 800}, device_scale_factor=3)
    page = context.new_page()
    page.goto(f"{address}/activations?run={run.id}&layer=layer4.2&channel=2047", timeout=120_000)
    maps = canvas(page, "2048 maps")
    assert 1000 < maps.evaluate("canvas => canvas.height") <= 16384
    assert colours(maps) > 20
    expect(page.get_by_text("layer4.2, channel 2047")).to_be_visible()
    context.close()


def the_strip_has_a_picture_of_every_layer_and_an_arc_for_every_shortcut(page: Page) -> None:
    """While layer3.0 is open."""
    row = page.get_by_role("listbox", name=re.compile("layers of the network"))
    page.wait_for_function("row => row.dataset.drawn !== undefined", arg=row.element_handle())
    options = row.get_by_role("option")
    expect(options).to_have_count(1 + 3 + 8 + 8 + 2)
    for number in (0, 1, 8, 21):
        assert colours(options.nth(number).locator("canvas")) > 5
    arcs = page.locator("[role=listbox] svg path")
    # Two of the opened block, and one over each of the seven closed ones.
    expect(arcs).to_have_count(2 + 7)
    expect(stop(page, "layer3.0.relu:2")).to_have_attribute(
        "aria-label", re.compile("takes in layer3.0.bn2 too")
    )
