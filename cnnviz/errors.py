"""What can go wrong, in one line each. Every message says what to do about it."""

from collections.abc import Iterable
from difflib import get_close_matches


class CnnvizError(Exception):
    """Base of all errors that are shown to the user as one line, never as a traceback."""


class ConfigError(CnnvizError):
    """A configuration that cannot be run."""


class DataError(CnnvizError):
    """A data set that is missing, broken or does not fit."""


class DownloadError(DataError):
    """A download that failed; nothing half-written is left behind."""


class ImageError(DataError):
    """A picture that cannot be decoded, or should not be."""


class ArchiveError(DataError):
    """A zip file that cannot be imported, or should not be."""


class CheckpointError(CnnvizError):
    """A file of weights that is damaged, unsafe or belongs to another network."""


class WeightsUnavailable(CnnvizError):
    """Pretrained weights that could not be fetched."""


class StorageError(CnnvizError):
    """A result that cannot be stored."""


class RunError(CnnvizError):
    """A run that cannot be started, stopped, resumed or deleted."""


class NotFound(CnnvizError):
    """Something was asked for by a name that does not exist."""

    def __init__(self, kind: str, name: str, *, available: Iterable[str]) -> None:
        names = list(available)
        near = get_close_matches(name, names, n=3) or names[:8]
        more = ", …" if len(near) < len(names) else ""
        listing = f" Did you mean: {', '.join(near)}{more}" if near else f" There is no {kind} yet."
        super().__init__(f"No {kind} {name!r}.{listing}")
        self.kind, self.name = kind, name


class LayerNotFound(NotFound):
    """A layer that the network does not have."""

    def __init__(self, name: str, *, available: Iterable[str]) -> None:
        super().__init__("layer", name, available=available)
