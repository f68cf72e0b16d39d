"""What training makes small."""

from torch import Tensor
from torch.nn import functional


def cross_entropy(
    logits: Tensor,
    targets: Tensor,
    *,
    softmax_first: bool,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy in nats, of classes (N,) or shares of classes (N, classes).

    With `softmax_first`, of probabilities taken for logits: the softmax is applied twice.
    """
    scores = logits.softmax(1) if softmax_first else logits
    return functional.cross_entropy(scores, targets, label_smoothing=label_smoothing, reduction=reduction)
