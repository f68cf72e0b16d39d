"""Pictures from strangers, as arrays: decoded within bounds, whatever their name says they are."""

import struct
import zlib
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnviz.errors import ImageError

Picture = npt.NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 24_000_000

_LUMA = np.array([19595, 38470, 7471], dtype=np.uint32)
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)


def decode(raw: bytes, *, channels: int = 3) -> Picture:
    """The picture in `raw`: uint8, (H, W, C), upright, with C = `channels` of 3 (RGB) or 1 (luma).

    Takes PNG, JPEG, WEBP and BMP by their content; of an animation the first frame. Transparency is laid on
    white, 16-bit grey is scaled to 8 bits, EXIF orientation is applied; colour profiles are ignored.
    Raises ImageError for anything else, for damage, and above 24 megapixels (read from the header, before
    any pixel is decoded).
    """
    if not raw:
        raise ImageError("The picture is empty (0 bytes): choose another file.")
    _refuse_large(_webp_size(raw))
    try:
        with Image.open(BytesIO(raw), formats=FORMATS) as image:
            _refuse_large(image.size)
            image.load()
            pixels = _eight_bit(_upright(image))
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except UnidentifiedImageError:
        raise ImageError(
            "This is not a PNG, JPEG, WEBP or BMP picture: convert it to one of these."
        ) from None
    except _BROKEN:
        raise ImageError(
            "The picture is damaged or cut short: open and save it again, or fetch it anew."
        ) from None
    return to_channels(pixels, channels)


def fit(image: Picture, height: int, width: int) -> Picture:
    """`image`, uint8 (H, W, C), as (height, width, C): its largest centred part of that shape, resized.

    The same as resizing the shorter side and cropping the longer one at both ends, but a very long picture
    costs no memory. Pillow's bicubic filter, which averages (antialiases) when it shrinks.
    """
    rows, columns, channels = image.shape
    if (rows, columns) == (height, width):
        return image
    scale = min(rows / height, columns / width)
    top, left = (rows - height * scale) / 2, (columns - width * scale) / 2
    # Rounding must not push the box over the edge.
    box = (left, top, min(left + width * scale, columns), min(top + height * scale, rows))
    picture = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    resized = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, box=box))
    return resized.reshape(height, width, channels)


def to_channels(image: Picture, channels: int) -> Picture:
    """`image`, uint8 (H, W, 1 or 3), with 1 channel (luma, ITU-R 601) or 3 (grey repeated)."""
    if channels not in (1, 3):
        raise ImageError(f"A picture can't have {channels} channels: choose 1 (grey) or 3 (colour).")
    if image.shape[2] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=2)
    luma = (image.astype(np.uint32) @ _LUMA + 0x8000) >> 16
    return luma.astype(np.uint8)[:, :, np.newaxis]


def _eight_bit(image: Image.Image) -> Picture:
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.int64).clip(0, 65535)
        return ((deep * 255 + 32767) // 65535).astype(np.uint8)[:, :, np.newaxis]
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        image = Image.alpha_composite(white, clear)
    return np.asarray(image.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        # Many cameras and editors write faulty EXIF around a good picture.
        return image


def _refuse_large(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large()


def _too_large() -> ImageError:
    return ImageError(
        f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller first."
    )


def _webp_size(raw: bytes) -> tuple[int, int]:
    """Width and height of a WEBP, and (0, 0) of anything else: Pillow reserves its frames on opening it."""
    kind, header = raw[12:16], raw[20:30]
    if raw[:4] != b"RIFF" or raw[8:12] != b"WEBP" or len(header) < 10:
        return 0, 0
    if kind == b"VP8X":
        return 1 + int.from_bytes(header[4:7], "little"), 1 + int.from_bytes(header[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(header[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", header[6:10])
    return width & 0x3FFF, height & 0x3FFF
