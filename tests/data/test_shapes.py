"""The drawn data set is repeatable, balanced and needs more than a look at single pixels."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from cnnviz.data import shapes
from cnnviz.progress import Progress, finish


def test_the_same_seed_draws_the_same_pictures() -> None:
    images, labels = finish(shapes.draw(40, seed=3))
    again, labels_again = finish(shapes.draw(40, seed=3))
    other, _ = finish(shapes.draw(40, seed=4))
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, labels_again)
    assert (images != other).any()
    assert images.shape == (40, 32, 32, 3)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)


def test_classes_are_balanced_and_in_random_order() -> None:
    _, labels = finish(shapes.draw(105, seed=0))
    counts = np.bincount(labels, minlength=10)
    assert set(counts.tolist()) == {10, 11}
    assert np.count_nonzero(np.diff(labels)) > 70
    assert len(shapes.CLASSES) == 10


@pytest.mark.slow
def test_colour_says_nothing_about_the_class_to_a_linear_model() -> None:
    images, labels = finish(shapes.draw(1500, seed=0))
    flat = images[:, ::2, ::2].reshape(len(images), -1) / 255.0 - 0.5
    model = RidgeClassifier(alpha=1000).fit(flat[:1000], labels[:1000])
    assert model.score(flat[1000:], labels[1000:]) < 0.4


@pytest.mark.parametrize("name", shapes.CLASSES)
def test_each_shape_has_its_own_area(name: str) -> None:
    x, y = shapes._OUTLINES[name].T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    # An hourglass crosses itself: its halves cancel.
    assert 0.3 < area < 3.2 or name == "hourglass"
    assert np.abs(shapes._OUTLINES[name]).max() < 1.3


def test_progress_is_told_and_can_cancel() -> None:
    told: list[float] = []
    finish(shapes.draw(600, seed=0), lambda progress: told.append(progress.share))
    assert told == sorted(told)
    assert len(told) == 3

    def cancel(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish(shapes.draw(10, seed=0), cancel)
