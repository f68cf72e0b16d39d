"""Each network is exported once: PyTorch takes a second for it."""

import io
from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import nn

from cnnviz.models.exported.building import network
from cnnviz.models.exported.program import Exported, export
from tests.models.exported.networks import images, made

Rebuilt = Callable[[str], tuple[nn.Module, Exported, nn.Module]]


@cache
def _exported(name: str) -> Exported:
    return export(made(name), images(name))


@pytest.fixture(scope="session")
def rebuilt() -> Rebuilt:
    """The network of a name, what is exported of it, and a network made of that."""

    def rebuild(name: str) -> tuple[nn.Module, Exported, nn.Module]:
        exported = _exported(name)
        again = network(exported.graph).eval()
        again.load_state_dict(dict(exported.tensors))
        return made(name), exported, again

    return rebuild


@pytest.fixture(scope="session")
def pt2() -> bytes:
    """A file as people save it: the functional network, with a constant."""
    auto = torch.export.Dim.AUTO
    program = torch.export.export(
        made("grey"), (images("grey"),), dynamic_shapes=({0: auto, 2: auto, 3: auto},)
    )
    file = io.BytesIO()
    torch.export.save(program, file)
    return file.getvalue()
