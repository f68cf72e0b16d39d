import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviz.render.colour import BACKGROUND, LEVELS, MAGENTA, NOT_FINITE, VIRIDIS, Scale, palette, scale_of
from cnnviz.render.layout import PAGE_WIDTH, arrange
from cnnviz.render.mosaic import assemble, grid, grid_pictures, grid_rgb


def decoded(png):
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


def expected_levels(value, low, high):
    """Exact arithmetic; two answers where a float may round either way."""
    if not np.isfinite(value):
        return {NOT_FINITE}
    if low == high:
        return {0}
    exact = (Fraction(float(value)) - Fraction(low)) * (LEVELS - 1) / (Fraction(high) - Fraction(low))
    near = Fraction(1, 1000)
    return {min(max(round(exact + wobble), 0), LEVELS - 1) for wobble in (-near, 0, near)}


@pytest.mark.slow
@given(
    count=st.integers(1, 9),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    columns=st.none() | st.integers(1, 10),
    tile=st.none() | st.integers(6, 13),
    gap=st.integers(0, 3),
    per=st.sampled_from(["layer", "channel"]),
    shift=st.sampled_from([-0.5, 0.0, 3.0]),
    broken=st.booleans(),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None)
def test_every_pixel_is_what_a_loop_would_draw(  # noqa: PLR0917
    count, height, width, columns, tile, gap, per, shift, broken, seed
):
    maps = np.random.default_rng(seed).random((count, height, width), np.float32) + np.float32(shift)
    if broken:
        maps[-1, -1, -1] = np.nan
    mosaic = grid(maps, columns=columns, tile=tile, gap=gap, scale=per, max_width=100)
    picture = decoded(mosaic.png)
    assert picture.mode == "P"
    assert picture.size == (mosaic.width, mosaic.height)
    assert mosaic.width <= 100
    assert mosaic.zoom == int(mosaic.zoom) >= 1
    seen = np.asarray(picture)
    for y in range(0, mosaic.height):
        for x in range(0, mosaic.width, 1 if mosaic.height < 60 else 7):
            number = mosaic.tile_at(x, y)
            row, down = divmod(y, mosaic.tile_height + gap)
            column, right = divmod(x, mosaic.tile_width + gap)
            inside = down < mosaic.tile_height and right < mosaic.tile_width
            place = row * mosaic.columns + column
            assert number == (place if inside and place < count else None)
            if number is None:
                assert seen[y, x] == BACKGROUND
                continue
            scale = mosaic.scale.of(number)
            value = maps[number, down // int(mosaic.zoom), right // int(mosaic.zoom)]
            assert seen[y, x] in expected_levels(value, scale.low, scale.high)


@given(
    count=st.integers(1, 2048),
    height=st.integers(1, 224),
    width=st.integers(1, 224),
    columns=st.none() | st.integers(1, 2048),
    tile=st.none() | st.integers(1, 256),
    gap=st.integers(0, 4),
)
@settings(max_examples=200, deadline=None)
def test_layouts_hold_every_tile_and_never_pass_the_page(  # noqa: PLR0917
    count, height, width, columns, tile, gap
):
    layout = arrange(count, height, width, columns=columns, tile=tile, gap=gap)
    assert layout.width <= PAGE_WIDTH
    assert layout.columns * layout.rows >= count > layout.columns * (layout.rows - 1)
    assert layout.width == layout.columns * (layout.tile_width + gap) - gap
    assert layout.height == layout.rows * (layout.tile_height + gap) - gap
    whole = layout.zoom if layout.zoom >= 1 else 1 / layout.zoom
    assert abs(whole - round(whole)) < 1e-9
    if tile:
        assert max(layout.tile_width, layout.tile_height) <= tile
    if columns and columns <= min(count, 700 // (1 + gap)):
        assert layout.columns == columns
    for number in (0, count - 1):
        x, y = layout.place_of(number)
        assert layout.tile_at(x, y) == number
        assert layout.tile_at(x + layout.tile_width - 0.01, y + layout.tile_height - 0.01) == number
    assert layout.tile_at(-1, 0) is None
    assert layout.tile_at(0, layout.height + gap) is None


@pytest.mark.parametrize(
    ("shape", "zoom", "columns"),
    [((500, 1, 1), 24, 50), ((64, 112, 112), 1, 11), ((2048, 7, 7), 3, 64), ((64, 224, 224), 0.5, 11)],
)
def test_familiar_layers(shape, zoom, columns):
    layout = arrange(*shape)
    assert (layout.zoom, layout.columns) == (zoom, columns)
    assert layout.width > 0.8 * PAGE_WIDTH
    assert layout.height <= 800


def test_maps_that_are_too_large_become_block_means():
    maps = np.random.default_rng(0).standard_normal((3, 7, 10)).astype(np.float64)
    mosaic = grid(maps, tile=4, columns=3)
    assert mosaic.zoom == pytest.approx(1 / 3)
    assert mosaic.shrink == 3
    assert (mosaic.tile_width, mosaic.tile_height) == (4, 3)
    assert mosaic.scale == scale_of(maps)
    seen = np.asarray(decoded(mosaic.png))
    for number in range(3):
        for y in range(3):
            for x in range(4):
                mean = maps[number, y * 3 : y * 3 + 3, x * 3 : x * 3 + 3].mean()
                assert seen[y, number * 5 + x] in expected_levels(mean, mosaic.scale.low, mosaic.scale.high)


def test_colours_gaps_and_nan_survive_the_file():
    mosaic = grid(np.array([[[0.0, 1.0]], [[np.nan, 0.5]]]), columns=1, tile=2, gap=1)
    pixels = np.asarray(decoded(mosaic.png).convert("RGBA"))
    colours = palette(VIRIDIS, signed=False)
    assert tuple(pixels[0, 0]) == (*colours[0], 255)
    assert tuple(pixels[0, 1]) == (*colours[LEVELS - 1], 255)
    assert tuple(pixels[2, 0]) == (*MAGENTA, 255)
    assert pixels[1, 0, 3] == 0
    assert mosaic.scale.not_finite == 1
    filled = grid(np.zeros((2, 1, 1)), columns=1, tile=1, background=(9, 8, 7))
    assert np.asarray(decoded(filled.png).convert("RGBA"))[1, 0].tolist() == [9, 8, 7, 255]


def test_a_given_scale_is_kept():
    scale = Scale(low=0, high=10, signed=False)
    mosaic = grid(np.full((1, 1, 1), 5.0), scale=scale, tile=1)
    assert mosaic.scale is scale
    assert np.asarray(decoded(mosaic.png))[0, 0] == 126


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, bool])
def test_any_real_numbers(dtype):
    mosaic = grid(np.array([[[0, 1]]], dtype), tile=2)
    assert np.asarray(decoded(mosaic.png)).tolist() == [[0, LEVELS - 1]]


def test_maps_need_not_be_contiguous():
    maps = np.random.default_rng(0).random((4, 6, 5))
    assert grid(maps.transpose(0, 2, 1)).png == grid(np.ascontiguousarray(maps.transpose(0, 2, 1))).png


@pytest.mark.parametrize("per", ["layer", "channel"])
def test_colour_tiles_are_grey_at_zero_and_symmetric(per):
    tiles = np.zeros((2, 2, 2, 3), np.float32)
    tiles[0, 0, 0] = 2, -2, 0
    tiles[1, 0, 0] = 1, -1, np.nan
    mosaic = grid_rgb(tiles, tile=4, columns=2, scale=per)
    pixels = np.asarray(decoded(mosaic.png).convert("RGBA"))
    assert mosaic.zoom == 2
    assert mosaic.scale.signed
    assert mosaic.scale.high == 2 == -mosaic.scale.low
    assert pixels[0, 0].tolist() == pixels[1, 1].tolist() == [255, 1, 128, 255]
    assert pixels[2, 0].tolist() == [128, 128, 128, 255]
    assert pixels[0, 5].tolist() == [*MAGENTA, 255]
    assert mosaic.scale.not_finite == 1
    assert pixels[0, 4, 3] == 0
    tiles[1, 0, 0] = 1, -1, 0
    weaker = np.asarray(decoded(grid_rgb(tiles, tile=4, columns=2, scale=per).png))[0, 5].tolist()
    assert weaker == ([192, 64, 128] if per == "layer" else [255, 1, 128])


def test_assembling_copies_nothing_wrong_when_nothing_is_enlarged():
    tiles = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    sheet = assemble(tiles, arrange(4, 2, 3, columns=2, gap=0, tile=3), fill=9)
    np.testing.assert_array_equal(sheet, np.block([[tiles[0], tiles[1]], [tiles[2], tiles[3]]]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: grid(np.zeros((0, 3, 3))),
        lambda: grid(np.zeros((3, 3))),
        lambda: grid(np.zeros((3, 3, 3)), columns=0),
        lambda: grid(np.zeros((3, 3, 3)), tile=-1),
        lambda: grid(np.zeros((3, 3, 3)), gap=-1),
        lambda: grid(np.zeros((3, 3, 3)), scale=scale_of(np.zeros((2, 3, 3)), per="channel")),
        lambda: grid_rgb(np.zeros((3, 3, 3, 4))),
        lambda: arrange(10**9, 1, 1),
    ],
)
def test_what_cannot_be_drawn_says_so_in_one_line(call):
    with pytest.raises(ValueError, match=r"^[A-Z0-9][^\n]+(:|give|at least)[^\n]+\.$"):
        call()


def test_a_sheet_of_pictures_holds_their_pixels():
    pictures = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)
    sheet = grid_pictures(pictures, columns=2, gap=1)
    drawn = np.asarray(Image.open(io.BytesIO(sheet.png)).convert("RGB"))
    for number in range(5):
        left, top = sheet.place_of(number)
        np.testing.assert_array_equal(drawn[top : top + 4, left : left + 6], pictures[number])


def test_a_sheet_of_grey_pictures_that_are_too_large_holds_means():
    pictures = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4, 1) * 4
    sheet = grid_pictures(pictures, tile=2)
    drawn = np.asarray(Image.open(io.BytesIO(sheet.png)).convert("RGB"))
    assert sheet.shrink == 2
    np.testing.assert_array_equal(
        drawn[:2, :2, 1], pictures[0, :, :, 0].reshape(2, 2, 2, 2).mean(axis=(1, 3))
    )
