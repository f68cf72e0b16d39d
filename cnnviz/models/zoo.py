"""Any classifier of torchvision, by its name."""

from typing import Any

from torch import nn

from cnnviz.config import Torchvision
from cnnviz.errors import ConfigError
from cnnviz.models.head import read_channels
from cnnviz.models.torchvision_models import get_model

_ONE_OUTPUT: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": True},
    "inception_v3": {"aux_logits": False, "init_weights": True},
}
"""These give further logits in training unless told otherwise."""


def build(options: Torchvision, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """torchvision's network of that name, from (N, C, H, W) images to (N, classes) logits.

    Raises ConfigError for images that it can't read.
    """
    height, width, channels = image_shape
    how = _ONE_OUTPUT.get(options.model, {})
    if options.model.startswith(("vit", "maxvit")):  # their positions are learnt for one size
        if height != width:
            raise ConfigError(f"{options.model} reads square images only, not {height}×{width}.")
        size = {"input_size": (height, width)} if options.model == "maxvit_t" else {"image_size": height}
        how = how | size
    try:
        model: nn.Module = get_model(options.model, num_classes=classes, **how)
    except NotImplementedError:
        raise
    except (ValueError, RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"{options.model} can't read images of {height}×{width}: {str(error).splitlines()[0]} "
            "Set data.size to 224."
        ) from error
    read_channels(model, channels)
    return model
