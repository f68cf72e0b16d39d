"""The measures that tell early layers from late ones: what each is called, means and says. Does without torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from cnnviz.explore.statistics.profile import LayerStatistics
from cnnviz.formatting import per_cent

Value = Callable[[LayerStatistics], float | None]


@dataclass(frozen=True)
class Measure:
    """One figure a layer."""

    title: str
    meaning: str
    """What more or less of it means, in one sentence."""
    value: Value
    error: Value
    """Standard error; None where it has none."""
    beside: Value
    """What to hold it against; None where there is nothing."""
    beside_title: str
    pixels: bool = False
    """In pixels; otherwise a share, 0 to 1."""
    hidden: bool = False
    """Only of hidden layers: logits are neither rectified nor maps."""

    def shown(self, layers: Sequence[LayerStatistics]) -> Sequence[LayerStatistics]:
        """Those of `layers`, of which the last gives the logits, that have the figure."""
        known = layers[:-1] if self.hidden else layers
        return [one for one in known if self.value(one) is not None]

    def written(self, value: float) -> str:
        """The value as a person reads it: 41 %, or 29 px."""
        if self.pixels:
            return f"{value:.0f} px"
        return f"{100 * value:.{int(0 < value < 0.01)}f} %"

    def exactly(self, value: float, error: float | None) -> str:
        """The value with its standard error, where it has one: 41.2 % ± 0.3."""
        if self.pixels:
            return f"{value:.0f} px"
        return per_cent(value, error)


def _none(one: LayerStatistics) -> None:
    return None


MEASURES: Mapping[str, Measure] = {
    "zeros": Measure(
        title="Sparsity: values that are zero",
        meaning="The more zeros, the fewer cells answer to any one image.",
        value=lambda one: one.zeros,
        error=lambda one: one.zeros_error,
        beside=_none,
        beside_title="",
        hidden=True,
    ),
    "dead": Measure(
        title="Dead channels",
        meaning="A channel that is zero in every cell for all these images takes no part in the answer.",
        value=lambda one: one.dead,
        error=_none,
        beside=_none,
        beside_title="",
        hidden=True,
    ),
    "spread": Measure(
        title="Spread over the map (entropy)",
        meaning="At 100 % a map is even over its cells, at 0 % all of it is in one: less is more localised.",
        value=lambda one: one.spread,
        error=lambda one: one.spread_error,
        beside=_none,
        beside_title="",
    ),
    "selectivity": Measure(
        title="Class selectivity",
        meaning="At 0 % a channel answers to all classes alike, at 100 % to one only.",
        value=lambda one: one.selectivity,
        error=_none,
        beside=lambda one: one.selectivity_by_chance,
        beside_title="labels shuffled",
    ),
    "probe": Measure(
        title="Linear probe: accuracy",
        meaning="How much of the class a linear classifier can read off the means of a layer's channels.",
        value=lambda one: one.probe,
        error=lambda one: one.probe_error,
        beside=_none,
        beside_title="",
    ),
    "effective_field": Measure(
        title="Effective receptive field",
        meaning="Side of the square that holds 90 % of what moves a middle cell: the pixels that count, "
        "of those that could.",
        value=lambda one: one.effective_field,
        error=_none,
        beside=lambda one: one.field,
        beside_title="theoretical",
        pixels=True,
    ),
}


def in_words(measure: Measure, layers: Sequence[LayerStatistics]) -> str:
    """From the first to the last hidden layer in one sentence: Rises from 33 % in relu to 93 % in layer4.1.

    The last of `layers` counts as the output. A change within two standard errors, or of half a
    hundredth, is none. Empty where fewer than two layers have the figure.
    """
    known = [(one, value) for one in layers[:-1] if (value := measure.value(one)) is not None]
    if len(known) < 2:
        return ""
    (first, start), (last, end) = known[0], known[-1]
    if max(value for _, value in known) == 0:
        return "None in any hidden layer."
    noise = _noise(measure, first, last)
    if abs(end - start) <= noise:
        told = f"{measure.written(start)} in {first.layer} and {measure.written(end)} in {last.layer}: no clear change"
    else:
        verb = "Rises" if end > start else "Falls"
        told = (
            f"{verb} from {measure.written(start)} in {first.layer} to {measure.written(end)} in {last.layer}"
        )
    for best, word in ((max, "highest"), (min, "lowest")):
        where, extreme = best(known, key=lambda pair: pair[1])
        beyond = min(abs(extreme - start), abs(extreme - end))
        if where not in (first, last) and beyond > max(noise, _noise(measure, first, where)):
            told += f"; {word} in {where.layer}, {measure.written(extreme)}"
    return f"{told}."


def _noise(measure: Measure, first: LayerStatistics, second: LayerStatistics) -> float:
    """The largest difference between two layers that may be none."""
    errors = [measure.error(first) or 0.0, measure.error(second) or 0.0]
    least = 0.5 if measure.pixels else 0.005
    return max(least, 2 * hypot(*errors))
