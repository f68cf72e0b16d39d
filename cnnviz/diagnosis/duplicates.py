"""Images that occur more than once: in two splits, that is a leak."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SOME = 1000


@dataclass(frozen=True)
class Shared:
    """Images of one split that are, pixel by pixel, in another as well."""

    split: str
    other: str
    places: tuple[int, ...]
    """Of those in `split`, rising."""
    others: tuple[int, ...]
    """For each, the first of its likes in `other`."""
    of: int
    """Images in `split`."""
    differing: int
    """Of these, how many have another label there."""


def fingerprints(images: NDArray[np.uint8], numbers: NDArray[np.integer]) -> Iterator[list[bytes]]:
    """A hash of each of the chosen images (N, H, W, C), some at a time: equal only for equal pixels."""
    for start in range(0, len(numbers), _SOME):
        some = np.ascontiguousarray(images[numbers[start : start + _SOME]])
        yield [hashlib.blake2b(one.tobytes(), digest_size=16).digest() for one in some]


def shared(
    splits: Mapping[str, tuple[Sequence[bytes], NDArray[np.integer]]],
) -> tuple[Shared, ...]:
    """What later splits have in common with earlier ones: fingerprints and labels of each, by its name."""
    names = list(splits)
    found = []
    for number, name in enumerate(names):
        prints, labels = splits[name]
        for earlier in names[:number]:
            others, other_labels = splits[earlier]
            first: dict[bytes, int] = {}
            for place, one in enumerate(others):
                first.setdefault(one, place)
            pairs = [(place, first[one]) for place, one in enumerate(prints) if one in first]
            found.append(
                Shared(
                    split=name,
                    other=earlier,
                    places=tuple(place for place, _ in pairs),
                    others=tuple(other for _, other in pairs),
                    of=len(prints),
                    differing=sum(bool(labels[place] != other_labels[other]) for place, other in pairs),
                )
            )
    return tuple(found)
