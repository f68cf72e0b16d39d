"""Looking inside with mouse and keyboard, and with pictures that are no pictures."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from cnnviz.progress import finish
from cnnviz.runs import importing
from tests.browser.looks import canvas, colours, settled


def test_home_opens_on_something_to_look_at(page: Page, address: str) -> None:
    page.goto(address)
    assert colours(canvas(page, "maps of layer1.0")) > 20
    expect(page.get_by_text(re.compile("says frog"))).to_be_visible()
    page.get_by_role("link", name="layer3.0").click()
    assert canvas(page, "Activations of layer3.0 for Frog").is_visible()


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


def test_hover_says_which_channel(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer4.1")
    maps = canvas(page, "Activations of layer4.1 for")
    maps.hover(position={"x": 5, "y": 5})
    expect(page.get_by_text(re.compile(r"channel 0: .* to .*, mean"))).to_be_visible()


def test_tiles_are_enlarged_by_whole_factors_and_fit(page: Page, address: str) -> None:
    page.goto(f"{address}/filters?run=cifar10-resnet18")
    drawn = canvas(page, "first-layer filters, Epoch 0")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            "([c, width]) => c.getBoundingClientRect().right <= width", arg=[drawn.element_handle(), width]
        )
        tiles_are_whole(drawn)


def tiles_are_whole(drawn: Locator) -> None:
    """Hold that a canvas has a pixel for each of the screen's, and every value a block of whole ones."""
    assert drawn.evaluate("c => c.width === Math.round(c.getBoundingClientRect().width * devicePixelRatio)")
    # Every value of a filter is a block of one colour.
    sides = drawn.evaluate(
        """c => {
          const p = c.getContext("2d").getImageData(0, 0, c.width, 1).data;
          const runs = []; let start = 0;
          for (let x = 1; x < c.width; x++) {
            const same = [0, 1, 2, 3].every(i => p[4 * x + i] === p[4 * (x - 1) + i]);
            if (!same) { runs.push(x - start); start = x; }
          }
          return runs;
        }"""
    )
    zoom = max(sides)
    assert {side % zoom for side in sides if side > 2} == {0}


def picture(kind: str) -> bytes:
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


def test_what_is_no_picture_gets_one_line(page: Page, address: str, tmp_path: Path) -> None:
    kinds = ("text", "cut off", "huge")
    files = [tmp_path / f"{kind}.png" for kind in kinds]
    for kind, file in zip(kinds, files, strict=True):
        file.write_bytes(picture(kind))
    page.goto(f"{address}/activations?run=cifar10-resnet18")
    canvas(page, "Activations of")
    page.get_by_text("Upload", exact=True).first.click()
    page.locator("input[type=file]").set_input_files(files)
    settled(page)
    alerts = page.get_by_test_id("stAlert")
    expect(alerts).to_have_count(len(kinds))
    for kind, alert in zip(kinds, alerts.all(), strict=True):
        # The icon's name comes first, as text.
        lines = [line for line in alert.inner_text().splitlines() if line.strip()]
        assert len(lines) == 2, lines
        assert "picture" in lines[1], kind
    assert canvas(page, "Activations of").is_visible()


def test_from_the_layer_to_one_number_with_the_mouse(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer1.0.relu")
    settled(page)
    maps = canvas(page, "Activations of layer1.0.relu")
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


def test_arrow_keys_in_the_strip_do_not_walk_layers_as_well(page: Page, address: str) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer1.0")
    settled(page)
    stop(page, "layer1.0").focus()
    page.keyboard.press("ArrowRight")
    expect(stop(page, "layer1.1")).to_be_focused()
    expect(page).to_have_url(re.compile(r"layer=layer1\.0(&|$)"))


def test_the_strip_has_a_picture_of_every_layer_and_an_arc_for_every_shortcut(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer2.0")
    settled(page)
    row = page.get_by_role("listbox", name=re.compile("layers of the network"))
    page.wait_for_function("row => row.dataset.drawn !== undefined", arg=row.element_handle())
    options = row.get_by_role("option")
    expect(options).to_have_count(1 + 3 + 8 + 8 + 2)
    for number in (0, 1, 8, 21):
        assert colours(options.nth(number).locator("canvas")) > 5
    arcs = page.locator("[role=listbox] svg path")
    # Two of the opened block, and one over each of the seven closed ones.
    expect(arcs).to_have_count(2 + 7)
    expect(stop(page, "layer2.0.relu:2")).to_have_attribute(
        "aria-label", re.compile("takes in layer2.0.bn2 too")
    )


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
