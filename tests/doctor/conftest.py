"""Small networks that are really trained, healthy or ill on purpose, and what the doctor says of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from cnnviz.config import Constant, Data, Mlp, RunConfig, Sgd
from cnnviz.data import catalogue
from cnnviz.doctor import gather
from cnnviz.doctor.facts import Facts
from cnnviz.models import checkpoint
from cnnviz.progress import finish
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run
from cnnviz.train.events import EpochEnded, Finished, StepLogged
from cnnviz.train.loop import Diverged, fit
from cnnviz.train.session import prepare
from tests.conftest import write_data

PLAIN = RunConfig(
    data=Data(name="digits"),
    network=Mlp(hidden=(32, 32)),
    epochs=8,
    batch_size=32,
    optimiser=Sgd(learning_rate=0.02),
    schedule=Constant(),
    device="cpu",
    precision="fp32",
    memory_format="contiguous",
    compile="off",
)
"""A healthy run on real handwritten digits."""


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bench of its own for all of the doctor's tests, on one core."""
    root = tmp_path_factory.mktemp("ward")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_DATA", str(root / "data"))
        patch.setenv("CNNVIZ_CHECKPOINTS", str(root / "checkpoints"))
        (root / "data").mkdir()
        write_data(root / "data" / "tiny")
        catalogue.load("digits")
        yield root
    torch.set_num_threads(before)


def trained(config: RunConfig) -> Run:
    """The folder of a run that was trained just now, in this process."""
    run = running.create(config, *running.environment())
    session = prepare(config, catalogue.load(config.data.name))
    journal = Journal(run.folder)
    journal.add(
        "started",
        {"train": len(session.train), "validation": len(session.validation), "classes": session.card.classes},
    )
    state, reason = "finished", ""
    try:
        for event in fit(session):
            kinds = {StepLogged: "step", EpochEnded: "epoch", Finished: "finished"}
            if type(event) in kinds:
                journal.add(kinds[type(event)], asdict(event))
    except Diverged as error:
        state, reason = "failed", str(error)
    journal.close()
    now = status.Status(state=state, reason=reason, epochs=config.epochs, updated=time.time())  # type: ignore[arg-type]
    status.write(run.folder, now)
    (run.folder / "snapshots").mkdir()
    weights = session.model.state_dict()
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", weights, session.card_now)
    return run


def looked_at(run: Run) -> Facts:
    """All facts of a run."""
    facts = gather.from_files(run)
    model, card = checkpoint.load(run.folder / "snapshots" / "last.safetensors")
    return finish(gather.look_inside(facts, model, card, catalogue.load(card.data)))


Admit = Callable[..., Facts]


@pytest.fixture
def admit(ward: Path) -> Admit:
    """Trains PLAIN, some of its values replaced, and gives the facts."""
    return lambda **changes: looked_at(trained(PLAIN.model_copy(update=changes)))


@pytest.fixture(scope="module")
def healthy(ward: Path) -> Any:
    """Facts of a healthy run."""
    return looked_at(trained(PLAIN))
