"""Pictures from strangers, as arrays: decoded within bounds, whatever their name says they are."""

import struct
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnviz.errors import ImageError

Picture = npt.NDArray[np.uint8]

# What is too large is refused in our own words.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 24_000_000

Box = tuple[float, float, float, float]
"""Top, left, bottom and right in pixels; bottom and right are where it ends."""

_LONG, _GAP = 1000.0, 8.0
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


_ORIENTATION = 0x0112
_TURNS: Mapping[int, str] = {
    2: "mirrored",
    3: "turned by 180°",
    4: "turned upside down and mirrored",
    5: "mirrored and turned by 90° to the left",
    6: "turned by 90° to the right",
    7: "mirrored and turned by 90° to the right",
    8: "turned by 90° to the left",
}
"""What EXIF asks for, by its number."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture, and what was done to the file to have it."""

    pixels: Picture
    """(H, W, 1 or 3), upright."""
    kind: str
    """PNG, JPEG, WEBP or BMP."""
    mode: str
    """Pillow's name of what the file holds: RGB, RGBA, L, P, CMYK, I;16 …"""
    stored: tuple[int, int]
    """Height and width before it was turned."""
    turn: str
    """What was done because EXIF asked for it, in words; empty for nothing."""
    transparent: bool
    """Holds transparency, which was laid on white."""
    frames: int
    """Pictures in the file, of which this is the first."""

    @property
    def deep(self) -> bool:
        """Whether 16 bits were scaled to 8."""
        return self.mode.startswith("I")


def decode(raw: bytes, *, channels: int = 3) -> Picture:
    """The picture in `raw`: uint8, (H, W, C), upright, with C = `channels` of 3 (RGB) or 1 (luma).

    As `read`, which also says what was done. Raises ImageError.
    """
    return to_channels(read(raw).pixels, channels)


def read(raw: bytes) -> Decoded:
    """The picture in `raw`, and what was done to have it.

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
            upright, turn = _upright(image)
            return Decoded(
                pixels=_eight_bit(upright),
                kind=image.format or "",
                mode=image.mode,
                stored=(image.height, image.width),
                turn=turn,
                transparent=not image.mode.startswith("I") and image.has_transparency_data,
                frames=int(getattr(image, "n_frames", 1)),
            )
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


def fit(image: Picture, height: int, width: int) -> Picture:
    """`image`, uint8 (H, W, C), as (height, width, C): its largest centred part of that shape, resized.

    The same as resizing the shorter side and cropping the longer one at both ends, but a very long picture
    costs no memory. Pillow's bicubic filter, which averages (antialiases) when it shrinks.
    """
    rows, columns, _ = image.shape
    if (rows, columns) == (height, width):
        return image
    return resized(image, height, width, box=middle((rows, columns), (height, width)))


def middle(of: tuple[int, int], to: tuple[int, int]) -> Box:
    """The largest centred part of a picture of size `of` (height, width) that has the shape of `to`."""
    scale = min(of[0] / to[0], of[1] / to[1])
    top, left = (of[0] - to[0] * scale) / 2, (of[1] - to[1] * scale) / 2
    # Rounding must not push the box over the edge.
    return top, left, min(top + to[0] * scale, of[0]), min(left + to[1] * scale, of[1])


def resized(image: Picture, height: int, width: int, *, box: Box) -> Picture:
    """The part `box` of `image`, uint8 (H, W, C), as (height, width, C): bicubic, averaging when it shrinks."""
    channels = image.shape[2]
    top, left, bottom, right = box
    picture = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    # Pillow keeps weights for every pixel of a side: a very long one is averaged in blocks first.
    gap = _GAP if max((bottom - top) / height, (right - left) / width) > _LONG else None
    made = picture.resize(
        (width, height), Image.Resampling.BICUBIC, box=(left, top, right, bottom), reducing_gap=gap
    )
    return np.asarray(made).reshape(height, width, channels)


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


def _upright(image: Image.Image) -> tuple[Image.Image, str]:
    """The picture as it was taken, and what that took, in words."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1), "")
        return ImageOps.exif_transpose(image), turn
    except _BROKEN:
        # Many cameras and editors write faulty EXIF around a good picture.
        return image, ""


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
