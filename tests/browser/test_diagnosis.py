"""From a confusion to its images to what the layers make of one; and a doctor that names a planted mistake."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cnnviz.runs.run import Run
from tests.browser.looks import canvas, colours, drawn, settled


def middle(matrix: Locator, row: int, column: int) -> dict[str, float]:
    """Where to click for a cell; −1 is a name."""
    shape = matrix.evaluate("canvas => JSON.parse(canvas.dataset.shape)")
    return {
        "x": shape["left"] + (column + 0.5) * shape["cell"] if column >= 0 else shape["left"] - 10,
        "y": shape["top"] + (row + 0.5) * shape["cell"] if row >= 0 else shape["top"] - 10,
    }


@pytest.mark.realdata
def test_from_a_cell_to_an_image_to_its_attributions_and_its_activations(
    page: Page, real_address: str
) -> None:
    page.goto(f"{real_address}/diagnosis?run=cifar10-resnet18")
    drawn(page)
    matrix = canvas(page, "Class by Predicted, 10 classes, 10,000 images")
    expect(page.get_by_text("cat taken for dog (79)")).to_be_visible()
    matrix.click(position=middle(matrix, 3, 5))  # type: ignore[arg-type]
    expect(page.get_by_text("cat, taken for dog: 79 of 10,000 test images")).to_be_visible()
    expect(page).to_have_url(re.compile(r"confused=3\.5"))
    pictures = canvas(page, "test images: arrow keys")
    pictures.click(position={"x": 5, "y": 5})
    expect(
        page.get_by_text(re.compile(r"Taken for dog \(\d+\.\d %\), but it is labelled cat"))
    ).to_be_visible()
    found = re.search(r"image=(test\.\d+)", page.url)
    assert found is not None
    for name in ("dog", "cat"):
        assert colours(canvas(page, f"Grad-CAM for {name}, over the image")) > 3
    page.get_by_role("link", name="Which pixels say so").click()
    expect(page).to_have_url(re.compile(rf"/attribution\?.*image={re.escape(found[1])}"))
    drawn(page)
    for name in ("dog", "cat"):
        assert colours(canvas(page, f"Grad-CAM for {name}")) > 3
    page.get_by_role("link", name="Activations", exact=True).first.click()
    expect(page).to_have_url(re.compile(rf"/activations\?.*image={re.escape(found[1])}"))
    settled(page)
    expect(page.get_by_text(re.compile("Looks like dog, but it is cat"))).to_be_visible()


def test_the_matrix_by_keyboard_without_any_data(page: Page, address: str) -> None:
    page.goto(f"{address}/diagnosis?run=mnist-mlp")
    drawn(page)
    matrix = canvas(page, "Class by Predicted")
    matrix.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"confused=2\.0"))
    expect(page.get_by_text(re.compile(r"2, taken for 0: \d+ of 10,000 test images"))).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text(re.compile("All mistakes, surest first"))).to_be_visible()


def test_the_doctor_names_a_planted_double_softmax(page: Page, address: str, bench: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
        patch.setenv("CNNVIZ_DATA", str(bench / "data"))
        run = _double_softmax()
    page.goto(f"{address}/doctor?run={run.id}")
    drawn(page)
    expect(page.get_by_role("heading", name="Softmax is applied twice")).to_be_visible()
    expect(page.get_by_text(re.compile(r"1\.4612"))).to_be_visible()
    page.get_by_role("button", name="Look into network and data").click()
    expect(page.get_by_text(re.compile("Images in two splits: nothing found"))).to_have_count(1)
    page.get_by_role("link", name="Its curves").first.click()
    expect(page).to_have_url(re.compile(rf"/train\?.*run={run.id}"))


def test_the_doctor_names_a_planted_dead_layer_and_shows_it(page: Page, address: str, bench: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
        patch.setenv("CNNVIZ_DATA", str(bench / "data"))
        run = _dead_layer()
    page.goto(f"{address}/doctor?run={run.id}")
    drawn(page)
    page.get_by_role("button", name="Look into network and data").click()
    expect(page.get_by_role("heading", name=re.compile("Dead ReLUs in act1")).first).to_be_visible()
    page.get_by_role("link", name=re.compile("act1")).first.click()
    expect(page).to_have_url(re.compile(rf"/activations\?.*run={run.id}"))
    expect(page.get_by_text("32 units, 100 % of values are zero, 32 are zero everywhere")).to_be_visible()


def _dead_layer() -> Run:
    """A run on handwritten digits, trained just now, whose first layer is then silenced."""
    from cnnviz.data import catalogue
    from cnnviz.models import checkpoint
    from tests.doctor.conftest import PLAIN, trained

    catalogue.load("digits")
    run = trained(PLAIN)
    path = run.folder / "snapshots" / "last.safetensors"
    card, weights = checkpoint.read(path)
    weights["fc1.bias"][:] = -100
    checkpoint.save(path, weights, card)
    return run


def _double_softmax() -> Run:
    """A run on handwritten digits with that mistake, trained just now."""
    from cnnviz.data import catalogue
    from tests.doctor.conftest import PLAIN, trained

    catalogue.load("digits")
    return trained(PLAIN.model_copy(update={"softmax_before_loss": True, "epochs": 4}))
