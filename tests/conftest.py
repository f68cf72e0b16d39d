"""A bench of its own for every test: temporary data and checkpoints, and a data set that trains in no time."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from cnnviz.config import Constant, Data, Mlp, RunConfig, Sgd
from cnnviz.data import catalogue
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run
from cnnviz.train.events import EpochEnded, Finished
from cnnviz.workspace import ROOT
from tests import nursery_client

settings.register_profile("bench", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("bench")


if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores: before torch is imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")

_NURSERY = pytest.StashKey[Path]()
_ORDER = ("browser", "runs", "cli", "pages")
"""Folders of tests that wait for processes come first, so that no long file is left to the end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole files, and all that drives the browser to one process."""
    from xdist.scheduler import LoadScopeScheduling

    class OneBrowser(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "browser" if file.startswith("tests/browser/") else file

    return OneBrowser(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits for processes; skip `realdata` where there is none."""
    items.sort(key=lambda item: _place(item.path))
    if all((ROOT / "data" / name / "train_images.npy").exists() for name in ("mnist", "cifar10")):
        return
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(pytest.mark.skip(reason="needs data/mnist and data/cifar10"))


def _place(path: Path) -> int:
    folder = path.relative_to(Path(__file__).parent).parts[0]
    return _ORDER.index(folder) if folder in _ORDER else len(_ORDER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """One nursery for the processes that tests are handed out to, as it takes seconds to get ready."""
    if _NURSERY not in node.config.stash:
        open_until_the_end = ExitStack()
        node.config.add_cleanup(open_until_the_end.close)
        node.config.stash[_NURSERY] = open_until_the_end.enter_context(nursery_client.running())
    node.workerinput["nursery"] = str(node.config.stash[_NURSERY])


@pytest.fixture(scope="session")
def nursery(pytestconfig: pytest.Config) -> Iterator[Path]:
    """The address of a process that starts workers in no time. See nursery.py."""
    if hasattr(pytestconfig, "workerinput"):
        yield Path(pytestconfig.workerinput["nursery"])
    else:
        with nursery_client.running() as address:
            yield address


@pytest.fixture(scope="session")
def made_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data sets that are made on this machine, made once for all processes: that takes seconds. To be read only."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made data"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_DATA", str(folder))
        for name in ("digits", "shapes"):
            catalogue.load(name)
    return folder


@dataclass(frozen=True)
class Bench:
    """Where a test's data sets and runs are. Processes that the test starts find them as well."""

    data: Path
    checkpoints: Path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Empty data and checkpoints folders that the code and its child processes use, on one core."""
    bench = Bench(tmp_path / "data", tmp_path / "checkpoints")
    bench.data.mkdir()
    bench.checkpoints.mkdir()
    monkeypatch.setenv("CNNVIZ_DATA", str(bench.data))
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(bench.checkpoints))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return bench


@pytest.fixture
def drawn_shapes(bench: Bench, made_data: Path) -> None:
    """The data set of shapes is there already."""
    shutil.copytree(made_data / "shapes", bench.data / "shapes", copy_function=os.link)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch computes in one thread; how it treats numbers too small to matter is as usual again afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)


def write_data(folder: Path, *, train: int = 200, test: int = 60, size: int = 8, channels: int = 3) -> None:
    """A prepared data set of noisy images, a base colour and a bright corner for each of four classes."""
    random = np.random.default_rng(5)
    folder.mkdir(parents=True)
    about = {"name": folder.name, "classes": ["one", "two", "three", "four"], "source": "made by a test"}
    (folder / "dataset.json").write_text(json.dumps(about))
    for split, count in (("train", train), ("test", test)):
        labels = random.permutation(np.arange(count) % 4)
        images = random.normal(100, 45, (count, size, size, channels)) + 12 * labels[:, None, None, None]
        half = size // 2
        for index, label in enumerate(labels):
            row, column = divmod(int(label), 2)
            images[index, row * half : (row + 1) * half, column * half : (column + 1) * half] += 25
        np.save(folder / f"{split}_images.npy", images.clip(0, 255).astype(np.uint8))
        np.save(folder / f"{split}_labels.npy", labels.astype(np.int64))


@pytest.fixture
def tiny_data(bench: Bench) -> str:
    """The name of a data set of 200 + 60 colour images, 8×8, four classes."""
    write_data(bench.data / "tiny")
    return "tiny"


@pytest.fixture
def tiny_config() -> RunConfig:
    """Three epochs of a small MLP on `tiny_data`, computed plainly: 180 images in six steps."""
    return RunConfig(
        data=Data(name="tiny"),
        network=Mlp(hidden=(16,)),
        epochs=3,
        batch_size=32,
        optimiser=Sgd(learning_rate=0.05),
        schedule=Constant(),
        device="cpu",
        precision="fp32",
        memory_format="contiguous",
        compile="off",
    )


@pytest.fixture
def trained(tiny_data: str, tiny_config: RunConfig) -> Run:
    """A finished run of a network that was not trained at all, with all its files."""
    from cnnviz.models import checkpoint, registry
    from cnnviz.models.checkpoint import Card

    run = running.create(tiny_config, *running.environment())
    shape, classes = (8, 8, 3), ("one", "two", "three", "four")
    card = Card(
        network=tiny_config.network, image_shape=shape, classes=classes, mean=(0.5,) * 3, std=(0.25,) * 3,
        data=tiny_data, epoch=3, step=18,
    )  # fmt: skip
    (run.folder / "snapshots").mkdir()
    model = registry.build(tiny_config.network, image_shape=shape, classes=4)
    for name in ("last", "epoch_0001"):
        checkpoint.save(run.folder / "snapshots" / f"{name}.safetensors", model.state_dict(), card)
    status.write(
        run.folder, status.Status(state="finished", epoch=3, epochs=3, step=18, steps=18, updated=time.time())
    )
    journal = Journal(run.folder)
    way = {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "compile": False}
    journal.add(
        "started",
        {"execution": way, "device_name": "1 CPU thread", "parameters": 3156, "train": 180, "validation": 20,
         "test": 60, "steps_per_epoch": 6, "classes": classes, "image_shape": shape},
    )  # fmt: skip
    epoch = EpochEnded(3, 18, 1.1, 0.5, 1.2, 0.45, 0.05, 1.0, 900.0, 2.0, 10**8, True)
    journal.add("epoch", asdict(epoch))
    journal.add("finished", asdict(Finished("completed", 3, 3, 1.2, 0.4, 60, (0.4, 0.4, 0.4, None), 2.0, "")))
    journal.close()
    return run
