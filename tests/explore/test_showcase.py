"""What Home shows of a network before torch is loaded: it is of these weights, and needs no torch."""

import io
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cnnviz import workspace
from cnnviz.explore import showcase
from cnnviz.models import checkpoint
from cnnviz.render.mosaic import grid
from cnnviz.workspace import ROOT
from tests.conftest import Bench

SHIPPED = [card.parent.name for card in (ROOT / "checkpoints").glob("*/card.md")]


@pytest.fixture
def shipped(bench: Bench) -> str:
    """The name of a shipped run, copied to a bench of its own."""
    shutil.copytree(ROOT / "checkpoints" / "mnist-mlp", bench.checkpoints / "mnist-mlp")
    return "mnist-mlp"


@pytest.mark.parametrize("run", SHIPPED)
def test_what_ships_is_what_the_shipped_weights_give(run: str) -> None:
    stored = showcase.read(run, "last")
    assert stored is not None, f"made for other weights or another picture: {showcase.__doc__}"
    again = showcase.compute(*checkpoint.load(workspace.snapshot_file(run, "last")))
    assert (stored.photo, stored.label) == (again.photo, again.label)
    assert stored.probability == pytest.approx(again.probability, abs=1e-4)
    np.testing.assert_array_equal(stored.pixels, again.pixels)
    assert list(stored.maps) == list(again.maps)
    for before, after in zip(stored.maps.values(), again.maps.values(), strict=True):
        # Another processor adds up in another order, which may move a value to the next of 256 colours.
        np.testing.assert_allclose(before, after, atol=1e-4 * np.abs(after).max())
        assert np.abs(levels(before) - levels(after)).max() <= 1


def levels(maps: np.ndarray) -> np.ndarray:
    """The numbers of the colours in the picture of `maps`."""
    return np.asarray(Image.open(io.BytesIO(grid(maps, gap=0).png))).astype(int)


def test_a_network_with_feature_maps_has_four_layers_of_nine() -> None:
    stored = showcase.read("cifar10-resnet18", "last")
    assert stored is not None
    assert [maps.shape for maps in stored.maps.values()] == [(9, side, side) for side in (32, 16, 8, 4)]


def test_it_is_read_without_torch() -> None:
    code = (
        "import sys\nfrom cnnviz.explore import showcase\nassert showcase.read('cifar10-resnet18', 'last')\n"
        "print({'torch', 'streamlit', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_other_weights_have_none(shipped: str) -> None:
    assert showcase.read(shipped, "last") is not None
    weights = workspace.snapshot_file(shipped, "last")
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert showcase.read(shipped, "last") is None


def test_another_picture_has_none(shipped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = showcase.photo_named("digit-7")
    monkeypatch.setattr(showcase, "photo_named", lambda name: other)
    assert showcase.read(shipped, "last") is None


def test_what_is_damaged_or_missing_is_none(shipped: str) -> None:
    file = workspace.showcase_file(shipped, "last")
    file.write_bytes(file.read_bytes()[:200])
    assert showcase.read(shipped, "last") is None
    file.unlink()
    assert showcase.read(shipped, "last") is None


def test_it_is_made_again_by_a_command(shipped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = showcase.read(shipped, "last")
    workspace.showcase_file(shipped, "last").unlink()
    monkeypatch.setattr(sys, "argv", ["showcase", shipped])
    showcase.main()
    after = showcase.read(shipped, "last")
    assert before is not None
    assert after is not None
    assert after.label == before.label
    monkeypatch.setattr(sys, "argv", ["showcase", "nobody"])
    with pytest.raises(SystemExit, match="There is no checkpoint"):
        showcase.main()
