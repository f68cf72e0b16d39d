"""Loss and accuracy of a network on a split, the same way for validation, test and the command line."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cnnviz.data.batches import Images, Normalise, images_at_once, input_batches
from cnnviz.progress import Progress, Work, finish
from cnnviz.train.execution import Execution
from cnnviz.train.loss import cross_entropy

_BATCH = 500
"""Images of 32×32 at once; fewer where they are larger."""


def batch_size(images: Images) -> int:
    """How many of these images are looked at at once."""
    height, width = images.size or images.pixels.shape[1:3]
    return images_at_once((height, width), most=_BATCH, least=16)


@dataclass(frozen=True)
class Score:
    """How well a network does on a set of images."""

    loss: float
    """Mean cross-entropy in nats, without label smoothing."""
    accuracy: float
    count: int
    by_class: tuple[float | None, ...]
    """Accuracy of each class; None for a class without images."""


def evaluate(
    model: nn.Module, images: Images, normalise: Normalise, *, classes: int, way: Execution | None = None
) -> Score:
    """The score of `model` (which is left in evaluation mode) on `images`, in float32 unless `way` says else."""
    return finish(evaluating(model, images, normalise, classes=classes, way=way))


def evaluating(
    model: nn.Module,
    images: Images,
    normalise: Normalise,
    *,
    classes: int,
    way: Execution | None = None,
    softmax_first: bool = False,
    of: str = "images",
) -> Work[Score]:
    """As `evaluate`, a batch at a time: yields after each, returns the score.

    With `softmax_first` the loss is that of a training which made this mistake.
    """
    model.eval()
    way = way or Execution(images.labels.device.type)
    losses = []
    right = torch.zeros(classes, device=images.labels.device, dtype=torch.int64)
    for here, inputs in input_batches(images, normalise, batch_size=batch_size(images)):
        with torch.inference_mode():
            labels = images.labels[here]
            logits = forward(model, inputs, way)
            losses.append(cross_entropy(logits, labels, softmax_first=softmax_first, reduction="sum"))
            right += labels[logits.argmax(1) == labels].bincount(minlength=classes)
        yield Progress.of(here.stop, len(images), of)
    total = images.labels.bincount(minlength=classes)
    return Score(
        loss=torch.stack(losses).cpu().double().sum().item() / len(images),
        accuracy=right.sum().item() / len(images),
        count=len(images),
        by_class=tuple(r / t if t else None for r, t in zip(right.tolist(), total.tolist(), strict=True)),
    )


def forward(model: nn.Module, inputs: Tensor, way: Execution) -> Tensor:
    """Logits in float32 from inputs in any memory order, computed in the precision of `way`."""
    inputs = inputs.contiguous(memory_format=way.layout)
    with way.autocast():
        return model(inputs).float()  # type: ignore[no-any-return]
