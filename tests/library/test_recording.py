"""A training loop of somebody's own, recorded; against the same loop alone."""

import errno
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnnviz
from cnnviz.doctor.finding import Remedy
from cnnviz.doctor.gather import from_files
from cnnviz.doctor.rules import examine
from cnnviz.errors import ConfigError, RunError
from cnnviz.library.recording import Recording
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import fingerprint
from cnnviz.runs import changes, control
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run, every
from cnnviz.runs.summary import summaries
from cnnviz.workspace import ROOT, snapshot_file
from tests.conftest import Bench

pytestmark = pytest.mark.slow


def epochs_of(
    model: nn.Module, images: Tensor, labels: Tensor, run: Recording | None, *, count: int = 3
) -> list[float]:
    """Train on batches of eight; the loss of each step."""
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    torch.manual_seed(7)
    for _ in range(count):
        model.train()
        for start in range(0, len(images), 8):
            batch, right = images[start : start + 8], labels[start : start + 8]
            scores = model(batch)
            loss = functional.cross_entropy(scores, right)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            if run:
                run.step(loss=loss, accuracy=(scores.argmax(1) == right).float().mean(), images=len(batch))
        model.eval()
        with torch.no_grad():
            scores = model(images)
        if run:
            run.epoch(
                validation_loss=functional.cross_entropy(scores, labels),
                validation_accuracy=(scores.argmax(1) == labels).float().mean(),
                learning_rate=0.1,
            )
    return losses


def recorded(model: nn.Module, images: Tensor, labels: Tensor, **options: object) -> tuple[Run, list[float]]:
    with cnnviz.record(model, epochs=3, train_images=24, validation_images=24, **options) as run:
        losses = epochs_of(model, images, labels, run)
        run.test(loss=0.5, accuracy=0.75, images=24)
    assert run.run is not None
    return run.run, losses


def test_the_training_is_what_it_would_be(
    bench: Bench, small: nn.Module, images: Tensor, labels: Tensor
) -> None:
    import copy

    alone = copy.deepcopy(small)
    expected = epochs_of(alone, images, labels, None)
    _, losses = recorded(small, images, labels)
    assert losses == expected
    assert fingerprint(small.state_dict()) == fingerprint(alone.state_dict())
    assert not small._forward_pre_hooks


def test_curves_weights_and_filters_are_those_of_the_loop(
    bench: Bench, small: nn.Module, images: Tensor, labels: Tensor
) -> None:
    before = small.get_submodule("first").weight.detach().clone()
    run, losses = recorded(small, images, labels, example=images[:2], classes=["a", "b", "c"], steps=3)
    metrics = run.metrics()
    assert [one.epoch for one in metrics.epochs] == [1, 2, 3]
    assert metrics.epochs[1].train_loss == pytest.approx(np.mean(losses[3:6]), abs=1e-6)
    assert metrics.epochs[-1].step == 9
    assert metrics.epochs[-1].learning_rate == pytest.approx(0.1)
    assert metrics.started["classes"] == ["a", "b", "c"]
    assert metrics.started["image_shape"] == [8, 8, 1]
    assert (metrics.finished["test_accuracy"], metrics.finished["test_count"]) == (0.75, 24)
    now = run.status()
    assert (now.state, now.epoch, now.epochs, now.step) == ("finished", 3, 3, 9)
    assert set(run.snapshots()) >= {"last", "best", "epoch_0000", "epoch_0001", "epoch_0002"}
    model, card = checkpoint.load(snapshot_file(run.id, "last"))
    assert (card.epoch, card.step, card.image_shape, card.classes) == (3, 9, (8, 8, 1), ("a", "b", "c"))
    with torch.no_grad():
        assert torch.equal(model(images), small.eval()(images))
    _, untrained = checkpoint.read(snapshot_file(run.id, "epoch_0000"))
    assert torch.equal(untrained["first.weight"], before)
    epochs, filters = run.filters()
    assert epochs.tolist() == [0, 1, 2, 3]
    assert filters.shape == (4, 4, 1, 3, 3)
    np.testing.assert_allclose(filters[0], before.half().numpy())


def test_it_stands_among_the_runs_and_is_left_to_its_loop(
    bench: Bench, small: nn.Module, images: Tensor, labels: Tensor
) -> None:
    with pytest.raises(ZeroDivisionError), cnnviz.record(small, epochs=3, title="Mine") as recording:  # noqa: PT012
        epochs_of(small, images, labels, recording, count=1)
        run = recording.run
        assert run is not None
        assert run.status().state == "running"
        with pytest.raises(RunError, match="not the bench's: stop it there"):
            control.stop(run.id)
        with pytest.raises(RunError, match="change it there"):
            changes.request(run, "learning_rate", 0.5)
        _ = 1 / 0
    assert run.status().state == "failed"
    assert "ZeroDivisionError" in run.status().reason
    with pytest.raises(RunError, match="resume it there"):
        control.resume(run.id)
    (summary,) = summaries()
    assert (summary.title, summary.recorded, summary.seed, summary.epochs) == ("Mine", True, None, 3)
    assert "optimiser.learning_rate" not in summary.settings


def test_the_doctor_says_nothing_of_settings_and_gradients_that_it_was_not_told(
    bench: Bench, small: nn.Module, images: Tensor, labels: Tensor
) -> None:
    run, _ = recorded(small, images, labels, steps=3)
    done = examine(from_files(run))
    for name in ("exploding", "rate-too-high", "rate-too-low"):
        assert done.not_checked[name] == "its settings are those of a training loop elsewhere"
    assert "overfitting" not in done.not_checked
    assert Remedy("Less.", {"optimiser.learning_rate": 0.1}).applied(run.config) is None


def test_ctrl_c_is_a_stop(bench: Bench, small: nn.Module, images: Tensor) -> None:
    with pytest.raises(KeyboardInterrupt), cnnviz.record(small, images, epochs=3):
        raise KeyboardInterrupt
    (run,) = every()
    assert run.status().state == "stopped"


def test_a_full_disk_is_a_warning_and_the_training_goes_on(
    bench: Bench, small: nn.Module, images: Tensor, labels: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Journal, kind: str, values: object, **_: object) -> None:
        if kind == "epoch":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "add", full)
    with pytest.warns(UserWarning, match="no longer recorded.*disk is full"):
        run, losses = recorded(small, images, labels)
    assert len(losses) == 9
    assert run.status().state == "failed"


class Unexportable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(64, 3)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.head(images.flatten(1))
        return scores * 2 if float(scores.detach().sum()) > 0 else scores


def test_what_can_not_be_exported_is_a_warning(bench: Bench, images: Tensor, labels: Tensor) -> None:
    model = Unexportable()
    with (
        pytest.warns(UserWarning, match="can't export this network"),
        cnnviz.record(model, epochs=1) as run,
    ):
        assert len(epochs_of(model, images, labels, run, count=1)) == 3
    assert run.run is None
    assert every() == []


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"epochs": 2, "steps": 0}])
def test_numbers_that_can_not_be(bench: Bench, small: nn.Module, wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        cnnviz.record(small, **wrong)  # type: ignore[arg-type]


def test_a_killed_loop_leaves_what_it_told(bench: Bench) -> None:
    script = """
        import os, signal, torch
        import cnnviz
        from tests.library.conftest import Small
        model, images = Small(), torch.rand(8, 1, 8, 8)
        with cnnviz.record(model, images, epochs=5) as run:
            for _ in range(2):
                run.step(loss=1.5)
                run.epoch(validation_loss=1.0, validation_accuracy=0.5)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    (run,) = every()
    assert run.status().state == "interrupted"
    assert [one.validation_accuracy for one in run.metrics().epochs] == [0.5, 0.5]
    checkpoint.load(snapshot_file(run.id, "last"))


def test_the_best_weights_are_those_of_their_epoch(
    bench: Bench, small: nn.Module, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop goes on with the very tensors that were best: they are kept as they were."""
    seen: list[dict[str, Tensor]] = []
    with cnnviz.record(small, images[:2], epochs=4) as recording:
        for loss in (1.0, 0.5, 0.8, 0.9):
            with torch.no_grad():
                for parameter in small.parameters():
                    parameter.add_(0.1)
            recording.step(loss=loss)
            recording.epoch(validation_loss=loss)
            seen.append({name: value.clone() for name, value in small.state_dict().items()})
    (run,) = every()
    for name, epoch in (("best", 2), ("last", 4), ("epoch_0001", 1), ("epoch_0002", 2)):
        card, found = checkpoint.read(snapshot_file(run.id, name))
        assert card.epoch == epoch
        assert all(found[key].equal(seen[epoch - 1][key]) for key in found), name
    assert snapshot_file(run.id, "best").stat().st_ino == snapshot_file(run.id, "epoch_0002").stat().st_ino
