"""What a run is: strict, frozen values that are checked once, here, and go in and out as JSON.

Every field carries a title and a description; forms, `--help` and error messages are made from them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from cnnviz.errors import ConfigError

Rate = Annotated[float, Field(ge=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Activation = Literal["relu", "sigmoid", "tanh", "gelu", "mish", "leaky_relu"]


class Strict(BaseModel):
    """A value that cannot change and knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


# -- data ------------------------------------------------------------------------------------------


class Data(Strict):
    name: str = "shapes"
    """Data set, by its name in the catalogue."""
    train: PositiveInt | None = None
    """Training images; empty takes all that validation leaves."""
    validation: PositiveInt | None = None
    """Validation images, drawn from the training images by class; empty takes 10 %, or the data set's own."""
    test: PositiveInt | None = None
    """Test images, drawn by class; empty takes all."""
    split_seed: Seed = 0
    """Seed of the split. Kept apart from the run's seed, so that seeds can be compared on one split."""
    normalise: Literal["dataset", "imagenet", "none"] = "dataset"
    """Mean and standard deviation: of the training images, ImageNet's, or 0 and 1."""
    size: Annotated[int, Field(ge=8, le=1024)] | None = None
    """Width and height that images are resized to before anything else; empty leaves them as they are."""

    def shape(self, stored: tuple[int, int, int]) -> tuple[int, int, int]:
        """Height, width and channels of what a network reads, of images stored as `stored`."""
        return stored if self.size is None else (self.size, self.size, stored[2])


class PadAndCrop(Strict):
    name: Literal["pad_and_crop"] = "pad_and_crop"
    padding: PositiveInt = 4
    """Black pixels added on each side before a crop of the original size is drawn."""


class HorizontalFlip(Strict):
    name: Literal["horizontal_flip"] = "horizontal_flip"
    probability: Probability = 0.5
    """Share of images that are mirrored."""


class RandomResizedCrop(Strict):
    name: Literal["random_resized_crop"] = "random_resized_crop"
    smallest: Share = 0.08
    """Smallest area that is cut out, as a share of the image; enlarged to the image's size again."""
    ratio: Annotated[float, Field(ge=1, le=10)] = 4 / 3
    """Widest ratio of the sides before enlarging, lying or standing."""


class Rotation(Strict):
    name: Literal["rotation"] = "rotation"
    degrees: Annotated[float, Field(gt=0, le=180)] = 15.0
    """Largest angle, to either side; corners turn black."""


class ColourJitter(Strict):
    name: Literal["colour_jitter"] = "colour_jitter"
    probability: Probability = 1.0
    """Share of images that are changed."""
    brightness: Probability = 0.4
    """Factor drawn from 1 ± this."""
    contrast: Probability = 0.4
    """Factor drawn from 1 ± this."""
    saturation: Probability = 0.4
    """Factor drawn from 1 ± this."""
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """Shift drawn from ± this, in turns of the colour circle."""


class Grayscale(Strict):
    name: Literal["grayscale"] = "grayscale"
    probability: Probability = 0.2
    """Share of images that lose their colours."""


class GaussianBlur(Strict):
    name: Literal["gaussian_blur"] = "gaussian_blur"
    probability: Probability = 0.5
    """Share of images that are blurred."""
    smallest: Annotated[float, Field(gt=0, le=10)] = 0.1
    """Smallest standard deviation, in pixels …"""
    largest: Annotated[float, Field(gt=0, le=10)] = 1.0
    """… and the largest; drawn evenly between."""

    @model_validator(mode="after")
    def _in_order(self) -> GaussianBlur:
        if self.smallest > self.largest:
            raise ValueError("smallest has to be at most largest")
        return self


class Erasing(Strict):
    name: Literal["erasing"] = "erasing"
    probability: Probability = 0.5
    """Share of images that lose a rectangle."""
    largest: Share = 0.33
    """Largest area of the black rectangle, as a share of the image; the smallest is 0.02."""


class Mixup(Strict):
    name: Literal["mixup"] = "mixup"
    alpha: Annotated[float, Field(gt=0, le=10)] = 0.2
    """Two images are blended, and so are their labels: shares drawn from Beta(alpha, alpha)."""


class CutMix(Strict):
    name: Literal["cutmix"] = "cutmix"
    alpha: Annotated[float, Field(gt=0, le=10)] = 1.0
    """A rectangle comes from another image, and its share of the label too: drawn from Beta(alpha, alpha)."""


Augmentation = Annotated[
    PadAndCrop
    | RandomResizedCrop
    | HorizontalFlip
    | Rotation
    | ColourJitter
    | Grayscale
    | GaussianBlur
    | Erasing
    | Mixup
    | CutMix,
    Field(discriminator="name"),
]


# -- network ---------------------------------------------------------------------------------------


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
    """Width and height of the filters: odd, so that maps keep their size."""
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
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel has to be odd, so that maps keep their size (got {self.kernel})")
        for number in self.pool_after:
            if number > len(self.convs) or self.pool_after.count(number) > 1:
                raise ValueError(
                    f"pool_after names convolutions 1 to {len(self.convs)}, each once (got {number})"
                )
        return self

    def normalises(self, number: int) -> bool:
        """Whether batch norm follows convolution `number`, counted from 1."""
        return self.batch_norm == "all" or (self.batch_norm == "first_of_pair" and number % 2 == 1)


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


Network = Annotated[Mlp | Cnn | ResNet18 | Vgg11Bn | AlexNet | Torchvision, Field(discriminator="name")]


class NoFreeze(Strict):
    name: Literal["none"] = "none"


class FreezeBody(Strict):
    name: Literal["body"] = "body"


class FreezeChildren(Strict):
    name: Literal["children"] = "children"
    count: PositiveInt = 5
    """Top-level parts, in order, whose weights stay as they are."""


class FreezeMatching(Strict):
    name: Literal["matching"] = "matching"
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "layer1.*"
    """Names of weights that stay as they are; * stands for anything."""


Freeze = Annotated[NoFreeze | FreezeBody | FreezeChildren | FreezeMatching, Field(discriminator="name")]


class RandomStart(Strict):
    source: Literal["random"] = "random"


class ImageNetStart(Strict):
    source: Literal["imagenet"] = "imagenet"


class CheckpointStart(Strict):
    source: Literal["checkpoint"] = "checkpoint"
    run: str
    """Run whose weights are the start. A last layer of another size is initialised anew."""
    snapshot: str = "last"
    """Which of its snapshots: last, best or epoch_0000."""


Start = Annotated[RandomStart | ImageNetStart | CheckpointStart, Field(discriminator="source")]


# -- optimisation ----------------------------------------------------------------------------------


class Optimiser(Strict):
    learning_rate: PositiveFloat
    """Step size; with a schedule, its highest value."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty; in AdamW decoupled from the gradient."""


class Sgd(Optimiser):
    name: Literal["sgd"] = "sgd"
    learning_rate: PositiveFloat = 0.05
    """Step size; with a schedule, its highest value."""
    momentum: Rate = 0.9
    """Share of the last step that is taken again."""
    nesterov: bool = True
    """Look ahead before the gradient is taken."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Sgd:
        if self.nesterov and self.momentum == 0:
            raise ValueError("Nesterov needs a momentum above 0: set momentum, or nesterov=false")
        return self


class Adam(Optimiser):
    name: Literal["adam"] = "adam"
    learning_rate: PositiveFloat = 1e-3
    """Step size; with a schedule, its highest value."""


class AdamW(Optimiser):
    name: Literal["adamw"] = "adamw"
    learning_rate: PositiveFloat = 1e-3
    """Step size; with a schedule, its highest value."""
    weight_decay: NonNegativeFloat = 0.01
    """L2 penalty; in AdamW decoupled from the gradient."""


class RmsProp(Optimiser):
    name: Literal["rmsprop"] = "rmsprop"
    learning_rate: PositiveFloat = 1e-3
    """Step size; with a schedule, its highest value."""
    momentum: Rate = 0.0
    """Share of the last step that is taken again."""


class Adadelta(Optimiser):
    name: Literal["adadelta"] = "adadelta"
    learning_rate: PositiveFloat = 1.0
    """Scale of Adadelta's own step size."""


AnyOptimiser = Annotated[Sgd | Adam | AdamW | RmsProp | Adadelta, Field(discriminator="name")]


class Constant(Strict):
    name: Literal["constant"] = "constant"


class Step(Strict):
    name: Literal["step"] = "step"
    every: PositiveInt = 10
    """Epochs between two drops."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """What the learning rate is multiplied by at each drop."""


class Cosine(Strict):
    name: Literal["cosine"] = "cosine"
    t_max: PositiveInt | None = None
    """Epochs from the highest to the lowest learning rate; empty takes the length of the run."""


class OneCycle(Strict):
    name: Literal["one_cycle"] = "one_cycle"
    warm_up: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Share of the run in which the learning rate rises."""
    cycle_momentum: bool = True
    """Let momentum (Adam's β₁) fall from 0.95 to 0.85 while the learning rate rises, and back."""


Schedule = Annotated[Constant | Step | Cosine | OneCycle, Field(discriminator="name")]


class EarlyStopping(Strict):
    patience: PositiveInt = 20
    """Epochs without a better value before training stops."""
    watch: Literal["validation_loss", "validation_accuracy"] = "validation_loss"
    """What has to get better."""
    restore_best: bool = True
    """Where it stops a run, end with the best epoch's weights, not the last one's."""


# -- the run ---------------------------------------------------------------------------------------


_UNIONS = frozenset({"network", "start", "freeze", "augmentation", "optimiser", "schedule"})


class RunConfig(Strict):
    """Everything that decides how a run turns out."""

    title: Annotated[str, Field(max_length=80)] = ""
    """Your own name for the run; empty for one made from network and data."""
    data: Data = Data()
    network: Network = ResNet18()
    start: Start = RandomStart()
    freeze: Freeze = NoFreeze()
    """What training leaves as it starts: nothing, all but the head, the first parts, or weights by name."""
    epochs: PositiveInt = 10
    """Passes over the training images."""
    batch_size: PositiveInt = 128
    """Images a step."""
    optimiser: AnyOptimiser = Sgd()
    schedule: Schedule = OneCycle()
    softmax_before_loss: bool = False
    """A common mistake, kept for study: cross-entropy of probabilities, as if they were logits. The loss can't
    fall below ln(1 + (classes − 1)/e), 1.4612 for ten classes, and its gradient fades long before."""
    label_smoothing: Rate = 0.0
    """Share of each label that is spread over all classes."""
    augmentation: tuple[Augmentation, ...] = ()
    clip_norm: PositiveFloat | None = None
    """Longest gradient allowed (norm over all parameters)."""
    clip_value: PositiveFloat | None = None
    """Largest entry of the gradient allowed."""
    early_stopping: EarlyStopping | None = None
    stop_at_train_loss: PositiveFloat | None = None
    """Training stops after the first epoch whose training loss is at most this."""
    seed: Seed = 0
    """Decides initial weights, order of images, augmentation and dropout."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Arithmetic of the forward and backward pass; weights stay fp32. Auto measures."""
    memory_format: Literal["auto", "contiguous", "channels_last"] = "auto"
    """Order of a convolution's values in memory. Auto measures."""
    compile: Literal["auto", "on", "off"] = "auto"
    """Compile the network first: minutes at the start, faster steps. Auto measures, in long runs only."""

    @property
    def cautions(self) -> list[str]:
        """What a careful friend would say before this is run; a sentence or two each."""
        found = []
        if self.softmax_before_loss:
            found.append(
                "Softmax before the loss applies softmax twice: for ten classes the loss cannot fall below 1.4612, "
                "and learning is slow. It is here to study that mistake."
            )
        return found

    @classmethod
    def parse(cls, values: Mapping[str, Any] | str) -> RunConfig:
        """A checked configuration from a mapping or a JSON text.

        Raises ConfigError with one line that names each key at fault.
        """
        try:
            return cls.model_validate(json.loads(values) if isinstance(values, str) else values)
        except json.JSONDecodeError as error:
            raise ConfigError(f"The configuration is not JSON (line {error.lineno}): {error.msg}.") from None
        except ValidationError as error:
            raise ConfigError(explain(error)) from None
        except (ValueError, RecursionError):  # a number of 5,000 digits; brackets without end
            raise ConfigError("A configuration is a JSON object of settings: {…}.") from None


_MOST_CHOICES = 12
"""Of more than these, an error names the nearest ones only."""


def explain(error: ValidationError) -> str:
    """One line for a user: each key at fault and what it should be."""
    parts = []
    for item in error.errors(include_url=False):
        key = _key(item["loc"])
        if item["type"] == "extra_forbidden":
            parts.append(f"{key} is not a setting")
        elif item["type"] == "value_error":
            parts.append(f"{key}: {item['ctx']['error']}")
        elif item["type"] == "model_type" and not item["loc"]:
            return "A configuration is a JSON object of settings: {…}."
        elif item["type"].startswith("union_tag"):
            choices = item.get("ctx", {}).get("expected_tags") or "its kind, as text"
            parts.append(f"{key}: choose {choices} for its {item['ctx']['discriminator'].strip(chr(39))}")
        elif item["type"] == "literal_error" and item["ctx"]["expected"].count(",") > _MOST_CHOICES:
            choices = re.findall(r"'([^']+)'", item["ctx"]["expected"])
            near = get_close_matches(str(item["input"]), choices, n=4, cutoff=0.4) or choices[:4]
            parts.append(
                f"{key}: choose {', '.join(near)}, … ({len(choices)} names; got {_short(item['input'])})"
            )
        else:
            parts.append(f"{key}: {item['msg'].lower()} (got {_short(item['input'])})")
    return "The configuration can't be used: " + "; ".join(parts) + "."


def _key(location: tuple[int | str, ...]) -> str:
    """The dotted path of a setting; pydantic's own mark of the chosen member of a union is left out."""
    parts = [str(part) for part in location]
    chosen = 2 if parts[:1] == ["augmentation"] else 1
    if parts and parts[0] in _UNIONS and len(parts) > chosen:
        del parts[chosen]
    return _short(".".join(parts), quote=False) or "configuration"


def _short(value: object, *, quote: bool = True) -> str:
    text = repr(value)
    if not quote and isinstance(value, str):
        text = text[1:-1]
    return text if len(text) <= 80 else text[:79] + "…"


def with_settings(config: RunConfig, settings: Mapping[str, str]) -> RunConfig:
    """`config` with some values replaced, each named by a dotted path and given as JSON or plain text.

    Setting a `name` or `source` (of an optimiser, say) starts that part afresh with its defaults.
    Raises ConfigError for a path or value that does not exist.
    """
    values = config.model_dump(mode="json")
    chooses = ("name", "source")
    ordered = sorted(settings.items(), key=lambda item: item[0].rpartition(".")[2] not in chooses)
    for path, text in ordered:
        *parents, key = path.split(".")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        part: Any = values
        for number, parent in enumerate(parents):
            if isinstance(part, dict) and part.get(parent, ...) is None:
                part[parent] = {}
            part = part.get(parent) if isinstance(part, dict) else None
            if not isinstance(part, dict):
                raise ConfigError(f"No setting {path!r}: {'.'.join(parents[: number + 1])!r} has no parts.")
        if key in chooses and parents and parents != ["data"] and part.get(key) != value:
            part.clear()
        part[key] = value
    return RunConfig.parse(values)
