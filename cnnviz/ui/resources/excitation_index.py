"""The index of a test set as pages ask for it: whether there is one, and one layer of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.artifact import StoredArtifact
from cnnviz.data import catalogue
from cnnviz.index import store
from cnnviz.index.store import Index
from cnnviz.ui.resources import datasets, networks, results
from cnnviz.ui.resources.networks import Stamp
from cnnviz.ui.resources.selected_network import SelectedNetwork

if TYPE_CHECKING:
    from cnnviz.explore.channels.excitation import Excitation


def artifact(network: SelectedNetwork) -> StoredArtifact[Index]:
    """Where the index of the network as it is now is stored."""
    weights = networks.digest(network.stamp)
    return store.artifact(network.run.id, network.snapshot, network.card.data, weights)


def of(network: SelectedNetwork) -> Index | None:
    """The index of the network as it is now; None if there is none, or only one of an earlier state."""
    return results.known(artifact(network))


def layer(network: SelectedNetwork, name: str) -> Excitation | None:
    """What excites the channels of a layer; None while that is not known, or where it has no channels."""
    index = of(network)
    if index is None or name not in index.layers:
        return None
    return _layer(artifact(network).state, name, _index=index)


@st.cache_data(max_entries=32, show_spinner=False)
def seconds(of: Stamp, images: int) -> float:
    """About how long looking through so many images takes here: measured on a few."""
    import torch

    from cnnviz.explore.channels.excitation import seconds_an_image

    # The app leaves cores to trainings, the process that will do it takes them all.
    share = torch.get_num_threads() / (os.cpu_count() or 1)
    return images * seconds_an_image(*networks.network(of)) * min(1.0, share)


@st.cache_data(max_entries=64, ttl=10, show_spinner=False)
def images_of(data: str) -> int:
    """Test images of a data set on this machine; 0 where it is not."""
    return len(datasets.dataset(data).test_labels) if data in catalogue.available() else 0


@st.cache_resource(max_entries=32, show_spinner=False)
def _layer(file: tuple[str, int, int], name: str, _index: Index) -> Excitation | None:
    return store.layer(_index, name)
