"""Ten shapes among clutter: pictures made on this machine, for a bench that has no network."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from cnnviz.data.prepared import Images, Labels
from cnnviz.progress import Progress, Work

SIDE = 32
_SCALE = 4
_NOISE = 9.0
_CONTRAST = 110.0

Outline = npt.NDArray[np.float64]
Random = np.random.Generator


def draw(count: int, seed: int) -> Work[tuple[Images, Labels]]:
    """`count` pictures, uint8, (N, 32, 32, 3), and their classes, int64, (N,): the same for the same seed.

    Classes are equally frequent (within one picture) and in random order. Colour, size, place and angle say
    nothing about the class, so that only the outline does. Drawn at four times the size and averaged.
    """
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count, dtype=np.int64) % len(CLASSES))
    images = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    for number, label in enumerate(labels):
        if number % 250 == 0:
            yield Progress(number / count, f"Drawing shapes: {number:,} of {count:,}")
        images[number] = _picture(_OUTLINES[CLASSES[label]], random)
    for start in range(0, count, 1000):
        part = images[start : start + 1000]
        noisy = part + random.normal(0.0, _NOISE, part.shape)
        images[start : start + 1000] = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return images, labels


def _picture(outline: Outline, random: Random) -> Images:
    background, colour = _colours(random)
    canvas = Image.new("RGB", (SIDE * _SCALE, SIDE * _SCALE), background)
    pen = ImageDraw.Draw(canvas)
    for _ in range(random.integers(2, 5)):
        _line(pen, random, near=background)
    for _ in range(random.integers(1, 4)):
        _blob(pen, random, near=background)
    if random.random() < 0.5:
        _fragment(pen, random, near=background)
    radius = random.uniform(8.0, 12.5)
    centre = SIDE / 2 + random.uniform(-1, 1, 2) * (SIDE / 2 - radius + 1)
    pen.polygon(_placed(outline, radius, centre, random.uniform(0, 2 * np.pi)), fill=colour)
    return np.asarray(canvas.reduce(_SCALE))


def _colours(random: Random) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    while True:
        pair = random.integers(0, 256, (2, 3))
        if np.linalg.norm(pair[0] - pair[1]) > _CONTRAST:
            return _rgb(pair[0]), _rgb(pair[1])


def _rgb(values: npt.NDArray[np.int64]) -> tuple[int, int, int]:
    red, green, blue = values.tolist()
    return red, green, blue


def _clutter_colour(random: Random, near: tuple[int, int, int]) -> tuple[int, int, int]:
    return _rgb(np.clip(np.array(near) + random.integers(-80, 81, 3), 0, 255))


def _line(pen: ImageDraw.ImageDraw, random: Random, *, near: tuple[int, int, int]) -> None:
    ends = random.uniform(0, SIDE * _SCALE, 4).tolist()
    pen.line(ends, fill=_clutter_colour(random, near), width=int(random.integers(2, 7)))


def _blob(pen: ImageDraw.ImageDraw, random: Random, *, near: tuple[int, int, int]) -> None:
    x, y = random.uniform(0, SIDE * _SCALE, 2).tolist()
    width, height = random.uniform(4, 16, 2).tolist()
    pen.ellipse((x - width, y - height, x + width, y + height), fill=_clutter_colour(random, near))


def _fragment(pen: ImageDraw.ImageDraw, random: Random, *, near: tuple[int, int, int]) -> None:
    outline = _OUTLINES[CLASSES[random.integers(len(CLASSES))]]
    angle = random.uniform(0, 2 * np.pi)
    centre = SIDE / 2 + SIDE * 0.62 * np.array([np.cos(angle), np.sin(angle)])
    place = _placed(outline, random.uniform(4, 8), centre, random.uniform(0, 2 * np.pi))
    pen.polygon(place, fill=_clutter_colour(random, near))


def _placed(outline: Outline, radius: float, centre: Outline, angle: float) -> list[float]:
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = outline @ np.array([[cosine, sine], [-sine, cosine]])
    placed: list[float] = ((turned * radius + centre) * _SCALE).ravel().tolist()
    return placed


def _arc(start: float, end: float, *, radius: float = 1.0, points: int = 40) -> Outline:
    angles = np.radians(np.linspace(start, end, points))
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _regular(corners: int) -> Outline:
    return _arc(0, 360, points=corners + 1)[:-1]


def _star() -> Outline:
    points = _regular(10)
    points[1::2] *= 0.42
    return points


def _cross() -> Outline:
    arm = 0.3
    corner = np.array([[1, -arm], [1, arm], [arm, arm]])
    quarter = np.array([[0, 1], [-1, 0]])
    return np.concatenate([corner @ np.linalg.matrix_power(quarter, turn) for turn in range(4)])


def _ring() -> Outline:
    return np.concatenate([_arc(0, 360), _arc(360, 0, radius=0.55)])


def _crescent() -> Outline:
    outer = _arc(40, 320)
    inner = _arc(298, 62, radius=0.7276) + np.array([0.4245, 0.0])
    whole: Outline = np.concatenate([outer, inner]) + np.array([0.1, 0.0])
    return whole


def _heart() -> Outline:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, 2.0 - y], axis=1) / 16


_OUTLINES: dict[str, Outline] = {
    "circle": _arc(0, 360) * 0.95,
    "square": _regular(4),
    "triangle": _regular(3) * 1.1,
    "star": _star() * 1.1,
    "cross": _cross(),
    "ring": _ring(),
    "crescent": _crescent() * 1.1,
    "heart": _heart(),
    "arrow": np.array(
        [[1, 0], [0.1, 0.75], [0.1, 0.25], [-1, 0.25], [-1, -0.25], [0.1, -0.25], [0.1, -0.75]]
    ),
    "hourglass": np.array([[-0.9, -0.65], [0.9, 0.65], [0.9, -0.65], [-0.9, 0.65]]),
}
CLASSES = tuple(_OUTLINES)
