"""All experiments of the reports: what was asked, and how far it was reproduced."""

from statistics import mean

import streamlit as st

from cnnviz.recipes import library, results_table
from cnnviz.recipes.assessment import Assessment, assess
from cnnviz.recipes.recipe import Recipe
from cnnviz.recipes.results import RecipeRuns
from cnnviz.ui.experiments import charts
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RECIPE


def show(recipe_runs: RecipeRuns) -> None:
    """Reported against measured in one chart, then a line for each experiment."""
    assessments = {recipe.id: assess(recipe, recipe_runs) for recipe in library.every().values()}
    rows = [
        {
            "recipe": one.recipe.id,
            "variant": one.variant.id,
            "reported": one.variant.reported.test_accuracy,
            "measured": mean(outcome.figures["test_accuracy"] for outcome in one.outcomes),
            "state": one.verdict.state,
            "words": one.verdict.words,
        }
        for assessed in assessments.values()
        for one in assessed
        if one.counts and one.variant.reported.test_accuracy is not None
    ]
    chart, listed = st.columns([4, 7], gap="large")
    if rows:
        with chart:
            st.markdown(
                "**Reported against measured**",
                help="Test accuracy; a dot a variant, a run counted once. On the line both agree.",
            )
            st.altair_chart(charts.agreement(rows), key="agreement")
    with listed if rows else st.container():
        for report in library.reports():
            st.markdown(f"**Report {report.report}** · {report.title}")
            with st.container(gap="xsmall"):
                for recipe in report.recipes:
                    _line(recipe, assessments[recipe.id])


def _line(recipe: Recipe, assessments: list[Assessment]) -> None:
    if recipe.kind == "train":
        run = any(one.outcomes for one in assessments)
        state = results_table.totals(assessments) if run else "not run"
    else:
        state = {"explore": "to look at", "teach": "to work out"}[recipe.kind]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):  # what wraps stays near
        if st.button(f"{recipe.id} · {recipe.question}", key=f"open {recipe.id}", type="tertiary", wrap=True):
            selection.put(RECIPE, recipe.id)
            st.rerun()
        st.caption(state, width="content")
