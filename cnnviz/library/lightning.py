"""A training by PyTorch Lightning, recorded as a run of the bench."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from cnnviz.errors import CnnvizError
from cnnviz.library.recording import Figure, Recording, record

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ModuleNotFoundError:
    try:
        # Its older name.
        from pytorch_lightning import Callback, LightningModule, Trainer  # type: ignore[assignment]
    except ModuleNotFoundError:
        raise CnnvizError("PyTorch Lightning is not installed: pip install lightning") from None


class Recorder(Callback):
    """Shows what `trainer.fit` does as a run of the bench: `Trainer(callbacks=[Recorder(classes=…)])`.

    The loss is what `training_step` returns. The other figures are read at the end of each epoch from what the module
    has logged under these names; one that it does not log is left out. `model` is the network where the module itself
    is none that takes images; the rest is as in `cnnviz.record`, and like it never takes the training down.
    """

    def __init__(
        self,
        *,
        accuracy: str = "train_acc",
        validation_loss: str = "val_loss",
        validation_accuracy: str = "val_acc",
        model: nn.Module | None = None,
        example: Tensor | None = None,
        classes: Sequence[str] | int | None = None,
        mean: Iterable[float] | None = None,
        std: Iterable[float] | None = None,
        train_images: int = 0,
        validation_images: int = 0,
        data: str = "",
        title: str = "",
    ) -> None:
        self.recording: Recording | None = None
        """The training under way, or the last one."""
        self._under_way = False
        self._names = {
            "train_accuracy": accuracy,
            "validation_loss": validation_loss,
            "validation_accuracy": validation_accuracy,
        }
        self._model, self._example, self._title = model, example, title
        self._about: dict[str, Any] = {
            "classes": classes, "mean": mean, "std": std, "data": data,
            "train_images": train_images, "validation_images": validation_images,
        }  # fmt: skip

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """After Lightning's sanity check, so that the first batch seen is one of the training."""
        if not trainer.is_global_zero:
            return
        steps = trainer.num_training_batches
        self.recording = record(
            self._model or pl_module,
            self._example,
            epochs=max(1, trainer.max_epochs or 1),
            steps=steps if isinstance(steps, int) and steps > 0 else None,
            title=self._title or type(pl_module).__name__,
            **self._about,
        )
        self.recording.__enter__()
        self._under_way = True

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """`outputs` has the loss, where the module leaves optimisation to Lightning."""
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if self._under_way and self.recording is not None and isinstance(loss, Tensor):
            self.recording.step(loss=loss, images=_images(batch), learning_rate=_rate(trainer))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Validation is over by then."""
        if self._under_way and self.recording is not None:
            logged = trainer.callback_metrics
            told: dict[str, Figure] = {
                key: logged[name] for key, name in self._names.items() if name in logged
            }
            self.recording.epoch(learning_rate=_rate(trainer), **told)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._over(None)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._over(exception)

    def _over(self, error: BaseException | None) -> None:
        if self._under_way and self.recording is not None:
            self._under_way = False
            self.recording.__exit__(type(error) if error else None, error, None)


def _images(batch: Any) -> int:
    """How many there are in a batch of whatever form."""
    return next((len(one) for one in tree_leaves(batch) if isinstance(one, Tensor) and one.dim()), 1)


def _rate(trainer: Trainer) -> float | None:
    """The learning rate of the first group of weights."""
    return float(trainer.optimizers[0].param_groups[0]["lr"]) if trainer.optimizers else None
