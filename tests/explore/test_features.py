"""Features of many images, against a plain loop over single ones."""

from contextlib import closing

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cnnviz.config import Cnn, Mlp, Network, ResNet18
from cnnviz.errors import CnnvizError, LayerNotFound
from cnnviz.explore import features as module
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.explore.features import features, penultimate, pooled
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.layers.structure import layers
from cnnviz.progress import Progress, Work, finish
from tests.explore.test_predictions import IMAGES, network


def found_of(steps: Work[NDArray[np.float32]]) -> tuple[list[Progress], NDArray[np.float32]]:
    """All that was heard, and what came out."""
    heard: list[Progress] = []
    return heard, finish(steps, heard.append)


@pytest.mark.parametrize(
    ("options", "layer"),
    [
        (Cnn(convs=(5,), pool_after=(), batch_norm="all"), "act1"),
        (Mlp(hidden=(6,), dropout=0.5), "act1"),
        (Mlp(hidden=(6,)), "fc2"),
    ],
)
def test_they_are_the_means_of_single_maps(options: Network, layer: str) -> None:
    model, card = network(options)
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    numbers = list(range(3, 230, 2))
    told, found = found_of(features(model, card, IMAGES, layer=layer, numbers=numbers))
    assert [one.share for one in told] == [100 / 114, 1]
    assert told[0].doing == "Features of 100 of 114 images"
    single = [channel_maps(model, as_input(IMAGES[n], card).values, layer).mean((1, 2)) for n in numbers]
    assert found.dtype == np.float32
    assert found == pytest.approx(np.stack(single), abs=1e-5)
    # As it was found: mode, weights, hooks, gradients.
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_closed_it_leaves_the_network_as_it_was() -> None:
    model, card = network(Mlp(hidden=(6,)))
    model.train()
    with closing(features(model, card, IMAGES, layer="act1", numbers=range(230))) as steps:
        assert next(steps).share == 100 / 230
    assert model.training
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.modules())


def test_images_of_another_size_are_resized_as_in_training() -> None:
    from cnnviz.data.geometry import resize

    model, card = network(Mlp(hidden=(6,)))
    large = np.random.default_rng(1).integers(0, 256, (3, 12, 12, 3), dtype=np.uint8)
    _, found = found_of(features(model, card, large, layer="act1", numbers=[0, 1, 2]))
    small = resize(torch.from_numpy(large), (8, 8)).numpy()
    _, same = found_of(features(model, card, small, layer="act1", numbers=[0, 1, 2]))
    assert found == pytest.approx(same, abs=1e-6)


def test_tokens_and_maps_are_averaged_over_places() -> None:
    tokens = torch.arange(24.0).reshape(2, 3, 4)
    assert pooled(tokens).tolist() == [[4, 5, 6, 7], [16, 17, 18, 19]]
    assert pooled(torch.arange(24.0).reshape(2, 3, 2, 2))[1].tolist() == [13.5, 17.5, 21.5]
    assert pooled(torch.tensor([[1.0, 2.0]])).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (Mlp(hidden=(6, 5), dropout=0.5), "act2"),
        (Cnn(convs=(5,), pool_after=()), None),
        (ResNet18(), "avgpool"),
    ],
)
def test_what_the_last_linear_layer_reads_comes_first(options: Network, name: str | None) -> None:
    model, _ = network(options)
    listed = layers(model, (3, 8, 8))
    found = penultimate(listed)
    assert not next(layer for layer in listed if layer.name == found).idle
    head = [layer for layer in listed if layer.kind == "Linear"][-1]
    assert found != head.name
    if name:
        assert found == name


def test_what_can_not_be_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    model, card = network(Mlp(hidden=(6,)))
    with pytest.raises(LayerNotFound):
        next(features(model, card, IMAGES, layer="nothing", numbers=[1]))
    with pytest.raises(CnnvizError, match="no images"):
        next(features(model, card, IMAGES, layer="act1", numbers=[]))
    monkeypatch.setattr(module, "_MOST", 4 * 6 * 10)
    with pytest.raises(CnnvizError, match="choose at most 10"):
        next(features(model, card, IMAGES, layer="act1", numbers=range(11)))
    monkeypatch.undo()
    with torch.no_grad():
        next(model.parameters())[0, 0] = float("nan")
    with pytest.raises(CnnvizError, match="not finite"):
        found_of(features(model, card, IMAGES, layer="fc1", numbers=[1, 2]))
