"""The filters that see the image itself."""

from torch import Tensor, nn

from cnnviz.errors import LayerNotFound
from cnnviz.models.registry import Shape


def first_filters(model: nn.Module, *, image_shape: Shape) -> Tensor:
    """Weights of the first convolution (F, C, kernel, kernel), or of the first linear layer (F, C, H, W).

    Raises LayerNotFound for a network that has neither.
    """
    height, width, channels = image_shape
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            return module.weight.detach()
        if isinstance(module, nn.Linear):
            return module.weight.detach().reshape(-1, channels, height, width)
    raise LayerNotFound("first convolution or linear layer", available=())
