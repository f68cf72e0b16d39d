"""From a run that nobody has looked through to the nine images of a channel."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnviz.config import Cnn, Data, RunConfig
from cnnviz.models import checkpoint, registry
from cnnviz.models.checkpoint import Card
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.run import Run
from tests.browser.looks import canvas, colours, settled
from tests.conftest import write_data


@pytest.fixture(scope="module")
def fresh(bench: Path) -> Run:
    """A run of a network with random weights and 300 test images."""
    write_data(bench / "data" / "small", test=300, size=16)
    config = RunConfig(data=Data(name="small"), network=Cnn(convs=(6,), pool_after=()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
        run = running.create(config, *running.environment())
    (run.folder / "snapshots").mkdir()
    card = Card(
        network=config.network, image_shape=(16, 16, 3), classes=("one", "two", "three", "four"), mean=(0.5,) * 3,
        std=(0.25,) * 3, data="small", epoch=1, step=6,
    )  # fmt: skip
    model = registry.build(config.network, image_shape=(16, 16, 3), classes=4)
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", model.state_dict(), card)
    status.write(run.folder, status.Status(state="finished", epochs=1, updated=time.time()))
    return run


def test_one_press_and_the_nine_images_appear_by_themselves(page: Page, address: str, fresh: Run) -> None:
    page.goto(f"{address}/activations?run={fresh.id}&layer=conv1&channel=1")
    settled(page)
    button = page.get_by_role("button", name=re.compile(r"Look through 300 test images"))
    button.click()
    page.set_default_timeout(120_000)
    expect(page.get_by_text("Test images that excite it most")).to_be_visible(timeout=120_000)
    assert colours(canvas(page, "Test images that excite channel 1 most")) > 20
    assert canvas(page, "The parts of these images that channel 1 saw").is_visible()
    expect(page.get_by_text(re.compile(r"^Of 300\."))).to_be_visible()
    expect(button).to_have_count(0)
    maps = canvas(page, "Activations of conv1")
    maps.press("Home")
    maps.press("Enter")
    canvas(page, "Test images that excite channel 0 most")
    page.goto(f"{address}/activations?run={fresh.id}&layer=act1&channel=3")
    picked = canvas(page, "Test images that excite channel 3 most")
    picked.click(position={"x": 20, "y": 20})
    expect(page).to_have_url(re.compile(r"image=test\.\d+"))
    expect(page).to_have_url(re.compile(r"cell=\d+\.\d+"))
