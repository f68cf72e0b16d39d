"""What is wrong with a map at first sight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnviz.formatting import per_cent

_BLANK = 1e-7
_FLAT, _FLAT_SHARE = 0.98, 0.25
_SPIKE = 0.5


def oddities(values: NDArray[np.float32], *, score: float) -> list[str]:
    """Warnings about a map (H, W), in plain words; none for one that can be read. `score` is the class's logit."""
    if not np.isfinite(values).all():
        return [f"{np.count_nonzero(~np.isfinite(values)):,} of {values.size:,} values are not finite."]
    sizes = np.abs(values)
    largest = float(sizes.max())
    if largest <= _BLANK * max(1.0, abs(score)):
        return ["Blank: all values are zero, or nearly so. The method finds nothing for this class."]
    found = []
    full = float((sizes >= _FLAT * largest).mean())
    if full > _FLAT_SHARE:
        found.append(
            f"Saturated: {per_cent(full, digits=0)} of pixels have the largest value, so the map can't tell them apart."
        )
    few = np.sort(sizes, axis=None)[::-1][: max(1, sizes.size // 100)]
    if values.size >= 100 and few.sum() > _SPIKE * sizes.sum():
        found.append(
            f"Spiky: 1 % of pixels hold {per_cent(few.sum() / sizes.sum(), digits=0)} of all; little else can be seen."
        )
    return found
