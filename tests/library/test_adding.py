"""A network of somebody's own on the bench: two lines."""

import copy

import pytest
import torch
from torch import Tensor, nn

import cnnviz
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import fingerprint
from cnnviz.runs.run import every
from cnnviz.workspace import snapshot_file
from tests.conftest import Bench

pytestmark = pytest.mark.slow


def test_the_run_holds_the_network_and_leaves_it_as_it_was(
    bench: Bench, small: nn.Module, images: Tensor
) -> None:
    small.train()
    before = fingerprint(small.state_dict())
    run = cnnviz.add(
        small, images[0], classes=["a", "b", "c"], mean=[0.5], std=[0.25], title="My own", data=""
    )
    assert fingerprint(small.state_dict()) == before
    assert all(module.training for module in small.modules())
    model, card = checkpoint.load(snapshot_file(run.id, "last"))
    assert (run.title, card.classes, card.mean, card.std) == ("My own", ("a", "b", "c"), (0.5,), (0.25,))
    with torch.no_grad():
        assert torch.equal(model(images), copy.deepcopy(small).eval()(images))
    assert run.imported is not None
    assert run.imported.source.startswith("Small of a script")


def test_sides_may_differ_and_classes_are_numbered(bench: Bench) -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 4))
    run = cnnviz.add(model, torch.rand(2, 3, 12, 20))
    card, _ = checkpoint.read(snapshot_file(run.id, "last"))
    assert card.image_shape == (12, 20, 3)
    assert card.classes == ("class 0", "class 1", "class 2", "class 3")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"classes": 4}, "has 3 classes, not 4"),
        ({"mean": [0.1, 0.2]}, "mean needs a number for each of 1 channels"),
        ({"std": [0.0]}, "none of std 0"),
    ],
)
def test_what_does_not_fit_is_said(
    bench: Bench, small: nn.Module, images: Tensor, wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        cnnviz.add(small, images, **wrong)  # type: ignore[arg-type]
    assert every() == []


def test_an_example_is_images(bench: Bench, small: nn.Module) -> None:
    with pytest.raises(ConfigError, match=r"not int64 \(1, 8\)"):
        cnnviz.add(small, torch.zeros(1, 8, dtype=torch.int64))
    with pytest.raises(CheckpointError):
        cnnviz.add(small, torch.rand(1, 2, 8, 8))


def test_the_surface_is_small_and_lazy() -> None:
    import subprocess
    import sys

    assert sorted(cnnviz._PLACES) == cnnviz.__all__
    assert set(cnnviz.__all__) <= set(dir(cnnviz))
    with pytest.raises(AttributeError):
        _ = cnnviz.nonsense
    code = "import sys, cnnviz; print('torch' in sys.modules, 'numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "False"]
