"""Networks and their options; each has a family in `cnnviz.models`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from cnnviz.config.strict import Activation, Rate, Strict


class Mlp(Strict):
    name: Literal["mlp"] = "mlp"
    hidden: tuple[PositiveInt, ...] = (500, 500)
    """Units of each hidden layer."""
    activation: Activation = "relu"
    """Non-linearity after each hidden layer."""
    dropout: Rate = 0.0
    """Share of hidden units switched off in training."""


class ResNet18(Strict):
    name: Literal["resnet18"] = "resnet18"
    stem: Literal["imagenet", "cifar"] = "cifar"
    """First layers: 7×7 stride 2 with pooling (made for 224 px), or 3×3 stride 1 without (made for 32 px)."""

    dropout_conv1: Rate = 0.0
    """Share of the stem's values switched off in training, after its activation."""
    dropout_fc: Rate = 0.0
    """Share of the last features switched off in training, before the classifier."""
    head: tuple[PositiveInt, ...] = ()
    """Units of hidden layers before the last one; empty for one linear layer."""


class Cnn(Strict):
    name: Literal["cnn"] = "cnn"
    convs: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (32, 64, 128)
    """Filters of each convolution, in order."""
    kernel: Annotated[int, Field(ge=1, le=15)] = 3
    """Width and height of the filters: odd where maps are padded to keep their size."""
    padding: Literal["same", "none", "first"] = "same"
    """Zeros around the maps: so many that they keep their size, none, or for the first convolution alone."""
    batch_norm: Literal["none", "all", "first_of_pair"] = "none"
    """After which convolutions: none, all, or the first, third, fifth …"""
    pool_after: tuple[PositiveInt, ...] = (1, 2, 3)
    """Convolutions, counted from 1, after which 2×2 max pooling halves the maps."""
    dropout_conv: Rate = 0.0
    """Share of values switched off in training after each convolution."""
    linear: tuple[PositiveInt, ...] = ()
    """Units of linear layers between the convolutions and the last layer."""
    dropout_linear: Rate = 0.0
    """Share of units switched off in training after each of them."""
    activation: Activation = "relu"
    """Non-linearity after each layer but the last."""

    @model_validator(mode="after")
    def _fits_together(self) -> Cnn:
        if self.kernel % 2 == 0 and self.padding != "none":
            raise ValueError(f"kernel has to be odd, so that maps keep their size (got {self.kernel})")
        for number in self.pool_after:
            if number > len(self.convs) or self.pool_after.count(number) > 1:
                raise ValueError(
                    f"pool_after names convolutions 1 to {len(self.convs)}, each once (got {number})"
                )
        return self


class Vgg11Bn(Strict):
    name: Literal["vgg11_bn"] = "vgg11_bn"
    head: tuple[PositiveInt, ...] = (256,)
    """Units of hidden layers before the last one, with batch norm; empty for one linear layer."""


class AlexNet(Strict):
    name: Literal["alexnet"] = "alexnet"
    dropout: Rate = 0.5
    """Share of units switched off in training before each hidden linear layer."""


TorchvisionName = Literal[
    "alexnet",
    "convnext_base",
    "convnext_large",
    "convnext_small",
    "convnext_tiny",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b7",
    "efficientnet_v2_l",
    "efficientnet_v2_m",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "mnasnet1_3",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "regnet_x_16gf",
    "regnet_x_1_6gf",
    "regnet_x_32gf",
    "regnet_x_3_2gf",
    "regnet_x_400mf",
    "regnet_x_800mf",
    "regnet_x_8gf",
    "regnet_y_128gf",
    "regnet_y_16gf",
    "regnet_y_1_6gf",
    "regnet_y_32gf",
    "regnet_y_3_2gf",
    "regnet_y_400mf",
    "regnet_y_800mf",
    "regnet_y_8gf",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "shufflenet_v2_x1_5",
    "shufflenet_v2_x2_0",
    "squeezenet1_0",
    "squeezenet1_1",
    "swin_b",
    "swin_s",
    "swin_t",
    "swin_v2_b",
    "swin_v2_s",
    "swin_v2_t",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "vit_b_16",
    "vit_b_32",
    "vit_h_14",
    "vit_l_16",
    "vit_l_32",
    "wide_resnet101_2",
    "wide_resnet50_2",
]


class Torchvision(Strict):
    name: Literal["torchvision"] = "torchvision"
    model: TorchvisionName = "mobilenet_v3_small"
    """A classifier of torchvision's."""


class Exported(Strict):
    """Someone else's network. Its graph lies beside the weights, in the header of each snapshot."""

    offered: ClassVar[bool] = False
    name: Literal["exported"] = "exported"
    graph: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the network as a graph: it comes with an imported network and can't be made of settings."""


Network = Annotated[
    Mlp | Cnn | ResNet18 | Vgg11Bn | AlexNet | Torchvision | Exported, Field(discriminator="name")
]
