"""A training loop written elsewhere, recorded as a run: curves, snapshots and filters as they form."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from cnnviz import failure
from cnnviz.config import Data, RunConfig
from cnnviz.errors import ConfigError, RunError
from cnnviz.library import network
from cnnviz.library.network import LiveNetwork
from cnnviz.models.checkpoint import fingerprint
from cnnviz.models.tracing import ModuleCall, tracing
from cnnviz.runs import first_use, lease, status
from cnnviz.runs import run as runs
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run
from cnnviz.train.energy import EnergyMeter
from cnnviz.train.loop import memory
from cnnviz.train.snapshots import KeptWeights, filters_of

Figure = float | Tensor
_LOGGED = 0.2
"""Seconds between two logged steps, at first; later a thousandth of the time so far."""
_POINTS = 1000


def record(
    model: nn.Module,
    example: Tensor | None = None,
    *,
    epochs: int,
    steps: int | None = None,
    classes: Sequence[str] | int | None = None,
    mean: Iterable[float] | None = None,
    std: Iterable[float] | None = None,
    train_images: int = 0,
    validation_images: int = 0,
    data: str = "",
    title: str = "",
) -> Recording:
    """A context in which a training loop tells `step` and `epoch` how it goes, and the bench shows it live.

    `example` is what the network reads, (N, C, H, W), normalised as in training; without it, the first batch that
    the network is given. `steps` are those of an epoch, where they are known, and `train_images` and
    `validation_images` those that there are: an accuracy without them has no standard error. `classes`, `mean`, `std`
    and `data` are as in `add`.

    The loop is never taken down by it: where nothing can be written, or PyTorch can't export the network, that is a
    warning, and the rest is not recorded. The bench can't resume such a run, as it does not know its loop.
    Raises ConfigError for numbers that can't be.
    """
    if epochs < 1 or (steps is not None and steps < 1):
        raise ConfigError("A training has at least one epoch, of at least one step.")
    describe = {"classes": classes, "mean": mean, "std": std, "data": data}
    images = {"train": train_images, "validation": validation_images, "test": 0}
    return Recording(
        model, example, epochs=epochs, steps=steps, title=title, images=images, describe=describe
    )


@dataclass
class _Epoch:
    """The running one."""

    number: int = 0
    """Whole epochs before it."""
    steps: int = 0
    images: int = 0
    loss: Any = 0.0
    """Sum over images, on the network's device."""
    right: Any = 0.0
    counted: int = 0
    """Images whose accuracy was told."""
    began: float = field(default_factory=time.monotonic)


@dataclass
class _Known:
    """What is there once the network has been seen."""

    network: LiveNetwork
    run: Run
    journal: Journal
    kept: KeptWeights
    lease: int
    meter: EnergyMeter


class Recording:
    """A training under way; see `record`."""

    def __init__(
        self,
        model: nn.Module,
        example: Tensor | None,
        *,
        epochs: int,
        steps: int | None,
        title: str,
        images: dict[str, int],
        describe: dict[str, Any],
    ) -> None:
        self.model = model
        self.epochs = epochs
        self._example, self._steps, self._title, self._describe = example, steps, title, describe
        self._images = images
        self._known: _Known | None = None
        self._lost = False
        self._hooks = ExitStack()
        self._epoch = _Epoch()
        self._step = 0
        self._began = self._logged = self._told = time.monotonic()
        self._pending: list[tuple[int, int, dict[str, float]]] = []
        self._seconds = 0.0
        self._best: tuple[float, dict[str, Tensor], int] | None = None
        self._tested: dict[str, Any] | None = None

    @property
    def run(self) -> Run | None:
        """The run, once the network has been seen."""
        return self._known.run if self._known else None

    def __enter__(self) -> Recording:
        first_use.furnish()
        if self._example is not None:
            example = self._example
            self._safely(lambda: self._begin(example))
        else:
            self._hooks.enter_context(tracing(self.model, {"": self.model}, enter=self._seen))
        self._began = self._logged = self._epoch.began = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.close()
        if self._lost:
            pass  # it was said, and is written down as far as it could be
        elif kind is None:
            self._safely(self._finish)
        elif issubclass(kind, KeyboardInterrupt):
            self._safely(lambda: self._end("stopped", "Stopped with Ctrl-C."))
        else:
            said = f"{kind.__name__}: {error}".splitlines()[0][:300]
            self._safely(lambda: self._end("failed", f"The training loop ended: {said}"))
        self._close()

    def step(
        self,
        *,
        loss: Figure,
        accuracy: Figure | None = None,
        images: int = 1,
        learning_rate: float | None = None,
    ) -> None:
        """A batch was learnt from: its mean loss and share of right answers, floats or tensors of one number.

        Tensors are not waited for but now and then. `images` is the size of the batch, where batches differ or
        images a second should be told.
        """
        if self._lost:
            return
        epoch = self._epoch
        self._step += 1
        epoch.steps += 1
        epoch.images += images
        epoch.loss = epoch.loss + _detached(loss) * images
        if accuracy is not None:
            epoch.right = epoch.right + _detached(accuracy) * images
            epoch.counted += images
        now = time.monotonic()
        if now - self._logged >= max(_LOGGED, (now - self._began) / _POINTS):
            self._logged = now
            self._safely(lambda: self._log(loss, accuracy, learning_rate))

    def epoch(
        self,
        *,
        validation_loss: Figure | None = None,
        validation_accuracy: Figure | None = None,
        train_loss: Figure | None = None,
        train_accuracy: Figure | None = None,
        learning_rate: float | None = None,
    ) -> None:
        """An epoch is over. Without `train_loss` and `train_accuracy`, they are the means of its steps."""
        if self._lost:
            return
        told = {
            "train_loss": train_loss
            if train_loss is not None
            else _mean(self._epoch.loss, self._epoch.images),
            "train_accuracy": train_accuracy
            if train_accuracy is not None
            else _mean(self._epoch.right, self._epoch.counted),
            "validation_loss": validation_loss,
            "validation_accuracy": validation_accuracy,
            "learning_rate": learning_rate,
        }
        self._safely(lambda: self._ended(told))

    def test(self, *, loss: Figure, accuracy: Figure, images: int) -> None:
        """How the network does on the test images, at the end."""
        self._tested = {
            "test_loss": _number(loss),
            "test_accuracy": _number(accuracy),
            "test_count": int(images),
        }

    def _seen(self, call: ModuleCall) -> None:
        """The first batch that the network is given."""
        given = call.args
        if given and isinstance(given[0], Tensor) and given[0].dim() == 4:
            self._hooks.close()
            example = given[0].detach()
            self._safely(lambda: self._begin(example))

    def _begin(self, example: Tensor) -> None:
        """Make the run: its graph, and its weights before the first update."""
        with torch.random.fork_rng():  # what the loop draws at random stays what it would be
            found = network.describe(self.model, example, **self._describe)
        card = found.card
        name = self._title or type(self.model).__name__
        try:
            config = RunConfig(
                title=name[:80], data=Data(name=card.data), network=card.network, epochs=self.epochs
            )
        except ValidationError as error:
            raise ConfigError(str(error.errors(include_url=False)[0]["msg"])) from None
        made = runs.create(config, *runs.environment(), recorded=True)
        descriptor = lease.take(made.folder / "lease")
        if descriptor is None:
            raise RunError(f"The run {made.id} could not be taken up.")
        lease.sign(descriptor)
        device, words = network.device_name(self.model)
        journal, kept = Journal(made.folder), KeptWeights(made.folder)
        self._known = _Known(found, made, journal, kept, descriptor, EnergyMeter(device))
        self._tell("running")
        way = {"device": device, "precision": "fp32", "memory_format": "contiguous", "compile": False}
        parameters = sum(value.numel() for value in self.model.parameters())
        facts = {"execution": way, "probe_milliseconds": {}, "device_name": words, "parameters": parameters}
        about = {
            "steps_per_epoch": self._steps or 0,
            "classes": card.classes,
            "image_shape": card.image_shape,
        }
        journal.add("started", facts | self._images | about, durable=True)
        weights = found.weights(self.model)
        self._keep(0, weights)
        self._save(0, weights)

    def _log(self, loss: Figure, accuracy: Figure | None, learning_rate: float | None) -> None:
        """Write down a step; those of a first epoch of unknown length wait for its end."""
        if self._known is None:
            return
        values = {"loss": _number(loss)}
        if accuracy is not None:
            values["accuracy"] = _number(accuracy)
        if learning_rate is not None:
            values["learning_rate"] = float(learning_rate)
        self._pending.append((self._step, self._epoch.steps, values))
        if self._steps:
            self._flush(self._steps)
        if time.monotonic() - self._told > 0.5:
            self._tell("running")

    def _flush(self, steps: int) -> None:
        assert self._known is not None
        for step, within, values in self._pending:
            place = {"step": step, "epoch": self._epoch.number + min(1.0, within / steps)}
            self._known.journal.add("step", place | values)
        self._pending.clear()

    def _ended(self, told: dict[str, Any]) -> None:
        now, epoch = time.monotonic(), self._epoch
        self._steps = self._steps or epoch.steps or 1
        self._seconds = now - self._began
        if self._known is None:  # the network has not been seen yet: nobody has a run to write to
            self._epoch = _Epoch(epoch.number + 1)
            return
        self._flush(max(1, epoch.steps))
        figures = {name: _number(value) for name, value in told.items() if value is not None}
        number = epoch.number + 1
        watched = figures.get("validation_loss", figures.get("train_loss"))
        weights = self._known.network.weights(self.model)
        best = watched is not None and (self._best is None or watched < self._best[0])
        if best and watched is not None:
            self._best = watched, _copied(weights), number
        spent = max(now - epoch.began, 1e-9)
        known = self._known
        values = {
            "epoch": number, "step": self._step, **figures, "images_per_second": epoch.images / spent,
            "seconds": self._seconds, "memory": memory(network.device_name(self.model)[0]), "best": best,
            "energy": round(known.meter.lap()),
        }  # fmt: skip
        self._epoch = _Epoch(number)
        self._keep(number, weights)
        due = known.kept.due
        known.journal.add("epoch", values, durable=due)
        if due:
            self._save(number, weights, is_best=best)
        self._tell("running")

    def _keep(self, epoch: int, weights: Mapping[str, Tensor]) -> None:
        known = self._known
        assert known is not None
        card = known.network.card_at(epoch, self._step)
        known.kept.keep_epoch(epoch, weights, card, filters_of(self.model, known.network.card))

    def _save(self, epoch: int, weights: Mapping[str, Tensor], *, is_best: bool = False) -> None:
        known = self._known
        assert known is not None
        card, best = known.network.card_at(epoch, self._step), None
        if self._best is not None:
            _, theirs, number = self._best
            then = card if is_best else known.network.card_at(number, number * (self._steps or 0))
            best = (weights if is_best else theirs), then
        known.kept.write(epoch, weights, card, best=best)

    def _finish(self) -> None:
        known = self._known
        if known is None:
            warnings.warn("cnnviz: nothing was recorded, as the network was given no images.", stacklevel=4)
            return
        self._save(self._epoch.number, known.network.weights(self.model))
        if self._tested is not None:
            best = self._best[2] if self._best else self._epoch.number
            classes = [None] * len(known.network.card.classes)
            ended = {"reason": "completed", "epoch": self._epoch.number, "best_epoch": best}
            weights = fingerprint(known.network.weights(self.model))
            rest = {"test_accuracy_by_class": classes, "seconds": self._seconds, "weights_sha256": weights}
            known.journal.add("finished", ended | self._tested | rest, durable=True)
        self._tell("finished", reason="completed", durable=True)

    def _end(self, state: status.State, reason: str) -> None:
        if self._known is not None:
            lease.give_reserve(self._known.lease)
            self._tell(state, reason=reason, durable=True)
            self._save(self._epoch.number, self._known.network.weights(self.model))

    def _tell(self, state: status.State, *, reason: str = "", durable: bool = False) -> None:
        assert self._known is not None
        now = self._told = time.monotonic()
        steps = self.epochs * (self._steps or 0)
        spent = now - self._began
        left = spent / self._step * (steps - self._step) if self._step and steps > self._step else None
        said = status.Status(
            state=state, reason=reason, epoch=self._epoch.number, epochs=max(self.epochs, self._epoch.number),
            step=self._step, steps=max(steps, self._step if steps else 0), seconds=spent,
            seconds_left=left if state == "running" else None, updated=time.time(),
        )  # fmt: skip
        status.write(self._known.run.folder, said, durable=durable)

    def _safely(self, work: Callable[[], None]) -> None:
        """Do it; where it fails, the training goes on without being recorded, with a warning."""
        try:
            work()
        except Exception as error:
            self._lost = True
            said = failure.in_words(error, room="make room", smaller="close what else is running")
            warnings.warn(f"cnnviz: the training is no longer recorded. {said}", stacklevel=4)
            if self._known is not None:
                with suppress(OSError):
                    lease.give_reserve(self._known.lease)
                    self._tell("failed", reason=said, durable=True)

    def _close(self) -> None:
        if self._known is not None:
            with suppress(OSError):
                self._known.journal.close()
                os.close(self._known.lease)


def _copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As they are now, whatever the training makes of them."""
    return {name: value.clone() for name, value in weights.items()}


def _number(value: Figure) -> float:
    return float(_detached(value))


def _detached(value: Figure) -> Figure:
    return value.detach() if isinstance(value, Tensor) else value


def _mean(total: Figure, count: int) -> Figure | None:
    return total / count if count else None
