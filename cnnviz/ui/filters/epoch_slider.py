"""Choosing an epoch of a run, also while it goes on: new epochs arrive, the chosen one stays."""

from collections.abc import Mapping, Sequence

import streamlit as st

from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import EPOCH, SNAPSHOT

_KEY = "selected epoch"


def epoch(epochs: Sequence[int], *, active: bool, snapshots: Mapping[int, str]) -> int:
    """The selected one of `epochs` (in order, at least one), on a slider that arrow keys walk.

    Without a choice it is the newest one: of an active run it moves on with the training. An epoch that this
    layer does not have gives way to the nearest, with a line that says so. `snapshots`, the names of those that are
    kept, tie it to the epoch that other pages look at.
    """
    newest = epochs[-1]
    epoch = _wanted(epochs, snapshots)
    if epoch is None:
        epoch = newest
        if not active:
            selection.put(EPOCH, epoch)
    st.session_state[_KEY] = str(epoch)
    names = [str(one) for one in epochs]
    place, beside = st.columns([5, 1], vertical_alignment="bottom") if active else (st.container(), None)
    with place:
        if len(names) > 1:
            st.select_slider("Epoch", names, key=_KEY, on_change=_take, args=(snapshots,))
        else:
            st.selectbox("Epoch", names, key=_KEY, on_change=_take, args=(snapshots,))
    if beside is not None:
        with beside:
            following = selection.peek(EPOCH) is None
            st.button(
                "Following" if following else "Newest",
                icon=":material/fast_forward:",
                disabled=following,
                on_click=selection.drop,
                args=(EPOCH,),
                key="newest epoch",
                width="stretch",
                help="Show the newest epoch, and go on with the training. A choice on the slider stays.",
            )
    return epoch


def _wanted(epochs: Sequence[int], snapshots: Mapping[int, str]) -> int | None:
    """The epoch of the selection, or the nearest to it; that of the snapshot which another page has selected."""
    by_name = {name: epoch for epoch, name in snapshots.items()}
    elsewhere = selection.value(
        SNAPSHOT, {*by_name, "best", "last"}.__contains__, otherwise="this is the newest"
    )
    wanted = None
    if not selection.here(EPOCH):
        if elsewhere == "last":
            selection.drop(EPOCH)
        wanted = by_name.get(elsewhere or "")
    if wanted is None:
        wanted = selection.value(EPOCH, otherwise="this is the newest")
    if wanted is None:
        return None
    found = min(epochs, key=lambda epoch: (abs(epoch - wanted), -epoch))
    if found != wanted:
        st.caption(f"Epoch {wanted} was not kept for this layer: this is epoch {found}.")
    return found


def _take(snapshots: Mapping[int, str]) -> None:
    epoch = int(st.session_state[_KEY])
    selection.put(EPOCH, epoch)
    if epoch in snapshots:
        selection.put(SNAPSHOT, snapshots[epoch])
    else:  # only filters are kept of it
        selection.drop(SNAPSHOT)
