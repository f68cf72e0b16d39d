"""Dead units and gradients, against a plain backward pass and a loop."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from cnnviz.config import Cnn, Mlp, Network, ResNet18
from cnnviz.data.batches import Normalise
from cnnviz.explore.statistics.dead_units import batch_norms, gradients, rectifiers
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build

IMAGES = np.random.default_rng(4).integers(0, 256, (70, 8, 8, 3), dtype=np.uint8)
LABELS = (np.arange(70) % 4).astype(np.int64)
NUMBERS = np.arange(1, 63)


def network(options: Network) -> tuple[torch.nn.Module, Card]:
    card = Card(
        network=options, image_shape=(8, 8, 3), classes=("a", "b", "c", "d"), mean=(0.5,) * 3, std=(0.25,) * 3,
        data="x", epoch=0, step=0,
    )  # fmt: skip
    return build(options, image_shape=(8, 8, 3), classes=4, seed=3), card


def inputs(card: Card) -> torch.Tensor:
    normalise = Normalise.of(card.mean, card.std, torch.device("cpu"))
    return normalise(torch.from_numpy(IMAGES[NUMBERS]))


@pytest.mark.parametrize(
    "options",
    [Mlp(hidden=(6, 5), dropout=0.5), Cnn(convs=(5, 4), pool_after=(1,), batch_norm="all"), ResNet18()],
)
def test_gradients_are_those_of_a_backward_pass_and_nothing_is_left(options: Network) -> None:
    model, card = network(options)
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = gradients(model, card, IMAGES, LABELS, NUMBERS)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    model.eval()
    functional.cross_entropy(model(inputs(card)), torch.from_numpy(LABELS[NUMBERS])).backward()
    for one in found:
        weight = model.get_submodule(one.layer).weight
        assert one.gradient == pytest.approx(weight.grad.square().mean().sqrt().item(), rel=1e-4)
        assert one.weight == pytest.approx(weight.square().mean().sqrt().item(), rel=1e-5)
        assert one.relative == pytest.approx(one.gradient / one.weight)
    assert found[0].layer == next(name for name, m in model.named_modules() if hasattr(m, "weight"))


def test_dead_channels_are_those_that_are_zero_for_all_images() -> None:
    model, card = network(Cnn(convs=(6, 4), pool_after=(1,)))
    first = next(module for module in model.modules() if isinstance(module, torch.nn.Conv2d))
    with torch.no_grad():
        first.bias[:2] = -50
        first.bias[2] = -1.5
    model.eval()
    kept: dict[str, torch.Tensor] = {}
    names = [name for name, module in model.named_modules() if isinstance(module, torch.nn.ReLU)]
    hooks = [
        model.get_submodule(name).register_forward_hook(
            lambda module, args, output, name=name: kept.__setitem__(name, output.detach().clone())
        )
        for name in names
    ]
    with torch.no_grad():
        model(inputs(card))
    for hook in hooks:
        hook.remove()
    found = rectifiers(model, card, IMAGES, NUMBERS)
    assert [one.layer for one in found] == names
    for one in found:
        by_hand = sum(bool((kept[one.layer][:, c] == 0).all()) for c in range(one.channels))
        assert one.dead == by_hand
    assert found[0].dead >= 2
    assert not any(module._forward_hooks for module in model.modules())


def test_shared_rectifiers_count_apart_and_others_not_at_all() -> None:
    model, card = network(ResNet18())
    names = [one.layer for one in rectifiers(model, card, IMAGES, NUMBERS[:8])]
    assert "layer1.0.relu:2" in names
    assert batch_norms(model) == 20
    assert rectifiers(*network(Mlp(hidden=(6,), activation="tanh")), IMAGES, NUMBERS) == ()
