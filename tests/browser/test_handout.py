"""A network as one file, opened without a network: a picture, a drawing, a channel."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from cnnviz.report.takeaway import FILES, content
from cnnviz.runs.run import find
from tests.browser.looks import colours, photo


@pytest.fixture
def page(browser: Browser, bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The page of the shipped MLP in a browser that is offline, with nothing gone wrong at the end."""
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
    file = tmp_path / "mlp.html"
    file.write_bytes(content(FILES["page"], find("mnist-mlp")))
    context = browser.new_context(offline=True, color_scheme="dark")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(file.as_uri())
    yield page  # type: ignore[misc]
    context.close()
    assert not errors


def ready(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")


def test_a_picture_a_drawing_and_a_channel(page: Page, tmp_path: Path) -> None:
    ready(page)
    page.get_by_role("button", name="Handwritten 3").click()
    ready(page)
    first = page.locator("#prediction li").first
    expect(first).to_contain_text("3")
    logits = np.array(json.loads(page.locator("#logits").text_content() or ""))
    assert np.abs(logits - of_the_bench("photo.digit-3")).max() < 1e-4

    layer = page.locator("canvas[aria-label^='act1: ']")
    assert colours(layer) > 20
    layer.click(position={"x": 5, "y": 5})
    expect(page.locator("#which")).to_have_text(re.compile("^act1, channel 0 of "))
    layer.press("ArrowRight")
    expect(page.locator("#which")).to_have_text(re.compile("^act1, channel 1 of "))

    before = page.locator("#logits").text_content()
    pad = page.locator("#pad")
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 98, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 98, box["y"] + 160, steps=8)
    page.mouse.up()
    expect(page.locator("#logits")).not_to_have_text(before or "")
    ready(page)
    expect(first).to_contain_text("1")  # a stroke from top to bottom

    page.set_input_files("#file", photo(tmp_path))
    ready(page)
    expect(page.locator("#refused")).to_be_empty()
    (tmp_path / "not.png").write_text("no picture")
    page.set_input_files("#file", tmp_path / "not.png")
    expect(page.locator("#refused")).to_have_text(re.compile("not.png is no picture"))


def of_the_bench(image: str) -> np.ndarray:
    import torch

    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.explore.inputs.test_images import image_named
    from cnnviz.progress import finish
    from cnnviz.runs.network_source import opened

    _, model, card = opened("mnist-mlp", "last")
    values = as_input(finish(image_named(image, card)), card).values
    with torch.no_grad():
        found: np.ndarray = model(torch.from_numpy(values)[None])[0].numpy()
    return found
