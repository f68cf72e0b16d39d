"""When a training ends, with which weights, and what keeps it from starting."""

from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from cnnviz.config import Data, EarlyStopping, Mlp, ResNet18, RunConfig, Sgd
from cnnviz.data import catalogue
from cnnviz.errors import ConfigError
from cnnviz.models.checkpoint import fingerprint
from cnnviz.train import execution
from cnnviz.train import session as session_module
from cnnviz.train.events import EpochEnded, Finished, StepLogged
from cnnviz.train.execution import Execution
from cnnviz.train.loop import Diverged, fit
from cnnviz.train.session import Session, prepare

pytestmark = pytest.mark.slow

Make = Callable[..., Session]
WILD: dict[str, Any] = {"epochs": 14, "optimiser": Sgd(learning_rate=0.6), "seed": 1}


@pytest.fixture
def reference(session: Make) -> tuple[list[EpochEnded], list[str]]:
    """A run of which nothing stops early: what happened in each epoch, and the weights after it."""
    made = session(**WILD)
    ends, weights = [], [fingerprint(made.model.state_dict())]
    for event in fit(made):
        if isinstance(event, EpochEnded):
            ends.append(event)
            weights.append(fingerprint(made.model.state_dict()))
    return ends, weights


@pytest.mark.parametrize("patience", [1, 2, 3, 5])
@pytest.mark.parametrize("watch", ["validation_loss", "validation_accuracy"])
@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping_as_a_naive_reading_of_the_curve(
    patience: int, watch: str, restore: bool, session: Make, reference: tuple[list[EpochEnded], list[str]]
) -> None:
    ends, weights = reference
    best, best_epoch, stopped, improved = None, 0, 0, []
    for end in ends:
        value = getattr(end, watch)
        if best is None or (value < best if watch == "validation_loss" else value > best):
            best, best_epoch = value, end.epoch
            improved.append(end.epoch)
        if end.epoch == best_epoch + patience:
            stopped = end.epoch
            break
    stopping = EarlyStopping(patience=patience, watch=watch, restore_best=restore)  # type: ignore[arg-type]
    made = session(early_stopping=stopping, **WILD)
    *events, end = fit(made)
    assert isinstance(end, Finished)
    seen = [event for event in events if isinstance(event, EpochEnded)]
    assert len(seen) == (stopped or len(ends))
    assert [event.epoch for event in seen if event.best] == improved
    assert end.best_epoch == best_epoch
    assert end.reason == ("early stopping" if stopped else "completed")
    final = best_epoch if stopped and restore else len(seen)
    assert (end.epoch, end.weights_sha256) == (final, weights[final])
    assert fingerprint(made.best_weights) == weights[best_epoch]
    assert (made.card_now.epoch, made.card_now.step) == (final, final * made.steps_per_epoch)
    assert (made.best_card.epoch, made.best_card.step) == (best_epoch, best_epoch * made.steps_per_epoch)


def test_the_reference_gets_worse_for_a_while(reference: tuple[list[EpochEnded], list[str]]) -> None:
    losses = [end.validation_loss for end in reference[0]]
    assert any(later > before for before, later in pairwise(losses))


def test_stop_at_train_loss(session: Make, reference: tuple[list[EpochEnded], list[str]]) -> None:
    ends, weights = reference
    for goal in (ends[0].train_loss, ends[2].train_loss, 1e-9):
        first = next((end.epoch for end in ends if end.train_loss <= goal), None)
        *_, end = fit(session(stop_at_train_loss=goal, **WILD))
        assert isinstance(end, Finished)
        assert (end.epoch, end.reason) == (first or 14, "training loss reached" if first else "completed")
        assert end.weights_sha256 == weights[first or 14]


@pytest.mark.parametrize("rate", [1e12, 1e30])
def test_a_loss_that_is_no_number_ends_the_run_with_advice(rate: float, session: Make) -> None:
    with pytest.raises(Diverged) as error:
        list(fit(session(optimiser=Sgd(learning_rate=rate), epochs=6)))
    assert "lower the learning rate" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_batch_larger_than_the_data(session: Make) -> None:
    assert session(batch_size=180).steps_per_epoch == 1
    with pytest.raises(ConfigError, match=r"batch size \(181\).*training set \(180 images\)"):
        session(batch_size=181)


@pytest.mark.parametrize(
    ("images", "batch", "steps"),
    [(64, 32, 2), (65, 32, 2), (66, 32, 3), (33, 32, 1), (1, 1, 1), (5, 1, 5), (2, 2, 1)],
)
def test_a_last_batch_of_one_is_left_out(images: int, batch: int, steps: int, session: Make) -> None:
    made = session(data=Data(name="tiny", train=images, validation=20), batch_size=batch, epochs=1)
    assert made.steps_per_epoch == steps
    events = list(fit(made))
    assert sum(isinstance(event, StepLogged) for event in events) == steps


def test_batch_norm_survives_a_last_batch_of_one(session: Make) -> None:
    few = Data(name="tiny", train=33, validation=10)
    *_, end = fit(session(network=ResNet18(stem="imagenet"), data=few, batch_size=16, epochs=1))
    assert isinstance(end, Finished)


def test_batch_norm_refuses_batches_of_one_in_words(session: Make) -> None:
    with pytest.raises(ConfigError) as error:
        session(network=ResNet18(stem="imagenet"), batch_size=1)
    assert len(str(error.value).splitlines()) == 1


def test_long_runs_log_only_some_steps(session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnviz.train.loop._LOGGED_STEPS", 5)
    events = list(fit(session()))  # 18 steps: every fourth, and the last of each epoch
    assert [event.step for event in events if isinstance(event, StepLogged)] == [1, 5, 6, 9, 12, 13, 17, 18]
    assert [event.gradient_norm > 0 for event in events if isinstance(event, EpochEnded)] == [True] * 3


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there(device: str, session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"torch.{'cuda' if device == 'cuda' else 'backends.mps'}.is_available", lambda: False)
    with pytest.raises(ConfigError, match=f"no {device} device"):
        session(device=device)


def test_a_run_goes_on_only_where_it_was_computed(tiny_data: str, tiny_config: RunConfig) -> None:
    with pytest.raises(ConfigError, match="computed on cuda"):
        prepare(tiny_config, catalogue.load(tiny_data), way=Execution("cuda"))


def test_low_precision_is_refused_where_its_gradient_is_garbage(session: Make) -> None:
    """A stride over a single pixel (oneDNN, bf16): 8 px with the stem for large images get there."""
    large, small = ResNet18(stem="imagenet"), ResNet18(stem="cifar")
    few = {"data": Data(name="tiny", train=16, validation=10), "batch_size": 4}
    with pytest.raises(ConfigError, match="small images"):
        session(network=large, precision="bf16", **few)
    assert session(network=large, precision="auto", **few).way.precision == "fp32"
    assert session(network=small, precision="bf16", **few).way.precision == "bf16"


class TestChoice:
    """Which way of computing is taken, with made-up times."""

    TIMES: ClassVar = {
        ("fp32", "contiguous"): 1.0,
        ("fp32", "channels_last"): 0.9,
        ("bf16", "contiguous"): 0.5,
        ("bf16", "channels_last"): 0.4,
    }

    def choose(
        self, session: Make, monkeypatch: pytest.MonkeyPatch, failing: tuple[str, ...] = (), **changes: Any
    ) -> Execution:
        def timed(_: object, way: Execution, __: object) -> float:
            if way.compile:
                raise FileNotFoundError("g++")
            if way.precision in failing:
                raise RuntimeError("not implemented\nfor this device")
            return self.TIMES[way.precision, way.memory_format]

        monkeypatch.setattr(execution, "_time", timed)
        settings = {"network": ResNet18(), "precision": "auto", "memory_format": "auto"}
        return session(**(settings | changes)).way

    def test_the_fastest(self, session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.choose(session, monkeypatch) == Execution("cpu", "bf16", "channels_last")

    def test_the_plain_one_unless_another_is_clearly_faster(
        self, session: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(self.TIMES, ("bf16", "contiguous"), 0.97)
        monkeypatch.setitem(self.TIMES, ("bf16", "channels_last"), 0.96)
        assert self.choose(session, monkeypatch) == Execution("cpu", "fp32", "contiguous")

    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    @pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
    def test_what_is_asked_for(
        self, precision: str, layout: str, session: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        way = self.choose(session, monkeypatch, precision=precision, memory_format=layout)
        assert way == Execution("cpu", precision, layout)

    def test_a_memory_order_that_is_asked_for_does_not_decide_the_precision(
        self, session: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        way = self.choose(session, monkeypatch, failing=("bf16",), memory_format="channels_last")
        assert way == Execution("cpu", "fp32", "channels_last")

    def test_what_fails_is_passed_over_or_explained(
        self, session: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.choose(session, monkeypatch, failing=("bf16",)).precision == "fp32"
        with pytest.raises(ConfigError, match=r"bf16 fails on cpu \(not implemented\)"):
            self.choose(session, monkeypatch, failing=("bf16",), precision="bf16")

    def test_a_precision_that_fails_where_its_gradient_is_garbage_is_passed_over(
        self, session: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(execution, "_strided_pixels", lambda model: nullcontext([model]))
        assert self.choose(session, monkeypatch, failing=("bf16",)).precision == "fp32"

    def test_a_perceptron_has_one_way(self, session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        way = self.choose(session, monkeypatch, network=Mlp(hidden=(4,)))
        assert way == Execution("cpu", "fp32", "contiguous")

    def test_what_leaves_no_choice_is_tried_and_not_timed(
        self, session: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried = []
        step = session_module.forward
        monkeypatch.setattr(session_module, "forward", lambda *a: (tried.append(a[2]), step(*a))[1])
        assert session(precision="fp32", memory_format="contiguous").probe.milliseconds == {}
        assert len(tried) == 1
        assert session(compile="auto").probe.milliseconds.keys() == {"fp32 contiguous"}

        def broken(*_: object) -> None:
            raise RuntimeError("no kernel")

        monkeypatch.setattr(session_module, "forward", broken)
        with pytest.raises(ConfigError, match=r"fp32 fails on cpu \(no kernel\)"):
            session()

    def test_compiling_that_fails(self, session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ConfigError, match=r"can't be compiled here \(g\+\+\)"):
            self.choose(session, monkeypatch, compile="on")
        monkeypatch.setattr(execution, "_LONG_RUN", 0)
        assert not self.choose(session, monkeypatch, compile="auto").compile


def test_smoothing_of_one_is_no_configuration() -> None:
    with pytest.raises(ValidationError):
        RunConfig(label_smoothing=1.0)
