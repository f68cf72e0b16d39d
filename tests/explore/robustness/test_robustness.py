"""Accuracy of shaken images, against a plain loop over single ones."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.config import Cnn, Mlp, Network
from cnnviz.data.perturbation import PERTURBATIONS, shaken
from cnnviz.errors import CnnvizError, DataError, NotFound
from cnnviz.explore.activations.activation_maps import predict
from cnnviz.explore.inputs import batches
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.robustness import accuracy as measuring
from cnnviz.explore.robustness.curve import Curve, sample, table
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build

COLOUR = np.random.default_rng(4).integers(0, 256, (130, 8, 8, 3), dtype=np.uint8)
LABELS = (np.arange(130) % 4).astype(np.int64)


def network(options: Network, channels: int) -> tuple[nn.Module, Card]:
    shape = (8, 8, channels)
    card = Card(
        network=options, image_shape=shape, classes=("a", "b", "c", "d"), mean=(0.5,) * channels,
        std=(0.25,) * channels, data="x", epoch=2, step=0,
    )  # fmt: skip
    return build(options, image_shape=shape, classes=4, seed=3), card


def measured(model: nn.Module, card: Card, images: np.ndarray, **how: object) -> Curve:
    steps = measuring.robustness(model, card, images, LABELS, **how)
    shares = []
    while True:
        try:
            shares.append(next(steps).share)
        except StopIteration as end:
            assert shares == sorted(shares)
            assert shares[-1] == pytest.approx(1)
            return end.value


@pytest.mark.parametrize("name", list(PERTURBATIONS))
@pytest.mark.parametrize(
    ("options", "channels"), [(Cnn(convs=(5,), pool_after=(), batch_norm="all"), 3), (Mlp(hidden=(6,)), 1)]
)
def test_it_is_what_a_loop_gives(name: str, options: Network, channels: int) -> None:
    model, card = network(options, channels)
    model.train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    images, numbers = COLOUR[..., :channels], list(range(3, 130, 9))
    found = measured(model, card, images, numbers=numbers, perturbation=name, seed=5)
    assert found.strengths == PERTURBATIONS[name].strengths
    assert (found.count, found.classes, found.chance, found.epoch) == (len(numbers), 4, 0.25, 2)
    for at, strength in enumerate(found.strengths):
        right, sure = 0, 0.0
        for number in numbers:
            made = shaken(images[number], {name: strength}, seed=(5, number))
            shares = predict(model, as_input(made, card).values)
            right += int(shares.argmax()) == LABELS[number]
            sure += shares[LABELS[number]]
        share = right / len(numbers)
        assert found.accuracy[at] == pytest.approx(share)
        assert found.error[at] == pytest.approx((share * (1 - share) / len(numbers)) ** 0.5)
        assert found.true_probability[at] == pytest.approx(sure / len(numbers), abs=1e-5)
    # As it was found: mode, weights, hooks, gradients.
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_batches_change_nothing_and_a_stop_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model, card = network(Mlp(hidden=(6,)), 3)
    whole = measured(model, card, COLOUR, numbers=np.arange(60), perturbation="noise")
    monkeypatch.setattr(batches, "usual_batch_size", lambda card: 7)
    parts = measured(model, card, COLOUR, numbers=np.arange(60), perturbation="noise")
    assert parts.accuracy == whole.accuracy
    assert parts.true_probability == pytest.approx(whole.true_probability)
    other = measured(model, card, COLOUR, numbers=np.arange(60), perturbation="noise", seed=1)
    assert other.true_probability != pytest.approx(whole.true_probability)
    assert other.true_probability[0] == pytest.approx(whole.true_probability[0])  # nothing was shaken
    model.train()
    steps = measuring.robustness(model, card, COLOUR, LABELS, numbers=np.arange(60), perturbation="noise")
    next(steps)
    steps.close()
    assert model.training


def test_images_of_another_size_are_brought_to_it_first() -> None:
    model, card = network(Mlp(hidden=(6,)), 3)
    large = COLOUR.repeat(2, 1).repeat(2, 2)
    small = measured(model, card, COLOUR, numbers=[0, 1, 2], perturbation="jpeg")
    again = measured(model, card, large, numbers=[0, 1, 2], perturbation="jpeg")
    assert again.accuracy[0] == small.accuracy[0]


def test_what_can_not_be_measured_is_one_line() -> None:
    model, card = network(Mlp(hidden=(6,)), 3)
    with pytest.raises(NotFound, match="No perturbation 'wobble'"):
        measured(model, card, COLOUR, numbers=[0], perturbation="wobble")
    with pytest.raises(DataError, match="no images"):
        measured(model, card, COLOUR, numbers=[], perturbation="blur")
    with pytest.raises(DataError, match="1 channels and the network reads 3"):
        measured(model, card, COLOUR[..., :1], numbers=[0], perturbation="blur")
    with pytest.raises(CnnvizError, match="no scores of classes"):
        measured(nn.Flatten(0), card, COLOUR, numbers=[0], perturbation="blur")
    assert measuring.seconds_an_image(model, card) > 0


@pytest.mark.parametrize("labels", [np.arange(1000) % 4, np.repeat(np.arange(4), 250)])
def test_a_sample_has_of_every_class_its_share(labels: np.ndarray) -> None:
    numbers = sample(labels, count=100, seed=0)
    assert len(set(numbers.tolist())) == 100
    assert np.bincount(labels[numbers]).tolist() == [25, 25, 25, 25]
    assert numbers.tolist() == sorted(numbers.tolist())
    np.testing.assert_array_equal(numbers, sample(labels, count=100, seed=0))
    assert set(numbers.tolist()) != set(sample(labels, count=100, seed=1).tolist())
    assert sample(labels, count=5000).tolist() == list(range(1000))
    with pytest.raises(DataError, match="no test images"):
        sample(labels, count=0)
    with pytest.raises(DataError, match="no test images in leer"):
        sample(np.array([], int), count=5, data="leer")
    assert sample(np.zeros(9, int), count=4).size == 4


def test_the_table_has_a_row_a_strength() -> None:
    model, card = network(Mlp(hidden=(6,)), 3)
    found = measured(model, card, COLOUR, numbers=np.arange(20), perturbation="rotation")
    assert found.neutral == found.accuracy[found.strengths.index(0)]
    rows = list(csv.DictReader(io.StringIO(table([found, replace(found, perturbation="blur")]))))
    assert [float(row["accuracy"]) for row in rows] == [*found.accuracy, *found.accuracy]
    assert {(row["perturbation"], row["unit"]) for row in rows} == {("rotation", "°"), ("blur", "px")}
    assert {row["images"] for row in rows} == {"20"}
