"""Everything that changes while a network trains, and how it is put down and taken up again."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.config import RunConfig
from cnnviz.config.change import Change
from cnnviz.data import split
from cnnviz.data.batches import Images, Normalise, on_device, training_batch
from cnnviz.data.prepared import Dataset
from cnnviz.data.split import IMAGENET_MEAN, IMAGENET_STD, channel_statistics
from cnnviz.errors import ConfigError
from cnnviz.models.checkpoint import Card
from cnnviz.models.freezing import train_mode
from cnnviz.train import execution, optimisers
from cnnviz.train.energy import EnergyMeter
from cnnviz.train.evaluate import forward
from cnnviz.train.execution import Execution, ExecutionProbe
from cnnviz.train.randomness import seed_step
from cnnviz.train.start import starting_network


@dataclass
class TrainingProgress:
    """Where a run is. Plain numbers, kept exactly in a snapshot."""

    step: int = 0
    """Updates so far."""
    epoch: int = 0
    """Whole epochs so far."""
    seconds: float = 0.0
    """Of training and validation, pauses not counted."""
    energy: float = 0.0
    """Joules in that time, where the machine tells."""
    epoch_seconds: float = 0.0
    """Of training in the running epoch."""
    best_epoch: int = 0
    best_value: float | None = None
    gradient_norm: float = 0.0
    done: str = ""
    """Why training ended, once it has."""


@dataclass
class Session:
    """A network in training: made by `prepare`, driven by `loop.fit`."""

    config: RunConfig
    card: Card
    """Describes the network; epoch and step are those of the start."""
    model: nn.Module
    optimiser: torch.optim.Optimizer
    way: Execution
    probe: ExecutionProbe
    train: Images
    validation: Images
    dataset: Dataset
    normalise: Normalise
    progress: TrainingProgress = field(default_factory=TrainingProgress)
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    tally: Tensor = field(default_factory=lambda: torch.zeros(2))
    """Sums of loss and of right answers in the running epoch, on the device."""
    meter: EnergyMeter = field(init=False)
    changes: list[Change] = field(default_factory=list)
    """Settings to be changed, in the order of their steps; see `changes`."""

    def __post_init__(self) -> None:
        self.peak = self.config.optimiser.learning_rate
        """The highest learning rate of the schedule."""
        self.last_epoch = self.config.epochs
        """After which training ends."""
        self.meter = EnergyMeter(self.way.device)
        self.scaler = torch.amp.GradScaler(self.way.device, enabled=self.way.precision == "fp16")
        self.compiled: Any = torch.compile(self.model) if self.way.compile else self.model

    @property
    def steps_per_epoch(self) -> int:
        """Updates in an epoch. A last batch of one image is left out: batch norm can't use it."""
        whole, rest = divmod(len(self.train), self.config.batch_size)
        return whole + (rest > 1) or 1

    @property
    def card_now(self) -> Card:
        """The card of the weights as they are now."""
        if self.ends_with_best:
            return self.best_card
        return self.card.model_copy(update={"epoch": self.progress.epoch, "step": self.progress.step})

    @property
    def best_card(self) -> Card:
        """The card of `best_weights`."""
        epoch = self.progress.best_epoch
        return self.card.model_copy(update={"epoch": epoch, "step": epoch * self.steps_per_epoch})

    @property
    def ends_with_best(self) -> bool:
        """Whether training is over and its best epoch's weights are the result."""
        stopping = self.config.early_stopping
        return self.progress.done == "early stopping" and stopping is not None and stopping.restore_best

    @property
    def device_name(self) -> str:
        """The device in words."""
        if self.way.device == "cuda":
            return torch.cuda.get_device_name()
        threads = torch.get_num_threads()
        return f"{threads} CPU thread{'s' * (threads > 1)}" if self.way.device == "cpu" else self.way.device

    def test_images(self) -> Images:
        """The test split on the device."""
        return on_device(
            self.dataset.test_images,
            self.dataset.test_labels,
            split.for_test(self.dataset, self.config.data),
            self.normalise.scale.device,
            self.card.image_shape[:2],
        )

    @property
    def _data_fingerprint(self) -> str:
        """SHA-256 of the training labels in their order, and of the mean colours."""
        labels = self.train.labels.cpu().numpy().tobytes()
        return hashlib.sha256(labels + repr((self.card.mean, self.card.std)).encode()).hexdigest()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that is needed to go on exactly from here: tensors, and values for JSON."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_weights.items()}
        tensors["tally"] = self.tally
        slots = self.optimiser.state_dict()["state"]
        plain: dict[str, Any] = {}
        for index, slot in slots.items():
            for name, value in slot.items():
                if isinstance(value, Tensor):
                    tensors[f"optimiser.{index}.{name}"] = value
                elif value is not None:
                    plain[f"{index}.{name}"] = value
        values = {
            "progress": asdict(self.progress),
            "optimiser": plain,
            "scaler": self.scaler.state_dict(),
            "execution": asdict(self.way),
            "data": self._data_fingerprint,
        }
        return tensors, values

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Go on from what `state` gave.

        Raises ConfigError when the data set is not the one that the run began with.
        """
        if values.get("data", self._data_fingerprint) != self._data_fingerprint:
            raise ConfigError(
                f"The data set {self.dataset.name} has changed since this run began, so it can't go on: "
                "put the old one back, or start a new run."
            )
        self.model.load_state_dict(_part(tensors, "model."))
        self.best_weights = {
            name: value.to(self.way.device) for name, value in _part(tensors, "best.").items()
        }
        self.tally = tensors["tally"].to(self.way.device)
        slots: dict[int, dict[str, Any]] = {}
        for name, value in _part(tensors, "optimiser.").items():
            index, _, key = name.partition(".")
            slots.setdefault(int(index), {})[key] = value
        for name, plain in values["optimiser"].items():
            index, _, key = name.partition(".")
            slots.setdefault(int(index), {})[key] = plain
        for number, parameter in enumerate(self.optimiser.param_groups[0]["params"]):
            for key, value in slots.get(number, {}).items():
                if isinstance(value, Tensor) and value.shape == parameter.shape:
                    # Fused optimisers walk through memory: every slot has to lie as its parameter does.
                    slots[number][key] = torch.empty_like(parameter).copy_(value)
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": slots, "param_groups": groups})
        if values["scaler"]:
            self.scaler.load_state_dict(values["scaler"])
        self.progress = TrainingProgress(**values["progress"])


def prepare(config: RunConfig, dataset: Dataset, *, way: Execution | None = None) -> Session:
    """A session at step 0. `way` repeats an earlier choice of execution; without it, a probe chooses.

    Raises ConfigError when the configuration does not fit the data or the machine.
    """
    indices, held_out = split.of_run(dataset, config.data)
    split.for_test(dataset, config.data)  # what does not fit is said now, not after the training
    if config.batch_size > len(indices):
        raise ConfigError(
            f"The batch size ({config.batch_size}) is larger than the training set ({len(indices)} images): "
            "make it smaller."
        )
    device = torch.device(execution.find_device(config.device))
    if way is not None and way.device != device.type:
        raise ConfigError(
            f"This run was computed on {way.device} and goes on only there, not on {device.type}."
        )
    image_shape = config.data.shape(dataset.image_shape)
    mean, std = statistics(config, dataset, indices)
    card = Card(
        network=config.network,
        image_shape=image_shape,
        classes=dataset.classes,
        mean=mean,
        std=std,
        data=dataset.name,
        epoch=0,
        step=0,
    )
    model = starting_network(config, image_shape=image_shape, classes=len(dataset.classes))
    train = on_device(dataset.train_images, dataset.train_labels, indices, device, image_shape[:2])
    normalise = Normalise.of(mean, std, device)
    if way is None:
        first = torch.arange(config.batch_size, device=device)
        steps = len(train) // config.batch_size * config.epochs
        model = model.to(device)
        inputs, labels, _ = training_batch(train, first, normalise)

        def probe_step(candidate: nn.Module, candidate_way: Execution) -> None:
            logits = forward(train_mode(candidate), inputs, candidate_way)
            functional.cross_entropy(logits, labels).backward()
            candidate.zero_grad(set_to_none=True)

        probe = execution.choose(config, model, probe_step, steps=steps, device=device.type)
    else:
        probe = ExecutionProbe(way, {})
    model = probe.chosen.arrange(model)
    session = Session(
        config=config,
        card=card,
        model=model,
        optimiser=optimisers.build(config.optimiser, model.parameters()),
        way=probe.chosen,
        probe=probe,
        train=train,
        validation=on_device(dataset.train_images, dataset.train_labels, held_out, device, image_shape[:2]),
        dataset=dataset,
        normalise=normalise,
    )
    session.tally = session.tally.to(device)
    seed_step(config.seed, 0)
    return session


def statistics(
    config: RunConfig, dataset: Dataset, indices: npt.NDArray[np.int64]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, in units of 0 to 1, with which images are normalised."""
    channels = dataset.image_shape[2]
    match config.data.normalise:
        case "none":
            return (0.0,) * channels, (1.0,) * channels
        case "imagenet" if channels == 3:
            return tuple(IMAGENET_MEAN), tuple(IMAGENET_STD)
        case "imagenet":
            return (sum(IMAGENET_MEAN) / 3,), (sum(IMAGENET_STD) / 3,)
        case "dataset":
            mean, std = channel_statistics(dataset.train_images, indices)
            return tuple(map(float, mean)), tuple(map(float, std))


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


class Stopwatch:
    """Time from lap to lap."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = time.perf_counter()
        passed, self._started = now - self._started, now
        return passed
