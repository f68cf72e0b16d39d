"""What happens in a training, as frozen values. The loop yields them; the worker writes them down."""

from dataclasses import dataclass

from cnnviz.progress import Progress

ON_REQUEST = "ended on request"
"""The reason of a training that ended before its last epoch because it was changed so."""


@dataclass(frozen=True)
class Tick:
    """A step has been handed to the device. Carries no figures, so that nothing has to wait for it."""


@dataclass(frozen=True)
class StepLogged:
    """Figures of one training batch (with augmentation and dropout on, before its update)."""

    step: int
    """Updates so far, this one included."""
    epoch: float
    loss: float
    accuracy: float
    learning_rate: float
    gradient_norm: float
    """Euclidean norm over all parameters, before clipping."""


@dataclass(frozen=True)
class EpochEnded:
    """Figures of a whole epoch: training averaged over its batches as they came, validation at its end."""

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    gradient_norm: float
    """Of the epoch's last logged batch, before clipping."""
    images_per_second: float
    """Training only, without validation."""
    seconds: float
    """Since the start of the run, validation included, pauses not."""
    memory: int
    """Largest memory so far in bytes: of the process on CPU, of the allocator on a GPU."""
    best: bool
    """Better than all epochs before it in what is watched."""
    energy: int = 0
    """Joules since the start of the run, of the whole processor and of the GPU; 0 where the machine does not tell."""


@dataclass(frozen=True)
class Finished:
    """The end of a training, and the final weights on the test images (float32)."""

    reason: str
    """completed, early stopping, training loss reached or ended on request."""
    epoch: int
    """Epoch of the final weights: the best one where it was restored."""
    best_epoch: int
    test_loss: float
    test_accuracy: float
    test_count: int
    test_accuracy_by_class: tuple[float | None, ...]
    """None for a class without test images."""
    seconds: float
    weights_sha256: str


Event = Tick | Progress | StepLogged | EpochEnded | Finished
