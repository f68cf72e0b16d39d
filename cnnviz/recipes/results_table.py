"""`docs/reproduction.md`: reported beside measured, for every recipe."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

from cnnviz.formatting import duration, per_cent, standard_error
from cnnviz.recipes import convolution, library, plan
from cnnviz.recipes.assessment import Assessment, assess
from cnnviz.recipes.depth import Depth
from cnnviz.recipes.recipe import COMPARED_SIZES, Recipe, Reported, Variant
from cnnviz.recipes.results import RecipeRuns
from cnnviz.recipes.verdict import LEGEND, State, judged_figures
from cnnviz.runs.outcome import Outcome, summary

_HEAD = f"""# Reproduction

What five lab reports say, beside what came out here. Written by `python -m cnnviz reproduce`; every figure has a run
behind it, whose configuration and metrics are in `docs/reproduction/`. Accuracies are of the test set: mean ± standard
deviation over seeds where there are several, then the standard error of the test in brackets. Sizes: `full` is as
reported, `short` has fewer images or epochs and is not comparable. What is not run without a reason has waited for
machine time.

{LEGEND}"""


def markdown(recipe_runs: RecipeRuns, depths: dict[str, list[Depth]]) -> str:
    """The whole page. `depths` has what was measured of recipes that train nothing, by id."""
    assessed = {recipe.id: assess(recipe, recipe_runs) for recipe in library.every().values()}
    every = [one for those in assessed.values() for one in those]
    parts = [_HEAD, f"{len(every)} variants: {totals(every)}.\n", *_how_far(every, recipe_runs), ""]
    parts.append(_machines(recipe_runs))
    for report in library.reports():
        parts.append(f"## Report {report.report}: {report.title}\n")
        for recipe in report.recipes:
            parts.append("\n".join(_section(recipe, assessed[recipe.id], recipe_runs, depths.get(recipe.id))))
    return "\n".join(parts)


def _how_far(assessments: Sequence[Assessment], recipe_runs: RecipeRuns) -> Iterator[str]:
    """What has come out of how many variants, and why of others nothing has; a run counted once."""
    full = [one for one in assessments if one.outcomes and one.size == "full"]
    seeds = Counter(len(one.outcomes) for one in full)
    often = ", ".join(
        f"{count} with {'one seed' if number == 1 else f'{number} seeds'}"
        for number, count in sorted(seeds.items(), reverse=True)
    )
    yield f"- **Full size**: {len(full)} of {len(assessments)}" + (f"; {often}." if often else ".")
    for state in get_args(State):
        those = [
            one for one in assessments if one.verdict.state == state and (one.counts or not one.outcomes)
        ]
        if not those:
            continue
        if state in ("reproduced", "undecided", "differs"):
            said = "; ".join(f"{one.recipe.id} {one.variant.id}" for one in those)
            why = " The finding of each experiment says why." if state == "differs" else ""
        else:
            reasons = Counter(
                one.verdict.words if one.outcomes else _why_not(one.recipe, one.variant, recipe_runs)
                for one in those
            )
            said = "; ".join(f"{count} × {_reason(words)}" for words, count in reasons.most_common())
            why = ""
        yield f"- **{state.capitalize()}**: {len(those)}: {said}.{why}"


def _reason(words: str) -> str:
    """Not run: ImageNet weights could not be downloaded (why). → ImageNet weights could not be downloaded"""
    return words.partition(": ")[2].partition(" (")[0].rstrip(".") or "waits for machine time"


def _machines(recipe_runs: RecipeRuns) -> str:
    """What the runs were computed on; their times are of that."""
    ways = [(run.record.machine, run.metrics().started.get("execution")) for run in recipe_runs.every()]
    devices = Counter(f"{machine}, {way['device']} {way['precision']}" for machine, way in ways if way)
    listed = "; ".join(f"{name}: {count} runs" for name, count in devices.most_common())
    return (
        f"Computed on {listed}. Several ran side by side or on a busy machine, so their times are upper bounds: "
        "that of a variant's fastest run is given.\n"
        if devices
        else ""
    )


def totals(assessments: Sequence[Assessment]) -> str:
    """How many variants came out, a run counted once: 2 reproduced, 1 undecided, 3 not run."""
    states = Counter(one.verdict.state for one in assessments if one.counts or not one.outcomes)
    parts = [f"{states[state]} {state}" for state in get_args(State) if states[state]]
    if again := sum(bool(one.same_run) for one in assessments):
        parts.append(f"{again} with the run of another")
    return ", ".join(parts)


def figure_text(outcomes: Sequence[Outcome], figure: str) -> str:
    """A figure over seeds with what is known of its error: 71.8 % ± 0.4 (± 0.5)."""
    found = summary(outcomes, figure)
    if found is None:
        return "–"
    if figure.endswith("accuracy"):
        spread = f" ± {100 * found.deviation:.1f}" if found.deviation is not None else ""
        error = 100 * standard_error(found.mean, outcomes[0].count(figure))
        return f"{per_cent(found.mean)}{spread} (± {error:.1f})"
    if figure == "seconds":
        # Others may have had the machine, too: the fastest run says most.
        return duration(min(one.figures["seconds"] for one in outcomes))
    if figure.endswith("epoch"):
        return f"{found.mean:.3g}"
    return f"{found.mean:.4f}"


def reported_text(reported: Reported, figure: str) -> str:
    """The same as the report has it."""
    value = getattr(reported, figure, None)
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return f"{100 * value[0]:.0f} to {100 * value[1]:.0f} %"
    if figure.endswith("accuracy"):
        return per_cent(value)
    if figure == "seconds":
        return duration(value)
    return f"{value:g}" if figure.endswith("epoch") else f"{value:.4f}"


def side_by_side(reported: Reported, outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """The main figure as reported and as measured."""
    figure = judged_figures(reported)[0]
    if reported.target_test_accuracy is not None:
        said = f"aims at {100 * reported.target_test_accuracy:.0f} %"
    elif reported.validation_accuracy_range is not None:
        said = reported_text(reported, "validation_accuracy_range")
    else:
        said = reported_text(reported, figure)
    return f"{said} (validation)" if figure == "validation_accuracy" else said, figure_text(outcomes, figure)


def compared_figures(reported: Reported) -> list[str]:
    """Names of the figures that both sides can have, as far as the report gives them."""
    return [
        name
        for name in Reported.model_fields
        if name not in ("per_class", "validation_accuracy_range", "target_test_accuracy", "epoch", "last_lr")
        and getattr(reported, name) is not None
    ]


def _section(
    recipe: Recipe,
    assessments: list[Assessment],
    recipe_runs: RecipeRuns,
    depths: list[Depth] | None,
) -> Iterator[str]:
    yield f"### {recipe.id}: {recipe.title}\n"
    yield f"{recipe.question}\n"
    match recipe.kind:
        case "train":
            yield from _table(assessments, recipe_runs)
        case "explore":
            yield from _depth_table(depths)
        case "teach":
            yield from _lesson(recipe)
    for words, text in (("Claimed", recipe.claim), ("Note", recipe.note), ("Finding", recipe.finding)):
        if text:
            yield f"**{words}.** {text.strip()}\n"
    if recipe.assumed:
        yield f"Assumed: {'; '.join(recipe.assumed)}.\n"


def _table(assessments: list[Assessment], recipe_runs: RecipeRuns) -> Iterator[str]:
    yield "| variant | reported | measured | runs | size | training | verdict |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    more = []
    for one in assessments:
        outcomes, reported = one.outcomes, one.variant.reported
        cells = [
            one.variant.id,
            *side_by_side(reported, outcomes),
            str(len(outcomes)),
            one.size if outcomes else "–",
            figure_text(outcomes, "seconds") if outcomes else "–",
            one.verdict.words if outcomes else _why_not(one.recipe, one.variant, recipe_runs),
        ]
        yield "| " + " | ".join(cells) + " |"
        if outcomes and one.size == "full":
            more.append(_others(one.variant, outcomes, judged_figures(reported)[0]))
    yield ""
    yield from (line for line in more if line)


def _others(variant: Variant, outcomes: Sequence[Outcome], main: str) -> str:
    """The other figures that a report gives, reported / measured."""
    parts = [
        f"{name.replace('_', ' ')} {reported_text(variant.reported, name)} / {figure_text(outcomes, name)}"
        for name in compared_figures(variant.reported)
        if name != main
    ]
    parts += [
        f"{name} {per_cent(value)} / {per_cent(outcomes[0].per_class[name])}"
        for name, value in variant.reported.per_class.items()
        if name in outcomes[0].per_class
    ]
    return f"- {variant.id}, reported / measured: {'; '.join(parts)}.\n" if parts else ""


def _why_not(recipe: Recipe, variant: Variant, recipe_runs: RecipeRuns) -> str:
    for size in COMPARED_SIZES:
        for run in recipe_runs.runs(recipe, variant.id, size=size):
            status = run.status()
            if status.state == "failed" and status.reason:
                return f"Not run: {status.reason.partition('. ')[0]}."
    return "Not run: needs ImageNet weights." if plan.needs_imagenet(recipe, variant.id) else "Not run."


def _depth_table(depths: list[Depth] | None) -> Iterator[str]:
    if not depths:
        yield "Not run.\n"
        return
    yield "| layer | channels | map | zeros | cells that hold half of a map |"
    yield "| --- | --- | --- | --- | --- |"
    for depth in depths:
        size = f"{depth.channels} | {depth.side}×{depth.side}"
        yield f"| {depth.layer} | {size} | {per_cent(depth.zeros, digits=0)} | {per_cent(depth.spread, digits=0)} |"
    yield ""


def _lesson(recipe: Recipe) -> Iterator[str]:
    assert recipe.lesson is not None
    rows = convolution.table(convolution.output(recipe.lesson))
    yield "Worked out: " + "; ".join(" ".join(row) for row in rows) + ".\n"
    for row, column in convolution.wrong(recipe.lesson):
        said = recipe.lesson.reported[row][column]
        sums = convolution.arithmetic(recipe.lesson, row, column)
        yield f"- Row {row + 1}, column {column + 1}: reported {said:g}; {sums}.\n"
