"""A program that PyTorch exported, as a run: what commands say of it is what they say of the network itself."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from cnnviz.config import Cnn
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build

pytestmark = pytest.mark.slow

NAMES = ("one", "two", "three", "four")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A network of the bench in its own file, and as PyTorch exports it."""
    network = Cnn(convs=(4, 6), pool_after=(1,), batch_norm="all", linear=(5,))
    model = build(network, image_shape=(8, 8, 3), classes=4).eval()
    card = Card(
        network=network, image_shape=(8, 8, 3), classes=NAMES, mean=(0.5,) * 3, std=(0.25,) * 3, data="",
        epoch=0, step=0,
    )  # fmt: skip
    own, program = tmp_path / "own.safetensors", tmp_path / "program.pt2"
    checkpoint.save(own, model.state_dict(), card)
    auto = torch.export.Dim.AUTO
    torch.export.save(
        torch.export.export(model, (torch.rand(2, 3, 8, 8),), dynamic_shapes=({0: auto, 2: auto, 3: auto},)),
        program,
    )
    return own, program


def test_a_program_becomes_a_run_of_which_commands_say_the_same(ask: Any, files: Any, bench: Any) -> None:
    own, program = files
    done = ask(
        "import", program, "--classes", ",".join(NAMES), "--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25", "--json"
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["imported"]["source"] == "program.pt2, Exported network"
    assert document["config"]["network"].keys() == {"name", "graph"}
    for command in (
        ("layers",),
        ("activations", "--layer", "act2"),
        ("channel", "act2", "3"),
        ("filters", "--layer", "conv2"),
        ("attribute", "--method", "grad_cam", "--method", "integrated_gradients"),
        ("attribute", "--method", "guided_backprop", "--method", "lrp"),
    ):
        first, *rest = command
        said = [ask(first, of, *rest, "--json") for of in (own, document["id"])]
        assert [one.exit_code for one in said] == [0, 0], (command, said[1].stderr)
        expected, found = (_without_names(json.loads(one.stdout)) for one in said)
        assert found == expected, command


def _without_names(document: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in document.items() if key not in ("checkpoint", "run", "file", "network")
    }
