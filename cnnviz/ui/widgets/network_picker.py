"""Choosing the checkpoint that is looked at."""

from contextlib import nullcontext

import streamlit as st

from cnnviz.runs.run import Run, every
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import navigation, selection
from cnnviz.ui.shell.parameter import Parameter
from cnnviz.ui.shell.parameters import RUN, SNAPSHOT
from cnnviz.ui.widgets import network_upload, snapshot_picker


def pick_run(runs: list[Run], *, parameter: Parameter[str] = RUN, avoid: str | None = None) -> Run:
    """The selected one of `runs`, by a select box; at first the preferred one, other than `avoid` if there is one."""
    by_id = {run.id: run for run in runs}
    first = preferred([run for run in runs if run.id != avoid] or runs)
    chosen = selection.selectbox(parameter, list(by_id), default=first.id, words=lambda run: name(by_id[run]))
    return by_id[chosen]


def pick_network(
    *, parameters: tuple[Parameter[str], Parameter[str]] = (RUN, SNAPSHOT), avoid: str | None = None
) -> SelectedNetwork | None:
    """The network of the selected snapshot; None, with a hint on the page, while there is none.

    `parameters` are those of the run and the snapshot; `avoid` is a run not to begin with.
    Raises CheckpointError when the snapshot's file is damaged.
    """
    selected = pick_snapshot(parameters=parameters, avoid=avoid)
    return None if selected is None else network_of(*selected)


def network_of(run: Run, snapshot: str) -> SelectedNetwork:
    """The network of a snapshot. Raises CheckpointError when its file is missing or damaged."""
    stamp = networks.stamp(run.id, snapshot)
    return SelectedNetwork(run, snapshot, stamp, networks.network(stamp)[1])


def pick_snapshot(
    *, parameters: tuple[Parameter[str], Parameter[str]] = (RUN, SNAPSHOT), avoid: str | None = None
) -> tuple[Run, str] | None:
    """The selected snapshot of the selected run, unopened: as `pick_network`, whatever its file holds."""
    runs = [run for run in every() if run.snapshots()]
    with nullcontext() if avoid else navigation.beside_title():
        if not runs:
            st.info(
                "There is no trained network yet. Train one: it can be looked at from its first epoch on."
            )
            st.page_link("pages/train.py", label="Train a network", icon=":material/model_training:")
            network_upload.show()
            return None
        first, second, third = st.columns([6, 4, 2], vertical_alignment="bottom")
    with first:
        run = pick_run(runs, parameter=parameters[0], avoid=avoid)
    with second:
        snapshot = snapshot_picker.pick(run, parameter=parameters[1])
    if avoid is None:
        with third:
            network_upload.show()
    network_upload.origin(run)
    return run, snapshot


def preferred(runs: list[Run]) -> Run:
    """The run to show first: the newest that you trained, else a shipped one, best with colour images."""

    def rank(run: Run) -> tuple[bool, bool, bool]:
        own = not run.shipped and not run.imported
        return own and run.status().state == "finished", run.shipped, run.config.network.name != "mlp"

    return max(runs, key=rank)


def name(run: Run) -> str:
    """A run in one line."""
    return f"{run.title} — {run.id}"
