"""Starting the runs of an experiment: which variants, how often, how large."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import streamlit as st

from cnnviz.config import Network
from cnnviz.config.comparison import identity
from cnnviz.data import catalogue
from cnnviz.errors import CnnvizError
from cnnviz.formatting import duration
from cnnviz.recipes import library, plan
from cnnviz.recipes import study as recipe_study
from cnnviz.recipes.recipe import SIZES, Recipe, Size
from cnnviz.recipes.results import RecipeRuns
from cnnviz.runs import control
from cnnviz.runs.run import Run, every
from cnnviz.studies import folder, progress
from cnnviz.studies import plan as study_plan
from cnnviz.studies.definition import Study, Task
from cnnviz.ui.experiments.parameters import RUN_SIZE
from cnnviz.ui.resources import datasets, recipe_results, run_estimates
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets import data_sets

_SIZES = {"full": "Full", "short": "Short", "smoke": "Smoke"}
_SIZES_EXPLAINED = "Full: as reported. Short: minutes. Smoke: seconds, to see that it runs."
_IMAGENET = "ImageNet"
_SIZED = "recipe of the chosen size"
_ESTIMATES = "estimated seconds of runs"


@dataclass(frozen=True)
class VariantSelection:
    """What is looked at, and would be run."""

    size: Size
    pretrained: str | None
    under_way: bool = False
    """Whether the controls say that runs are under way."""

    def study(self, recipe: Recipe) -> str:
        """The id of the study that runs it."""
        return recipe_study.study_id(recipe, size=self.size, pretrained=self.pretrained)


def show(recipe: Recipe, recipe_runs: RecipeRuns) -> tuple[VariantSelection, Callable[[], None]]:
    """Draw the controls; starts and stops runs.

    The second result writes beside them what the runs would take, which has to be measured first.
    """
    if st.session_state.get(_SIZED, recipe.id) != recipe.id:
        selection.drop(RUN_SIZE)
    st.session_state[_SIZED] = recipe.id
    with st.container(border=True):
        first, second, third = st.columns([5, 2, 3], vertical_alignment="bottom")
        with first:
            chosen_size = selection.choice(
                RUN_SIZE, SIZES, _best_size(recipe, recipe_runs), words=_SIZES.__getitem__
            )
            size = cast(Size, chosen_size)
            chosen = st.segmented_control(
                "Size",
                SIZES,
                default=size,
                required=True,
                format_func=lambda one: _SIZES[one],
                key=f"size {recipe.id} {size}",
                help=_SIZES_EXPLAINED,
            )
            if chosen != size:
                selection.put(RUN_SIZE, str(chosen))
                st.rerun()
        with third:
            choice = VariantSelection(size, _pretrained(recipe))
        names = list(library.variants(recipe))
        wanted = names
        if len(names) > 1:
            wanted = (
                st.pills(
                    "Variants", names, selection_mode="multi", default=names, key=f"variants {recipe.id}"
                )
                or []
            )
        default = _default_seeds(recipe, wanted, choice, recipe_runs)
        seeds = int(
            second.number_input(
                "Seeds",
                1,
                20,
                default,
                key=f"recipe seeds {recipe.id} {size} {default}",
                help="Runs of each variant, with seeds 0, 1, 2 …: three where a run takes under five minutes.",
            )
        )
        if not wanted:
            return choice, lambda: None
        study = recipe_study.study(
            recipe, variants=wanted, size=size, seeds=seeds, pretrained=choice.pretrained
        )
        cost, live = _buttons(study, choice.study(recipe), recipe_runs)

    def estimate() -> None:
        cost()
        if _default_seeds(recipe, wanted, choice, recipe_runs) != default:
            st.rerun()

    return replace(choice, under_way=live), estimate


def _default_seeds(
    recipe: Recipe, variants: Iterable[str], choice: VariantSelection, recipe_runs: RecipeRuns
) -> int:
    """Runs of each variant, as the longest of them has it: by what was measured, else by what was estimated."""
    size, pretrained = choice.size, choice.pretrained
    estimates = st.session_state.get(_ESTIMATES, {})
    times = []
    for name in variants:
        took = recipe_study.seconds(recipe, name, recipe_runs, size=size, pretrained=pretrained)
        config = plan.configuration(recipe, name, size=size, pretrained=pretrained)
        times.append(estimates.get(identity(config)) if took is None else took)
    return min(map(recipe_study.default_seeds, times), default=1)


def _best_size(recipe: Recipe, recipe_runs: RecipeRuns) -> Size:
    """The largest size that has been run; short where none has."""
    for size in SIZES:
        if any(recipe_runs.outcomes(recipe, name, size=size) for name in library.variants(recipe)):
            return size
    return "short"


def _pretrained(recipe: Recipe) -> str | None:
    """A run of the bench to start from in place of ImageNet; None where the recipe has no use for one."""
    if not any(plan.needs_imagenet(recipe, name) for name in library.variants(recipe)):
        return None
    network = plan.configuration(recipe, next(iter(library.variants(recipe)))).network
    runs = {run.id: run for run in every() if run.snapshots() and _body(run.config.network) == _body(network)}
    chosen = st.selectbox(
        "Pretrained on",
        [_IMAGENET, *runs],
        format_func=lambda name: name if name == _IMAGENET else runs[name].title,
        key=f"pretrained {recipe.id}",
        help="ImageNet's weights are downloaded. Offline, a run of the same network can take their place.",
    )
    return None if chosen == _IMAGENET else chosen


def _body(network: Network) -> dict[str, Any]:
    """What decides the shapes of all weights but the head's."""
    return {
        name: value
        for name, value in network.model_dump().items()
        if not name.startswith(("dropout", "head"))
    }


def _buttons(study: Study, study_id: str, recipe_runs: RecipeRuns) -> tuple[Callable[[], None], bool]:
    """What writes beside them what the runs would take, and whether runs are under way."""
    trials = progress.trials_of(study, recipe_runs)
    live = [one.run for one in trials if one.active and one.run]
    todo = [one.task for one in trials if not one.finished and not one.active]
    missing = next(
        (task.config.data.name for task in todo if task.config.data.name not in catalogue.available()), None
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        words = f"Run {len(todo)}" if len(todo) > 1 else "Run"
        if st.button(
            words,
            type="primary",
            icon=":material/play_arrow:",
            disabled=not todo or bool(missing),
            key=f"run {study.recipe}",
        ):
            _start(study, study_id)
        if live and st.button("Stop all", icon=":material/stop:", key=f"stop {study.recipe}"):
            _stop(live, study_id)
        place = st.empty()
        if not todo and not live:
            place.caption("All of these have been run.")
    if missing and (entry := catalogue.entries().get(missing)):
        st.warning(f"{entry.title} is not on this machine.", icon=":material/download:")
        data_sets.download(entry)

    def cost() -> None:
        if todo and not missing:
            place.caption(_cost(todo, study.seeds))

    return cost, bool(live)


def _cost(todo: Sequence[Task], seeds: int) -> str:
    """What the runs would take on this machine: an estimate of training alone."""
    count = f"{len(todo)} runs" if len(todo) > 1 else "1 run"
    count += f" ({seeds} seeds)" if seeds > 1 else ""
    estimates = st.session_state.setdefault(_ESTIMATES, {})
    total = 0.0
    try:
        for task in todo:
            config = task.config
            train, _ = datasets.split_sizes(config.data)
            speed = run_estimates.speed(config.network, config.data, config.device, "auto")
            seconds = estimates[identity(config)] = train * config.epochs / speed.images_per_second
            total += seconds
    except CnnvizError as error:
        return f"{count}. {error}"
    return f"{count}, about {duration(total)} of training on this machine"


def _start(study: Study, study_id: str) -> None:
    """Make what no other tab has begun."""
    try:
        study_plan.check(study)
        folder.put(study_id, study)
        progress.start(study_id)
    except CnnvizError as error:
        st.toast(str(error), icon=":material/error:", duration="long")
    recipe_results.recipe_runs.clear()
    st.rerun()


def _stop(live: Sequence[Run], study_id: str) -> None:
    with st.spinner("Stopping …"):
        if folder.state(study_id).active:
            progress.stop(study_id)
        control.stop_all(run.id for run in live)
    recipe_results.recipe_runs.clear()
    st.rerun()
