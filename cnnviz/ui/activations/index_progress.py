"""Looking through the test images, in the background: the offer, how far it is, and how it ended."""

from functools import partial

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.formatting import duration
from cnnviz.index import control
from cnnviz.ui.resources import excitation_index
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets import long_work

_QUICK = 2_000
"""Images of the short way."""


def show(network: SelectedNetwork) -> None:
    """How the looking through goes, or the offer to begin: for as many images as no index has yet."""
    run_id, snapshot = network.run.id, network.snapshot
    now = control.state(run_id, snapshot)
    if now is not None and now.active:
        long_work.watch(
            partial(control.state, run_id, snapshot), partial(control.stop, run_id, snapshot),
            name="looking through", doing="Looking through the test images: ",
        )  # fmt: skip
        return
    there = excitation_index.of(network)
    images = excitation_index.images_of(network.card.data)
    done = there.images if there else 0
    if done >= images:
        return
    if there is None:
        if now is not None and now.reason:
            st.warning(now.reason, icon=":material/image_search:")
        elif excitation_index.artifact(network).path.exists():
            st.caption("The snapshot or its images have changed since they were looked through.")
        st.caption(
            "Which test images excite it most, how it answers to each class, how often it is zero: "
            "found by looking through them once, for all layers, in the background."
        )
    with st.container(horizontal=True):
        for count in sorted({images, min(_QUICK, images)} - {done}, reverse=True):
            if count < done:
                continue
            st.button(
                (f"Look through {count:,} test images" if count == images else f"Only {count:,}")
                + f" ({_about(excitation_index.seconds(network.stamp, count))})",
                icon=":material/image_search:" if count == images else None,
                type="secondary" if there is None else "tertiary",
                key=f"look through {count}",
                on_click=_start,
                args=(run_id, snapshot, count),
            )


def _about(seconds: float) -> str:
    return f"about {duration(seconds)}" if seconds >= 1 else duration(seconds)


def _start(run_id: str, snapshot: str, images: int) -> None:
    try:
        control.start(run_id, snapshot, images=images)
    except CnnvizError as error:
        st.toast(str(error), icon=":material/error:", duration="long")
