"""Grad-CAM, and the layer that it looks at."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._pytree import tree_map

from cnnviz.errors import CnnvizError, LayerNotFound
from cnnviz.explore.attribution import copies, options
from cnnviz.explore.attribution.backward import guided_backprop
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.explore.layers.capture import first_tensor, lock_of, module_of, watched
from cnnviz.explore.layers.channel_order import channels_first
from cnnviz.explore.layers.structure import Layer
from cnnviz.models.tracing import ModuleCall, tracing
from cnnviz.progress import Progress, Work


def layers_with_maps(listed: list[Layer]) -> list[Layer]:
    """Those of a network's layers whose outputs are maps (C, H, W) larger than 1×1, in the order of running."""
    return [
        layer
        for layer in listed
        if not layer.idle
        and not layer.tokens  # the class is read from their class token, which is no place
        and len(layer.output_shape) == 3
        and max(layer.output_shape[1:]) > 1
    ]


def best_layer(listed: list[Layer]) -> tuple[str, str] | None:
    """The layer to begin with, and why; None where no layer has maps."""
    found = layers_with_maps(listed)
    # An adaptive pooling may enlarge maps of 1×1: then they hold no place any more.
    true = [layer for layer in found if not layer.kind.startswith("Adaptive")] or found
    if not true:
        return None
    size = "×".join(map(str, true[-1].output_shape[1:]))
    return true[-1].name, (
        f"the last layer with maps larger than 1×1 ({size}): it knows most about the class and still says where."
    )


def grad_cam(question: AttributionRequest, chosen: options.GradCam) -> Work[Tensor]:
    """Maps of a layer, weighted by the mean gradient of the class's logit by each (Selvaraju et al. 2017).

    The values are laid over the image, (T, 1, H, W).
    """
    yield Progress(0.0)
    found = layer_maps(question)
    return laid_over(found.relu() if chosen.positive else found, question.image.shape[2:], chosen.upsampling)


def guided_grad_cam(question: AttributionRequest, chosen: options.GuidedGradCam) -> Work[Tensor]:
    """Guided backpropagation times what of Grad-CAM speaks for the class (Selvaraju et al. 2017)."""
    guided = yield from guided_backprop(question, options.Options())
    return guided * laid_over(layer_maps(question).relu(), question.image.shape[2:], chosen.upsampling)


def layer_maps(question: AttributionRequest) -> Tensor:
    """Grad-CAM at the layer's own size, before the ReLU: (T, 1, h, w).

    One pass; it is differentiated only from the layer on. Raises LayerNotFound; CnnvizError where no maps are.
    """
    logits, maps = pass_through(question.network, question.image, question.layer)
    found = []
    for index, target in enumerate(question.targets):
        found.append(weighted(logits, maps, target, again=index + 1 < len(question.targets)))
    return torch.cat(found)


def pass_through(network: nn.Module, image: Tensor, layer: str | None) -> tuple[Tensor, Tensor]:
    """Logits (1, K) of an image (1, C, H, W) and the maps (1, channels, h, w) of a layer, from which they can be
    differentiated. Raises LayerNotFound; CnnvizError where no maps are.
    """
    model = copies.hooked(network)
    name, module, number = module_of(model, layer or "")
    maps: Tensor | None = None
    lay = channels_first(model)

    def split(call: ModuleCall, output: Any) -> Any:
        nonlocal maps
        first = first_tensor(output)
        if call.number != number or first is None:
            return None
        torch.set_grad_enabled(True)
        given = first.detach()
        laid = lay(call, given) if given.ndim == 4 and len(given) == call.images else given
        maps = laid.requires_grad_()
        # A copy, because what comes next may work in place (a residual sum, `out += x`).
        passed_on = (maps if laid is given else maps.movedim(1, -1)).clone()
        return tree_map(lambda one: passed_on if one is first else one, output)

    with lock_of(model), torch.no_grad(), tracing(model, {name: module}, leave=split):
        logits = model(image)
    if maps is None:
        raise LayerNotFound(layer or "", available=watched(model))
    if maps.ndim != 4:
        raise CnnvizError(f"{layer} has no maps: choose a layer whose output is channels × height × width.")
    return logits, maps


def weighted(logits: Tensor, maps: Tensor, target: int, *, again: bool = False) -> Tensor:
    """The sum of maps, each times the mean gradient of a class's logit by it: (1, 1, h, w); `again` allows another."""
    with torch.enable_grad():
        logit = logits[0, target]
    (gradient,) = torch.autograd.grad(logit, maps, retain_graph=again)
    return (gradient.mean((2, 3), keepdim=True) * maps.detach()).sum(1, keepdim=True)


def laid_over(maps: Tensor, size: tuple[int, ...], way: str) -> Tensor:
    """Small maps (T, 1, h, w) at the size of the image; Captum's own default is "nearest"."""
    return functional.interpolate(maps, size, mode=way)
