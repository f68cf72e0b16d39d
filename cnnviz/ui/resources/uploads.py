"""Pictures that were uploaded or photographed: kept while the app runs, named by a hash of their pixels."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import RLock

import streamlit as st

from cnnviz.data.images import Decoded, Picture, fit, read, to_channels
from cnnviz.errors import NotFound

_MOST, _MOST_BYTES = 64, 1_000_000_000
_THUMB = 64
_MINE = "uploads"
_HARMLESS = " .,-_()"


@dataclass(frozen=True, eq=False)
class Upload:
    """One picture."""

    hash: str
    title: str
    """The file's name, without what could mean something on a page."""
    decoded: Decoded
    thumb: Picture
    """Its middle in colour, small."""

    @property
    def pixels(self) -> Picture:
        """(H, W, 1 or 3)."""
        return self.decoded.pixels


def add(raw: bytes, name: str) -> Upload:
    """The picture in these bytes, kept for all, and listed for this session. Raises ImageError."""
    decoded = read(raw)
    pixels = decoded.pixels
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:16]
    thumb = fit(to_channels(pixels, 3), _THUMB, _THUMB)
    found = Upload(digest, harmless(name), decoded, thumb)
    lock, kept = _kept()
    with lock:
        kept[digest] = found
        kept.move_to_end(digest)
        while len(kept) > 1 and (
            len(kept) > _MOST or sum(one.pixels.nbytes for one in kept.values()) > _MOST_BYTES
        ):
            kept.popitem(last=False)
    mine = st.session_state.setdefault(_MINE, [])
    if digest not in mine:
        mine.append(digest)
    return found


def get(digest: str) -> Upload:
    """The picture of that hash. Raises NotFound when it is no longer kept, or the app was restarted since."""
    lock, kept = _kept()
    with lock:
        if digest not in kept:
            raise NotFound("uploaded picture", digest, available=())
        return kept[digest]


def mine() -> list[Upload]:
    """Those of this session that are still kept, in the order in which they came."""
    lock, kept = _kept()
    with lock:
        return [kept[digest] for digest in st.session_state.get(_MINE, []) if digest in kept]


def forget() -> None:
    """List none of them any more; links to them go on working."""
    st.session_state[_MINE] = []


def harmless(name: str) -> str:
    """`name`, which may be anything, as text that means nothing to Markdown: at most 48 letters."""
    plain = "".join(letter if letter.isalnum() or letter in _HARMLESS else "·" for letter in name)
    return (plain if len(plain) <= 48 else f"{plain[:30]}…{plain[-17:]}") or "picture"


@st.cache_resource
def _kept() -> tuple[RLock, OrderedDict[str, Upload]]:
    return RLock(), OrderedDict()
