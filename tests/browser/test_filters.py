"""The Filters page with mouse and keyboard: layers, epochs, filters."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.looks import canvas, choose, colours, settled


def picture(drawn: Locator) -> str:
    """Which picture a canvas shows."""
    return str(drawn.evaluate("canvas => canvas.dataset.drawn"))


def test_a_deeper_layer_through_time_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/filters?run=cifar10-resnet18")
    tiles_are_whole_at_any_width(page)
    canvas(page, "64 first-layer filters, Epoch 20")
    choose(page, "Layer", "layer1.0.conv2 · 64 filters of 64 × 3×3")
    expect(page).to_have_url(re.compile(r"layer=layer1\.0\.conv2"))
    trained = canvas(page, "Norm of each of 64 × 64 kernels of layer1.0.conv2, Epoch 20")
    assert colours(trained) > 50
    before = picture(trained)
    thumb = page.get_by_role("slider", name="Epoch")
    thumb.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"epoch=0"))
    expect(page.locator("canvas[aria-label*='layer1.0.conv2, Epoch 0']")).to_have_count(4)
    settled(page)
    shown = page.locator("canvas[aria-label*='Norm of each']")
    assert picture(shown.last) == picture(shown.first) != before
    page.keyboard.press("ArrowRight")
    assert picture(canvas(page, "kernels of layer1.0.conv2, Epoch 20")) == before


def test_the_first_layer_has_every_epoch(page: Page, address: str) -> None:
    page.goto(f"{address}/filters?run=mnist-mlp&epoch=3")
    before = picture(canvas(page, "100 first-layer filters, Epoch 3"))
    page.get_by_role("slider", name="Epoch").focus()
    page.keyboard.press("ArrowRight")
    assert picture(canvas(page, "100 first-layer filters, Epoch 4")) != before
    expect(page).to_have_url(re.compile("epoch=4"))


def test_a_filter_is_chosen_by_keyboard_and_with_the_mouse(page: Page, address: str) -> None:
    page.goto(f"{address}/filters?run=cifar10-resnet18&layer=layer1.0.conv2")
    settled(page)
    matrix = canvas(page, "kernels of layer1.0.conv2, Epoch 20")
    every_kernel_is_a_block_of_whole_pixels(page, matrix)
    matrix.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.get_by_text(re.compile(r"filter 2, input channel 1: norm about 0\.\d+"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("layer1.0.conv2, filter 2")).to_be_visible()
    expect(page).to_have_url(re.compile("channel=2"))
    box = matrix.bounding_box()
    assert box is not None
    matrix.click(position={"x": 40, "y": box["height"] * 10.5 / 64})
    expect(page.get_by_text("layer1.0.conv2, filter 10")).to_be_visible()
    page.get_by_role("link", name="Channel 10 on Activations (epoch 20)").click()
    expect(page.get_by_text("layer1.0.conv2, channel 10")).to_be_visible()
    expect(page).to_have_url(re.compile("activations"))


def every_kernel_is_a_block_of_whole_pixels(page: Page, matrix: Locator) -> None:
    """Also on a telephone."""
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_function("c => c.getBoundingClientRect().right <= 390", arg=matrix.element_handle())
    # The canvas is drawn anew once the window has its width.
    page.wait_for_function(
        "c => c.width === Math.round(c.getBoundingClientRect().width * devicePixelRatio)",
        arg=matrix.element_handle(),
    )
    assert matrix.evaluate("c => (c.width - 10) % 64 === 0 && c.height % 64 === 0")
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.wait_for_function("c => c.getBoundingClientRect().width > 390", arg=matrix.element_handle())
    settled(page)


def tiles_are_whole_at_any_width(page: Page) -> None:
    """Tiles are enlarged by whole factors, and fit."""
    drawn = canvas(page, "first-layer filters, Epoch 0")
    for width in (390, 1440):
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
