"""Where a network keeps its channels: Swin, ViT and parts of ConvNeXt have them after rows and columns, or tokens."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

from torch import Tensor, nn

from cnnviz.models.tracing import ModuleCall

_LAST, _FIRST = [0, 2, 3, 1], [0, 3, 1, 2]


def channels_first(model: nn.Module) -> Callable[[ModuleCall, Tensor], Tensor]:
    """A function that gives what a call of a module gave as maps (N, C, H, W); a view.

    If it is (N, H, W, C), or the tokens (N, T, C) of a grid of patches: a class token before them is left out.
    Tokens that lie in one row for all images (N·T, C) are parted again. Of windows (N·W, T, C), maps have a row for
    each window and a column for each of its tokens.
    """
    last = channels_last(model)

    def lay(call: ModuleCall, output: Tensor) -> Tensor:
        output = _by_image(output, call.images)
        if call.name not in last or output.ndim not in (3, 4):
            return output
        if output.ndim == 4:
            return output.movedim(-1, 1)
        side = isqrt(output.shape[1])
        # Tokens of patches, with or without a class token before them.
        extra = output.shape[1] - side * side
        if side < 2 or extra > 1:
            return output
        patches: Tensor = output[:, extra:].movedim(-1, 1).unflatten(2, (side, side))
        return patches

    return lay


def _by_image(output: Tensor, images: int) -> Tensor:
    """With the images as the first axis, where it held parts of them, too; chunks of maps are taken for channels."""
    parted = output.ndim > 1 and 0 < images < len(output) and len(output) % images == 0
    if not parted:
        return output
    parts: Tensor = output.unflatten(0, (images, -1))
    return parts.flatten(1, 2) if parts.ndim == 5 else parts


def channels_last(model: nn.Module) -> frozenset[str]:
    """Names of the modules whose maps, if they give any, have their channels as the last axis.

    Linear layers and layer norms work on the last axis, and torchvision's networks say with Permute where they turn
    from one order to the other. Modules to which either is the same are taken to be like the one registered before
    them, and a block like its last part: torchvision registers modules in the order in which they run.
    """
    if not any(type(module) is nn.LayerNorm or _turns(module) for module in model.modules()):
        return frozenset()
    found: set[str] = set()

    def visit(name: str, module: nn.Module, last: bool) -> bool:
        """Whether channels are last after `module`, before which they were `last`."""
        if _turns(module):
            dims = list(module.dims)  # type: ignore[arg-type]
            last = dims == _LAST or (last and dims != _FIRST)
        elif type(module) in (nn.Linear, nn.LayerNorm):
            last = True
        elif isinstance(
            module, nn.Conv2d | nn.BatchNorm2d | nn.LayerNorm | nn.AdaptiveAvgPool2d | nn.MaxPool2d
        ):
            last = False
        for part, child in module.named_children():
            last = visit(f"{name}.{part}" if name else part, child, last)
        if last:
            found.add(name)
        return last

    visit("", model, False)
    return frozenset(found)


def _turns(module: nn.Module) -> bool:
    """Whether it is torchvision's Permute, told by its name: threads that import torchvision may block each other."""
    return type(module).__name__ == "Permute" and hasattr(module, "dims")
