"""What an experiment of a report is: strict values, as its TOML file has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from cnnviz.config import Strict

Size = Literal["full", "short", "smoke"]
"""As reported; in minutes on two cores; in seconds, on data that is always there."""
SIZES: tuple[Size, ...] = ("full", "short", "smoke")
COMPARED_SIZES = SIZES[:2]
"""Large enough to say something of a report's figures."""

Settings = Mapping[str, Any]
"""Some keys of a RunConfig, in its own shape."""
Share = Annotated[float, Field(ge=0, le=1)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9.+-]+$")]


class Reported(Strict):
    """What a report says came out, mistakes included. Accuracies are shares, losses in nats."""

    test_accuracy: Share | None = None
    test_loss: NonNegativeFloat | None = None
    validation_accuracy: Share | None = None
    validation_loss: NonNegativeFloat | None = None
    train_accuracy: Share | None = None
    train_loss: NonNegativeFloat | None = None
    validation_accuracy_range: tuple[Share, Share] | None = None
    first_epoch_validation_accuracy: Share | None = None
    target_test_accuracy: Share | None = None
    """What the report wanted to reach, not what it reached."""
    per_class: Mapping[str, Share] = Field(default_factory=dict)
    """Test accuracy of single classes."""
    seconds: NonNegativeFloat | None = None
    """Of training, on the report's own machine."""
    epoch: PositiveInt | None = None
    """The epoch that these figures are of."""
    stopped_epoch: PositiveInt | None = None
    best_validation_epoch: PositiveInt | None = None
    last_lr: NonNegativeFloat | None = None


class Variant(Strict):
    """One way of running an experiment."""

    id: Id
    settings: Settings = Field(default_factory=dict)
    reported: Reported = Reported()


class Choice(Strict):
    id: Id
    settings: Settings


class Axis(Strict):
    """What a grid varies along one direction."""

    title: str
    choices: Annotated[tuple[Choice, ...], Field(min_length=2)]


class LayerSeries(Strict):
    """What there is to look at: layers of a trained network."""

    run: str
    layers: Annotated[tuple[str, ...], Field(min_length=1)]


class RecipeView(Strict):
    """A place of the app that shows something, and what to look for there."""

    title: str
    look: str
    """What to look for."""
    page: Literal["activations", "filters", "compare", "statistics"]
    run: str | None = None
    """The run that is shown; empty takes the newest finished run of this experiment, or a shipped one."""
    layer: str | None = None
    image: str | None = None
    image_b: str | None = None
    channel: Annotated[int, Field(ge=0)] | None = None
    size: PositiveInt | None = None
    """Height in pixels at which the image is read, where it is not that of training."""


class LessonQuestion(Strict):
    question: str
    answer: str


class Lesson(Strict):
    """A convolution to be done by hand."""

    image: tuple[tuple[float, ...], ...]
    kernel: tuple[tuple[float, ...], ...]
    padding: Annotated[int, Field(ge=0)]
    reported: tuple[tuple[float, ...], ...]
    questions: tuple[LessonQuestion, ...] = ()


class Recipe(Strict):
    """An experiment of a report: what it asks, how it is run, and what the report says came out."""

    id: Id
    kind: Literal["train", "explore", "teach"] = "train"
    title: str
    question: str
    theory: str
    source: str
    """Where the theory is from."""
    claim: str = ""
    """What the report concludes."""
    note: str = ""
    """What is wrong or unusual in the report."""
    proof: str = ""
    """What the figures show, where the report misreads them."""
    finding: str = ""
    """Why measured and reported differ, where that was found out."""
    assumed: tuple[str, ...] = ()
    """Settings that the report leaves open."""
    parameters: PositiveInt | None = None
    layer_parameters: tuple[PositiveInt, ...] = ()
    reported_test_count: PositiveInt = 10_000
    """Images that the report tested on."""
    settings: Settings = Field(default_factory=dict)
    short: Settings = Field(default_factory=dict)
    """What changes at the size `short`."""
    variant: tuple[Variant, ...] = ()
    axis: tuple[Axis, ...] = ()
    """Directions of a grid: each combination is a variant too."""
    look: LayerSeries | None = None
    lesson: Lesson | None = None
    view: tuple[RecipeView, ...] = ()
    """Where in the app its question can be looked into."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Recipe:
        holds = {"train": bool(self.variant or self.axis), "explore": self.look, "teach": self.lesson}
        for kind, there in holds.items():
            if bool(there) != (kind == self.kind):
                raise ValueError(f"{self.id} is of kind {self.kind}: what {kind} needs does not fit it")
        names = [variant.id for variant in self.variant]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.id} has two variants of one name")
        return self

    @property
    def report(self) -> str:
        """Number of the report that this is from."""
        return self.id.partition("-")[0]
