"""Which networks that nobody here wrote the bench looks into, and what works for each.

`python -m benchmarks.networks` takes torchvision's classifiers and one network of each of timm's families (of the
extra `timm`), with random weights, through `cnnviz.add` and all that the bench does to a network, each in a process of
its own, and writes docs/networks.md. `python -m benchmarks.networks NAME …` does some anew and leaves the others.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks import network_table
from benchmarks.images import environment
from cnnviz.config import TorchvisionName
from cnnviz.errors import CnnvizError
from cnnviz.explore.activations.activation_maps import layer_maps, predict, predict_without
from cnnviz.explore.activations.cell import cell
from cnnviz.explore.activations.overview import overview
from cnnviz.explore.attribution import cam
from cnnviz.explore.attribution.applicability import reasons
from cnnviz.explore.attribution.attribute import AttributionSetting, attribute
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.channels.excitation import excitations
from cnnviz.explore.features import features, penultimate
from cnnviz.explore.filters.weights import layers_with_filters
from cnnviz.explore.layers.graph import nodes
from cnnviz.explore.layers.receptive_field import box
from cnnviz.explore.layers.structure import Layer, layers
from cnnviz.explore.maximisation.objectives import channel
from cnnviz.explore.maximisation.optimisation import maximise
from cnnviz.explore.maximisation.settings import Settings
from cnnviz.explore.robustness.accuracy import robustness
from cnnviz.explore.statistics.layer_statistics import statistics
from cnnviz.library.adding import add
from cnnviz.models.checkpoint import Card
from cnnviz.models.tracing import ModuleCall, tracing
from cnnviz.progress import finish
from cnnviz.runs.network_source import opened
from cnnviz.workspace import ROOT

TABLE = ROOT / "docs" / "networks.md"
CLASSES = 5
_SIDES: Mapping[str, int] = {"inception_v3": 80, "alexnet": 64, "vit": 64, "maxvit_t": 224}
"""Pixels of a network that can't do with 32: by how its name begins."""
TIMM = (
    "beit_base_patch16_224", "caformer_s18", "cait_xxs24_224", "coat_lite_tiny", "coatnet_nano_rw_224",
    "convmixer_768_32", "convnextv2_atto", "crossvit_tiny_240", "cspresnet50", "davit_tiny", "deit3_small_patch16_224",
    "densenet121", "dla34", "dpn48b", "edgenext_xx_small", "efficientformer_l1", "efficientnet_b0", "efficientvit_b0",
    "fastvit_t8", "focalnet_tiny_srf", "gernet_s", "ghostnet_100", "hardcorenas_a", "hrnet_w18_small",
    "inception_resnet_v2", "lcnet_050", "levit_128s", "mixer_s32_224", "mobilenetv4_conv_small", "mobileone_s0",
    "mobilevit_xxs", "mvitv2_tiny", "nest_tiny", "nfnet_l0", "pit_ti_224", "poolformer_s12", "pvt_v2_b0", "regnetz_b16",
    "repvgg_a0", "res2net50_26w_4s", "resmlp_12_224", "resnest14d", "resnet18", "rexnet_100", "skresnet18",
    "swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256", "tinynet_e", "tiny_vit_5m_224", "tresnet_m",
    "twins_svt_small", "vgg11", "visformer_tiny", "vit_tiny_patch16_224", "vovnet39a", "xception41",
    "xcit_nano_12_p16_224",
)  # fmt: skip
"""One network of a family, as small as the family has."""
_TRAINING = ("aux1.", "aux2.", "AuxLogits.")
"""Heads that serve training alone."""
_PATIENCE = 400
"""Seconds for one network."""


@dataclass(frozen=True)
class Subject:
    """A network as it was, and as the bench has it."""

    original: nn.Module
    model: nn.Module
    card: Card
    listed: list[Layer]

    @property
    def shape(self) -> tuple[int, int, int]:
        height, width, channels = self.card.image_shape
        return channels, height, width

    @property
    def image(self) -> NDArray[np.float32]:
        return np.random.default_rng(0).normal(size=self.shape).astype(np.float32)

    @property
    def pictures(self) -> NDArray[np.uint8]:
        return np.random.default_rng(1).integers(256, size=(8, *self.card.image_shape), dtype=np.uint8)

    @property
    def labels(self) -> NDArray[np.int64]:
        return np.arange(8) % CLASSES


class Fails(Exception):
    """Something does not work; the message says what."""


def _same(subject: Subject) -> str:
    """Logits of other images, three at once."""
    return _equal(subject, torch.from_numpy(np.stack([subject.image] * 2 + [subject.image * 2])))


def _other_size(subject: Subject) -> str:
    side = max(subject.shape[1:]) + 32
    batch = torch.randn(2, subject.shape[0], side, side, generator=torch.Generator().manual_seed(1))
    try:
        subject.original(batch)
    except Exception:
        return "its own size only"
    try:
        return _equal(subject, batch)
    except ValueError:
        return "not exported"


def _equal(subject: Subject, batch: Tensor) -> str:
    with torch.no_grad():
        ours, theirs = subject.model(batch), subject.original(batch)
    if torch.equal(ours, theirs):
        return "equal"
    apart = float((ours - theirs).abs().max() / theirs.abs().max())
    if apart > 1e-4:
        raise Fails(f"{apart:.0e} apart")
    return f"within {apart:.0e}"


def _layers(subject: Subject) -> str:
    """All of whose parameters are listed, but those of heads that only training uses, which are not exported."""
    due = sum(value.numel() for value in subject.model.parameters())
    whole = sum(
        value.numel() for name, value in subject.original.named_parameters() if not name.startswith(_TRAINING)
    )
    listed = sum(layer.parameters for layer in subject.listed)
    if due != listed:
        raise Fails(f"{listed:,} of {due:,} parameters")
    nodes(subject.listed)
    # LeViT keeps what it makes of some as constants, once it is evaluated.
    return f"{len(subject.listed):,}" + (
        f" ({whole - due:,} parameters became constants)" if due != whole else ""
    )


def _maps(subject: Subject) -> str:
    """What modules give, beside what the original's of the same names give.

    PyTorch's own fast path of attention, which computes a whole block in another order, is off.
    """
    image = torch.from_numpy(subject.image)[None]
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    ours, theirs = _outputs(subject.model, image), _outputs(subject.original, image)
    torch.backends.mha.set_fastpath_enabled(fast)
    both = [name for name in theirs if name in ours]
    if different := [name for name in both if not torch.equal(ours[name], theirs[name])]:
        raise Fails(f"{different[0]} and {len(different) - 1} more differ")
    layer_maps(subject.model, subject.image)
    overview(subject.model, subject.image)
    return f"{len(both)} of {len(theirs)}"


def _outputs(model: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """What each run of each module gave, before anything changed it in place."""
    found: dict[str, Tensor] = {}

    def seen(call: ModuleCall, output: Any) -> None:
        if isinstance(output, Tensor):
            found[call.layer] = output.detach().clone()

    named = {name: one for name, one in model.named_modules() if name}
    with torch.no_grad(), tracing(model, named, leave=seen):
        model(image)
    return found


def _cells(subject: Subject) -> str:
    maps = layer_maps(subject.model, subject.image)
    first = {(layer.kind, len(layer.output_shape)): layer for layer in subject.listed}
    for layer in first.values():
        found = maps[layer.name]
        number, row, column = len(found) - 1, found.shape[1] // 2, found.shape[2] // 2
        worked = cell(
            subject.model, subject.image, subject.listed, layer.name, channel=number, row=row, column=column
        )
        scale = max(1e-6, float(np.abs(found).max()))
        if abs(worked.steps[-1].value - float(found[number, row, column])) > 1e-4 * scale:
            raise Fails(f"{layer.kind} {layer.name}")
        if layer.field:
            box(layer.field, row, column, image=subject.shape[1:])
    return f"{len(first)} kinds"


def _switched_off(subject: Subject) -> str:
    middle = subject.listed[len(subject.listed) // 2].name
    if not np.isclose(predict_without(subject.model, subject.image, middle, 0).sum(), 1, atol=1e-4):
        raise Fails(middle)
    return "yes"


def _filters(subject: Subject) -> str:
    return f"{len(layers_with_filters(subject.model, subject.card.image_shape))}"


def _index(subject: Subject) -> str:
    work = excitations(subject.model, subject.card, subject.pictures, subject.labels, numbers=range(8))
    return f"{len(finish(work))}"


def _statistics(subject: Subject) -> str:
    work = statistics(subject.model, subject.card, subject.pictures, subject.labels, numbers=range(8))
    return f"{len(finish(work).layers)}"


def _embedding(subject: Subject) -> str:
    layer = penultimate(subject.listed)
    found = finish(features(subject.model, subject.card, subject.pictures, layer=layer, numbers=range(8)))
    return f"{found.shape[1]:,}"


def _robustness(subject: Subject) -> str:
    work = robustness(
        subject.model, subject.card, subject.pictures, subject.labels, numbers=range(2), perturbation="noise"
    )
    finish(work)
    return "yes"


def _attribution(subject: Subject) -> dict[str, str]:
    """Why a method can't be asked, or what goes wrong; nothing where it gives a map."""
    why = reasons(subject.model, subject.card, subject.shape)
    best = cam.best_layer(subject.listed)
    setting = AttributionSetting(layer=best[0] if best else None)
    for name in METHODS:
        if why[name]:
            continue
        try:
            work = attribute(
                subject.model, subject.card, subject.image, method=name, targets=[0], setting=setting
            )
            (found,) = finish(work)
            if not np.isfinite(found.map).all():
                why[name] = "FAILS: not finite"
        except Exception as error:
            why[name] = f"FAILS: {_said(error)}"
    return why


def _drawing(subject: Subject) -> str:
    maps = [layer for layer in subject.listed if len(layer.output_shape) == 3 and not layer.idle]
    layer = maps[len(maps) // 2] if maps else subject.listed[-1]
    settings = Settings(steps=2, pictures=1)
    finish(maximise(subject.model, subject.card, channel(layer.name, 0), settings=settings))
    return "yes"


CAPABILITIES: Mapping[str, Callable[[Subject], Any]] = {
    "logits": _same,
    "other size": _other_size,
    "layers": _layers,
    "maps": _maps,
    "cells": _cells,
    "switched off": _switched_off,
    "filters": _filters,
    "index": _index,
    "statistics": _statistics,
    "embedding": _embedding,
    "shaken": _robustness,
    "drawn": _drawing,
    "attribution": _attribution,
}
"""What is done to a network, and what comes of it in a word."""


def made(name: str) -> tuple[nn.Module, int]:
    """The network of that name with random weights, ready to look, and the width of its images.

    `timm/NAME` is one of timm's, all others are torchvision's.
    """
    model, side = _made(name)
    for parameter in model.parameters():
        if (
            parameter.ndim > 1 and not parameter.any()
        ):  # a head of zeros would give equal scores to everything
            nn.init.normal_(parameter, std=0.02)
    return model, side


def _made(name: str) -> tuple[nn.Module, int]:
    torch.manual_seed(0)
    source, _, plain = name.rpartition("/")
    if source == "timm":
        import timm

        model = timm.create_model(plain, pretrained=False, num_classes=CLASSES)
        about: Any = model.default_cfg
        return model.eval(), int(about["input_size"][-1]) if about["fixed_input_size"] else 96
    from torchvision.models import get_model

    beginning = next((one for one in _SIDES if plain.startswith(one)), "")
    side = _SIDES.get(beginning, 32)
    how = (
        {"image_size": side}
        if plain.startswith("vit")
        else {"input_size": (side, side)}
        if plain == "maxvit_t"
        else {}
    )
    extra = {"init_weights": False} if plain in ("googlenet", "inception_v3") else {}
    return get_model(plain, weights=None, num_classes=CLASSES, **how, **extra).eval(), side


def names() -> list[str]:
    """All networks of the table."""
    return [*get_args(TorchvisionName), *(f"timm/{one}" for one in TIMM)]


def look(name: str) -> dict[str, Any]:
    """What works for one network, each in a word; what does not work begins with FAILS."""
    return looked_into(name, *made(name))


def looked_into(name: str, model: nn.Module, side: int) -> dict[str, Any]:
    """The same for a network that is there, which reads images of that width."""
    start = time.perf_counter()
    row: dict[str, Any] = {"name": name, "side": side}
    with TemporaryDirectory() as folder, environment(CNNVIZ_HOME=folder, CNNVIZ_CHECKPOINTS=folder):
        try:
            run = add(model, torch.randn(1, 3, side, side), classes=CLASSES)
            row["seconds"] = time.perf_counter() - start
            _, ours, card = opened(run.id, "last")
            ours.eval()
            height, width, channels = card.image_shape
            subject = Subject(model, ours, card, layers(ours, (channels, height, width)))
            predict(ours, subject.image)
        except Exception as error:
            return row | {"import": f"FAILS: {_said(error)}"}
        row["parameters"] = sum(value.numel() for value in model.parameters())
        for what, works in CAPABILITIES.items():
            try:
                row[what] = works(subject)
            except Exception as error:
                row[what] = f"FAILS: {_said(error)}"
    return row


def _said(error: Exception) -> str:
    kind = "" if isinstance(error, CnnvizError | Fails) else f"{type(error).__name__}: "
    return (kind + " ".join(str(error).split()))[:160]


def apart(name: str) -> dict[str, Any]:
    """The same from a process of its own, which may crash or take too long."""
    command = [sys.executable, "-m", "benchmarks.networks", "--one", name]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return {"name": name, "import": f"FAILS: not done in {_PATIENCE} s"}
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        return dict(answer)
    except (ValueError, IndexError):
        said = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return {"name": name, "import": f"FAILS: {said[:160]}"}


def main() -> None:
    """Fill in the table, and write it down after each network: it is long."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(look(sys.argv[2])))
        return
    store = TABLE.with_suffix(".json")  # what the table is written from, so that it can be gone on with
    rows = {one["name"]: one for one in json.loads(store.read_text())} if store.exists() else {}
    wanted = sys.argv[1:] or [name for name in names() if name not in rows]
    for name in wanted:
        rows[name] = apart(name)
        bad = [f"{key}: {value}" for key, value in rows[name].items() if str(value).startswith("FAILS")]
        print(name, f"{rows[name].get('seconds', 0):.0f} s", *bad, flush=True)
        kept = [rows[one] for one in names() if one in rows]
        store.write_text("[\n" + ",\n".join(map(json.dumps, kept)) + "\n]\n")
        TABLE.write_text(network_table.text(kept))


if __name__ == "__main__":
    main()
