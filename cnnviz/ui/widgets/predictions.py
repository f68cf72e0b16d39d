"""What a checkpoint says of the test or validation images, computed once and kept in the run's folder."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz import workspace
from cnnviz.errors import CnnvizError
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Pool, Predictions

FIRST = 2_000
"""Images that are predicted at first: a few seconds even on a busy machine."""
_ENDED = "predicting ended"
_PATIENCE = 10.0
"""Seconds to wait for a batch."""


def known(looked_at: SelectedNetwork, data: "Dataset | None", *, split: str = "test") -> "Predictions | None":
    """What is known so far of the images of a split; None for nothing. Of no `data`, what was kept is believed."""
    # After a click the page starts anew while the run that was stopped still has a batch to finish and to keep.
    stopping: Event | None = st.session_state.pop(_ENDED, None)
    if stopping is not None:
        stopping.wait(_PATIENCE)
    path = workspace.predictions_file(looked_at.run.id, looked_at.snapshot, split)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    found = _load(str(path), changed, _mark(looked_at, split))
    if found is None or data is None:
        return found
    labels = pool(looked_at, data, split).labels
    fits = found.numbers.max(initial=-1) < len(labels) and np.array_equal(labels[found.numbers], found.labels)
    return found if fits else None


def kept(run: str, snapshot: str, split: str) -> bool:
    """Whether there are predictions of a snapshot at all, of whatever weights."""
    return workspace.predictions_file(run, snapshot, split).exists()


def pool(looked_at: SelectedNetwork, data: "Dataset", split: str) -> "Pool":
    """The images of a split. Raises ConfigError where the run's split does not fit the data any more."""
    from cnnviz.explore.predictions import SPLITS

    return SPLITS[split](data, looked_at.run.config.data)


def offer(
    looked_at: SelectedNetwork, data: "Dataset", found: "Predictions | None", *, split: str = "test"
) -> None:
    """A button that has more of the images predicted, as long as there are more."""
    there = pool(looked_at, data, split)
    total = len(there.numbers)
    done = 0 if found is None else len(found)
    if done >= total:
        return
    first = min(FIRST, total)
    count = first if done < first else total
    words = (
        f"Predict {count:,} {split} images"
        if not done
        else f"Go on to {count:,}"
        if count < total
        else f"Predict all {total:,}"
    )
    # Named for the run: a click that was meant for one that is gone starts nothing.
    key = f"predict {looked_at.run.id} {looked_at.snapshot} {split}"
    if st.button(words, icon=":material/checklist:", key=key, help="Kept in the run's folder."):
        from cnnviz.explore.predictions import some_of

        wanted = there.numbers[some_of(total, count)]
        todo = wanted if found is None else np.setdiff1d(wanted, found.numbers)
        _predict(looked_at, there, todo, found, split=split)


def _predict(
    looked_at: SelectedNetwork,
    there: "Pool",
    numbers: NDArray[np.int64],
    before: "Predictions | None",
    *,
    split: str = "test",
) -> None:
    """Predict these images, with progress; what is done when it is stopped is kept."""
    from cnnviz.explore.predictions import joined, predictions

    model, card = networks.network(looked_at.stamp)
    parts = [] if before is None else [before]
    done = 0
    ended = st.session_state[_ENDED] = Event()
    bar = st.progress(0.0, text=f"0 of {len(numbers):,} {split} images")
    st.button("Stop", icon=":material/stop:", key="stop predicting")
    # In no order, so that what there is after a stop is a fair sample, too.
    shuffled = np.random.default_rng(0).permutation(numbers)
    try:
        for part in predictions(model, card, there.images, there.labels, numbers=shuffled):
            parts.append(part)
            done += len(part)
            # A click on anything, Stop too, ends this script here.
            bar.progress(done / len(numbers), text=f"{done:,} of {len(numbers):,} {split} images")
    except CnnvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    finally:
        failure = _keep(looked_at, joined(parts), split) if done else None
        ended.set()
    if failure:
        st.error(failure, icon=":material/error:")
    else:
        st.rerun()


def _keep(looked_at: SelectedNetwork, found: "Predictions", split: str) -> str | None:
    """Write them down; a line that says why they could not be."""
    from cnnviz.explore.predictions import save

    path = workspace.predictions_file(looked_at.run.id, looked_at.snapshot, split)
    try:
        save(path, found, of=_mark(looked_at, split))
    except OSError as error:
        return f"They can't be kept ({error.strerror}): make room on the disk."
    return None


def _mark(looked_at: SelectedNetwork, split: str) -> str:
    """What they are of: the contents of the snapshot, so that a copy of the folder keeps them."""
    return f"predictions {networks.digest(looked_at.stamp)} {looked_at.card.data} {split}"


@st.cache_resource(max_entries=8, show_spinner=False)
def _load(path: str, changed: int, mark: str) -> "Predictions | None":
    from cnnviz.explore.predictions import load

    return load(Path(path), of=mark)
