"""A run that pages have something to show of, and pages that open in no time."""

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from cnnviz.config import Data, Mlp, RunConfig
from cnnviz.runs import control
from cnnviz.runs import process as hiring
from cnnviz.runs.run import Run
from tests import nursery_client
from tests.conftest import Bench, write_data
from tests.runs.conftest import quick, small, wait_for, watch

__all__ = ["quick", "small", "watch"]


@pytest.fixture(autouse=True, scope="session")
def _components() -> Iterator[None]:
    """Installed packages are searched for components once, and not at every page: that takes longer than a page."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, nursery: Path) -> Path:
    """The folder of a finished run of a tiny network, to copy from."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_DATA", str(root / "data"))
        patch.setenv("CNNVIZ_CHECKPOINTS", str(root / "checkpoints"))
        patch.setattr(hiring, "subprocess", nursery_client.stand_in(nursery))
        write_data(root / "data" / "tiny")
        plain = RunConfig(data=Data(name="tiny"), network=Mlp(hidden=(16,)), epochs=2, batch_size=32)
        run = control.start(plain)
        wait_for(lambda: not run.status().active)
        assert run.status().state == "finished", run.log()
        return run.folder


@pytest.fixture
def finished(bench: Bench, tiny_data: str, trained: Path) -> Run:
    """A finished run of a tiny network, on a bench of its own."""
    folder = bench.checkpoints / trained.name
    shutil.copytree(trained, folder)
    return Run(folder.name, folder)
