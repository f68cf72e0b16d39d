"""What a network can be asked: every method is probed before it is offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from captum.attr._core.lrp import SUPPORTED_LAYERS_WITH_RULES, SUPPORTED_NON_LINEAR_LAYERS
from numpy.typing import NDArray
from torch import fx, nn

from cnnviz.explore.attribution import cam, copies
from cnnviz.explore.attribution.attribute import Attribution, AttributionSetting, attribute
from cnnviz.explore.attribution.backward import relus
from cnnviz.explore.attribution.methods import METHODS, Need
from cnnviz.explore.layers.structure import layers
from cnnviz.models.checkpoint import Card
from cnnviz.progress import finish

_OFF = 0.01
"""Share of the difference in score by which a probe may miss it."""
_SHAPE_ONLY = {
    "add", "cat", "concat", "contiguous", "dropout", "flatten", "getitem", "permute", "reshape", "size", "squeeze",
    "transpose", "unsqueeze", "view",
}  # fmt: skip


@dataclass(frozen=True)
class _Probe:
    """A network, an image of noise of the size that it is to be asked about, and what is found out."""

    model: nn.Module
    card: Card
    shape: tuple[int, int, int]

    @cached_property
    def image(self) -> NDArray[np.float32]:
        return np.random.default_rng(0).normal(size=self.shape).astype(np.float32)

    @cached_property
    def layer(self) -> str | None:
        best = cam.best_layer(layers(self.model, self.shape))
        return best[0] if best else None

    @cached_property
    def rebuilt(self) -> nn.Module:
        return copies.single_use(self.model, torch.from_numpy(self.image)[None])

    def attribution(self, method: str) -> Attribution:
        setting = AttributionSetting(baseline="mean", layer=self.layer)
        return finish(
            attribute(self.model, self.card, self.image, method=method, targets=[0], setting=setting)
        )[0]


def reasons(model: nn.Module, card: Card, shape: tuple[int, int, int]) -> dict[str, str]:
    """Why this network can't be asked by a method, for every method; an empty line where it can.

    `shape` (C, H, W) is that of the image.
    """
    probe = _Probe(model, card, shape)
    return {
        name: next((why for need in method.needs if (why := _NEEDS[need](probe, name))), "")
        for name, method in METHODS.items()
    }


def _maps(probe: _Probe, method: str) -> str:
    return "" if probe.layer else "No layer has maps: every one is a row of units."


def _single_use(probe: _Probe, method: str) -> str:
    try:
        _ = probe.rebuilt
    except copies.CannotRebuild as error:
        return str(error)
    return _without_rule(probe.rebuilt) if method == "lrp" else ""


def _relus(probe: _Probe, method: str) -> str:
    return "" if relus(probe.rebuilt) else "It changes how ReLUs are passed, and this network has none."


def _runs(probe: _Probe, method: str) -> str:
    try:
        found = probe.attribution(method)
    except Exception as error:  # Captum's hooks fail in many ways
        return f"Captum fails on this network ({_line(error)})."
    return "" if np.isfinite(found.values).all() else "It gives values that are not finite."


def _adds_up(probe: _Probe, method: str) -> str:
    if why := _runs(probe, method):
        return why
    found = probe.attribution(method)
    assert found.missing is not None
    assert found.expected is not None
    scale = max(abs(found.expected), 0.1 * float(np.abs(found.values).sum()))
    if abs(found.missing) <= _OFF * scale:
        return ""
    return (
        f"On noise its values add up to {found.sum:.3g}, not to {found.expected:.3g}: "
        "the network has an operation that it has no rule for."
    )


def _without_rule(rebuilt: nn.Module) -> str:
    """What LRP has no rule for."""
    known = [*SUPPORTED_LAYERS_WITH_RULES, *SUPPORTED_NON_LINEAR_LAYERS]
    kinds = {type(module).__name__ for module in rebuilt.children() if type(module) not in known}
    assert isinstance(rebuilt, fx.GraphModule)
    for node in rebuilt.graph.nodes:
        if node.op in ("call_function", "call_method"):
            name = node.target if isinstance(node.target, str) else node.target.__name__
            if name.strip("_") not in _SHAPE_ONLY:
                kinds.add(name)
    return f"It has no rule for {', '.join(sorted(kinds))}." if kinds else ""


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0][:120] if text else type(error).__name__


_NEEDS: Mapping[Need, Callable[[_Probe, str], str]] = {
    "maps": _maps,
    "single use": _single_use,
    "relus": _relus,
    "runs": _runs,
    "adds up": _adds_up,
}
