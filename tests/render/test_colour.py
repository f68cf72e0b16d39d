import re

import matplotlib
import numpy as np
import pytest

from cnnviz.render import colour
from cnnviz.render.colour import (
    BLUE,
    DIVERGING,
    GREEN,
    GREY,
    GREYS,
    LEVELS,
    MAGENTA,
    NOT_FINITE,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    VIRIDIS,
    YELLOW,
    ZERO_LEVEL,
    Scale,
    levels,
    palette,
    scale_of,
    table_of,
)
from cnnviz.workspace import ROOT


def maps(*values, dtype=np.float32):
    return np.array(values, dtype).reshape(1, 1, -1)


def test_viridis_is_matplotlibs():
    expected = matplotlib.colormaps["viridis"](np.arange(256), bytes=True)[:, :3]
    np.testing.assert_array_equal(VIRIDIS, expected)


def test_diverging_is_blue_white_red_and_symmetric_in_strength():
    assert (DIVERGING[128] == 247).all()
    blue, red = DIVERGING[:128].astype(int), DIVERGING[129:].astype(int)
    assert (blue[:, 2] >= blue[:, 0]).all()
    assert (red[:, 0] >= red[:, 2]).all()
    assert np.all(np.diff(DIVERGING[1:128].astype(int), axis=0) >= 0)
    assert np.all(np.diff(DIVERGING[128:].astype(int)[:, 1:], axis=0) <= 0)
    rdbu = matplotlib.colormaps["RdBu_r"](np.linspace(0, 1, 255), bytes=True)[:, :3].astype(int)
    assert np.abs(DIVERGING[1:].astype(int) - rdbu).max() <= 3


@pytest.mark.parametrize("table", [VIRIDIS, DIVERGING, GREYS])
def test_tables_cannot_be_changed_and_hold_no_magenta(table):
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert not table.flags.writeable
    assert not (table == MAGENTA).all(axis=1).any()


def test_signed_palette_has_zero_in_the_middle_and_mirrored_ends():
    colours = palette(DIVERGING, signed=True)
    assert (colours[ZERO_LEVEL] == DIVERGING[128]).all()
    assert (colours[0] == DIVERGING[1]).all()
    assert (colours[LEVELS - 1] == DIVERGING[255]).all()
    grey = palette(GREYS, signed=True)[:LEVELS, 0].astype(int)
    np.testing.assert_array_equal(grey + grey[::-1], 256)


def test_unsigned_palette_uses_the_whole_table():
    colours = palette(VIRIDIS, signed=False, background=(1, 2, 3))
    assert (colours[0] == VIRIDIS[0]).all()
    assert (colours[LEVELS - 1] == VIRIDIS[255]).all()
    assert tuple(colours[NOT_FINITE]) == MAGENTA
    assert tuple(colours[colour.BACKGROUND]) == (1, 2, 3)


def test_any_negative_value_makes_the_scale_symmetric():
    scale = scale_of(maps(-0.5, 0, 2))
    assert (scale.low, scale.high, scale.signed) == (-2, 2, True)
    assert table_of(scale) is DIVERGING
    np.testing.assert_array_equal(levels(maps(-2, 0, 2), scale).ravel(), [0, ZERO_LEVEL, LEVELS - 1])


def test_a_rounding_error_below_zero_does_not():
    scale = scale_of(maps(-1e-9, 1, 3))
    assert (scale.low, scale.high, scale.signed) == (0, 3, False)
    assert table_of(scale) is VIRIDIS


def test_channels_have_their_own_range_but_one_sign():
    values = np.array([[[-1.0, 0.5]], [[2.0, 4.0]]])
    scale = scale_of(values, per="channel")
    assert scale.lows == (-1, -4)
    assert scale.highs == (1, 4)
    assert scale.signed
    assert not scale.shared
    assert scale.of(0) == Scale(low=-1, high=1, signed=True)
    assert (scale.low, scale.high) == (-4, 4)
    np.testing.assert_array_equal(levels(values, scale), [[[0, 189]], [[189, 252]]])


@pytest.mark.parametrize(("value", "level"), [(0, 0), (5, LEVELS - 1), (-5, 0)])
@pytest.mark.parametrize("per", ["layer", "channel"])
def test_constant_maps(value, level, per):
    constant = np.full((2, 3, 3), value, np.float32)
    assert (levels(constant, scale_of(constant, per=per)) == level).all()


def test_zeros_on_a_signed_scale_are_in_the_middle():
    zeros = np.zeros((2, 3, 3), np.float32)
    assert (levels(zeros, scale_of(zeros, signed=True)) == ZERO_LEVEL).all()


@pytest.mark.parametrize("per", ["layer", "channel"])
def test_values_that_are_not_finite_are_counted_and_shown_apart(per):
    values = np.array([[[np.nan, 1, 3]], [[np.inf, -np.inf, 2]], [[np.nan, np.nan, np.nan]]], np.float32)
    scale = scale_of(values, per=per)
    assert scale.not_finite == 6
    assert (scale.low, scale.high) == ((0, 3) if per == "channel" else (1, 3))
    np.testing.assert_array_equal(levels(values, scale) == NOT_FINITE, ~np.isfinite(values))
    assert "6 values are not finite (magenta)" in scale.in_words()


@pytest.mark.parametrize("size", [1e-44, 1e-37, 1e-20, 1.0, 1e30, 3e38])
def test_extreme_ranges(size):
    values = maps(-size, 0, size)
    assert levels(values, scale_of(values)).ravel().tolist() == [0, ZERO_LEVEL, LEVELS - 1]


def test_values_beyond_a_given_scale_get_its_ends():
    scale = Scale(low=0, high=1, signed=False)
    assert levels(maps(-9, 0.5, 9), scale).ravel().tolist() == [0, 126, LEVELS - 1]


def test_scale_in_words():
    assert scale_of(maps(-0.25, 1)).in_words() == "−1 to 1, zero in the middle, shared by all maps"
    words = scale_of(maps(0, 3.14159), per="channel").in_words()
    assert words == "0 to 3.14, each map has its own scale within this range"


def test_colours_of_categories_are_declared_here_alone() -> None:
    named = re.compile("|".join((BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, YELLOW, GREY)), re.IGNORECASE)
    here = ROOT / "cnnviz" / "render" / "colour.py"
    assert [
        path for path in (ROOT / "cnnviz").rglob("*.py") if path != here and named.search(path.read_text())
    ] == []
