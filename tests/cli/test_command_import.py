import errno
import json
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

from cnnviz import atomic
from cnnviz.runs.run import every
from tests.conftest import write_data

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "mine.safetensors"
    import safetensors.torch

    safetensors.torch.save_file(
        {f"module.{n}": v for n, v in resnet18(num_classes=4).state_dict().items()}, path
    )
    return path


def test_a_file_becomes_a_run_that_other_commands_take(ask, file, tiny_data):
    done = ask("import", file, "--size", "32", "--data", tiny_data, "--title", "Mine", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["imported"]["source"] == "mine.safetensors, ResNet-18"
    assert (document["state"], document["title"]) == ("finished", "Mine")
    run = document["id"]
    layers = json.loads(ask("layers", run, "--json").stdout)
    assert layers["parameters"] == sum(value.numel() for value in resnet18(num_classes=4).parameters())
    found = json.loads(ask("channel", run, "layer1.0.relu", "3", "--image", "test.2", "--json").stdout)
    assert found["steps"][-1]["value"] == pytest.approx(found["value"], abs=1e-4)
    assert ask("activations", run, "--layer", "layer1.0").exit_code == 0
    assert "imported" in ask("runs").stdout
    assert "mine.safetensors" in ask("runs", run).stdout
    assert ask("delete", run, "--yes").exit_code == 0
    assert not every()


def test_one_of_torchvisions(ask, bench):
    done = ask("import", "--torchvision", "squeezenet1_1", "--size", "64", "--seed", "3", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert "random weights (seed 3)" in document["imported"]["source"]
    said = ask("channel", document["id"], "features.0", "0", "--image", "test.1")
    assert said.exit_code == 1
    assert "without a data set" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gone.pt",), "There is no file gone.pt"),
        (("--torchvision", "resnet5000"), "choose"),
        ((), "Give a FILE"),
        (("FILE", "--network", "resnet50"), "is no resnet50"),
        (("FILE", "--classes", "a,b"), "4 classes, not 2"),
        (("FILE", "--classes", "a,b,c,a"), "Two classes are called 'a': give each a name of its own"),
        (("FILE", "--padding", "none"), "no padding to choose"),
        (("FILE", "--mean", "0.5"), "a value for each channel"),
        (("FILE", "--mean", "x"), "no list of numbers"),
        (("FILE", "--activation", "gelu"), "no activation to choose"),
        (("--torchvision", "alexnet", "--size", "32"), "can't read images|32"),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_leaves_nothing(ask, bench, file, arguments, said):
    import re

    done = ask("import", *(file if one == "FILE" else one for one in arguments))
    assert done.exit_code in (1, 2)
    assert re.search(said, done.stderr)
    assert not [path for path in bench.checkpoints.iterdir() if path.name != ".lock"]


@pytest.fixture
def lenet(tmp_path: Path) -> Path:
    """Its weights fit grey 32 × 32 without padding, and 28 × 28 with the first convolution padded."""
    shapes = {
        "conv1": (6, 1, 5, 5),
        "conv2": (16, 6, 5, 5),
        "fc1": (120, 400),
        "fc2": (84, 120),
        "fc3": (4, 84),
    }
    import safetensors.torch

    weights = {f"{name}.weight": torch.rand(shape) for name, shape in shapes.items()}
    weights |= {f"{name}.bias": torch.rand(shape[0]) for name, shape in shapes.items()}
    path = tmp_path / "lenet.safetensors"
    safetensors.torch.save_file(weights, path)
    return path


@pytest.mark.parametrize(
    ("arguments", "layout"),
    [
        ((), (32, "none", [1, 2])),
        (("--size", "28"), (28, "first", [1, 2])),
        (("--data", "grey28"), (28, "first", [1, 2])),
        (("--data", "grey28", "--size", "32"), (32, "none", [1, 2])),
        (("--padding", "first"), (28, "first", [1, 2])),
        (("--size", "14"), (14, "first", [2])),
    ],
)
def test_sizes_decide_padding_and_pooling(ask, bench, lenet, arguments, layout):
    write_data(bench.data / "grey28", size=28, channels=1)
    done = ask("import", lenet, *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    network = document["config"]["network"]
    assert (network["padding"], network["pool_after"]) == layout[1:]
    said = " ".join(document["imported"]["notes"])
    assert f"taken as {layout[0]} × {layout[0]}, " in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--data", "grey40"),
            "images of grey40 are 40 × 40, which lenet.safetensors can't have been made for",
        ),
        (("--size", "40"), "do not lead to the 5 × 5 maps that lenet.safetensors reads: give another size"),
        (
            ("--size", "32", "--padding", "same"),
            "possible is 32 × 32, convolutions unpadded, pooling after 1, 2",
        ),
        (("--pool-after", "2"), "possible is 32 × 32"),
    ],
)
def test_sizes_that_do_not_go_together_are_refused(ask, bench, lenet, arguments, said):
    write_data(bench.data / "grey40", size=40, channels=1)
    done = ask("import", lenet, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert not every()


def test_a_full_disk_leaves_nothing(ask, bench, file, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic, "replace", full)
    done = ask("import", file)
    assert done.exit_code == 1
    assert "No space left on device" in done.stderr
    assert [path.name for path in bench.checkpoints.iterdir()] == [".lock"]
