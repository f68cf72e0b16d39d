"""Colours for numbers: three colour tables, and the scale that says which number gets which colour.

A palette picture has 256 colours. `LEVELS` of them show finite values, one shows what is not a finite
number, one the background; so no value can be mistaken for a gap.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnnviz.formatting import decimal

Per = Literal["layer", "channel"]

LEVELS = 253
"""Steps between the lowest and the highest value; odd, so that zero has a step of its own."""
ZERO_LEVEL = LEVELS // 2
"""The step of zero on a signed scale."""
NOT_FINITE = 254
"""Palette index of values that are not finite (NaN, ±∞)."""
BACKGROUND = 255
"""Palette index of gaps and empty places."""
MAGENTA = (255, 0, 255)
"""What a value that is not finite looks like; in none of the tables."""

BLUE, VERMILION, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW = "#E69F00", "#56B4E9", "#F0E442"
"""Categories that are told apart also with a colour vision deficiency (Okabe and Ito 2008)."""
GREY = "#9aa3ad"
"""What is there for comparison: chance, single batches, what is not comparable."""
BLACK, WHITE = "#101317", "#ffffff"
"""What is written on a colour."""

_VIRIDIS = (
    "RAFURAJVRANXRQVYRQZaRQhbRglcRgteRgxfRg5hRw9iRxFjRxJlRxRmRxVnRxZpRxhqSBlrSBpsSBxuSB1vSB5wSCBxSCFySCJz"
    "SCN0RyV1RyZ2Ryd3Ryh4Ryp5Ryt6Ryx7Ri18Ri98RjB9RjF+RTJ/RTR/RTWARTaBRDeBRDmCQzqDQzuDQzyEQj2EQj6FQkCFQUGG"
    "QUKGQEOHQESHP0WHP0eIPkiIPkmJPUqJPUuJPUyJPE2KPE6KO1CKO1GKOlKLOlOLOVSLOVWLOFaLOFeMN1iMN1mMNlqMNluMNVyM"
    "NV2MNF6NNF+NM2CNM2GNMmKNMmONMWSNMWWNMWaNMGeNMGiNL2mNL2qNLmuOLmyOLm2OLW6OLW+OLHCOLHGOLHKOK3OOK3SOKnWO"
    "KnaOKneOKXiOKXmOKHqOKHqOKHuOJ3yOJ32OJ36OJn+OJoCOJoGOJYKOJYONJISNJIWNJIaNI4eNI4iNI4mNIomNIoqNIouNIYyN"
    "IY2MIY6MII+MIJCMIJGMH5KMH5OLH5SLH5WLH5aLHpeKHpiKHpmKHpmKHpqJHpuJHpyJHp2IHp6IHp+IHqCHH6GHH6KGH6OGIKSF"
    "IKWFIaaFIaeEIqeEI6iDI6mCJKqCJauBJqyBJ62AKK5/Ka9/KrB+K7F9LLF9LrJ8L7N7MLR6MrV6M7Z5Nbd4Nrh3OLl2Obl2O7p1"
    "Pbt0PrxzQL1yQr5xRL5wRb9vR8BuScFtS8JsTcJrT8NpUcRoU8VnVcZmV8ZlWcdkW8hiXslhYMlgYspfZMtdZ8xcacxba81Zbc5Y"
    "cM5Wcs9VdNBUd9BSedFRfNJPftJOgdNMg9NLhtRJiNVHi9VGjdZEkNZDktdBldc/l9g+mtg8ndk6n9k4oto3pdo1p9szqtsyrdww"
    "r9wust0std0rt90put4nvd4mv98kwt8ixd8hx+AfyuAezeAdz+Ec0uEb1OEa1+IZ2uIY3OIY3+MY4eMY5OMY5+QZ6eQZ7OQa7uUb"
    "8eUc8+Ue9uYf+OYh+uYi/eck"
)
_BLUES = ((247, 247, 247), (209, 229, 240), (146, 197, 222), (67, 147, 195), (33, 102, 172), (5, 48, 97))
_REDS = ((247, 247, 247), (253, 219, 199), (244, 165, 130), (214, 96, 77), (178, 24, 43), (103, 0, 31))


def _diverging() -> NDArray[np.uint8]:
    distance = np.abs(np.arange(256) - 128).clip(max=127) / 127
    sides = []
    for anchors in (_BLUES, _REDS):
        at = np.linspace(0, 1, len(anchors))
        sides.append(
            np.stack([np.interp(distance, at, channel) for channel in zip(*anchors, strict=True)], 1)
        )
    return np.where(np.arange(256)[:, None] < 128, *sides).round().astype(np.uint8)


def _table(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    colours.flags.writeable = False
    return colours


VIRIDIS = _table(np.frombuffer(base64.b64decode("".join(_VIRIDIS)), np.uint8).reshape(256, 3))
"""For unsigned values: dark violet is low, yellow is high. uint8, (256, 3)."""
DIVERGING = _table(_diverging())
"""For signed values: blue is negative, white (index 128) is zero, red is positive. uint8, (256, 3)."""
GREYS = _table(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
"""Black is low, white is high; on a signed scale index 128 is zero. uint8, (256, 3)."""


@dataclass(frozen=True)
class Scale:
    """Which values the ends of the colours stand for."""

    low: float
    """Value of the first colour; with a scale for each map, the lowest of them."""
    high: float
    """Value of the last colour; with a scale for each map, the highest of them."""
    signed: bool
    """Symmetric about zero, for a diverging table."""
    shared: bool = True
    """One scale for all maps, so that their colours can be compared."""
    lows: tuple[float, ...] = ()
    """`low` of each map when the scale is not shared."""
    highs: tuple[float, ...] = ()
    """`high` of each map when the scale is not shared."""
    not_finite: int = 0
    """How many values were NaN or ±∞; they are drawn in magenta and take no part in the scale."""

    def of(self, channel: int) -> Scale:
        """The scale of one map by itself."""
        if self.shared:
            return self
        return Scale(low=self.lows[channel], high=self.highs[channel], signed=self.signed)

    def in_words(self) -> str:
        """One line for a caption: the range, what the colours mean, and whether maps share it."""
        parts = [f"{decimal(self.low)} to {decimal(self.high)}"]
        if self.signed:
            parts.append("zero in the middle")
        parts.append("shared by all maps" if self.shared else "each map has its own scale within this range")
        if self.not_finite:
            noun = "value is" if self.not_finite == 1 else "values are"
            parts.append(f"{self.not_finite:,} {noun} not finite (magenta)")
        return ", ".join(parts)


def scale_of(maps: NDArray[Any], *, per: Per = "layer", signed: bool | None = None) -> Scale:
    """The scale that shows all finite values of `maps`, an array (C, …) of C maps.

    A negative value (more than a millionth of the largest) makes the scale signed: −m to m, where m is the
    largest absolute value. Otherwise it runs from the smallest to the largest value, or from 0 if they are
    equal. With `per="channel"` each map gets its own range; signed is decided for all of them together.
    """
    values = np.asarray(maps)
    finite = np.isfinite(values)
    not_finite = int(values.size - np.count_nonzero(finite))
    axes = None if per == "layer" else tuple(range(1, values.ndim))
    if not_finite:
        lows = np.min(values, axis=axes, where=finite, initial=np.inf)
        highs = np.max(values, axis=axes, where=finite, initial=-np.inf)
        lows, highs = np.where(lows > highs, 0, lows), np.where(lows > highs, 0, highs)
    else:
        lows, highs = values.min(axis=axes), values.max(axis=axes)
    lows, highs = np.atleast_1d(lows).astype(np.float64), np.atleast_1d(highs).astype(np.float64)
    if signed is None:
        signed = bool(lows.min() < -1e-6 * max(highs.max(), -lows.min()))
    if signed:
        highs = np.maximum(highs, -lows)
        lows = -highs
    else:
        lows = np.maximum(lows, 0)
        lows = np.where(lows == highs, 0, lows)
    shared = per == "layer"
    return Scale(
        low=float(lows.min()),
        high=float(highs.max()),
        signed=signed,
        shared=shared,
        lows=() if shared else tuple(lows.tolist()),
        highs=() if shared else tuple(highs.tolist()),
        not_finite=not_finite,
    )


def levels(maps: NDArray[Any], scale: Scale) -> NDArray[np.uint8]:
    """The palette index of every value of `maps` (C, H, W): 0 to `LEVELS` − 1, or `NOT_FINITE`.

    Values beyond the scale get its last colour. On a signed scale zero is `ZERO_LEVEL` exactly.
    """
    shape = (-1, *[1] * (maps.ndim - 1))
    low = np.asarray(scale.low if scale.shared else scale.lows, np.float64).reshape(shape)
    high = np.asarray(scale.high if scale.shared else scale.highs, np.float64).reshape(shape)
    span = high - low
    # float32 is twice as fast, and exact enough unless the range is close to what it can hold.
    ordinary = bool(((span == 0) | ((span > 1e-30) & (span < 1e30))).all()) and maps.dtype.itemsize <= 4
    real = np.float32 if ordinary else np.float64
    with np.errstate(all="ignore"):
        factor = np.where(span > 0, (LEVELS - 1) / np.where(span > 0, span, 1), 0).astype(real)
        steps = (maps - (low * 0 if scale.signed else low).astype(real)).astype(real, copy=False)
        steps *= factor
        if scale.signed:
            steps += real(ZERO_LEVEL)
        np.rint(steps, out=steps)
        np.clip(steps, 0, LEVELS - 1, out=steps)
        indices: NDArray[np.uint8] = steps.astype(np.uint8)
    finite = np.isfinite(maps)
    if not finite.all():
        indices[~finite] = NOT_FINITE
    return indices


def table_of(scale: Scale) -> NDArray[np.uint8]:
    """The colour table that suits a scale: `DIVERGING` if it is signed, else `VIRIDIS`."""
    return DIVERGING if scale.signed else VIRIDIS


def palette(
    table: NDArray[np.uint8], *, signed: bool, background: tuple[int, int, int] = (0, 0, 0)
) -> NDArray[np.uint8]:
    """The 256 colours of a palette picture: uint8, (256, 3), for the indices that `levels` gives."""
    colours = np.zeros((256, 3), np.uint8)
    steps = np.linspace(-127, 127, LEVELS) + 128 if signed else np.linspace(0, 255, LEVELS)
    colours[:LEVELS] = table[np.rint(steps).astype(int)]
    colours[NOT_FINITE] = MAGENTA
    colours[BACKGROUND] = background
    return colours
