"""ResNet-18 (He et al. 2015) from torchvision, with a stem for large or for small images."""

from collections import OrderedDict

from torch import nn

from cnnviz.config import ResNet18
from cnnviz.models.head import head, read_channels
from cnnviz.models.torchvision_models import ResNet, resnet18


def build(options: ResNet18, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network from (N, C, H, W) images of any size to (N, classes) logits.

    Dropout sits inside `relu` (after the stem) and `avgpool` (before the classifier), neither of which has
    weights: so every weight keeps the name that it has in torchvision.
    """
    model: ResNet = resnet18(num_classes=classes)
    channels = image_shape[2]
    if options.stem == "cifar":
        model.conv1 = nn.Conv2d(channels, 64, kernel_size=3, padding=1, bias=False)
        nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
        model.maxpool = nn.Identity()
    read_channels(model, channels)
    if options.dropout_conv1:
        model.relu = _then_dropout(model.relu, options.dropout_conv1)
    if options.dropout_fc:
        model.avgpool = _then_dropout(model.avgpool, options.dropout_fc)
    if options.head:
        model.fc = head(model.fc.in_features, options.head, classes)
    return model  # type: ignore[no-any-return]


def _then_dropout(module: nn.Module, rate: float) -> nn.Module:
    return nn.Sequential(OrderedDict(layer=module, dropout=nn.Dropout(rate)))
