"""A difference as a part of a JSON document."""

from typing import Any

from cnnviz.diagnosis.difference import Difference


def difference(found: Difference) -> dict[str, Any]:
    """Its points (of its unit), interval and chance, and how many seeds would tell it."""
    return {
        "points": found.points,
        "unit": found.unit.name,
        "interval": None if found.low is None else [found.low, found.high],
        "chance": found.chance,
        "certain": found.certain,
        "seeds": found.seeds,
        "words": found.words,
        "base": found.base,
    }
