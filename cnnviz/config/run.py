"""Everything that decides how a run turns out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError

from cnnviz.config.augmentation import Augmentation
from cnnviz.config.data import Data
from cnnviz.config.explain import explain
from cnnviz.config.network import Network, ResNet18
from cnnviz.config.optimisation import AnyOptimiser, EarlyStopping, OneCycle, Schedule, Sgd
from cnnviz.config.strict import Rate, Seed, Strict
from cnnviz.config.transfer import Freeze, NoFreeze, RandomStart, Start
from cnnviz.errors import ConfigError


class RunConfig(Strict):
    """Everything that decides how a run turns out."""

    title: Annotated[str, Field(max_length=80)] = ""
    """Your own name for the run; empty for one made from network and data."""
    data: Data = Data()
    network: Network = ResNet18()
    start: Start = RandomStart()
    freeze: Freeze = NoFreeze()
    """What training leaves as it starts: nothing, all but the head, the first parts, or weights by name."""
    epochs: PositiveInt = 10
    """Passes over the training images."""
    batch_size: PositiveInt = 128
    """Images a step."""
    optimiser: AnyOptimiser = Sgd()
    schedule: Schedule = OneCycle()
    softmax_before_loss: bool = False
    """A common mistake, kept for study: cross-entropy of probabilities, as if they were logits. The loss can't
    fall below ln(1 + (classes − 1)/e), 1.4612 for ten classes, and its gradient fades long before."""
    label_smoothing: Rate = 0.0
    """Share of each label that is spread over all classes."""
    augmentation: tuple[Augmentation, ...] = ()
    clip_norm: PositiveFloat | None = None
    """Longest gradient allowed (norm over all parameters)."""
    clip_value: PositiveFloat | None = None
    """Largest entry of the gradient allowed."""
    early_stopping: EarlyStopping | None = None
    stop_at_train_loss: PositiveFloat | None = None
    """Training stops after the first epoch whose training loss is at most this."""
    seed: Seed = 0
    """Decides initial weights, order of images, augmentation and dropout."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Arithmetic of the forward and backward pass; weights stay fp32. Auto measures."""
    memory_format: Literal["auto", "contiguous", "channels_last"] = "auto"
    """Order of a convolution's values in memory. Auto measures."""
    compile: Literal["auto", "on", "off"] = "auto"
    """Compile the network first: minutes at the start, faster steps. Auto measures, in long runs only."""

    @property
    def heading(self) -> str:
        """Its own title, or one made from network and data."""
        return self.title or f"{self.network.name} on {self.data.name}"

    @property
    def cautions(self) -> list[str]:
        """What a careful friend would say before this is run; a sentence or two each."""
        found = []
        if self.softmax_before_loss:
            found.append(
                "Softmax before the loss applies softmax twice: for ten classes the loss cannot fall below 1.4612, "
                "and learning is slow. It is here to study that mistake."
            )
        return found

    @classmethod
    def parse(cls, values: Mapping[str, Any] | str) -> RunConfig:
        """A checked configuration from a mapping or a JSON text.

        Raises ConfigError with one line that names each key at fault.
        """
        try:
            return cls.model_validate(json.loads(values) if isinstance(values, str) else values)
        except json.JSONDecodeError as error:
            raise ConfigError(f"The configuration is not JSON (line {error.lineno}): {error.msg}.") from None
        except ValidationError as error:
            raise ConfigError(explain(error)) from None
        except (ValueError, RecursionError):  # a number of 5,000 digits; brackets without end
            raise ConfigError("A configuration is a JSON object of settings: {…}.") from None


def with_settings(config: RunConfig, settings: Mapping[str, str]) -> RunConfig:
    """`config` with some values replaced, each named by a dotted path and given as JSON or plain text.

    Setting a `name` or `source` (of an optimiser, say) starts that part afresh with its defaults.
    Raises ConfigError for a path or value that does not exist.
    """
    values = config.model_dump(mode="json")
    chooses = ("name", "source")
    ordered = sorted(settings.items(), key=lambda item: item[0].rpartition(".")[2] not in chooses)
    for path, text in ordered:
        *parents, key = path.split(".")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        part: Any = values
        for number, parent in enumerate(parents):
            if isinstance(part, dict) and part.get(parent, ...) is None:
                part[parent] = {}
            part = part.get(parent) if isinstance(part, dict) else None
            if not isinstance(part, dict):
                raise ConfigError(f"No setting {path!r}: {'.'.join(parents[: number + 1])!r} has no parts.")
        if key in chooses and parents and parents != ["data"] and part.get(key) != value:
            part.clear()
        part[key] = value
    return RunConfig.parse(values)
