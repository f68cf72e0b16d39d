"""The selected channel of a layer, one for all pages."""

from cnnviz.formatting import whole_number
from cnnviz.ui.shell import selection


def selected(count: int) -> int | None:
    """The selected one of so many channels."""
    number = whole_number(selection.get("channel") or "")
    return number if number is not None and number < count else None


def select(channel: int) -> None:
    """Select a channel; its largest cell comes with it."""
    selection.put("channel", str(channel))
