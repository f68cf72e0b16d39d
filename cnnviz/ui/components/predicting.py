"""What a checkpoint says of the test images, computed once and kept in the run's folder."""

import zlib
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz import workspace
from cnnviz.errors import CnnvizError
from cnnviz.ui import cache
from cnnviz.ui.components.network_picker import LookedAt

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Predictions

FIRST = 2_000
"""Test images that are predicted at first."""
_ENDED = "predicting ended"
_PATIENCE = 10.0
"""Seconds to wait for a batch."""


def known(looked_at: LookedAt, data: "Dataset") -> "Predictions | None":
    """What is known so far of the test images; None for nothing."""
    # After a click the page starts anew while the run that was stopped still has a batch to finish and to keep.
    stopping: Event | None = st.session_state.pop(_ENDED, None)
    if stopping is not None:
        stopping.wait(_PATIENCE)
    path = _path(looked_at)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _load(str(path), changed, _mark(looked_at, data))


def offer(looked_at: LookedAt, data: "Dataset", found: "Predictions | None") -> None:
    """A button that has more of the test images predicted, as long as there are more."""
    total = len(data.test_labels)
    done = 0 if found is None else len(found)
    if done >= total:
        return
    first = min(FIRST, total)
    count = first if done < first else total
    words = (
        f"Predict {count:,} test images"
        if not done
        else f"Go on to {count:,}"
        if count < total
        else f"Predict all {total:,}"
    )
    if st.button(words, icon=":material/checklist:", key="predict", help="Kept in the run's folder."):
        from cnnviz.explore.predictions import some_of

        wanted = some_of(total, count)
        _predict(looked_at, data, wanted if found is None else np.setdiff1d(wanted, found.numbers), found)


def _predict(
    looked_at: LookedAt, data: "Dataset", numbers: NDArray[np.int64], before: "Predictions | None"
) -> None:
    """Predict these images, with progress; what is done when it is stopped is kept."""
    from cnnviz.explore.predictions import joined, predictions

    model, card = cache.network(looked_at.stamp)
    parts = [] if before is None else [before]
    done = 0
    ended = st.session_state[_ENDED] = Event()
    bar = st.progress(0.0, text=f"0 of {len(numbers):,} test images")
    st.button("Stop", icon=":material/stop:", key="stop predicting")
    # In no order, so that what there is after a stop is a fair sample, too.
    shuffled = np.random.default_rng(0).permutation(numbers)
    try:
        for part in predictions(model, card, data.test_images, data.test_labels, numbers=shuffled):
            parts.append(part)
            done += len(part)
            # A click on anything, Stop too, ends this script here.
            bar.progress(done / len(numbers), text=f"{done:,} of {len(numbers):,} test images")
    except CnnvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    finally:
        failure = _keep(looked_at, data, joined(parts)) if done else None
        ended.set()
    if failure:
        st.error(failure, icon=":material/error:")
    else:
        st.rerun()


def _keep(looked_at: LookedAt, data: "Dataset", found: "Predictions") -> str | None:
    """Write them down; a line that says why they could not be."""
    from cnnviz.explore.predictions import save

    try:
        save(_path(looked_at), found, of=_mark(looked_at, data))
    except OSError as error:
        return f"They can't be kept ({error.strerror}): make room on the disk."
    return None


def _path(looked_at: LookedAt) -> Path:
    return workspace.predictions_file(looked_at.run.id, looked_at.snapshot)


def _mark(looked_at: LookedAt, data: "Dataset") -> str:
    """What they are of: they are made anew for other weights, or other images of the same name."""
    labels = zlib.crc32(np.ascontiguousarray(data.test_labels).tobytes())
    return f"predictions {looked_at.stamp[1:]} {data.name} {data.test_images.shape} {labels}"


@st.cache_resource(max_entries=8, show_spinner=False)
def _load(path: str, changed: int, mark: str) -> "Predictions | None":
    from cnnviz.explore.predictions import load

    return load(Path(path), of=mark)
