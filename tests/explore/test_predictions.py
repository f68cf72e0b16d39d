"""Predictions of many images, against a plain loop over single ones."""

from pathlib import Path

import numpy as np
import pytest
import torch

from cnnviz.artifact import StoredArtifact
from cnnviz.config import Cnn, Data, Mlp, Network
from cnnviz.data import catalogue, split
from cnnviz.errors import CnnvizError
from cnnviz.explore.activations.activation_maps import predict
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.predictions import (
    CODEC,
    SPLITS,
    HalfPrecision,
    Predictions,
    joined,
    predicting,
    predictions,
    some_of,
)
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build
from cnnviz.progress import Progress, finish

IMAGES = np.random.default_rng(4).integers(0, 256, (230, 8, 8, 3), dtype=np.uint8)
LABELS = (np.arange(230) % 4).astype(np.int64)


def network(options: Network) -> tuple[torch.nn.Module, Card]:
    card = Card(
        network=options, image_shape=(8, 8, 3), classes=("a", "b", "c", "d"), mean=(0.5,) * 3, std=(0.25,) * 3,
        data="x", epoch=0, step=0,
    )  # fmt: skip
    return build(options, image_shape=(8, 8, 3), classes=4, seed=3), card


@pytest.fixture(scope="module")
def found() -> Predictions:
    model, card = network(Cnn(convs=(5,), pool_after=()))
    return joined(list(predictions(model, card, IMAGES, LABELS, numbers=np.arange(230))))


@pytest.mark.parametrize(
    "options", [Cnn(convs=(5,), pool_after=(), batch_norm="all"), Mlp(hidden=(6,), dropout=0.5)]
)
def test_it_is_what_single_looks_give(options: Network) -> None:
    model, card = network(options)
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    numbers = list(range(3, 230, 2))
    parts = list(predictions(model, card, IMAGES, LABELS, numbers=numbers))
    assert len(parts) > 1
    result = joined(parts)
    assert result.numbers.tolist() == numbers
    assert result.labels.tolist() == [LABELS[number] for number in numbers]
    single = [predict(model, as_input(IMAGES[number], card).values) for number in numbers]
    assert result.probabilities == pytest.approx(np.stack(single), abs=1e-5)
    assert result.guesses.tolist() == [int(one.argmax()) for one in single]
    assert result.sureness == pytest.approx([one.max() for one in single], abs=1e-5)
    # As it was found: mode, weights, hooks, gradients.
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_lists_are_what_a_loop_gives(found: Predictions) -> None:
    rows = [
        (int(n), int(label), int(shares.argmax()), float(shares.max()))
        for n, label, shares in zip(found.numbers, found.labels, found.probabilities, strict=True)
    ]
    wrong = sorted((row for row in rows if row[1] != row[2]), key=lambda row: -row[3])
    assert found.numbers[found.where(right=False, order="surest")].tolist() == [row[0] for row in wrong]
    unsure = sorted(rows, key=lambda row: row[3])
    assert found.numbers[found.where(order="unsure")].tolist() == [row[0] for row in unsure]
    mixed = [row[0] for row in rows if row[1] == 2 and row[2] == rows[0][2]]
    assert found.numbers[found.where(truth=2, guess=rows[0][2])].tolist() == mixed
    confusion = found.confusion()
    for truth in range(4):
        for guess in range(4):
            assert confusion[truth, guess] == sum(row[1:3] == (truth, guess) for row in rows)
    assert found.right.mean() == confusion.trace() / len(found)


def test_parts_join_in_order_and_the_last_one_counts(found: Predictions) -> None:
    def part(numbers: list[int], share: float) -> Predictions:
        shares = np.tile(np.array([[share, 1 - share]], np.float32), (len(numbers), 1))
        return Predictions(np.array(numbers), np.array(numbers) % 2, shares)

    both = joined([part([5, 9], 0.25), part([7, 5, 2], 0.75)])
    assert both.numbers.tolist() == [2, 5, 7, 9]
    assert both.labels.tolist() == [0, 1, 1, 1]
    assert both.probabilities[:, 0].tolist() == [0.75, 0.75, 0.75, 0.25]


def test_a_sample_is_spread_and_repeats() -> None:
    assert some_of(10, 4).tolist() == [0, 2, 5, 7]
    assert some_of(3, 9).tolist() == [0, 1, 2]
    assert len(set(some_of(10_000, 2000).tolist())) == 2000
    assert some_of(0, 5).tolist() == []


def test_in_sixteen_bits_the_guesses_stay_and_the_probabilities_nearly(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 6, (4000, 10))
    logits[:1000, 1] = logits[:1000].max(1) - 1e-5  # hardly less than the likeliest
    shares = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)
    whole = Predictions(np.arange(4000), random.integers(0, 10, 4000), shares)
    path = tmp_path / "x.npz"
    StoredArtifact(path, "this", HalfPrecision()).save(whole)
    assert path.stat().st_size < 110_000
    again = StoredArtifact(path, "this", CODEC).load()
    assert again is not None
    assert (again.guesses == whole.guesses).all()
    assert (again.labels == whole.labels).all()
    assert again.probabilities == pytest.approx(whole.probabilities, abs=1e-3)
    assert again.probabilities.sum(1) == pytest.approx(np.ones(4000), abs=1e-5)
    almost = 1 - whole.sureness < 1e-4
    assert len(set(again.sureness[almost].tolist())) > almost.sum() / 10  # not all one


def test_all_in_one_says_how_far_it_is_and_leaves_what_was_done() -> None:
    model, card = network(Mlp(hidden=(6,)))
    parts: list[Predictions] = []
    numbers = np.arange(230)[::-1]
    work = predicting(model, card, IMAGES, LABELS, numbers=numbers, of="test images", parts=parts)
    assert next(work) == Progress(100 / 230, "100 of 230 test images")
    work.close()
    assert joined(parts).numbers.tolist() == list(range(130, 230))
    whole = finish(predicting(model, card, IMAGES, LABELS, numbers=numbers))
    assert whole.numbers.tolist() == list(range(230))
    assert whole.probabilities == pytest.approx(
        joined(list(predictions(model, card, IMAGES, LABELS, numbers=np.arange(230)))).probabilities, abs=1e-6
    )


def test_splits_are_those_of_the_run(tiny_data: str) -> None:
    data = catalogue.load(tiny_data)
    test, validation = (SPLITS[name](data, Data(name=tiny_data)) for name in ("test", "validation"))
    assert test.numbers.tolist() == list(range(60))
    assert validation.images is data.train_images
    assert sorted(split.of_run(data, Data(name=tiny_data))[1].tolist()) == validation.numbers.tolist()


def test_no_images_are_an_error() -> None:
    model, card = network(Mlp())
    with pytest.raises(CnnvizError, match="no images"):
        next(predictions(model, card, IMAGES, LABELS, numbers=[]))


def test_images_of_another_size_are_resized_as_in_training() -> None:
    from cnnviz.data.geometry import resize

    model, card = network(Mlp(hidden=(6,)))
    large = np.random.default_rng(1).integers(0, 256, (3, 12, 12, 3), dtype=np.uint8)
    result = joined(list(predictions(model, card, large, LABELS[:3], numbers=[0, 1, 2])))
    small = resize(torch.from_numpy(large), (8, 8)).numpy()
    single = [predict(model, as_input(image, card).values) for image in small]
    assert result.probabilities == pytest.approx(np.stack(single), abs=1e-5)
