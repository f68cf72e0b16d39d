"""One-click views of an experiment: places of the app, opened on the right network, image and layer."""

from typing import Any

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.formatting import whole_number
from cnnviz.recipes import library
from cnnviz.recipes.recipe import SIZES, Recipe, RecipeView
from cnnviz.recipes.results import RecipeRuns
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameter import Parameter
from cnnviz.ui.shell.parameters import (
    CELL,
    CHANNEL,
    HINT,
    IMAGE,
    IMAGE_B,
    LAYER,
    RECIPE,
    RUN,
    SIZE,
    SNAPSHOT,
    WITH,
)

_ACROSS = 3
_SHIPPED = "cifar10-resnet18"
_PAGES = {
    "activations": ("pages/activations.py", ":material/blur_on:"),
    "filters": ("pages/filters.py", ":material/grid_view:"),
    "statistics": ("pages/statistics.py", ":material/stacked_line_chart:"),
    "compare": ("pages/compare.py", ":material/compare:"),
}


def show(recipe: Recipe, recipe_runs: RecipeRuns) -> None:
    """The views as links, each with what there is to look for."""
    if not recipe.view:
        return
    st.markdown("**Look for yourself**")
    for first in range(0, len(recipe.view), _ACROSS):
        for place, column in enumerate(st.columns(_ACROSS)):
            number = first + place
            if number < len(recipe.view):
                view = recipe.view[number]
                with column, st.container(border=True):
                    page, icon = _PAGES[view.page]
                    st.page_link(
                        page, label=view.title, icon=icon, query_params=_address(recipe, number, recipe_runs)
                    )
                    st.caption(view.look)


def hint() -> None:
    """On the page that a view has opened: what to look for, and the way back."""
    name = selection.value(HINT, lambda one: _view(one) is not None, otherwise="look around")
    view = _view(name) if name and selection.here(HINT) else None
    if name is None or view is None:
        return
    identifier = name.rpartition(".")[0]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="view hint"):
        st.markdown(f"**{view.title}.** {view.look}")
        st.page_link(
            "pages/experiments.py",
            label=f"Back to {identifier}",
            icon=":material/experiment:",
            query_params=selection.link({RECIPE: identifier}),
        )
        st.button("Close", icon=":material/close:", type="tertiary", on_click=selection.drop, args=(HINT,))


def _address(recipe: Recipe, number: int, recipe_runs: RecipeRuns) -> dict[str, str]:
    view = recipe.view[number]
    parts: dict[Parameter[Any], Any] = {
        LAYER: view.layer,
        IMAGE: view.image,
        IMAGE_B: view.image_b,
        WITH: "image" if view.image_b else None,
        SIZE: None if view.page != "activations" else str(view.size or "training"),
    }
    return selection.link(
        {parameter: value for parameter, value in parts.items() if value is not None}
        | {RUN: view.run or _run_of(recipe, recipe_runs), SNAPSHOT: "last", HINT: f"{recipe.id}.{number}"}
        # In any case, or what was selected before would stay.
        | {CHANNEL: view.channel, CELL: None}
    )


def _view(name: str) -> RecipeView | None:
    """The view of that name: experiment and number."""
    identifier, _, number = name.rpartition(".")
    try:
        views = library.find(identifier).view
    except CnnvizError:
        return None
    at = whole_number(number)
    return views[at] if at is not None and at < len(views) else None


def _run_of(recipe: Recipe, recipe_runs: RecipeRuns) -> str:
    """The newest finished run of an experiment that can be looked into; a shipped one while there is none."""
    found = [
        outcome.run
        for size in SIZES
        for variant in library.variants(recipe)
        for outcome in recipe_runs.outcomes(recipe, variant, size=size)
        if outcome.run.snapshots()
    ]
    return found[0].id if found else _SHIPPED
