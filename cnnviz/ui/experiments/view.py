"""One experiment: what it asks, how it is run, what came out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.data import catalogue
from cnnviz.recipes import library, plan
from cnnviz.recipes.recipe import Recipe
from cnnviz.recipes.results import RecipeRuns
from cnnviz.studies import folder
from cnnviz.ui.experiments import convolution, depth, results, variant_form
from cnnviz.ui.resources import run_estimates
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.frame import guarded
from cnnviz.ui.shell.parameters import RECIPE, STUDY
from cnnviz.ui.widgets import experiment_links, pin

if TYPE_CHECKING:
    from cnnviz.report.figures.figure import Figure


def show(recipe: Recipe, recipe_runs: RecipeRuns) -> None:
    """Draw the experiment, and what its kind has below."""
    _chooser(recipe)
    st.title(recipe.question, anchor=False)
    text, side = st.columns([7, 4], gap="large")
    with text:
        st.markdown(f"{recipe.theory.strip()}")
        st.caption(recipe.source)
    with side:
        for words, said in (
            ("The report claims", recipe.claim),
            ("Note", recipe.note),
            ("What the figures prove", recipe.proof),
        ):
            if said:
                st.markdown(f"**{words}.** {said}")
        if recipe.parameters:
            with guarded():
                _parameters(recipe)
        if recipe.assumed:
            st.caption(f"Assumed, where the report leaves it open: {'; '.join(recipe.assumed)}.")
    if recipe.finding:
        st.info(f"**Found.** {recipe.finding.strip()}", icon=":material/search_insights:")
    experiment_links.show(recipe, recipe_runs)
    with guarded():
        _KINDS[recipe.kind](recipe, recipe_runs)


def _chooser(recipe: Recipe) -> None:
    recipes = library.every()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("All", icon=":material/arrow_back:", key="all recipes"):
            selection.drop(RECIPE)
            st.rerun()
        selection.selectbox(
            RECIPE,
            list(recipes),
            default=recipe.id,
            words=lambda name: f"{name} · {recipes[name].title}",
        )


def _parameters(recipe: Recipe) -> None:
    config = plan.configuration(recipe, next(iter(library.variants(recipe))))
    data = catalogue.entries()[config.data.name]
    count = run_estimates.parameters_for(config.network, config.data.shape(data.shape), data.classes)
    words = "as the report says" if count == recipe.parameters else f"the report says {recipe.parameters:,}"
    st.markdown(f"**{count:,} parameters**, {words}.")


def _train(recipe: Recipe, recipe_runs: RecipeRuns) -> None:
    choice, estimate = variant_form.show(recipe, recipe_runs)
    results.show(recipe, choice)
    with st.container(horizontal=True, vertical_alignment="center"):
        pin.pin(lambda: _figure(recipe), key="experiment")
        _study(choice.study(recipe))
    estimate()


def _study(name: str) -> None:
    """A link to the study that runs what was asked for here, once there is one."""
    if not folder.exists(name):
        return
    st.page_link(
        "pages/studies.py",
        label="Its study",
        icon=":material/grid_on:",
        query_params=selection.link({STUDY: name}),
        width="content",
    )


def _figure(recipe: Recipe) -> "Figure":
    from cnnviz.report.figures.reported import Reported

    return Reported(recipe=recipe.id)


_KINDS: Mapping[str, Callable[[Recipe, RecipeRuns], None]] = {
    "train": _train,
    "explore": lambda recipe, _: depth.show(recipe),
    "teach": lambda recipe, _: convolution.show(recipe),
}
