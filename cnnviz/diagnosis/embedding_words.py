"""A map in words and in rows: what its axes are, what it is of, how far it can be trusted."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnnviz.diagnosis.embedding import METHODS, Embedding
from cnnviz.formatting import decimal, per_cent


def axes(found: Embedding) -> tuple[str, str]:
    """What both axes are, from where to where: "First principal component, 23.1 % of variance, −4.2 to 9.8"."""
    if found.explained is None:
        return found.axes
    first, second = (
        f"{name}, {per_cent(share)} of variance, {decimal(low)} to {decimal(high)}"
        for name, share, low, high in zip(
            found.axes, found.explained, found.points.min(0), found.points.max(0), strict=True
        )
    )
    return first, second


def how(found: Embedding) -> str:
    """Method and options: "t-SNE, perplexity 30, seed 0"."""
    method = METHODS[found.method]
    parts = [method.title]
    if found.explained is not None:
        parts.append(f"{per_cent(sum(found.explained))} of the variance")
    parts += [f"{method.options[name].title.lower()} {value}" for name, value in found.options.items()]
    return ", ".join([*parts, f"seed {found.seed}"])


def trust(found: Embedding) -> str:
    """How far it can be trusted, in a sentence or two."""
    of = f"{found.judged:,} of the images" if found.judged < len(found.points) else f"{found.judged:,} images"
    said = (
        f"Trustworthiness {found.trust:.3f} (1: all neighbours on the map are neighbours by features; about 0.5 by "
        f"chance), {found.neighbours} neighbours, {of}."
    )
    if found.same_in_features is not None and found.same_on_map is not None:
        said += (
            f" Of an image's {found.neighbours} nearest by features {per_cent(found.same_in_features)} are of its "
            f"class, on the map {per_cent(found.same_on_map)}."
        )
    return said


def table(
    found: Embedding,
    numbers: NDArray[np.int64],
    labels: NDArray[np.int64],
    guesses: NDArray[np.integer],
    *,
    sureness: NDArray[np.floating],
    names: Sequence[str],
    prefix: str,
) -> str:
    """A CSV row an image: its name, place, class, guess and the guess's probability."""
    content = io.StringIO()
    rows = csv.writer(content)
    rows.writerow(["image", "x", "y", "class", "predicted", "probability"])
    for number, (x, y), label, guess, sure in zip(
        numbers, found.points, labels, guesses, sureness, strict=True
    ):
        rows.writerow(
            [f"{prefix}.{number}", f"{x:.6g}", f"{y:.6g}", names[label], names[guess], f"{sure:.6f}"]
        )
    return content.getvalue()
