"""How evenly the activation of a map is spread over its cells."""

import math

import torch
from torch import Tensor


def entropy(maps: Tensor) -> Tensor:
    """Entropy of the absolute values over the cells of each map (…, cells), as a share of ln(cells): (…).

    0: all in one cell; 1: the same in every cell. NaN for a map that is zero everywhere, and for a single cell.
    """
    values = maps.abs()
    total = values.sum(-1)
    found = (total.log() - torch.xlogy(values, values).sum(-1) / total) / math.log(max(2, maps.shape[-1]))
    known = (total > 0) & (maps.shape[-1] > 1)
    return torch.where(known, found.clamp(0, 1), torch.nan)
