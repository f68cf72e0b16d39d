"""A map as a picture, its marks, and the sheets of its images."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnviz.render.marks import (
    APART,
    COLOURS,
    CROSS,
    DISC,
    OKABE_ITO,
    RING,
    by_class,
    by_confidence,
    by_outcome,
)
from cnnviz.render.scatter import SIDE, picture, places
from cnnviz.render.sheets import A_SHEET, COLUMNS, sheets
from cnnviz.render.sheets import SIDE as TILE

RANDOM = np.random.default_rng(0)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_no_two_of_thirty_classes_share_colour_and_shape() -> None:
    names = [str(number) for number in range(40)]
    labels = np.arange(40)
    found = by_class(labels, np.ones(40, bool), names)
    pairs = [(int(colour), int(shape)) for colour, shape in zip(found.colours, found.shapes, strict=True)]
    assert len(set(pairs[:APART])) == APART == 30
    assert pairs[:8] == [(number, DISC) for number in range(8)]
    assert [found.palette[colour] for colour, _ in pairs[:8]] == list(OKABE_ITO)
    assert [shape for _, shape in pairs[8:10]] == [RING, RING]


def test_classes_that_are_not_there_are_not_in_the_legend_and_wrong_ones_are_crosses() -> None:
    right = np.array([True, False, True])
    found = by_class(np.array([3, 1, 3]), right, ["a", "b", "c", "d"])
    assert [(one.name, one.count) for one in found.entries] == [("b", 1), ("d", 2)]
    assert found.groups.tolist() == [1, 0, 1]
    assert found.shapes.tolist() == [DISC, CROSS, DISC]
    outcome = by_outcome(right)
    assert [(one.name, one.count) for one in outcome.entries] == [("right", 2), ("wrong", 1)]
    assert outcome.shapes.tolist() == [DISC, CROSS, DISC]


def test_confidence_runs_from_one_in_so_many_classes_to_certain() -> None:
    found = by_confidence(np.array([0.25, 0.625, 1.0]), np.ones(3, bool), 4)
    assert found.colours.tolist() == [0, 128, 255]
    assert found.scale == ("25 %", "100 %")


def test_points_keep_their_distances_and_stay_inside() -> None:
    points = RANDOM.normal(size=(50, 2)).astype(np.float32) * [3, 1]
    found = places(points.astype(np.float32))
    factor = (SIDE - 48) / np.ptp(points, axis=0).max()
    assert np.ptp(found, axis=0) == pytest.approx(np.ptp(points, axis=0) * factor, abs=1.01)
    assert found.min() >= 24 - 1
    assert found.max() <= SIDE - 24 + 1
    assert (np.argsort(found[:, 1], kind="stable")[0]) == points[:, 1].argmax()  # y upwards
    assert places(np.zeros((3, 2), np.float32)).tolist() == [[SIDE // 2, SIDE // 2]] * 3


def test_the_picture_shows_every_point_in_its_colour() -> None:
    points = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    marks = by_class(np.array([0, 1, 2]), np.array([True, True, True]), ["ä", "b", "c"])
    drawn = pixels(picture(points, marks, axes=("x, −1 to 1", "y"), lines=("what it is",)))
    top = drawn.shape[0] - SIDE - 120
    for (x, y), colour in zip(places(points), COLOURS, strict=False):
        expected = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
        assert drawn[top + y, 60 + x].tolist() == expected
    wrong = by_class(np.array([0, 0, 0]), np.array([True, True, False]), ["ä"])
    assert not np.array_equal(pixels(picture(points, wrong, axes=("x", ""), lines=())), drawn)
    by_sureness = by_confidence(np.array([0.5, 0.7, 1]), np.ones(3, bool), 2)
    assert pixels(picture(points, by_sureness, axes=("x", "y"), lines=())).shape[1] == SIDE + 120


@pytest.mark.parametrize("channels", [1, 3])
def test_sheets_hold_the_pictures_exactly(channels: int) -> None:
    images = RANDOM.integers(0, 256, (A_SHEET + 5, 28, 20, channels), dtype=np.uint8)
    found = sheets(images)
    assert (len(found.pngs), found.width, found.height) == (2, 20, 28)
    for number in (0, 17, A_SHEET - 1, A_SHEET, A_SHEET + 4):
        sheet = pixels(found.pngs[number // A_SHEET])
        row, column = divmod(number % A_SHEET, COLUMNS)
        tile = sheet[row * 28 : (row + 1) * 28, column * 20 : (column + 1) * 20]
        assert np.array_equal(tile.reshape(28, 20, channels), images[number])


def test_large_pictures_are_means_of_blocks() -> None:
    images = RANDOM.integers(0, 256, (3, 64, 48, 3), dtype=np.uint8)
    found = sheets(images)
    assert (found.width, found.height) == (24, TILE)
    means = images.reshape(3, 32, 2, 24, 2, 3).mean((2, 4))
    assert pixels(found.pngs[0])[:32, 24:48] == pytest.approx(means[1], abs=0.51)
    with pytest.raises(ValueError, match="no pictures"):
        sheets(images[:0])
