"""The page of a network works out what the network does, layer by layer; what it can't is said."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.config import Cnn, Mlp, Network, ResNet18
from cnnviz.errors import RunError
from cnnviz.explore.activations.activation_maps import layer_maps
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build
from cnnviz.report.handout import page as handout
from cnnviz.report.takeaway import FILES, content
from cnnviz.runs.run import Run
from tests.conftest import Bench

CLASSES = ("one", "two", "<b>three", "</script>four")
NODE = Path(__file__).with_name("handout_in_node.js")
NETWORKS: dict[str, tuple[Network, tuple[int, int, int]]] = {
    "mlp": (Mlp(hidden=(12, 7), dropout=0.5), (8, 8, 1)),
    "cnn": (Cnn(convs=(4, 6, 6), kernel=5, batch_norm="all", pool_after=(1, 3), linear=(9,)), (14, 12, 3)),
    "gelu": (Cnn(convs=(4,), activation="gelu", pool_after=(1,), linear=(9,)), (8, 8, 3)),
    "tanh": (Cnn(convs=(4,), activation="tanh", pool_after=(), linear=(9,)), (8, 8, 3)),
    "resnet18": (ResNet18(), (8, 8, 3)),
    "half": (Cnn(convs=(4,), pool_after=(1,), linear=()), (8, 8, 1)),
}


def made(network: Network, shape: tuple[int, int, int]) -> tuple[nn.Module, Card]:
    """A network in evaluation mode, whose batch norms have seen something."""
    torch.manual_seed(0)
    model = build(network, image_shape=shape, classes=4)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2)  # type: ignore[arg-type]
    card = Card(
        network=network, image_shape=shape, classes=CLASSES, mean=(0.4,) * shape[2], std=(0.3,) * shape[2],
        data="nowhere", epoch=0, step=0,
    )  # fmt: skip
    return model.eval(), card


def block(page: str, name: str) -> str:
    found = re.search(rf'id="{name}">([^<]*)<', page)
    assert found is not None
    return found[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_works_out_what_the_network_does(name: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    model, card = made(*NETWORKS[name])
    if name == "half":
        model = model.half().float()
    page = handout.page(model, card, title="Mine", facts="")
    assert json.loads(block(page, "content"))["half"] == (name == "half")
    (tmp_path / "page.html").write_text(page)
    height, width, channels = card.image_shape
    image = np.random.default_rng(0).normal(size=(channels, height, width)).astype(np.float32)
    (tmp_path / "image.json").write_text(json.dumps(image.ravel().tolist()))
    done = subprocess.run(
        [node, NODE, tmp_path / "page.html", tmp_path / "image.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    with torch.no_grad():
        logits = model(torch.from_numpy(image)[None])[0].numpy()
    assert np.abs(np.array(found["logits"]) - logits).max() < 1e-4
    maps = layer_maps(model, image)
    names = [layer["name"] for layer in json.loads(block(page, "content"))["layers"]]
    idle = {
        one
        for one in maps
        if isinstance(dict(model.named_modules()).get(one), nn.Dropout | nn.Dropout2d | nn.Identity)
    }
    assert set(names) == set(maps) - idle
    for number, layer in enumerate(names):
        values = np.array(found["layers"][str(number)], np.float32)
        assert np.abs(values - maps[layer].ravel()).max() < 1e-4, layer


def test_nothing_of_it_is_markup_and_nothing_is_fetched() -> None:
    model, card = made(*NETWORKS["mlp"])
    page = handout.page(model, card, title="<script>alert(1)</script>", facts="</title><b>")
    assert "<b>" not in page
    assert "alert(1)</script>" not in page
    assert page.count("</script>") == page.count("<script")
    assert json.loads(block(page, "content"))["classes"] == list(CLASSES)
    assert not re.search(r"https?://|src=\"[^d]", page)
    weights = np.frombuffer(base64.b64decode(block(page, "weights")), "<f4")
    assert len(weights) == sum(value.numel() for value in model.parameters())


def test_a_network_that_needs_more_says_so() -> None:
    _, card = made(*NETWORKS["mlp"])
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 4), nn.LogSoftmax(1)).eval()
    with pytest.raises(RunError, match="A page has no log_softmax, which this network needs: take"):
        handout.page(model, card, title="", facts="")


def test_the_file_of_a_run(bench: Bench, trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    takeaway = FILES["page"]
    assert takeaway.name(trained) == f"{trained.id}.html"
    page = content(takeaway, trained)
    size = re.fullmatch(r"About ([\d.]+) kB\.", takeaway.size(trained))
    assert size is not None
    assert 0.5 < float(size[1]) * 1000 / len(page) < 2
    assert b"40.0 %" in page
    monkeypatch.setattr(handout, "MOST", 100)
    assert "would take long over" in takeaway.obstacle(trained)
    for snapshot in (trained.folder / "snapshots").iterdir():
        snapshot.unlink()
    assert takeaway.obstacle(trained) == "No weights were stored."


def test_every_function_is_one_that_a_graph_may_call() -> None:
    from cnnviz.models.exported.operators import ALLOWED

    assert len(handout._FUNCTIONS) > 20
    assert handout._FUNCTIONS <= ALLOWED
