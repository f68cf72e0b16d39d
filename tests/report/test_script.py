"""The script that reproduces a run gives its weights, bit by bit, and knows nothing of the bench."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from cnnviz.config import RunConfig
from cnnviz.config.change import Change
from cnnviz.data import catalogue
from cnnviz.errors import RunError
from cnnviz.models import registry
from cnnviz.report.script import notebook, obstacle, script
from cnnviz.runs import run as running
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run
from cnnviz.train.events import Finished
from cnnviz.train.loop import fit
from cnnviz.train.session import prepare

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def trained(config: RunConfig, changes: list[Change]) -> tuple[Run, Finished]:
    """A run as a worker would leave it, and how it ended."""
    run = running.create(config, *running.environment())
    torch.set_flush_denormal(True)
    session = prepare(config, catalogue.load(config.data.name))
    session.changes = list(changes)
    if changes:
        text = json.dumps([one.model_dump(mode="json") for one in changes])
        (run.folder / "changes.json").write_text(text)
    *_, end = fit(session)
    assert isinstance(end, Finished)
    journal = Journal(run.folder)
    journal.add("started", {"execution": asdict(session.way), "device_name": session.device_name})
    journal.add("finished", asdict(end))
    journal.close()
    return run, end


def change(step: int, setting: str, value: float) -> Change:
    return Change(step=step, setting=setting, value=value, request=f"{setting} {step}")


CNN = {
    "name": "cnn",
    "convs": [8, 8],
    "pool_after": [1],
    "dropout_conv": 0.1,
    "linear": [8],
    "dropout_linear": 0.1,
}
FEW = {"name": "tiny", "train": 16, "validation": 4, "test": 8}
CASES: dict[str, dict[str, Any]] = {
    "a perceptron": {},
    "all about training": {
        "network": {"name": "mlp", "hidden": [16, 8], "activation": "tanh", "dropout": 0.2},
        "optimiser": {"name": "adamw"},
        "schedule": {"name": "one_cycle"},
        "label_smoothing": 0.1,
        "clip_norm": 0.1,
        "clip_value": 0.01,
        "data": {"name": "tiny", "train": 60, "validation": 40, "test": 20, "normalise": "imagenet", "split_seed": 3},
        "seed": 7,
    },
    "early stopping": {
        "optimiser": {"name": "sgd", "learning_rate": 0.3},
        "epochs": 9,
        "early_stopping": {"patience": 2, "watch": "validation_accuracy"},
        "softmax_before_loss": True,
    },
    "loss reached": {"optimiser": {"name": "adadelta"}, "stop_at_train_loss": 100.0, "epochs": 4},
    "crops and flips": {
        "network": CNN,
        "augmentation": [{"name": "pad_and_crop", "padding": 1}, {"name": "horizontal_flip"}],
        "optimiser": {"name": "rmsprop", "momentum": 0.5},
        "schedule": {"name": "step", "every": 1},
    },
    "all augmentations": {
        "network": CNN | {"batch_norm": "first_of_pair", "padding": "first", "activation": "mish"},
        "augmentation": [
            {"name": name}
            for name in ("random_resized_crop", "rotation", "colour_jitter", "grayscale", "gaussian_blur", "erasing",
                         "mixup", "cutmix")
        ],
        "schedule": {"name": "cosine"},
        "optimiser": {"name": "adam"},
    },
    "bf16, channels last": {"network": CNN, "precision": "bf16", "memory_format": "channels_last"},
    "resnet18": {
        "network": {"name": "resnet18", "dropout_conv1": 0.1, "dropout_fc": 0.1, "head": [8]},
        "data": FEW, "epochs": 1, "batch_size": 8,
    },
    "resnet18, large stem": {
        "network": {"name": "resnet18", "stem": "imagenet"},
        "data": FEW | {"normalise": "none"}, "epochs": 1, "batch_size": 8,
    },
    "torchvision": {
        "network": {"name": "torchvision", "model": "squeezenet1_1"},
        "data": FEW | {"size": 32}, "epochs": 1, "batch_size": 8,
    },
}  # fmt: skip
CHANGES = {
    "a perceptron": [
        change(3, "learning_rate", 0.2), change(7, "weight_decay", 0.1), change(12, "last_epoch", 2),
    ],
    "crops and flips": [change(6, "dropout", 0.5)],
}  # fmt: skip


def run_of(config: RunConfig, case: str) -> tuple[Run, Finished]:
    values = config.model_dump(mode="json") | CASES[case] | {"title": '"""\nraise SystemExit("no") #\\'}
    return trained(RunConfig.parse(values), CHANGES.get(case, []))


@pytest.mark.parametrize("case", CASES)
def test_the_same_weights(case: str, tiny_data: str, tiny_config: RunConfig, bench: Any, capsys: Any) -> None:
    run, end = run_of(tiny_config, case)
    text = script(run)
    assert not {name for name in imported(text) if name.partition(".")[0] == "cnnviz"}
    space: dict[str, Any] = {"__name__": "script"}
    exec(compile(text, "script", "exec"), space)  # noqa: S102
    accuracy, weights = space["reproduce"](space["RUN"], space["build"], bench.data / "tiny")
    assert weights == end.weights_sha256
    assert accuracy == end.test_accuracy
    said = capsys.readouterr().out
    assert said.count("epoch ") == run_epochs(end, case)
    assert said.endswith("its weights are the same.\n")


@pytest.mark.parametrize("name", ["vgg11_bn", "alexnet"])
def test_large_networks_are_built_alike(name: str, bench: Any, tiny_config: RunConfig) -> None:
    config = RunConfig.parse(tiny_config.model_dump(mode="json") | {"network": {"name": name}})
    space: dict[str, Any] = {"__name__": "script"}
    exec(compile(script(running.create(config, *running.environment())), "script", "exec"), space)  # noqa: S102
    options = SimpleNamespace(**space["RUN"]["config"]["network"])
    with torch.device("meta"), registry.WithoutRandomWeights():
        built = space["build"](options, image_shape=(64, 64, 1), classes=3)
    expected = registry.outline(config.network, image_shape=(64, 64, 1), classes=3)
    assert str(built) == str(expected)


def run_epochs(end: Finished, case: str) -> int:
    """Epochs that were trained: the end names that of the weights."""
    return end.best_epoch + 2 if case == "early stopping" else end.epoch


def imported(text: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(text)))
    plain = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_alone_in_a_process_and_clean(
    tiny_data: str, tiny_config: RunConfig, bench: Any, tmp_path: Path
) -> None:
    run, end = run_of(tiny_config, "a perceptron")
    path = tmp_path / "run.py"
    path.write_text(script(run))
    lint = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "F",
        "--target-version",
        "py311",
        path,
    ]
    found = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    done = subprocess.run(
        [sys.executable, "-I", path, bench.data / "tiny"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert end.weights_sha256 in done.stdout
    assert done.stdout.endswith("its weights are the same.\n")


def test_the_notebook_does_the_same(
    tiny_data: str, tiny_config: RunConfig, bench: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = run_of(tiny_config, "a perceptron")
    document = json.loads(notebook(run))
    assert (document["nbformat"], document["cells"][0]["cell_type"]) == (4, "markdown")
    monkeypatch.chdir(bench.data.parent)
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], space)  # noqa: S102
    assert capsys.readouterr().out.endswith("its weights are the same.\n")


@pytest.mark.parametrize(
    ("values", "way", "said"),
    [
        ({"start": {"source": "checkpoint", "run": "other"}}, {}, "start from another run's weights yet"),
        ({"start": {"source": "imagenet"}}, {}, "start from ImageNet weights yet"),
        ({"freeze": {"name": "body"}}, {}, "freeze weights yet"),
        ({}, {"compile": True}, "repeat a compiled training yet"),
        ({}, {"precision": "fp16"}, "train in fp16 yet"),
    ],
)
def test_what_it_cannot_do_is_one_line(
    values: dict[str, Any], way: dict[str, Any], said: str, bench: Any, tiny_config: RunConfig
) -> None:
    config = RunConfig.parse(tiny_config.model_dump(mode="json") | values)
    run = running.create(config, *running.environment())
    journal = Journal(run.folder)
    usual = {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "compile": False}
    journal.add("started", {"execution": usual | way})
    journal.close()
    assert said in obstacle(run)
    with pytest.raises(RunError, match=said):
        script(run)
