"""The machine that trains."""

import os

import streamlit as st

from cnnviz.formatting import size


@st.fragment
def show() -> None:
    """What computes, and in what."""
    st.caption(_device())


@st.cache_data(show_spinner=False)
def _device() -> str:
    import torch

    if torch.cuda.is_available():
        place = f"{torch.cuda.get_device_name()}, {size(torch.cuda.get_device_properties(0).total_memory)}"
    elif torch.backends.mps.is_available():
        place = "Apple GPU"
    else:
        place = "No GPU that PyTorch can use: training runs on the CPU"
    memory = size(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return f"{place}. {os.cpu_count()} CPU cores, {memory} of memory, PyTorch {torch.__version__}."
