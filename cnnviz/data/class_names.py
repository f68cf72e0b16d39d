"""Names of classes: no two alike."""

from collections.abc import Iterable


def repeated(names: Iterable[str]) -> str | None:
    """The first name that was there before, whatever its spaces; None if all differ."""
    seen: set[str] = set()
    for name in names:
        plain = " ".join(name.split())
        if plain in seen:
            return plain
        seen.add(plain)
    return None
