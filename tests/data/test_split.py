"""Splits are disjoint, exact, stratified and repeatable; statistics agree with NumPy."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.data import prepared
from cnnviz.data.split import (
    channel_statistics,
    for_test,
    imagenet_statistics,
    stratified,
    train_validation,
)
from cnnviz.errors import ConfigError


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, int, int, int]:
    labels = np.array(draw(st.lists(st.integers(0, 6), min_size=2, max_size=120)))
    validation = draw(st.integers(1, len(labels) - 1))
    train = draw(st.integers(1, len(labels) - validation))
    return labels, train, validation, draw(st.integers(0, 2**63))


@settings(max_examples=200, deadline=None)
@given(problems())
def test_a_split_is_exact_disjoint_stratified_and_repeatable(
    problem: tuple[np.ndarray, int, int, int],
) -> None:
    labels, train, validation, seed = problem
    training, validating = train_validation(labels, train=train, validation=validation, seed=seed)
    assert (len(training), len(validating)) == (train, validation)
    assert len(np.union1d(training, validating)) == train + validation
    assert training.dtype == validating.dtype == np.int64
    assert max(training.max(), validating.max()) < len(labels)
    counts = np.bincount(labels, minlength=7)
    part = np.bincount(labels[validating], minlength=7)
    assert (np.abs(part - counts * validation / len(labels)) < 1).all()
    rest = counts - part
    part = np.bincount(labels[training], minlength=7)
    assert (np.abs(part - rest * train / rest.sum()) < 1).all()
    again = train_validation(labels, train=train, validation=validation, seed=seed)
    np.testing.assert_array_equal(again[0], training)
    np.testing.assert_array_equal(again[1], validating)


def test_the_defaults_take_a_tenth_or_the_own_validation() -> None:
    labels = np.arange(200) % 4
    training, validating = train_validation(labels, train=None, validation=None, seed=1)
    assert (len(training), len(validating)) == (180, 20)
    training, validating = train_validation(labels, train=None, validation=None, seed=1, own_validation=30)
    np.testing.assert_array_equal(validating, np.arange(170, 200))
    np.testing.assert_array_equal(np.sort(training), np.arange(170))
    training, _ = train_validation(labels, train=50, validation=None, seed=1, own_validation=30)
    assert training.max() < 170


def test_seeds_differ_and_training_size_leaves_validation_alone() -> None:
    labels = np.arange(500) % 5
    _, first = train_validation(labels, train=None, validation=50, seed=0)
    _, other = train_validation(labels, train=None, validation=50, seed=1)
    _, fewer = train_validation(labels, train=10, validation=50, seed=0)
    assert set(first) != set(other)
    np.testing.assert_array_equal(first, fewer)


def test_training_images_are_not_in_order_of_their_class() -> None:
    labels = np.repeat(np.arange(5), 100)
    training, _ = train_validation(labels, train=None, validation=50, seed=0)
    assert np.count_nonzero(np.diff(labels[training])) > 300


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"train": None, "validation": 100}, "choose 1 to 99 of 100"),
        ({"train": None, "validation": 0}, "choose 1 to 99 of 100"),
        ({"train": 81, "validation": 20}, "80 are left"),
        ({"train": 0, "validation": 20}, "80 are left"),
    ],
)
def test_sizes_that_do_not_fit_say_which_do(sizes: dict[str, int | None], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        train_validation(np.arange(100) % 2, seed=0, **sizes)


def test_stratified_takes_the_first_of_each_class_in_the_given_order() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1])
    order = np.array([5, 3, 2, 4, 1, 0])
    np.testing.assert_array_equal(stratified(labels, order, 3), [5, 3, 2])


@pytest.mark.parametrize("channels", [1, 3])
def test_statistics_agree_with_numpy(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnviz.data.split._CHUNK_BYTES", 1000)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (50, 6, 7, channels), dtype=np.uint8)
    indices = random.permutation(50)[:31]
    mean, std = channel_statistics(images, indices)
    expected = images[indices].astype(np.float64) / 255
    np.testing.assert_allclose(mean, expected.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, expected.std(axis=(0, 1, 2)), rtol=1e-9)


def test_a_channel_without_variation_can_be_divided_by() -> None:
    images = np.full((4, 3, 3, 3), 77, dtype=np.uint8)
    mean, std = channel_statistics(images, np.arange(4))
    np.testing.assert_allclose(mean, 77 / 255)
    np.testing.assert_array_equal(std, 1.0)


def test_grey_pictures_get_the_averages_of_imagenet() -> None:
    assert imagenet_statistics(3)[0].tolist() == [0.485, 0.456, 0.406]
    mean, std = imagenet_statistics(1)
    np.testing.assert_allclose([mean[0], std[0]], [0.449, 0.226], atol=1e-12)


@pytest.mark.realdata
def test_statistics_of_mnist_are_the_known_ones(real_data: Path) -> None:
    images = prepared.read(real_data / "mnist").train_images
    mean, std = channel_statistics(images, np.arange(len(images)))
    np.testing.assert_allclose([mean[0], std[0]], [0.1307, 0.3081], atol=5e-5)


def test_test_images_are_all_or_some_of_each_class(tiny_data):
    from cnnviz.config import Data
    from cnnviz.data import catalogue

    dataset = catalogue.load(tiny_data)
    assert for_test(dataset, Data()).tolist() == list(range(60))
    some = for_test(dataset, Data(test=12))
    assert np.bincount(dataset.test_labels[some]).tolist() == [3, 3, 3, 3]
    assert some.tolist() == for_test(dataset, Data(test=12)).tolist()
    with pytest.raises(ConfigError, match="test=61 does not fit: there are 60"):
        for_test(dataset, Data(test=61))
