"""Attributions and their checks, computed once and held for a while. Torch is loaded on first use, never on import."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.artifact import HeldArtifact, Shelf
from cnnviz.progress import Work
from cnnviz.ui.resources import networks

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import Attribution, AttributionSetting
    from cnnviz.explore.attribution.checks import Checks
    from cnnviz.explore.attribution.options import Options

_MOST = 400
"""Maps and checks that are held, for all who look."""


@dataclass(frozen=True)
class AttributionMaps:
    """What is explained, and how: two that are equal have the same maps."""

    stamp: networks.Stamp
    image: str
    """Digest of what is fed."""
    method: str
    options: str
    """JSON."""
    setting: AttributionSetting

    def attribution(self, target: int) -> HeldArtifact[Attribution]:
        """Where the map of a class is held."""
        return HeldArtifact(_shelf(), (self, target))

    def known(self, targets: Iterable[int]) -> list[Attribution]:
        """The maps of these classes, as far as they are held."""
        found = [self.attribution(target).load() for target in targets]
        return [one for one in found if one is not None]

    def checks(self, target: int) -> HeldArtifact[Checks]:
        """Where it is held what was checked of the map of a class."""
        return HeldArtifact(_shelf(), (self, target, "checks"))


def attribution_maps(
    stamp: networks.Stamp,
    values: NDArray[np.float32],
    method: str,
    options: Options,
    setting: AttributionSetting,
) -> AttributionMaps:
    """The subject for an image as it is fed; parts of the setting that the method does not use are left out."""
    from cnnviz.explore.attribution.attribute import AttributionSetting
    from cnnviz.explore.attribution.methods import METHODS

    used = METHODS[method]
    needed = AttributionSetting(
        baseline=setting.baseline if used.baselines else AttributionSetting().baseline,
        layer=setting.layer if used.layer else None,
    )
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes() + str(values.shape).encode()).hexdigest()
    return AttributionMaps(stamp, digest, method, options.model_dump_json(), needed)


def compute(
    of: AttributionMaps, values: NDArray[np.float32], options: Options, targets: Sequence[int]
) -> Work[list[Attribution]]:
    """Have the maps of these classes held; ends with those that were not."""
    from cnnviz.explore.attribution.attribute import attribute

    missing = [target for target in targets if of.attribution(target).load() is None]
    if not missing:
        return []
    model, card = networks.network(of.stamp)
    found = yield from attribute(
        model, card, values, method=of.method, targets=missing, options=options, setting=of.setting
    )
    for one in found:
        of.attribution(one.target).save(one)
    return found


def check(
    of: AttributionMaps, values: NDArray[np.float32], options: Options, found: Attribution
) -> Work[Checks]:
    """Check a map."""
    from cnnviz.explore.attribution.checks import checks

    model, card = networks.network(of.stamp)
    return checks(model, card, values, found, options=options, setting=of.setting)


@st.cache_data(max_entries=32, show_spinner="Trying which methods this network allows …")
def reasons(of: networks.Stamp, shape: tuple[int, int, int]) -> dict[str, str]:
    """Why a method can't be had, by method; an empty line where it can."""
    from cnnviz.explore.attribution.applicability import reasons

    return reasons(*networks.network(of), shape)


@st.cache_resource(show_spinner=False)
def _shelf() -> Shelf:
    return Shelf(_MOST)
