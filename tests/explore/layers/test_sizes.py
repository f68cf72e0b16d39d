"""Other sizes than that of training: what is offered does run, what is refused does not, and reasons are true."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.config import AlexNet, Cnn, Mlp, Network, ResNet18, Torchvision
from cnnviz.errors import ConfigError
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.layers import input_sizes
from cnnviz.explore.layers.structure import layers
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import WithoutRandomWeights, build


def card_of(network: Network, shape: tuple[int, int, int]) -> Card:
    figures = (0.5,) * shape[2]
    return Card(
        network=network, image_shape=shape, classes=("a", "b", "c"), mean=figures, std=figures, data="x", epoch=0,
        step=0,
    )  # fmt: skip


def network_of(card: Card) -> nn.Module:
    with WithoutRandomWeights():
        return build(card.network, image_shape=card.image_shape, classes=len(card.classes)).eval()


def obstacle(card: Card, size: int) -> str:
    return input_sizes.obstacle(network_of(card), card, size)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "shape", "expected"),
    [
        (ResNet18(stem="cifar"), (32, 32, 3), [32, 64, 112, 128, 224]),
        (ResNet18(stem="imagenet"), (16, 16, 1), [16, 32, 64, 112, 224]),
        (AlexNet(), (224, 224, 3), [224, 448]),
        (Torchvision(model="mobilenet_v3_small"), (32, 32, 3), [32, 64, 112, 128, 224]),
        (Mlp(hidden=(5,)), (28, 28, 1), [28]),
        (Cnn(convs=(4,), pool_after=(1,)), (32, 32, 3), [32]),
    ],
)
def test_what_is_offered_runs_and_nothing_else(
    network: Network, shape: tuple[int, int, int], expected: list[int]
) -> None:
    model = network_of(card_of(network, shape))
    offered, why = input_sizes.offered(model, card_of(network, shape))
    assert offered == expected
    assert bool(why) == (len(expected) == 1)
    for size in (offered[-1], 2 * shape[0]):
        image = torch.zeros(1, shape[2], size, size)
        if size in offered:
            assert model(image).shape == (1, 3)
        else:
            with pytest.raises(RuntimeError):
                model(image)


@pytest.mark.slow
def test_the_reason_has_the_real_numbers() -> None:
    mlp = card_of(Mlp(hidden=(5,)), (28, 28, 1))
    assert obstacle(mlp, 56) == (
        "fc1 takes 784 numbers, as many as an image of 28 × 28 gives; one of 56 × 56 gives 3,136."
    )
    assert obstacle(mlp, 28) == ""
    cnn = card_of(Cnn(convs=(4,), pool_after=(1,)), (8, 8, 3))
    assert "fc1 takes 64 numbers" in obstacle(cnn, 16)
    # Pooling leaves the same maps of 9 × 9 as of 8 × 8.
    assert obstacle(cnn, 9) == ""
    assert "can't read images of 16 × 16 at features" in obstacle(card_of(AlexNet(), (224, 224, 3)), 16)
    vit = card_of(Torchvision(model="vit_b_16"), (32, 32, 3))
    assert "Wrong image height" in obstacle(vit, 64)
    assert "shape '[1, 8, 8, 7, 7, 64]'" in obstacle(
        card_of(Torchvision(model="maxvit_t"), (224, 224, 3)), 448
    )
    with pytest.raises(ConfigError, match="3,136"):
        input_sizes.check(network_of(mlp), mlp, 56)
    input_sizes.check(network_of(mlp), mlp, None)


def test_too_large_is_refused_without_being_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    card = card_of(ResNet18(stem="cifar"), (32, 32, 3))
    assert "512 × 512 is the most" in obstacle(card, 513)
    monkeypatch.setattr(input_sizes, "MOST_BYTES", 1_000_000)
    assert obstacle(card, 64).startswith("The maps of an image of 64 × 64 take")
    with pytest.raises(ConfigError, match="1 or more"):
        obstacle(card, 0)


def test_layers_and_input_follow_the_size() -> None:
    card = card_of(ResNet18(stem="cifar"), (32, 32, 3))
    model = build(card.network, image_shape=(32, 32, 3), classes=3).eval()
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    seen = as_input(image, card, size=64)
    assert seen.shape == (3, 64, 64)
    listed = {one.name: one.output_shape for one in layers(model, seen.shape)}
    usual = {one.name: one.output_shape for one in layers(model, (3, 32, 32))}
    assert listed["layer1.0"] == (64, 64, 64)
    assert listed["layer4.1"] == (512, 8, 8)
    assert listed["fc"] == usual["fc"] == (3,)


def test_images_that_are_not_square_keep_their_shape() -> None:
    card = card_of(Mlp(), (10, 15, 1))
    assert input_sizes.shape_at(card, 20) == (20, 30, 1)
    assert input_sizes.shape_at(card, None) == input_sizes.shape_at(card, 10) == (10, 15, 1)
