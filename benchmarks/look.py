"""From an image to a picture of what the first block makes of it: hooks and subplots, or one mosaic."""

import io
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.pairs import MILLISECONDS, Row, in_turn
from benchmarks.sessions import KERNEL, Stem
from cnnviz.config import ResNet18
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.models.registry import build
from cnnviz.render.mosaic import grid

LAYER = "layer1.0"
_CASES: tuple[tuple[int, Stem], ...] = ((32, "imagenet"), (32, "cifar"), (224, "imagenet"))


def measure(*, quick: bool) -> list[Row]:
    """A row for each size of image: milliseconds to a PNG of all 64 channels, both ways."""
    return [_measure(size, stem, repeats=3 if quick else 9) for size, stem in _CASES]


def _measure(size: int, stem: Stem, *, repeats: int) -> Row:
    model = build(ResNet18(stem=stem), image_shape=(size, size, 3), classes=10).eval()
    image = np.random.default_rng(0).standard_normal((3, size, size), dtype=np.float32)
    ours, theirs = partial(with_mosaic, model, image), partial(with_subplots, model, image)
    ours(), theirs()  # fonts and kernels are found in the first call
    figures = in_turn(partial(milliseconds, ours, times=20), partial(milliseconds, theirs), repeats=repeats)
    large = milliseconds(partial(with_large_mosaic, model, image), times=5)
    return Row(
        name=f"look {size} px, {KERNEL[stem]}",
        what=f"one pass stopped at {LAYER} and one mosaic, as a page does, against a forward hook and a figure "
        "of 64 subplots",
        unit=MILLISECONDS,
        ours=figures[0],
        theirs=figures[1],
        target=10.0,
        notes=[
            f"enlarged to {grid(channel_maps(model, image, LAYER)).width} px for a download: {large:.1f} ms"
        ],
    )


def with_mosaic(model: nn.Module, image: NDArray[np.float32]) -> bytes:
    """The picture as the Activations page makes it: a pixel a value, which the browser enlarges exactly."""
    maps = channel_maps(model, image, LAYER)
    return grid(maps, tile=max(maps.shape[1:]), gap=0).png


def with_large_mosaic(model: nn.Module, image: NDArray[np.float32]) -> bytes:
    """The picture as it is downloaded, enlarged to the width of a page."""
    return grid(channel_maps(model, image, LAYER)).png


def with_subplots(model: nn.Module, image: NDArray[np.float32], *, side: int = 8) -> bytes:
    """The picture as notebooks make it, with `side` × `side` channels."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    seen: dict[str, Tensor] = {}

    def hook(module: nn.Module, args: Any, output: Tensor) -> None:
        seen["maps"] = output.detach()

    handle = model.get_submodule(LAYER).register_forward_hook(hook)
    with torch.no_grad():
        model(torch.from_numpy(image).unsqueeze(0))
    handle.remove()
    figure, axes = plt.subplots(side, side, figsize=(12, 12), squeeze=False)
    for place, channel in zip(axes.flat, seen["maps"][0], strict=False):
        place.imshow(channel.numpy(), cmap="viridis")
        place.axis("off")
    content = io.BytesIO()
    figure.savefig(content, format="png")
    plt.close(figure)
    return content.getvalue()


def milliseconds(work: Callable[[], object], *, times: int = 1) -> float:
    """Mean duration of `work`."""
    start = time.perf_counter()
    for _ in range(times):
        work()
    return 1000 * (time.perf_counter() - start) / times
