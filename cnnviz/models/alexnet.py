"""AlexNet (Krizhevsky 2014, one column) from torchvision."""

from torch import nn

from cnnviz.config import AlexNet
from cnnviz.errors import ConfigError
from cnnviz.models.head import read_channels
from cnnviz.models.torchvision_models import AlexNet as Torchvisions

_LEAST = 63


def build(options: AlexNet, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network from (N, C, H, W) images of 63 pixels or more to (N, classes) logits.

    Raises ConfigError for smaller images.
    """
    height, width, channels = image_shape
    if min(height, width) < _LEAST:
        raise ConfigError(
            f"AlexNet's third pooling (features.12) leaves nothing of images of {height}×{width}: "
            f"it needs {_LEAST}×{_LEAST} or more. Set data.size to 224, for which it was made."
        )
    model: nn.Module = Torchvisions(num_classes=classes, dropout=options.dropout)
    read_channels(model, channels)
    return model
