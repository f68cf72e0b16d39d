"""Which images a run learns from, and how they are split."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from cnnviz.config.strict import Seed, Strict


class Data(Strict):
    name: str = "shapes"
    """Data set, by its name in the catalogue."""
    train: PositiveInt | None = None
    """Training images; empty takes all that validation leaves."""
    validation: PositiveInt | None = None
    """Validation images, drawn from the training images by class; empty takes 10 %, or the data set's own."""
    test: PositiveInt | None = None
    """Test images, drawn by class; empty takes all."""
    split_seed: Seed = 0
    """Seed of the split. Kept apart from the run's seed, so that seeds can be compared on one split."""
    normalise: Literal["dataset", "imagenet", "none"] = "dataset"
    """Mean and standard deviation: of the training images, ImageNet's, or 0 and 1."""
    size: Annotated[int, Field(ge=8, le=1024)] | None = None
    """Width and height that images are resized to before anything else; empty leaves them as they are."""

    def shape(self, stored: tuple[int, int, int]) -> tuple[int, int, int]:
        """Height, width and channels of what a network reads, of images stored as `stored`."""
        return stored if self.size is None else (self.size, self.size, stored[2])
