"""The composable network, against the reports' parameter counts and against arithmetic written by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from cnnviz.config import Cnn, RunConfig
from cnnviz.errors import ConfigError
from cnnviz.models.registry import build
from cnnviz.train.estimate import parameter_count

CIFAR = (32, 32, 3)
FIVE = Cnn(convs=(128, 512, 512, 512, 512), pool_after=(1, 2, 3, 4, 5))


def parameters_by_layer(network: Cnn) -> list[int]:
    model = build(network, image_shape=CIFAR, classes=10)
    counts = [sum(value.numel() for value in module.parameters()) for module in model.children()]
    return [count for count in counts if count]


def test_the_reports_parameter_counts() -> None:
    three = Cnn(convs=(32, 64, 128), kernel=5, linear=(64,))
    assert sum(parameters_by_layer(three)) == 390_410
    assert parameters_by_layer(FIVE) == [3_584, 590_336, 2_359_808, 2_359_808, 2_359_808, 5_130]
    normalised = FIVE.model_copy(update={"batch_norm": "all"})
    assert parameter_count(normalised, image_shape=CIFAR, classes=10) == 7_682_826


def test_what_is_computed() -> None:
    network = Cnn(
        convs=(4, 6), kernel=3, batch_norm="first_of_pair", pool_after=(2,), dropout_conv=0.5, linear=(5,),
        dropout_linear=0.5, activation="mish",
    )  # fmt: skip
    model = build(network, image_shape=(6, 8, 1), classes=3).eval()
    weights = model.state_dict()
    weights["bn1.running_mean"].uniform_(-1, 1)
    weights["bn1.running_var"].uniform_(0.5, 2)
    images = torch.randn(2, 1, 6, 8, generator=torch.Generator().manual_seed(0))
    x = functional.conv2d(images, weights["conv1.weight"], weights["conv1.bias"], padding=1)
    mean, var = weights["bn1.running_mean"], weights["bn1.running_var"]
    x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
    x = functional.mish(x * weights["bn1.weight"][:, None, None] + weights["bn1.bias"][:, None, None])
    x = functional.mish(functional.conv2d(x, weights["conv2.weight"], weights["conv2.bias"], padding=1))
    x = x.reshape(2, 6, 3, 2, 4, 2).amax((3, 5)).reshape(2, 72)
    x = functional.mish(x @ weights["fc1.weight"].T + weights["fc1.bias"])
    expected = x @ weights["fc2.weight"].T + weights["fc2.bias"]
    torch.testing.assert_close(model(images), expected, rtol=1e-4, atol=1e-5)


def test_layers_come_in_the_order_that_is_said() -> None:
    network = Cnn(
        convs=(4, 6), batch_norm="all", pool_after=(1,), dropout_conv=0.1, linear=(5,), dropout_linear=0.2
    )
    names = [name for name, _ in build(network, image_shape=CIFAR, classes=3).named_children()]
    assert names == [
        "conv1", "bn1", "act1", "pool1", "dropout1", "conv2", "bn2", "act2", "dropout2", "flatten",
        "fc1", "fc1_act", "fc1_dropout", "fc2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "expected"), [("none", []), ("all", [1, 2, 3, 4, 5]), ("first_of_pair", [1, 3, 5])]
)
def test_where_batch_norm_goes(where: str, expected: list[int]) -> None:
    model = build(FIVE.model_copy(update={"batch_norm": where}), image_shape=CIFAR, classes=10)
    found = [name for name, module in model.named_children() if isinstance(module, nn.BatchNorm2d)]
    assert found == [f"bn{number}" for number in expected]


def test_a_pooling_too_many_is_named() -> None:
    with pytest.raises(
        ConfigError, match=r"pool4 is one pooling too many: conv4 gives maps of 1×1 from images of 8×8"
    ):
        parameter_count(FIVE, image_shape=(8, 8, 3), classes=10)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kernel": 4}, "kernel has to be odd"),
        ({"pool_after": [1, 4]}, "convolutions 1 to 3, each once (got 4)"),
        ({"pool_after": [1, 1]}, "each once (got 1)"),
        ({"convs": []}, "network.convs"),
    ],
)
def test_what_does_not_fit_together_is_one_line(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        RunConfig.parse({"network": {"name": "cnn", **values}})
    assert said in str(error.value)
    assert "\n" not in str(error.value)
