"""VGG-11 with batch norm (Simonyan and Zisserman 2014) from torchvision, with a small head."""

from collections import OrderedDict

from torch import nn

from cnnviz.config import Vgg11Bn
from cnnviz.errors import ConfigError
from cnnviz.models.head import head, read_channels
from cnnviz.models.torchvision_models import vgg11_bn


def build(options: Vgg11Bn, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network from (N, C, H, W) images of 32 pixels or more to (N, classes) logits.

    Raises ConfigError for smaller images: five poolings would leave nothing of them.
    """
    height, width, channels = image_shape
    if min(height, width) < 32:
        raise ConfigError(
            f"VGG-11's fifth pooling (features.28) leaves nothing of images of {height}×{width}: "
            "it needs 32×32 or more."
        )
    features = vgg11_bn(num_classes=1).features
    inputs = 512 * (height // 32) * (width // 32)
    classifier = head(inputs, options.head, classes, batch_norm=True)
    model = nn.Sequential(OrderedDict(features=features, flatten=nn.Flatten(), classifier=classifier))
    read_channels(model, channels)
    return model
