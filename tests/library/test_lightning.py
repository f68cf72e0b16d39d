"""A training by the real PyTorch Lightning, recorded."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from cnnviz.library.lightning import Recorder
from tests.conftest import Bench

lightning = pytest.importorskip("lightning.pytorch")
pytestmark = pytest.mark.slow


class Module(lightning.LightningModule):  # type: ignore[name-defined, misc]
    """A classifier of 8 × 8 grey images, as a tutorial has it."""

    def __init__(self, fails_at: int | None = None, error: type[BaseException] = ValueError) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 4))
        self.fails_at, self.error = fails_at, error
        self.losses: list[float] = []

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images)  # type: ignore[no-any-return]

    def training_step(self, batch: Any, index: int) -> Tensor:
        images, labels = batch
        logits = self(images)
        loss = cross_entropy(logits, labels)
        self.losses.append(float(loss.detach()))
        self.log("train_acc", (logits.argmax(1) == labels).float().mean(), on_epoch=True, on_step=False)
        if self.global_step == self.fails_at:
            raise self.error("no more")
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        images, labels = batch
        logits = self(images)
        self.log("val_loss", cross_entropy(logits, labels))
        self.log("val_acc", (logits.argmax(1) == labels).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.05)


@pytest.fixture(autouse=True)
def _quiet(one_thread: None) -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's advice on workers and loggers
        yield


def loader(count: int, seed: int) -> DataLoader[Any]:
    random = torch.Generator().manual_seed(seed)
    images, labels = torch.rand(count, 1, 8, 8, generator=random), torch.arange(count) % 4
    return DataLoader(TensorDataset(images, labels), batch_size=10)


def fit(module: Module, *callbacks: Any, epochs: int = 2) -> Any:
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", callbacks=[*callbacks], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, loader(40, 1), loader(20, 2))
    return trainer


def made(**how: Any) -> Module:
    torch.manual_seed(0)
    return Module(**how)


def test_a_fit_is_a_run(bench: Bench) -> None:
    recorder = Recorder(classes=4, validation_images=20)
    module = made()
    trainer = fit(module, recorder)
    assert recorder.recording is not None
    run = recorder.recording.run
    assert run is not None
    assert (run.title, run.status().state, run.recorded) == ("Module", "finished", True)
    epochs = run.metrics().epochs
    assert [(one.epoch, one.step) for one in epochs] == [(1, 4), (2, 8)]
    assert epochs[0].train_loss == pytest.approx(sum(module.losses[:4]) / 4)
    last = trainer.callback_metrics
    assert epochs[1].validation_loss == pytest.approx(float(last["val_loss"]))
    assert epochs[1].validation_accuracy == pytest.approx(float(last["val_acc"]))
    assert epochs[1].train_accuracy == pytest.approx(float(last["train_acc"]))
    assert epochs[1].learning_rate == 0.05
    assert run.snapshots()[:2] == ["last", "best"]

    plain = made()
    fit(plain)
    assert all(
        torch.equal(one, other) for one, other in zip(module.parameters(), plain.parameters(), strict=True)
    )


@pytest.mark.parametrize(("error", "state"), [(ValueError, "failed"), (KeyboardInterrupt, "stopped")])
def test_a_fit_that_breaks_off_says_so(bench: Bench, error: type[BaseException], state: str) -> None:
    recorder = Recorder(classes=4)
    with pytest.raises((error, SystemExit)):
        fit(made(fails_at=5, error=error), recorder)
    assert recorder.recording is not None
    run = recorder.recording.run
    assert run is not None
    assert run.status().state == state
    assert len(run.metrics().epochs) == 1


def test_what_is_not_logged_is_left_out(bench: Bench) -> None:
    recorder = Recorder(validation_accuracy="no such", title="Mine", classes=4)
    fit(made(), recorder, epochs=1)
    assert recorder.recording is not None
    run = recorder.recording.run
    assert run is not None
    assert run.title == "Mine"
    assert math.isnan(run.metrics().epochs[0].validation_accuracy)
