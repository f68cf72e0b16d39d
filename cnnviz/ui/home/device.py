"""The machine that trains."""

import os
from collections.abc import Callable
from importlib.metadata import version

import streamlit as st

from cnnviz.formatting import size
from cnnviz.ui.shell import preload


def show() -> Callable[[], object]:
    """Draw what this machine has; what it computes on needs torch, and is added by calling the result."""
    memory = size(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    words = f"{os.cpu_count()} CPU cores, {memory} of memory, PyTorch {version('torch')}."
    line = st.empty()
    line.caption(words)
    return lambda: line.caption(f"{words} {_accelerator()}.")


@st.cache_data(show_spinner=False)
def _accelerator() -> str:
    preload.wait_for_torch()
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, {size(torch.cuda.get_device_properties(0).total_memory)}"
    if torch.backends.mps.is_available():
        return "Apple GPU"
    return "No GPU that PyTorch can use: training runs on the CPU"
