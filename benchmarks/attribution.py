"""Attributions beside Captum's defaults, Grad-CAM beside a forward pass, and other packages where installed."""

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Literal

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerGradCam, Occlusion
from numpy.typing import NDArray
from torch import nn

from benchmarks.pairs import MILLISECONDS, Row, in_turn
from cnnviz.config import ResNet18
from cnnviz.explore.attribution import options
from cnnviz.explore.attribution.attribute import AttributionSetting, attribution_request
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build

LAYER, TARGET = "layer4.1", 3
"""The last block; at 32 px its maps are 1×1, which does not matter to the clock."""
_SIDES = (32, 224)
_OCCLUSION = {32: 5.0, 224: 1.4}
"""How many times as fast as Captum's default, by side."""


def measure(*, quick: bool) -> list[Row]:
    """Rows for Grad-CAM, Occlusion and Integrated Gradients on ResNet-18, 7×7 stem, at each size."""
    rows = []
    for side in _SIDES[: 1 if quick else None]:
        model, question = subject(side)
        times = 2 if quick else 10
        rows += [
            _grad_cam(model, question, side, times=times, repeats=3 if quick else 15),
            _occlusion(model, question, side, repeats=1 if quick else 3),
            _occlusion(model, question, side, precision="bf16", repeats=1 if quick else 3),
            _integrated_gradients(model, question, side, repeats=1 if quick else 3),
        ]
    return rows


def subject(side: int) -> tuple[nn.Module, AttributionRequest]:
    """An untrained ResNet-18 and what is asked of it."""
    network = ResNet18(stem="imagenet")
    model = build(network, image_shape=(side, side, 3), classes=10, seed=0).eval()
    card = Card(
        network=network, image_shape=(side, side, 3), classes=tuple("abcdefghij"), mean=(0.5,) * 3, std=(0.25,) * 3,
        data="none", epoch=0, step=0,
    )  # fmt: skip
    image = np.random.default_rng(0).standard_normal((3, side, side), dtype=np.float32)
    setting = AttributionSetting(layer=LAYER)
    return model, attribution_request(
        model, card, image, method="grad_cam", targets=[TARGET], setting=setting
    )


def values(question: AttributionRequest, method: str, chosen: options.Options) -> NDArray[np.float32]:
    """Those of ours."""
    work = METHODS[method].run(question, chosen)
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: NDArray[np.float32] = end.value[0].numpy()
            return found


def _grad_cam(model: nn.Module, question: AttributionRequest, side: int, *, times: int, repeats: int) -> Row:
    def forward() -> None:
        with torch.inference_mode():
            model(question.image)

    def theirs() -> NDArray[np.float32]:
        layer = model.get_submodule(LAYER)
        found: NDArray[np.float32] = (
            LayerGradCam(model, layer).attribute(question.image, target=TARGET).detach().numpy()
        )
        return found

    ours = partial(values, question, "grad_cam", options.GradCam())
    ways: list[Callable[[], object]] = [ours, forward, theirs, *_others(model, question)]
    for way in ways:
        way()
    figures = in_turn(*(partial(_milliseconds, way, times=times) for way in ways), repeats=repeats)
    ratio = np.median(np.divide(figures[0], figures[1]))
    names = ["Captum's LayerGradCam", *_names()]
    notes = [f"{ratio:.2f} times a forward pass"]
    notes += [f"{name}: {np.median(figure):.1f} ms" for name, figure in zip(names, figures[2:], strict=True)]
    return Row(
        name=f"Grad-CAM {side} px",
        what=f"Grad-CAM at {LAYER} of ResNet-18 (7×7 stem) against its forward pass alone",
        unit=MILLISECONDS,
        ours=figures[0],
        theirs=figures[1],
        target=1 / 1.15 if side == 224 else None,
        notes=notes,
    )


def _occlusion(
    model: nn.Module,
    question: AttributionRequest,
    side: int,
    *,
    repeats: int,
    precision: Literal["fp32", "bf16"] = "fp32",
) -> Row:
    window, stride = side // 8, side // 16
    chosen = options.Occlusion(window=window, stride=stride, precision=precision)
    ours = partial(values, question, "occlusion", chosen)

    def theirs() -> NDArray[np.float32]:
        with torch.inference_mode():
            found: NDArray[np.float32] = (
                Occlusion(model)
                .attribute(question.image, (3, window, window), strides=(3, stride, stride), target=TARGET)
                .numpy()
            )
        return found

    figures, note = _pair(ours, theirs, repeats=repeats)
    return Row(
        name=f"Occlusion {side} px" + (f", {precision}" if precision != "fp32" else ""),
        what=f"window {window}, stride {stride}, {precision}, {question.at_once} images a pass, "
        "against Captum's default, fp32 and one image a pass",
        unit=MILLISECONDS,
        target=_OCCLUSION[side] if precision == "fp32" else None,
        ours=figures[0],
        theirs=figures[1],
        notes=[note],
    )


def _integrated_gradients(model: nn.Module, question: AttributionRequest, side: int, *, repeats: int) -> Row:
    ours = partial(values, question, "integrated_gradients", options.IntegratedGradients(steps=50))

    def theirs() -> NDArray[np.float32]:
        found: NDArray[np.float32] = (
            IntegratedGradients(model).attribute(question.image, target=TARGET).detach().numpy()
        )
        return found

    figures, note = _pair(ours, theirs, repeats=repeats)
    return Row(
        name=f"Integrated Gradients {side} px",
        what=f"50 steps, {question.at_once} a pass, with progress, against Captum's default of all at once",
        unit=MILLISECONDS,
        ours=figures[0],
        theirs=figures[1],
        notes=[note],
    )


def _pair(
    ours: Callable[[], NDArray[np.float32]], theirs: Callable[[], NDArray[np.float32]], *, repeats: int
) -> tuple[list[tuple[float, ...]], str]:
    """Figures of two ways, and how far their results are apart."""
    one, two = ours(), theirs()[0]
    apart = float(np.abs(one - two).max() / np.abs(two).max())
    figures = in_turn(partial(_milliseconds, ours), partial(_milliseconds, theirs), repeats=repeats)
    return figures, f"results differ by {apart:.1e} of the largest value at most"


def _names() -> list[str]:
    return [name for name in ("torchcam", "pytorch_grad_cam") if find_spec(name)]


def _others(model: nn.Module, question: AttributionRequest) -> list[Callable[[], object]]:
    """Grad-CAM by other packages, those that are installed."""
    found: list[Callable[[], object]] = []
    layer = model.get_submodule(LAYER)
    if find_spec("torchcam"):
        from torchcam.methods import GradCAM as TorchCam  # type: ignore[import-not-found]

        def torchcam() -> object:
            with TorchCam(model, layer) as extractor:
                return extractor(TARGET, model(question.image))

        found.append(torchcam)
    if find_spec("pytorch_grad_cam"):
        from pytorch_grad_cam import GradCAM  # type: ignore[import-not-found]
        from pytorch_grad_cam.utils.model_targets import (  # type: ignore[import-not-found]
            ClassifierOutputTarget,
        )

        def grad_cam() -> object:
            with GradCAM(model=model, target_layers=[layer]) as cam:
                return cam(input_tensor=question.image, targets=[ClassifierOutputTarget(TARGET)])

        found.append(grad_cam)
    return found


def _milliseconds(work: Callable[[], object], *, times: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return 1000 * (time.perf_counter() - start) / times
