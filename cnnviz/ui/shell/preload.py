"""What pages need and a first paint does not: loaded in the background, in the order in which it is needed."""

import os
import threading
import time
from functools import cache
from importlib import import_module

_FIRST = ("cnnviz.runs.run", "cnnviz.data.catalogue", "cnnviz.explore.showcase", "cnnviz.render.mosaic")
"""What Home needs."""
_NEXT = (
    "cnnviz.models.checkpoint",
    "cnnviz.explore.activations.activation_maps",
    "cnnviz.explore.inputs.preprocessing",
    "cnnviz.explore.layers.structure",
    "pandas",
    "altair",
)
"""What a look inside a network needs beside torch."""
_PATIENCE = 3.0
"""Seconds to wait for a first page before torch is loaded all the same."""
_FLUSH = 0.3
"""Seconds that a page's last messages take to the browser at most: loading torch holds up all other threads."""
_page_over = threading.Event()
_torch_loaded = threading.Event()


@cache
def start() -> threading.Thread:
    """The thread that loads; started by the first call."""
    thread = threading.Thread(target=_load, daemon=True, name="preload")
    thread.start()
    return thread


def page_over() -> None:
    """Let torch be loaded: the page is drawn."""
    _page_over.set()


def wait_for_torch() -> None:
    """Return when torch is loaded; what has been drawn so far gets to the browser first."""
    start()
    page_over()
    _torch_loaded.wait()


def _load() -> None:
    for module in _FIRST:
        import_module(module)
    if _page_over.wait(_PATIENCE):
        time.sleep(_FLUSH)
    try:
        import torch

        # A worker may be using all cores: threads that wait for one make a look ten times slower.
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    finally:
        _torch_loaded.set()
    for module in _NEXT:
        import_module(module)
