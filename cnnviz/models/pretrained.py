"""ImageNet weights, downloaded by torchvision on this machine or put in its cache by hand."""

from pathlib import Path

import torch
from torchvision.models import WeightsEnum

from cnnviz.errors import WeightsUnavailable


def imagenet_weights(weights: WeightsEnum, *, progress: bool = False) -> dict[str, torch.Tensor]:
    """State dict of torchvision's ImageNet weights.

    Raises WeightsUnavailable, saying which file to put where, when they can be neither found nor fetched.
    """
    name = weights.url.rpartition("/")[2]
    file = Path(torch.hub.get_dir()) / "checkpoints" / name
    there = file.exists()
    try:
        return dict(weights.get_state_dict(progress=progress, check_hash=True, weights_only=True))
    except Exception as error:  # torch.hub raises whatever the socket, the disk or the unpickler raised
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if there:
            raise WeightsUnavailable(
                f"The ImageNet weights in {file} are damaged: delete that file."
            ) from error
        raise WeightsUnavailable(
            f"ImageNet weights could not be downloaded ({reason}). Go online once, or put {name} into {file.parent}."
        ) from error
