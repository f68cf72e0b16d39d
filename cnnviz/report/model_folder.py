"""A model repository as the Hugging Face Hub has them, in a zip: weights, the network without code, a model card."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from cnnviz import workspace
from cnnviz.config.comparison import SET_BY_MACHINE, flat
from cnnviz.config.words import setting_titles, setting_value
from cnnviz.data import catalogue
from cnnviz.formatting import accuracy, duration, per_cent
from cnnviz.progress import Progress, Work, within
from cnnviz.report import program_file
from cnnviz.report.archive import member
from cnnviz.runs.outcome import Outcome, outcome
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from cnnviz.models.checkpoint import Card

LOADING = """import json

import torch
from torchvision.transforms.v2 import functional as F

network = torch.export.load("model.pt2").module()
reads = json.load(open("preprocessor_config.json"))
names = json.load(open("config.json"))["id2label"]


def prepared(pixels):  # uint8, (C, H, W)
    small = F.resize(pixels, min(reads["size"].values()), antialias=True)
    small = F.center_crop(small, [reads["size"]["height"], reads["size"]["width"]])
    return F.normalize(small.float() / 255, reads["image_mean"], reads["image_std"])[None]


def predicted(pixels):
    shares = network(prepared(pixels)).softmax(1)[0]
    return names[str(int(shares.argmax()))], float(shares.max())
"""
"""What a model card says of how the network is used; torch and torchvision are enough."""
_HUB = {
    "cifar10": "uoft-cs/cifar10",
    "mnist": "ylecun/mnist",
    "fashion-mnist": "zalando-datasets/fashion_mnist",
}
"""Data sets of the bench that the Hub has, by its names."""


def write(run: Run, file: BinaryIO, snapshots: Sequence[str]) -> Work[None]:
    """Write the zip. Raises CheckpointError for a network that PyTorch can't export."""
    from cnnviz.models import checkpoint

    snapshot = snapshots[0] if snapshots else run.snapshots()[0]
    program = io.BytesIO()
    yield from within(program_file.write(run, program, [snapshot]), 0.0, 0.8)
    card, tensors = checkpoint.read(workspace.snapshot_file(run.id, snapshot))
    weights = io.BytesIO()
    yield Progress(0.8, "Writing weights and card")
    checkpoint.write(weights, tensors, card)
    with zipfile.ZipFile(file, "w") as whole:
        for name, content in (
            ("README.md", model_card(run, card).encode()),
            ("config.json", _json(_config(run, card))),
            ("preprocessor_config.json", _json(_preprocessor(card))),
            ("model.safetensors", weights.getvalue()),
            ("model.pt2", program.getvalue()),
        ):
            whole.writestr(member(name), content)


def model_card(run: Run, card: Card) -> str:
    """README.md: what the Hub reads, then what people read."""
    found = outcome(run)
    parts = [
        f"---\n{_metadata(run, card, found)}---\n\n# {run.title}\n",
        _introduction(run, card, found),
        f"## Use\n\n```python\n{LOADING}```\n",
        _results(found),
        _training(run),
        "## Limits\n\nIt knows its classes and nothing else, and names one of them for any picture. One run, one seed: "
        "another seed gives another figure.\n",
    ]
    return "\n".join(filter(None, parts))


def _metadata(run: Run, card: Card, found: Outcome | None) -> str:
    """The front matter, as YAML, of which JSON is a part."""
    about: dict[str, Any] = {
        "library_name": "pytorch",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "cnnviz", card.network.name],
    }
    if hub := _HUB.get(card.data):
        about["datasets"] = [hub]
    if found is not None:
        about["metrics"] = ["accuracy"]
        result = {
            "task": {"type": "image-classification"},
            "dataset": {"name": card.data, "type": _HUB.get(card.data, card.data), "split": "test"},
            "metrics": [{"type": "accuracy", "value": round(found.figures["test_accuracy"], 4)}],
        }
        about["model-index"] = [{"name": run.title, "results": [result]}]
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in about.items())


def _introduction(run: Run, card: Card, found: Outcome | None) -> str:
    from cnnviz.models.registry import FAMILIES

    height, width, channels = card.image_shape
    started = run.metrics().started
    words = [
        f"{FAMILIES[card.network.name].title}"
        + (f" with {started['parameters']:,} parameters" if started.get("parameters") else ""),
        f"for {len(card.classes)} classes of {height} × {width} {'grey' if channels == 1 else 'colour'} images",
    ]
    text = ", ".join(words)
    if entry := catalogue.entries().get(card.data):
        text += f" of {entry.title}"
    if run.record.imported:
        return f"{text}. {run.record.imported.source}.\n"
    right = accuracy(found.figures["test_accuracy"], found.test_count) if found else ""
    return f"{text}, trained by cnnviz. " + (
        f"Test accuracy {right}, ± one standard error.\n" if right else "\n"
    )


def _results(found: Outcome | None) -> str:
    if found is None:
        return ""
    rows = "".join(f"| {name} | {per_cent(share)} |\n" for name, share in found.per_class.items())
    by_class = f"\n| class | test accuracy |\n|---|---|\n{rows}" if rows else ""
    right = accuracy(found.figures["test_accuracy"], found.test_count)
    return (
        f"## Results\n\nTest accuracy {right} on {found.test_count:,} images; cross-entropy "
        f"{found.figures['test_loss']:.4f} nats.\n{by_class}"
    )


def _training(run: Run) -> str:
    if run.record.imported or run.recorded:
        return ""
    metrics, own = run.metrics(), flat(run.config)
    keys = [key for key in own if key not in SET_BY_MACHINE and key != "title"]
    titles = setting_titles(keys)
    rows = "".join(f"| {titles[key]} | {setting_value(key, own[key])} |\n" for key in keys)
    where = metrics.started.get("device_name", "")
    took = metrics.finished.get("seconds")
    line = f"{duration(took)} on {where}. " if took and where else ""
    return f"## Training\n\n{line}\n| setting | value |\n|---|---|\n{rows}"


def _config(run: Run, card: Card) -> dict[str, Any]:
    return {
        "model_type": card.network.name,
        "num_labels": len(card.classes),
        "id2label": {str(number): name for number, name in enumerate(card.classes)},
        "label2id": {name: number for number, name in enumerate(card.classes)},
        "image_size": list(card.image_shape[:2]),
        "num_channels": card.image_shape[2],
        "epoch": card.epoch,
        "cnnviz": run.config.model_dump(mode="json"),
    }


def _preprocessor(card: Card) -> dict[str, Any]:
    height, width, _ = card.image_shape
    return {
        "do_resize": True,
        "do_center_crop": True,
        "do_rescale": True,
        "do_normalize": True,
        "rescale_factor": 1 / 255,
        "size": {"height": height, "width": width},
        "image_mean": list(card.mean),
        "image_std": list(card.std),
    }


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
