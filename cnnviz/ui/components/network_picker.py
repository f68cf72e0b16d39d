"""Choosing the checkpoint that is looked at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.runs.run import Run, every
from cnnviz.ui import cache, selection
from cnnviz.ui.components import network_upload

if TYPE_CHECKING:
    from cnnviz.models.checkpoint import Card


@dataclass(frozen=True)
class LookedAt:
    """A snapshot of a run."""

    run: Run
    snapshot: str
    stamp: cache.Stamp
    card: "Card"

    @property
    def grey(self) -> bool:
        """Whether its images have one channel."""
        return self.card.image_shape[2] == 1

    @property
    def link(self) -> dict[str, str]:
        """The part of an address that names it."""
        return {"run": self.run.id, "snapshot": self.snapshot}


def pick_run(runs: list[Run]) -> Run:
    """The selected one of `runs`, by a select box."""
    by_id = {run.id: run for run in runs}
    chosen = selection.selectbox(
        "Checkpoint", "run", list(by_id), default=preferred(runs).id, words=lambda run: name(by_id[run])
    )
    return by_id[chosen]


def pick_network() -> LookedAt | None:
    """The selected snapshot of the selected run; None, with a hint on the page, while there is none."""
    runs = [run for run in every() if run.snapshots()]
    if not runs:
        st.info("There is no trained network yet. Train one: it can be looked at from its first epoch on.")
        st.page_link("pages/train.py", label="Train a network", icon=":material/model_training:")
        network_upload.show()
        return None
    first, second, third = st.columns([6, 2, 2], vertical_alignment="bottom")
    with first:
        run = pick_run(runs)
    with second:
        snapshot = selection.selectbox(
            "Snapshot", "snapshot", run.snapshots(), default=run.snapshots()[0], words=snapshot_name
        )
    with third:
        network_upload.show()
    network_upload.origin(run)
    stamp = cache.stamp(run.id, snapshot)
    return LookedAt(run, snapshot, stamp, cache.network(stamp)[1])


def preferred(runs: list[Run]) -> Run:
    """The run to show first: the newest that you trained, else a shipped one, best with colour images."""

    def rank(run: Run) -> tuple[bool, bool, bool]:
        own = not run.shipped and not run.imported
        return own and run.status().state == "finished", run.shipped, run.config.network.name != "mlp"

    return max(runs, key=rank)


def name(run: Run) -> str:
    """A run in one line."""
    return f"{run.title} — {run.id}"


def snapshot_name(snapshot: str) -> str:
    """A snapshot in words."""
    if snapshot.startswith("epoch_"):
        epoch = int(snapshot.removeprefix("epoch_"))
        return f"epoch {epoch}" if epoch else "epoch 0, untrained"
    return {"last": "last", "best": "best on validation"}.get(snapshot, snapshot)
