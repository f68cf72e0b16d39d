"""What came out of an experiment: curves, reported beside measured, and a verdict."""

import io
from collections.abc import Sequence
from contextlib import suppress
from itertools import product
from typing import Any

import pandas as pd
import streamlit as st

from cnnviz import workspace
from cnnviz.charts.heat_map import heat_map
from cnnviz.charts.run_curves import CURVES, curves
from cnnviz.charts.share_format import share_format
from cnnviz.config.words import setting_titles, setting_value
from cnnviz.errors import CnnvizError
from cnnviz.formatting import duration, per_cent
from cnnviz.recipes import library, plan, results_table
from cnnviz.recipes.assessment import Assessment, assess
from cnnviz.recipes.recipe import Recipe
from cnnviz.recipes.verdict import LEGEND
from cnnviz.runs.outcome import summary
from cnnviz.runs.run import Run
from cnnviz.studies import folder, progress
from cnnviz.ui.experiments.variant_form import VariantSelection
from cnnviz.ui.resources import recipe_results
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUN


def show(recipe: Recipe, choice: VariantSelection) -> None:
    """Draw the results; while runs are under way, anew every few seconds."""
    _advance(choice.study(recipe))
    live = choice.under_way or any(
        run.status().active for runs in _runs(recipe, choice).values() for run in runs
    )
    st.fragment(_results, run_every=3.0 if live else None)(recipe, choice, live)


def _results(recipe: Recipe, choice: VariantSelection, live: bool) -> None:
    _advance(choice.study(recipe))
    runs = _runs(recipe, choice)
    # Variants that are alike at this size have the same runs.
    active = {run.id: run for those in runs.values() for run in those if run.status().active}
    _under_way([*active.values()])
    if live and not active:
        st.rerun()
    recipe_runs = recipe_results.recipe_runs()
    assessments = assess(recipe, recipe_runs, size=choice.size, pretrained=choice.pretrained)
    _failures(runs)
    lines = {
        name: [found.epochs for run in those if (found := run.metrics()).epochs]
        for name, those in runs.items()
    }
    if not any(lines.values()):
        st.info("Not run yet at this size. Press Run: the curves of all variants come here.")
        _table(recipe, assessments, choice)
        return
    kind = st.segmented_control(
        "Curve",
        list(CURVES),
        default="Validation accuracy",
        required=True,
        key="recipe curve",
        label_visibility="collapsed",
    )
    split, quantity = CURVES[kind or "Validation accuracy"]
    st.altair_chart(
        curves({name: those for name, those in lines.items() if those}, split, quantity),
        key="curves",
    )
    if recipe.axis:
        _grid(recipe, assessments)
    _table(recipe, assessments, choice)


def _advance(study_id: str) -> None:
    """Have made what is missing of what was asked for."""
    with suppress(CnnvizError):  # a study that was deleted or edited says so on its own page
        if folder.state(study_id).active:
            progress.advance(study_id)


def _runs(recipe: Recipe, choice: VariantSelection) -> dict[str, list[Run]]:
    """The newest run of each seed, by variant."""
    found: dict[str, list[Run]] = {}
    for name in library.variants(recipe):
        newest: dict[int, Run] = {}
        for run in recipe_results.recipe_runs().runs(
            recipe, name, size=choice.size, pretrained=choice.pretrained
        ):
            newest.setdefault(run.config.seed, run)
        found[name] = list(newest.values())
    return found


def _under_way(active: Sequence[Run]) -> None:
    for run in active:
        status = run.status()
        if status.state == "running":
            left = f", {duration(status.seconds_left)} left" if status.seconds_left else ""
            st.progress(
                status.share,
                text=f"{run.title}, seed {run.config.seed}: epoch {status.current_epoch} of {status.epochs}{left}",
            )
            st.page_link(
                "pages/train.py",
                label="Watch it",
                icon=":material/show_chart:",
                query_params=selection.link({RUN: run.id}),
            )
    if waiting := sum(run.status().state == "queued" for run in active):
        st.caption(f"{waiting} waiting in line.")


def _failures(runs: dict[str, list[Run]]) -> None:
    for name, those in runs.items():
        for run in those:
            status = run.status()
            here = run.folder.parent == workspace.checkpoints_root()
            if here and status.state in ("failed", "interrupted"):
                st.warning(f"{name}, seed {run.config.seed}: {status.reason}", icon=":material/error:")


def _table(recipe: Recipe, assessments: Sequence[Assessment], choice: VariantSelection) -> None:
    stopped = any("stopped_epoch" in outcome.figures for one in assessments for outcome in one.outcomes)
    rows = []
    for one in assessments:
        found = one.outcomes
        reported, measured = results_table.side_by_side(one.variant.reported, found)
        row = {
            "Variant": one.variant.id,
            "Reported": reported,
            "Measured": measured,
            "Verdict": one.verdict.words,
        }
        if found:
            row |= {
                "Seeds": f"{len(found)}",
                "Best epoch": results_table.figure_text(found, "best_validation_epoch"),
                "Training": results_table.figure_text(found, "seconds"),
            }
            if stopped:
                row["Stopped at"] = results_table.figure_text(found, "stopped_epoch")
        rows.append(row)
    frame = pd.DataFrame(rows).set_index("Variant").fillna("–")
    st.markdown("**Reported beside measured**", help=LEGEND)
    st.table(frame)
    count = max((outcome.test_count for one in assessments for outcome in one.outcomes), default=0)
    if count:
        st.caption(
            f"Test accuracy on {count:,} images: mean ± standard deviation over seeds, in brackets one standard error "
            "of the test."
        )
    _settings_table(recipe)
    _more(assessments)
    content = io.StringIO()
    frame.to_csv(content)
    st.download_button(
        "CSV",
        content.getvalue(),
        f"{recipe.id}-{choice.size}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="recipe csv",
    )


def _settings_table(recipe: Recipe) -> None:
    """The settings in which the variants differ."""
    settings = plan.differences(recipe)
    if len(settings) < 2:
        return
    titles = setting_titles(key for values in settings.values() for key in values)
    rows = [
        {"Variant": name} | {title: setting_value(key, values[key]) for key, title in titles.items()}
        for name, values in settings.items()
    ]
    _folded("Settings that differ", ":material/tune:", rows)


def _more(assessments: Sequence[Assessment]) -> None:
    """All other figures that the report gives, and accuracies by class."""
    rows = [
        {
            "Variant": one.variant.id,
            "Figure": figure.replace("_", " "),
            "Reported": results_table.reported_text(one.variant.reported, figure),
            "Measured": results_table.figure_text(one.outcomes, figure),
        }
        for one in assessments
        for figure in results_table.compared_figures(one.variant.reported)
    ]
    classes = [
        {
            "Variant": one.variant.id,
            "Class": kind,
            "Reported": _percent(one.variant.reported.per_class.get(kind)),
            "Measured": _percent(value),
        }
        for one in assessments
        for kind, value in (one.outcomes[0].per_class.items() if one.outcomes else ())
    ]
    _folded("All figures of the report", ":material/table_rows:", rows)
    if classes:
        with st.expander("Test accuracy by class (first seed)", icon=":material/category:"):
            st.dataframe(pd.DataFrame(classes), hide_index=True)


def _folded(title: str, icon: str, rows: list[dict[str, str]]) -> None:
    """A table by variant that opens on a click; nothing where it has no rows."""
    if rows:
        with st.expander(title, icon=icon):
            st.table(pd.DataFrame(rows).set_index("Variant"))


def _percent(value: float | None) -> str:
    return "–" if value is None else per_cent(value)


def _grid(recipe: Recipe, assessments: Sequence[Assessment]) -> None:
    """The grid's accuracies and times, as colours."""
    outcomes = {one.variant.id: one.outcomes for one in assessments}
    rows = []
    for choices in product(*(axis.choices for axis in recipe.axis)):
        found = outcomes[library.combined(choices).id]
        right, time = summary(found, "test_accuracy"), summary(found, "seconds")
        if right and time:
            row: dict[str, Any] = {axis.title: one.id for axis, one in zip(recipe.axis, choices, strict=True)}
            rows.append(row | {"Test accuracy": right.mean, "Training time, s": time.mean})
    if len(rows) < 2:
        return
    titles = [axis.title for axis in recipe.axis]
    st.markdown("**The grid**")
    for value, style in (("Test accuracy", share_format(1)), ("Training time, s", ",.0f")):
        st.altair_chart(
            heat_map(
                rows,
                across=titles[0],
                down=titles[1],
                split=titles[2] if len(titles) > 2 else None,
                value=value,
                style=style,
            ),
            width="content",
            key=f"grid {value}",
        )
