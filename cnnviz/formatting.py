"""Figures as a person reads them."""

import re
from math import sqrt


def duration(seconds: float) -> str:
    """A time span: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{max(whole, 1)} s" if seconds >= 0.5 else "under 1 s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min" + (f" {rest} s" if rest and minutes < 10 else "")
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} h" + (f" {rest} min" if rest else "")


def accuracy(value: float | None, count: int) -> str:
    """An accuracy with its standard error, from the number of images where that is known: 92.3 % ± 0.3."""
    if value is None:
        return "–"
    return per_cent(value, standard_error(value, count) if count else None)


def per_cent(share: float, error: float | None = None, *, digits: int = 1) -> str:
    """A share, with its standard error where there is one: 92.3 % ± 0.3."""
    return f"{100 * share:.{digits}f} %" + ("" if error is None else f" ± {100 * error:.{digits}f}")


def standard_error(value: float, count: int) -> float:
    """Of a share `value` of `count` independent images (binomial), as a share."""
    return sqrt(value * (1 - value) / count) if count else 0.0


def size(count: float) -> str:
    """Bytes: 22.4 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def energy(joules: float) -> str:
    """Energy, in watt-hours as on a meter from a thousandth of a kilowatt-hour on: 540 J, 3.2 Wh, 1.25 kWh."""
    hours = joules / 3600
    if hours < 1:
        return f"{joules:.0f} J"
    return f"{hours:.1f} Wh" if hours < 1000 else f"{hours / 1000:.2f} kWh"


def whole_number(text: str) -> int | None:
    """The number that `text` writes in the digits 0 to 9 alone, if it does; none of more than 18 digits."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def quoted(text: str, *, most: int = 60) -> str:
    """What came from outside, for a page: no longer than `most`, and nothing in it is taken for Markdown."""
    shown = text if len(text) <= most else text[: most - 1] + "…"
    return re.sub(r"([\\`*\[\]$<>~|]|:(?=\w)|\b_|_\b|(?<!\w)_)", r"\\\1", shown)


def decimal(value: float, style: str = ".3g") -> str:
    """A number in a format of Python's, with a proper minus, and none before 0."""
    return f"{value + 0.0:{style}}".replace("-", "−")
