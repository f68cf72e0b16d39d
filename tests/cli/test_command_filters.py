import csv
import json
import time

import numpy as np
import pytest
from PIL import Image

from cnnviz.config import Cnn, Constant, Data, RunConfig, Sgd
from cnnviz.runs import run as running
from cnnviz.runs import status


@pytest.fixture
def planted(bench):
    """A run of a network whose second convolution has a dead filter (4) and a pair of duplicates (1, 5)."""
    import torch

    from cnnviz.models import checkpoint, registry
    from cnnviz.models.checkpoint import Card

    network = Cnn(convs=(4, 6), pool_after=(1, 2))
    config = RunConfig(
        data=Data(name="none"),
        network=network,
        epochs=2,
        optimiser=Sgd(learning_rate=0.05),
        schedule=Constant(),
    )
    run = running.create(config, *running.environment())
    (run.folder / "snapshots").mkdir()
    card = Card(
        network=network, image_shape=(8, 8, 3), classes=("one", "two"), mean=(0.5,) * 3, std=(0.5,) * 3,
        data="none", epoch=0, step=0,
    )  # fmt: skip
    model = registry.build(network, image_shape=(8, 8, 3), classes=2)
    first = []
    for epoch, name in ((0, "epoch_0000"), (2, "last")):
        if epoch:
            with torch.no_grad():
                model.conv2.weight[4] = 0
                model.conv2.weight[5] = 3 * model.conv2.weight[1]
        first.append(model.conv1.weight.detach().half().numpy())
        now = card.model_copy(update={"epoch": epoch, "step": epoch * 5})
        checkpoint.save(run.folder / "snapshots" / f"{name}.safetensors", model.state_dict(), now)
    np.savez(run.folder / "filters.npz", epochs=np.arange(3), filters=np.stack([first[0], *first]))
    status.write(run.folder, status.Status(state="finished", epoch=2, epochs=2, updated=time.time()))
    return run


def test_without_a_layer_all_with_filters_are_listed(ask, planted):
    document = json.loads(ask("filters", planted.id, "--json").stdout)
    assert [(one["layer"], one["epochs"], one["dead"], one["near_duplicates"]) for one in document["layers"]] == [
        ("conv1", [0, 1, 2], 0, 0), ("conv2", [0, 2], 1, 2),
    ]  # fmt: skip
    lines = ask("filters", planted.id).stdout.splitlines()
    assert lines[0].split() == ["LAYER", "FILTERS", "EACH", "EPOCH", "DEAD", "NEAR-DUPLICATES"]
    assert lines[2].split() == ["conv2", "6", "4×3×3", "2", "1", "2"]


def test_the_filters_of_a_layer(ask, planted):
    document = json.loads(ask("filters", planted.id, "--layer", "conv2", "--sort", "norm", "--json").stdout)
    rows = document["filters"]
    assert [row["filter"] for row in rows if row["dead"]] == [4]
    assert sorted(row["filter"] for row in rows if row["near_duplicate"]) == [1, 5]
    assert [row["norm"] for row in rows] == sorted((row["norm"] for row in rows), reverse=True)
    text = ask("filters", planted.id, "--layer", "conv2", "--sort", "similarity").stdout
    assert "1 of 6 dead, 2 near-duplicates (cosine ≥ 0.95)" in text
    assert text.splitlines()[-1].split()[0] == "4"  # what points nowhere comes last
    untrained = json.loads(ask("filters", planted.id, "--layer", "conv2", "--epoch", 0, "--json").stdout)
    assert (untrained["dead"], untrained["epoch"], untrained["epochs"]) == (0, 0, [0, 2])
    same = json.loads(ask("filters", planted.id, "--layer", "conv2", "--snapshot", "last", "--json").stdout)
    assert same["dead"] == 1


def test_files_of_filters(ask, planted, tmp_path):
    write = ("filters", planted.id, "--layer", "conv2", "--sort", "norm", "--out")
    for name in ("a.png", "a.npz", "a.csv"):
        assert ask(*write, tmp_path / name).exit_code == 0
        assert ask(*write, tmp_path / name).exit_code == 1
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (4 * 16, 6 * 16)
    with np.load(tmp_path / "a.npz") as saved:
        numbers = saved["numbers"]
        lengths = np.linalg.norm(saved["filters"].reshape(6, -1), axis=1)
    assert (np.diff(lengths) <= 0).all()
    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["filter"]) for row in rows] == numbers.tolist()
    assert [row["filter"] for row in rows if row["dead"] == "True"] == ["4"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--layer", "conv9"), "No layer 'conv9'. Did you mean: conv"),
        (("--layer", "conv2", "--epoch", "1"), "No epoch '1'"),
        (("--epoch", "1", "--snapshot", "last"), "not both"),
        (("--out", "a.png"), "needs one --layer"),
        (("--layer", "conv2", "--out", "a.jpg"), "has to end in"),
    ],
)
def test_what_is_not_there_is_one_line(ask, planted, arguments, said):
    done = ask("filters", planted.id, *arguments)
    assert done.exit_code in (1, 2)
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_linear_layer_and_a_file(ask, trained):
    document = json.loads(ask("filters", trained.id, "--json").stdout)
    assert [(one["layer"], one["size"], one["channels"]) for one in document["layers"]] == [
        ("fc1", [8, 8], 3)
    ]
    path = trained.folder / "snapshots" / "last.safetensors"
    found = json.loads(ask("filters", path, "--layer", "fc1", "--json").stdout)
    assert found["shape"] == [16, 3, 8, 8]
