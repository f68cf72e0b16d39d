"""ResNet-18 (He et al. 2015) from torchvision, with a stem for large or for small images."""

import torch
from torch import nn
from torchvision.models import ResNet, ResNet18_Weights, resnet18

from cnnviz.config import ResNet18
from cnnviz.models.pretrained import damaged, imagenet_weights


def build(options: ResNet18, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network from (N, C, H, W) images of any size to (N, classes) logits."""
    model: ResNet = resnet18(num_classes=classes)
    channels = image_shape[2]
    if options.stem == "cifar":
        model.conv1 = nn.Conv2d(channels, 64, kernel_size=3, padding=1, bias=False)
        model.maxpool = nn.Identity()
    elif channels != 3:
        model.conv1 = nn.Conv2d(channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    return model  # type: ignore[no-any-return]


def copy_imagenet(model: nn.Module, progress: bool = False) -> None:
    """Copy ImageNet weights into `model`, whose classifier (and a 3×3 stem) keeps its own.

    A grey stem gets the sum over the three colours. Raises WeightsUnavailable.
    """
    assert isinstance(model, ResNet)
    version = ResNet18_Weights.IMAGENET1K_V1
    weights = imagenet_weights(version, progress=progress)
    with torch.device("meta"):
        expected = {name: value.shape for name, value in resnet18().state_dict().items()}
    optional = {name for name in expected if name.endswith("num_batches_tracked")}
    found = {name: value.shape for name, value in weights.items()}
    if found | {name: expected[name] for name in optional} != expected:
        raise damaged(version)
    if model.conv1.weight.shape[1] == 1:
        weights["conv1.weight"] = weights["conv1.weight"].sum(dim=1, keepdim=True)
    own = model.state_dict()
    fitting = {name: value for name, value in weights.items() if value.shape == own[name].shape}
    model.load_state_dict(own | fitting)
