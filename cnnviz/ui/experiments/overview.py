"""All experiments of the reports: what was asked, and how far it was reproduced."""

import streamlit as st

from cnnviz.recipes import library, results_table
from cnnviz.recipes.recipe import Recipe
from cnnviz.recipes.results import RunsByConfiguration
from cnnviz.recipes.verdict import Verdict, verdict
from cnnviz.ui.experiments import charts
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RECIPE

_STATES = {"reproduced": "reproduced", "differs": "otherwise", "not comparable": "not comparable"}
"""States of a variant, as they are counted."""


def show(shelf: RunsByConfiguration) -> None:
    """Reported against measured in one chart, then a line for each experiment."""
    rows, verdicts = [], {}
    for recipe in library.every().values():
        found = verdicts[recipe.id] = _verdicts(recipe, shelf)
        for variant in library.variants(recipe).values():
            outcomes = results_table.best(shelf, recipe, variant.id)[1]
            if outcomes and variant.reported.test_accuracy is not None:
                said = found[variant.id]
                rows.append(
                    {
                        "recipe": recipe.id,
                        "variant": variant.id,
                        "reported": variant.reported.test_accuracy,
                        "measured": sum(one.figures["test_accuracy"] for one in outcomes) / len(outcomes),
                        "state": said.state,
                        "words": said.words,
                    }
                )
    chart, listed = st.columns([4, 7], gap="large")
    if rows:
        with chart:
            st.markdown(
                "**Reported against measured**",
                help="Test accuracy; a dot a variant. On the line both agree.",
            )
            st.altair_chart(charts.agreement(rows), key="agreement")
    with listed if rows else st.container():
        for report in library.reports():
            st.markdown(f"**Report {report.report}** · {report.title}")
            with st.container(gap=None):
                for recipe in report.recipes:
                    _line(recipe, verdicts[recipe.id])


def _verdicts(recipe: Recipe, shelf: RunsByConfiguration) -> dict[str, Verdict]:
    found = {}
    for variant in library.variants(recipe).values():
        size, outcomes = results_table.best(shelf, recipe, variant.id)
        found[variant.id] = verdict(recipe, variant.reported, outcomes, size=size)
    return found


def _line(recipe: Recipe, verdicts: dict[str, Verdict]) -> None:
    states = [one.state for one in verdicts.values()]
    done = len(states) - states.count("not run")
    parts = [f"{states.count(state)} {words}" for state, words in _STATES.items() if state in states]
    if recipe.kind == "train":
        state = ", ".join(parts) if done else "not run"
        if done and done < len(states):
            state += f", {len(states) - done} not run"
    else:
        state = {"explore": "to look at", "teach": "to work out"}[recipe.kind]
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"{recipe.id} · {recipe.question}", key=f"open {recipe.id}", type="tertiary"):
            selection.put(RECIPE, recipe.id)
            st.rerun()
        st.caption(state, width="content")
