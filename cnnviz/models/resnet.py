"""ResNet-18 (He et al. 2015) from torchvision, with a stem for large or for small images."""

from torch import nn
from torchvision.models import ResNet, ResNet18_Weights, resnet18

from cnnviz.config import ResNet18
from cnnviz.models.pretrained import imagenet_weights


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
    return model


def copy_imagenet(model: nn.Module, progress: bool = False) -> None:
    """Copy ImageNet weights into `model`, whose classifier (and a 3×3 stem) keeps its own.

    A grey stem gets the sum over the three colours. Raises WeightsUnavailable.
    """
    assert isinstance(model, ResNet)
    weights = imagenet_weights(ResNet18_Weights.IMAGENET1K_V1, progress=progress)
    stem = model.conv1.weight
    if stem.shape[1] == 1:
        weights["conv1.weight"] = weights["conv1.weight"].sum(dim=1, keepdim=True)
    own = model.state_dict()
    fitting = {name: value for name, value in weights.items() if value.shape == own[name].shape}
    model.load_state_dict(own | fitting)
