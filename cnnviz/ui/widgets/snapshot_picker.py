"""Choosing an epoch of a run: a slider from the untrained network on, which grows while the run is trained."""

import streamlit as st

from cnnviz.runs.run import Run
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameter import Parameter
from cnnviz.ui.shell.parameters import SNAPSHOT

_EVERY = 3
"""Seconds between two looks at a run that is being trained."""
_NAMES = {"last": "last", "best": "best on validation"}


def pick(
    run: Run, *, parameter: Parameter[str] = SNAPSHOT, default: str = "last", follow: bool = True
) -> str:
    """The selected snapshot; `default` where none is selected, if the run has it.

    With `follow` the page is drawn anew when the run has more of them.
    """
    names = in_order(run.snapshots())
    default = default if default in names else names[-1]
    if follow and run.status().active:
        _follow(run, names, networks.stamp(run.id, names[-1]))
    if len(names) == 1:
        selection.choice(parameter, names, default, words=words)
        if not run.imported:
            st.caption(f"Weights of the {title(names[0])}: no others are kept.")
        return names[0]
    return selection.slider(parameter, names, default=default, words=words)


def in_order(names: list[str]) -> list[str]:
    """Snapshots from epoch 0 on, then the best and the last."""
    return sorted(names, key=lambda name: ({"best": 1, "last": 2}.get(name, 0), name))


def words(snapshot: str) -> str:
    """A snapshot in words."""
    if snapshot.startswith("epoch_"):
        epoch = int(snapshot.removeprefix("epoch_"))
        return str(epoch) if epoch else "0, untrained"
    return _NAMES.get(snapshot, snapshot)


def title(snapshot: str) -> str:
    """A snapshot as a heading."""
    return {"last": "last epoch", "best": "best epoch"}.get(snapshot, f"epoch {words(snapshot)}")


@st.fragment(run_every=_EVERY)
def _follow(run: Run, names: list[str], last: networks.Stamp) -> None:
    """Draw the page anew when the run has another snapshot, or has ended; nothing else changes."""
    now = in_order(run.snapshots())
    if now != names or networks.stamp(run.id, now[-1]) != last or not run.status().active:
        st.rerun()
    st.caption("Being trained: epochs appear here as they are kept.")
