"""The selected channel of a layer, one for all pages."""

from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CHANNEL


def selected(count: int) -> int | None:
    """The selected one of so many channels."""
    return selection.value(CHANNEL, lambda number: number < count, otherwise="none is open")


def select(channel: int) -> None:
    """Select a channel; its largest cell comes with it."""
    selection.put(CHANNEL, channel)
