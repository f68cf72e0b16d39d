"""Settings as arguments: KEY=VALUE."""

from collections.abc import Sequence

import typer


def pairs(changes: Sequence[str]) -> dict[str, str]:
    """Keys and values of KEY=VALUE arguments."""
    found = {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise typer.BadParameter(f"{change!r} is not KEY=VALUE.")
        found[key.strip()] = value
    return found
