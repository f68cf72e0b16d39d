"""Every draw of a run follows from its seed and where it is, so a run can be taken up at any step."""

import numpy as np
import torch
from torch import Tensor

_ORDER, _STEP = 1, 2


def epoch_order(seed: int, epoch: int, count: int) -> Tensor:
    """The order of the training images in one epoch: a permutation, int64 (count,)."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(_derive(seed, _ORDER, epoch)))


def seed_step(seed: int, step: int) -> None:
    """Set the global generators of all devices for the draws (augmentation, dropout) of one step."""
    torch.manual_seed(_derive(seed, _STEP, step))


def _derive(seed: int, stream: int, index: int) -> int:
    return int(np.random.SeedSequence((seed, stream, index)).generate_state(1, np.uint64)[0] >> 1)
