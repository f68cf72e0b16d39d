"""Settings, their kinds and values as a person writes them: in forms, tables, charts and reports."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from cnnviz.config.comparison import setting_text

CHOOSES = ("name", "source")
"""What a part of the configuration is: the last part of its key."""
_NAMES = ("data.name", "start.run", "start.snapshot", "freeze.pattern", "changes")
"""Settings whose values somebody has given names."""
_WORDS = {
    "mlp": "MLP", "resnet18": "ResNet-18", "sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop",
    "adadelta": "Adadelta", "relu": "ReLU", "gelu": "GELU", "leaky_relu": "Leaky ReLU", "imagenet": "ImageNet",
    "cifar": "CIFAR", "cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU (Apple)", "one_cycle": "One-cycle",
    "cnn": "CNN", "vgg11_bn": "VGG-11 with batch norm", "alexnet": "AlexNet", "torchvision": "Any of torchvision's",
    "convs": "Convolutions", "linear": "Hidden linear layers", "body": "All but the head", "children": "First parts",
    "matching": "Weights by name", "first_of_pair": "First of each pair", "cutmix": "CutMix",
    "dropout_conv1": "Dropout after conv1", "dropout_fc": "Dropout before fc", "dropout_conv": "Dropout, convolutions",
    "dropout_linear": "Dropout, linear layers", "learning_rate": "Learning rate", "t_max": "Half period",
    "train": "Training images", "validation": "Validation images", "test": "Test images",
}  # fmt: skip


def words(name: str) -> str:
    """A field or an option as a person writes it."""
    return _WORDS.get(name, name.replace("_", " ").capitalize() if name.islower() else name)


def setting_titles(keys: Iterable[str]) -> dict[str, str]:
    """Dotted settings as a person writes them, by key; where two share a name, with that of their part before it.

    What a part is (`network.name`, `start.source`) goes by the name of the part.
    """
    plain, whole = {}, {}
    for key in keys:
        part, _, name = key.rpartition(".")
        plain[key] = words(part) if part and name in CHOOSES else words(name)
        whole[key] = f"{words(part)}: {words(name)}" if part else words(name)
    count = Counter(plain.values())
    return {key: title if count[title] == 1 else whole[key] for key, title in plain.items()}


def setting_value(key: str, value: Any) -> str:
    """The value of a dotted setting as a person writes it: names of kinds in words, data sets and runs as they are."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and key not in _NAMES:
        return words(value)
    if isinstance(value, int) and not key.endswith("seed"):
        return f"{value:,}"
    return setting_text(value, words)
