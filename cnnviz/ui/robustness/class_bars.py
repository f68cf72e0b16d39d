"""Shares of classes as bars, each beside what it was."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cnnviz.formatting import decimal, per_cent
from cnnviz.ui.widgets.component import component

_shares = component("cnnviz_shares", __file__)


@dataclass(frozen=True)
class Share:
    """A class and its probability, 0 to 1."""

    name: str
    now: float
    before: float
    words: str
    was: str
    change: str
    first: bool
    """The likeliest one."""


def share(name: str, now: float, before: float, *, first: bool) -> Share:
    """What is drawn of a class."""
    points = round(100 * now, 1) - round(100 * before, 1)
    change = decimal(points, "+.1f") if abs(points) >= 0.05 else "±0.0"
    return Share(name, now, before, per_cent(now), per_cent(before), change, first)


def shares(these: Sequence[Share], *, key: str, title: str, note: str) -> None:
    """Draw a bar each, with a tick where it was; `note` stands below."""
    _shares(key=key, data={"shares": [asdict(one) for one in these], "title": title, "note": note})
