"""Starting the runs of an experiment: which variants, how often, how large."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import streamlit as st

from cnnviz.config import Network
from cnnviz.data import catalogue
from cnnviz.errors import CnnvizError
from cnnviz.formatting import duration
from cnnviz.recipes import library, plan, reproduction
from cnnviz.recipes.recipe import SIZES, Recipe, Size
from cnnviz.recipes.reproduction import Task
from cnnviz.recipes.results import RecipeRuns
from cnnviz.runs import control
from cnnviz.runs.run import Run, every
from cnnviz.ui.experiments.parameters import RUN_SIZE
from cnnviz.ui.resources import datasets, recipe_results, run_estimates
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets import data_sets

_SIZES = {"full": "Full", "short": "Short", "smoke": "Smoke"}
_SIZES_EXPLAINED = "Full: as reported. Short: minutes. Smoke: seconds, to see that it runs."
_IMAGENET = "ImageNet"
_SIZED = "recipe of the chosen size"


@dataclass(frozen=True)
class VariantSelection:
    """What is looked at, and would be run."""

    size: Size
    pretrained: str | None


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
        with second:
            seeds = int(
                st.number_input(
                    "Seeds", 1, 20, 1, key="recipe seeds", help="Runs of each variant, with seeds 0, 1, 2 …"
                )
            )
        with third:
            pretrained = _pretrained(recipe)
        names = list(library.variants(recipe))
        wanted = names
        if len(names) > 1:
            wanted = (
                st.pills(
                    "Variants", names, selection_mode="multi", default=names, key=f"variants {recipe.id}"
                )
                or []
            )
        tasks = (
            reproduction.tasks([recipe], variants=wanted, size=size, seeds=seeds, pretrained=pretrained)
            if wanted
            else []
        )
        todo = [task for task in reproduction.missing(tasks, recipe_runs) if not _active(task, recipe_runs)]
        later = _buttons(recipe, tasks, todo, recipe_runs)
    return VariantSelection(size, pretrained), later


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


def _buttons(
    recipe: Recipe, tasks: Sequence[Task], todo: Sequence[Task], recipe_runs: RecipeRuns
) -> Callable[[], None]:
    live = [run for task in tasks for run in _active(task, recipe_runs)]
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
            key=f"run {recipe.id}",
        ):
            _start(todo)
        if live and st.button("Stop all", icon=":material/stop:", key=f"stop {recipe.id}"):
            _stop(live)
        place = st.empty()
        if tasks and not todo and not live:
            place.caption("All of these have been run.")
    if missing and (entry := catalogue.entries().get(missing)):
        st.warning(f"{entry.title} is not on this machine.", icon=":material/download:")
        data_sets.download(entry)

    def estimate() -> None:
        if todo and not missing:
            place.caption(_cost(todo))

    return estimate


def _cost(todo: Sequence[Task]) -> str:
    """What the runs would take on this machine: an estimate of training alone."""
    count = f"{len(todo)} runs" if len(todo) > 1 else "1 run"
    try:
        seconds = 0.0
        for task in todo:
            config = task.config
            train, _ = datasets.split_sizes(config.data)
            speed = run_estimates.speed(config.network, config.data, config.device, "auto")
            seconds += train * config.epochs / speed.images_per_second
    except CnnvizError as error:
        return f"{count}. {error}"
    return f"{count}, about {duration(seconds)} of training on this machine"


def _active(task: Task, recipe_runs: RecipeRuns) -> list[Run]:
    return [run for run in recipe_runs.same(task.config) if run.status().active]


def _start(todo: Sequence[Task]) -> None:
    """Begin all that no other tab has begun."""
    recipe_results.recipe_runs.clear()
    recipe_runs = recipe_results.recipe_runs()
    for task in todo:
        try:
            run_estimates.check(task.config)
            reproduction.begin(task, recipe_runs)
        except CnnvizError as error:
            st.toast(f"{task.variant}: {error}", icon=":material/error:", duration="long")
    recipe_results.recipe_runs.clear()
    st.rerun()


def _stop(live: Sequence[Run]) -> None:
    with st.spinner("Stopping …"):
        control.stop_all(run.id for run in live)
    recipe_results.recipe_runs.clear()
    st.rerun()
