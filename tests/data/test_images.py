"""Pictures of every allowed kind come out as Pillow's own conversions do; everything else is refused in a line."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from cnnviz.data import images
from cnnviz.errors import ImageError

Make = Callable[..., bytes]


def _raw(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def _random(mode: str = "RGB", size: tuple[int, int] = (13, 9)) -> Image.Image:
    values = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    return (
        Image.fromarray(values, "RGBA") if mode == "RGBA" else Image.fromarray(values[:, :, :3]).convert(mode)
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_each_format_decodes_as_pillow_does(kind: str, picture: Make) -> None:
    raw = picture(kind=kind)
    expected = Image.open(io.BytesIO(raw)).convert("RGB")
    decoded = images.decode(raw)
    np.testing.assert_array_equal(decoded, np.asarray(expected))
    assert decoded.shape == (30, 40, 3)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(images.decode(raw, channels=1)[..., 0], np.asarray(expected.convert("L")))


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "ICO", "PPM"])
def test_other_formats_are_refused(kind: str, picture: Make) -> None:
    with pytest.raises(ImageError, match="not a PNG, JPEG, WEBP or BMP"):
        images.decode(picture(kind=kind))


@pytest.mark.parametrize("raw", [b"hello, I am a text called photo.png", b"\0" * 5000, b"<svg></svg>", b"BM"])
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(ImageError):
        images.decode(raw)


def test_no_bytes_are_refused() -> None:
    with pytest.raises(ImageError, match="empty"):
        images.decode(b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_pictures_are_refused(kind: str, share: float, picture: Make) -> None:
    raw = picture(kind=kind, size=(200, 200))
    with pytest.raises(ImageError) as caught:
        images.decode(raw[: int(len(raw) * share)])
    assert "\n" not in str(caught.value)


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(9)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(30000, 30000), (10000, 10000), (6000, 4001), (24_000_001, 1)])
def test_a_large_header_is_refused_before_memory_is_taken(size: tuple[int, int]) -> None:
    tracemalloc.start()
    with pytest.raises(ImageError, match="24 megapixels"):
        images.decode(_png(*size))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}])
def test_a_webp_header_tells_its_size(mode: str, options: dict[str, object]) -> None:
    raw = _raw(_random(mode, (371, 129)), "WEBP", **options)
    assert images._webp_size(raw) == (371, 129)


def test_a_large_webp_is_refused_by_its_own_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images.Image, "open", lambda *_, **__: pytest.fail("was opened"))
    for size in ((16383, 16383), (5000, 4801)):
        raw = bytearray(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0")
        raw += (size[0] - 1).to_bytes(3, "little") + (size[1] - 1).to_bytes(3, "little")
        with pytest.raises(ImageError, match="24 megapixels"):
            images.decode(bytes(raw))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_come_upright(orientation: int) -> None:
    upright = _random(size=(48, 32)).resize((48, 32))
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    raw = _raw(stored, "PNG", exif=exif)
    np.testing.assert_array_equal(
        images.decode(raw), np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(raw))))
    )
    inverse = {5: 5, 6: 4, 7: 6, 8: 2}
    if orientation in inverse:
        assert images.decode(raw).shape == (*stored.size, 3)


@pytest.mark.parametrize("failure", [struct.error(), KeyError(1), ValueError(), TypeError(), SyntaxError()])
def test_faulty_exif_does_not_spoil_a_good_picture(
    failure: Exception, picture: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(image: Image.Image) -> Image.Image:
        raise failure

    monkeypatch.setattr(ImageOps, "exif_transpose", fails)
    assert images.decode(picture()).shape == (30, 40, 3)


def test_cmyk_becomes_rgb() -> None:
    raw = _raw(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG")
    assert np.abs(images.decode(raw).astype(int) - [0, 255, 255]).max() <= 2


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = np.array([[0, 128, 256, 1000], [30000, 32768, 65279, 65535]], dtype=np.uint16)
    decoded = images.decode(_raw(Image.fromarray(deep)), channels=1)
    np.testing.assert_array_equal(decoded[..., 0], np.rint(deep / 257).astype(np.uint8))
    assert images.decode(_raw(Image.fromarray(deep))).shape == (2, 4, 3)


def test_one_bit_pictures_are_black_and_white() -> None:
    bits = np.array([[True, False], [False, True]])
    decoded = images.decode(_raw(Image.fromarray(bits)), channels=1)
    np.testing.assert_array_equal(decoded[..., 0], bits * 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(mode: str) -> None:
    if mode == "P":
        image = Image.new("P", (2, 1))
        image.putpalette([10, 20, 30, 200, 100, 50])
        image.putdata([0, 1])
        raw, expected = _raw(image, transparency=0), [[255, 255, 255], [200, 100, 50]]
    elif mode == "LA":
        raw, expected = _raw(Image.new("LA", (1, 1), (0, 51))), [[204] * 3]
    else:
        image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
        image.putpixel((1, 0), (100, 0, 255, 51))
        raw, expected = _raw(image), [[255] * 3, [224, 204, 255]]
    np.testing.assert_allclose(images.decode(raw)[0].astype(int), expected, atol=1)


def test_palettes_become_colours() -> None:
    image = _random("P")
    np.testing.assert_array_equal(images.decode(_raw(image)), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    raw = _raw(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert images.decode(raw).reshape(-1, 3).tolist() == [[255, 0, 0]] * 256


SAMPLES = [_raw(_random(), kind) for kind in ("PNG", "JPEG", "WEBP", "BMP")]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6))
@example(SAMPLES[0], [(20, 255)])
def test_damage_is_a_picture_or_an_image_error(raw: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(raw)
    for place, value in changes:
        damaged[place % len(raw)] = value
    try:
        decoded = images.decode(bytes(damaged))
    except ImageError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert decoded.dtype == np.uint8
        assert decoded.shape[2] == 3


def test_fit_crops_the_centre_and_resizes() -> None:
    wide = np.zeros((20, 60, 3), dtype=np.uint8)
    wide[:, 14:46] = 200
    np.testing.assert_array_equal(images.fit(wide, 10, 10), np.full((10, 10, 3), 200))
    tall = wide.transpose(1, 0, 2)
    np.testing.assert_array_equal(images.fit(tall, 10, 10), np.full((10, 10, 3), 200))


def test_fit_averages_when_it_shrinks() -> None:
    stripes = np.zeros((64, 64, 1), dtype=np.uint8)
    stripes[:, ::2] = 255
    small = images.fit(stripes, 8, 8)
    assert small.shape == (8, 8, 1)
    assert np.abs(small.astype(int) - 127).max() < 12


def test_fit_agrees_with_resize_and_centre_crop_as_in_torchvision(picture: Make) -> None:
    image = images.decode(picture(size=(96, 64)))
    smooth = np.asarray(Image.fromarray(image).resize((12, 8)).resize((96, 64), Image.Resampling.BICUBIC))
    resized = Image.fromarray(smooth).resize((48, 32), Image.Resampling.BICUBIC).crop((8, 0, 40, 32))
    difference = np.abs(images.fit(smooth, 32, 32).astype(int) - np.asarray(resized))
    assert difference.max() <= 1


def test_fit_takes_extreme_shapes() -> None:
    for shape in ((1, 3_000_000), (3_000_000, 1), (1, 1), (7, 3)):
        assert images.fit(np.zeros((*shape, 3), dtype=np.uint8), 224, 200).shape == (224, 200, 3)


def test_fit_leaves_the_right_size_alone() -> None:
    image = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    np.testing.assert_array_equal(images.fit(image, 3, 3), image)


def test_channels_convert_as_in_pillow() -> None:
    image = _random()
    np.testing.assert_array_equal(
        images.to_channels(np.asarray(image), 1)[..., 0], np.asarray(image.convert("L"))
    )
    grey = np.asarray(image.convert("L"))[..., np.newaxis]
    np.testing.assert_array_equal(images.to_channels(grey, 3), np.asarray(image.convert("L").convert("RGB")))
    np.testing.assert_array_equal(images.to_channels(images.to_channels(grey, 3), 1), grey)
    with pytest.raises(ImageError, match="4 channels"):
        images.to_channels(grey, 4)


def test_what_was_done_to_a_file_is_said() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = images.read(_raw(_random(size=(13, 9)), "JPEG", exif=exif))
    assert (turned.kind, turned.mode, turned.stored) == ("JPEG", "RGB", (9, 13))
    assert turned.turn == "turned by 90° to the right"
    assert turned.pixels.shape == (13, 9, 3)
    plain = images.read(_raw(_random()))
    assert (plain.turn, plain.transparent, plain.deep, plain.frames) == ("", False, False, 1)
    clear = images.read(_raw(_random("RGBA")))
    assert (clear.mode, clear.transparent) == ("RGBA", True)
    deep = images.read(_raw(Image.fromarray(np.array([[0, 65535]], np.uint16))))
    assert deep.deep
    assert deep.pixels.shape == (1, 2, 1)
    assert images.read(_raw(Image.new("CMYK", (8, 8)), "JPEG")).mode == "CMYK"
    assert images.read(_raw(_random("P"))).mode == "P"
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    assert images.read(_raw(frames[0], save_all=True, append_images=frames[1:])).frames == 3


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_words_for_a_turn_are_what_is_done(orientation: int) -> None:
    stored = _random(size=(6, 4))
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = images.read(_raw(stored, exif=exif))
    pixels = np.asarray(stored)
    words = decoded.turn
    if "upside down" in words:
        pixels = np.rot90(pixels, 2)
    if "mirrored" in words:
        pixels = pixels[:, ::-1]
    if "180" in words:
        pixels = np.rot90(pixels, 2)
    if "90°" in words:
        pixels = np.rot90(pixels, 1 if "left" in words else -1)
    np.testing.assert_array_equal(decoded.pixels, pixels)
