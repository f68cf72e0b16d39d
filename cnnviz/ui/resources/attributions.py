"""Attributions and their checks, computed once and kept for a while. Torch is loaded on first use, never on import."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.outcome import outcome
from cnnviz.ui.resources import networks

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import Attribution, AttributionSetting
    from cnnviz.explore.attribution.checks import Checks
    from cnnviz.explore.attribution.options import Options

_MOST = 400
"""Maps that are kept, for all who look."""
Tell = Callable[[float, str], object]


@dataclass(frozen=True)
class Subject:
    """What is explained, and how: two that are equal have the same maps."""

    stamp: networks.Stamp
    image: str
    """Digest of what is fed."""
    method: str
    options: str
    """JSON."""
    setting: AttributionSetting

    def known(self, target: int) -> Attribution | None:
        """The map of a class, if it was computed."""
        found: Attribution | None = _get((self, target))
        return found

    def checked(self, target: int) -> Checks | None:
        """What was checked of it."""
        found: Checks | None = _get((self, target, "checks"))
        return found


def subject(
    stamp: networks.Stamp,
    values: NDArray[np.float32],
    method: str,
    options: Options,
    setting: AttributionSetting,
) -> Subject:
    """The subject for an image as it is fed; parts of the setting that the method does not use are left out."""
    from cnnviz.explore.attribution.attribute import AttributionSetting
    from cnnviz.explore.attribution.methods import METHODS

    used = METHODS[method]
    kept = AttributionSetting(
        baseline=setting.baseline if used.baselines else AttributionSetting().baseline,
        layer=setting.layer if used.layer else None,
    )
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes() + str(values.shape).encode()).hexdigest()
    return Subject(stamp, digest, method, options.model_dump_json(), kept)


def compute(
    of: Subject, values: NDArray[np.float32], options: Options, targets: Sequence[int], tell: Tell
) -> None:
    """Have the maps of these classes known; `tell` hears how much is done and may end it by raising."""
    from cnnviz.explore.attribution.attribute import attribute

    missing = [target for target in targets if of.known(target) is None]
    if not missing:
        return
    model, card = networks.network(of.stamp)
    work = attribute(
        model, card, values, method=of.method, targets=missing, options=options, setting=of.setting
    )
    for one in outcome(work, lambda share: tell(share, "")):
        _keep((of, one.target), one)


def check(of: Subject, values: NDArray[np.float32], options: Options, target: int, tell: Tell) -> None:
    """Have the map of a class checked; `tell` as above."""
    from cnnviz.explore.attribution.checks import checks

    found = of.known(target)
    assert found is not None
    model, card = networks.network(of.stamp)
    work = checks(model, card, values, found, options=options, setting=of.setting)
    _keep((of, target, "checks"), outcome(work, lambda step: tell(*step)))


@st.cache_data(max_entries=32, show_spinner="Trying which methods this network allows …")
def reasons(of: networks.Stamp, shape: tuple[int, int, int]) -> dict[str, str]:
    """Why a method can't be had, by method; an empty line where it can."""
    from cnnviz.explore.attribution.applicability import reasons

    return reasons(*networks.network(of), shape)


@st.cache_resource(show_spinner=False)
def _store() -> tuple[Lock, OrderedDict[Any, Any]]:
    return Lock(), OrderedDict()


def _get(key: Any) -> Any:
    lock, kept = _store()
    with lock:
        if key in kept:
            kept.move_to_end(key)
        return kept.get(key)


def _keep(key: Any, value: Any) -> None:
    lock, kept = _store()
    with lock:
        kept[key] = value
        while len(kept) > _MOST:
            kept.popitem(last=False)
