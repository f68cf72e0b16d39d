"""Pictures from strangers: damaged, unusual, or made to take the machine's memory."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from cnnviz.data import images
from cnnviz.errors import ImageError
from cnnviz.workspace import PACKAGES
from faults.outcome import Case, Outcome, require, tally

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
_MOST_MORE = 300 * 2**20
"""Bytes that a picture may take beside what was taken before."""


def corrupt(*, quick: bool) -> Outcome:
    """Bytes changed, cut, doubled, or another file's."""
    random = np.random.default_rng(0)
    whole = [_saved(_noise(random, (40, 30)), kind) for kind in _FORMATS]

    def damaged() -> bytes:
        raw = bytearray(whole[random.integers(len(whole))])
        match int(random.integers(6)):
            case 0:
                for at in random.integers(len(raw), size=random.integers(1, 40)):
                    raw[at] = int(random.integers(256))
            case 1:
                del raw[int(random.integers(len(raw))) :]
            case 2:
                at = int(random.integers(len(raw)))
                raw[at:at] = random.bytes(int(random.integers(1, 300)))
            case 3:
                other = whole[random.integers(len(whole))]
                raw[int(random.integers(len(raw))) :] = other[int(random.integers(len(other))) :]
            case 4:
                for at in random.integers(min(64, len(raw)), size=random.integers(1, 8)):
                    raw[at] = int(random.integers(256))
            case _:
                start, end = sorted(int(one) for one in random.integers(len(raw), size=2))
                del raw[start:end]
        return bytes(raw)

    count = 50 if quick else 1000
    cases = ((f"picture {number}", partial(_read_or_refused, damaged())) for number in range(count))
    return tally(
        "corrupt pictures",
        "PNG, JPEG, WebP and BMP files with bytes changed, cut, put in or spliced: a picture, or one line that "
        "says what is wrong",
        cases,
    )


def _read_or_refused(raw: bytes) -> None:
    try:
        found = images.read(raw).pixels
    except ImageError as error:
        require(len(str(error).splitlines()) == 1, "the reason is not one line")
        return
    require(found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] in (1, 3), "no picture")


def strange(*, quick: bool) -> Outcome:
    """Legal, but nothing that a camera makes."""
    cases = list(_strange())
    return tally(
        "strange pictures",
        "legal pictures of all orientations, modes, depths and shapes come out as Pillow says, or are refused "
        "in one line",
        cases[:: 4 if quick else 1],
    )


def _strange() -> Iterator[Case]:
    random = np.random.default_rng(1)
    photo = _noise(random, (23, 11))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        raw = _saved(photo, "PNG", exif=exif)
        with Image.open(io.BytesIO(raw)) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        yield f"orientation {orientation}", partial(_is, raw, upright)
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        raw = _saved(_mode(photo, mode), "PNG")
        yield f"PNG {mode}", partial(_sized, raw, photo.size)
    for mode in ("L", "CMYK"):
        yield f"JPEG {mode}", partial(_sized, _saved(photo.convert(mode), "JPEG"), photo.size)
    for mode in ("1", "L", "P", "RGB"):
        yield f"BMP {mode}", partial(_sized, _saved(photo.convert(mode), "BMP"), photo.size)
    for mode in ("RGB", "RGBA"):
        raw = _saved(photo.convert(mode), "WEBP", lossless=True)
        yield f"WebP {mode}", partial(_sized, raw, photo.size)
    yield "TIFF of floats", partial(_refused, _saved(photo.convert("F"), "TIFF"))
    yield "GIF", partial(_refused, _saved(photo, "GIF"))
    for size in ((1, 1), (1, 10_000), (10_000, 1), (2, 3000), (4000, 4000)):
        for kind in ("PNG", "BMP"):
            flat = Image.new("RGB", size, (9, 99, 199))
            yield f"{kind} {size}", partial(_sized, _saved(flat, kind), size)
    yield "progressive", partial(_sized, _saved(photo, "JPEG", progressive=True), photo.size)
    yield "animated PNG", partial(_sized, _animated("PNG"), photo.size)
    yield "animated WebP", partial(_sized, _animated("WEBP"), photo.size)
    about = PngImagePlugin.PngInfo()
    about.add_text("comment", "x" * 500_000)
    yield "half a megabyte of text", partial(_sized, _saved(photo, "PNG", pnginfo=about), photo.size)
    yield (
        "a colour profile that is none",
        partial(_sized, _saved(photo, "PNG", icc_profile=b"no profile"), photo.size),
    )
    yield "bytes after the end", partial(_sized, _saved(photo, "PNG") + b"more" * 999, photo.size)
    transparent = _mode(photo, "P")
    yield "a palette with a hole", partial(_sized, _saved(transparent, "PNG", transparency=3), photo.size)


def bombs(*, quick: bool) -> Outcome:
    """Small files that claim much."""
    cases = list(_bombs())
    return tally(
        "picture bombs",
        f"each in a process of its own, which may take {_MOST_MORE // 2**20} MB more than before: read, or refused in "
        "one line",
        ((label, partial(_within_memory, raw)) for label, raw in cases[:: 6 if quick else 1]),
    )


def _bombs() -> Iterator[tuple[str, bytes]]:
    for side in (5_000, 10_000, 20_000, 30_000, 65_000, 2**31 - 1):
        yield f"PNG of {side} × {side} without pixels", _png(side, side, b"")
    for side in (6_000, 12_000, 20_000):
        yield f"PNG of {side} × {side}, all of it black", _png(side, side, _zeros(side * (3 * side + 1)))
    for wide, high in ((10**8, 1), (1, 10**8), (24_000_001, 1)):
        yield f"PNG of {wide} × {high}", _png(wide, high, b"")
    for size in (10**8, 10**9):
        yield f"text of {size:,} letters in a PNG", _png(8, 8, _zeros(8 * 25), text=_zeros(size))
    for side in (20_000, 60_000, 2**30):
        yield f"BMP of {side} × {side}", _bmp(side)
    for side in (10_000, 16_383):
        yield f"WebP of {side} × {side}", _webp(side)
    small = _saved(Image.new("RGB", (8, 8)), "JPEG")
    at = small.index(b"\xff\xc0") + 5
    for side in (6_000, 20_000, 65_500):
        yield (
            f"JPEG that claims {side} × {side}",
            small[:at] + struct.pack(">HH", side, side) + small[at + 4 :],
        )
    frames = [Image.new("RGB", (1500, 1500), (n, 0, 0)) for n in range(12)]
    for kind in ("PNG", "WEBP"):
        file = io.BytesIO()
        frames[0].save(file, kind, save_all=True, append_images=frames[1:])
        yield f"{kind} of twelve large frames", file.getvalue()
    for length in (2**31 - 1, 2**32 - 1):
        chunk = struct.pack(">I", length) + b"IDAT" + b"x" * 100
        yield f"PNG with a chunk of {length:,} bytes", _png(8, 8, b"")[:33] + chunk
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHII", 8, 1, 0x0112, 3, 2**31, 1)
    yield "EXIF that claims two billion entries", _saved(Image.new("RGB", (8, 8)), "JPEG", exif=exif)
    yield "nested boxes of a WebP", b"RIFF" + struct.pack("<I", 2**32 - 1) + b"WEBPVP8X" + b"\xff" * 400
    yield "a zip that is called a picture", b"PK\x03\x04" + b"\0" * 1000
    yield "an SVG that calls itself", b"<svg><use href='#a'/></svg>" * 1000


_CHILD = """
import json, resource, sys
from cnnviz.data import images
from cnnviz.errors import ImageError
raw = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    images.read(raw)
    said = ""
except ImageError as error:
    said = str(error)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"more": 1024 * (after - before), "said": said}))
"""


def _within_memory(raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "picture")
        path.write_bytes(raw)
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(path)],
            cwd=PACKAGES,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    require(done.returncode == 0, (done.stderr.strip().splitlines() or ["killed"])[-1])
    found = json.loads(done.stdout)
    require(found["more"] <= _MOST_MORE, f"took {found['more'] / 2**20:.0f} MB more")
    require(len(found["said"].splitlines()) <= 1, "the reason is not one line")


def _noise(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(random.integers(256, size=(size[1], size[0], 3), dtype=np.uint8))


def _mode(photo: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(photo.convert("L"), np.uint16) * 257)
    return photo.convert(mode)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _animated(kind: str) -> bytes:
    random, file = np.random.default_rng(2), io.BytesIO()
    frames = [_noise(random, (23, 11)) for _ in range(3)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


def _is(raw: bytes, expected: Image.Image) -> None:
    require(np.array_equal(images.read(raw).pixels, np.asarray(expected)), "other pixels than Pillow's")


def _sized(raw: bytes, size: tuple[int, int]) -> None:
    found = images.read(raw).pixels
    require(found.dtype == np.uint8 and found.shape[1::-1] == size, f"comes out as {found.shape}")


def _refused(raw: bytes) -> None:
    try:
        images.read(raw)
    except ImageError as error:
        require(len(str(error).splitlines()) == 1, "the reason is not one line")
        return
    require(False, "was read")


def _zeros(count: int) -> bytes:
    """So many zeros, deflated, without ever holding them."""
    packer, parts, block = zlib.compressobj(9), [], bytes(2**20)
    while count:
        step = min(count, len(block))
        parts.append(packer.compress(block[:step]))
        count -= step
    return b"".join([*parts, packer.flush()])


def _png(width: int, height: int, pixels: bytes, *, text: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height & 0xFFFFFFFF, 8, 2, 0, 0, 0)
    told = chunk(b"zTXt", b"comment\0\0" + text) if text else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + told + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _bmp(side: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 2**31, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    )


def _webp(side: int) -> bytes:
    size = struct.pack("<I", side - 1)[:3]
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size + size
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
