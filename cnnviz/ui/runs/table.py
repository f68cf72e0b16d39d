"""The table: which runs, in which order, with which columns; its boxes are the selection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from cnnviz.config.words import setting_titles, setting_value, words
from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.formatting import per_cent
from cnnviz.runs.summary import Summary, fitting
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUNS

_KEY, _LISTED = "runs table", "runs listed"
_MOST_SELECTED = 200
"""Runs that an address names at most."""


@dataclass(frozen=True)
class _Column:
    """A figure or a fact of a run."""

    value: Callable[[Summary], Any]
    config: Any = None


def _share(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _state(run: Summary) -> str:
    if run.imported:
        return "imported"
    return f"running, {per_cent(run.share, digits=0)}" if run.state == "running" else run.state


def _number(style: str, help: str = "") -> Any:
    return st.column_config.NumberColumn(format=style, help=help or None)


_COLUMNS: Mapping[str, _Column] = {
    "State": _Column(_state),
    "Data": _Column(lambda run: run.data),
    "Network": _Column(lambda run: words(run.network)),
    "Seed": _Column(lambda run: run.seed, _number("%d")),
    "Epochs": _Column(lambda run: None if run.imported else f"{run.epoch}/{run.epochs}"),
    "Validation": _Column(
        lambda run: _share(run.validation_accuracy), _number("%.1f %%", "Accuracy after the last epoch")
    ),
    "Test": _Column(lambda run: _share(run.test_accuracy), _number("%.1f %%", CHOOSING)),
    "Minutes": _Column(lambda run: run.seconds / 60 if run.seconds else None, _number("%.2f", "Of training")),
    "Parameters": _Column(lambda run: run.parameters, _number("localized")),
    "Images/s": _Column(lambda run: run.images_per_second, _number("%.0f", "Training, last epoch")),
    "Memory, MB": _Column(
        lambda run: None if run.memory is None else run.memory / 1e6, _number("%.0f", "At most")
    ),
    "Energy, Wh": _Column(
        lambda run: None if run.energy is None else run.energy / 3600,
        _number("%.1f", "Of processor and GPU, where the machine tells"),
    ),
    "Tags": _Column(lambda run: list(run.tags), st.column_config.ListColumn()),
    "Note": _Column(lambda run: run.note),
    "Created": _Column(
        lambda run: datetime.fromtimestamp(run.created),
        st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    ),
}
_TITLE, _LETTERS = 188, 25
"""Pixels, and about so many letters. What is wider than 0.6 of the table does not stay in its place while the rest is
moved sideways: on a phone (358 pixels) that would leave titles alone in sight.
"""
_ROW, _TALL = 35, 65
"""Pixels of a row. From 65 on titles are broken into lines: those of studies differ at their end."""
_HIGHEST = 560
_USUAL = ("State", "Validation", "Test", "Data", "Network", "Seed", "Minutes", "Tags", "Created")
_ORDERS: Mapping[str, Callable[[Summary], Any]] = {
    "Newest": lambda run: -run.created,
    "Validation accuracy": lambda run: (
        -run.validation_accuracy if run.validation_accuracy is not None else None
    ),
    "Test accuracy": lambda run: -run.test_accuracy if run.test_accuracy is not None else None,
    "Training time": lambda run: run.seconds or None,
    "Title": lambda run: run.title.lower(),
}


def show(runs: Sequence[Summary], selected: Sequence[Summary]) -> None:
    """Draw search, filters and table; what is selected in it goes into the address."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search",
            key="runs search",
            placeholder="Title, tag, setting or learning_rate=0.1",
            icon=":material/search:",
        )
        order = st.selectbox("Order", list(_ORDERS), key="runs order", width=200)
        listed = _filtered(fitting(runs, search or ""))
        columns = _columns(runs)
    listed = _sorted(listed, order)
    if order == "Test accuracy":
        st.warning(CHOOSING, icon=":material/balance:")
    if not listed:
        st.info("No run fits." if runs else "There is no run that can be read.")
    else:
        _draw(listed, columns, [run.id for run in selected])
    hidden = len(runs) - len(listed)
    said = f"{len(listed):,} of {len(runs):,} runs." if hidden else f"{len(runs):,} runs."
    if (
        "Test" in columns
        and order != "Test accuracy"
        and sum(run.test_accuracy is not None for run in listed) > 1
    ):
        said += f" {CHOOSING}"
    if away := len({run.id for run in selected} - {run.id for run in listed}):
        said += f" Of the selected ones {away:,} {'is' if away == 1 else 'are'} not listed."
    st.caption(said)


def _filtered(runs: Sequence[Summary]) -> list[Summary]:
    """Those of the states, data sets, networks and tags that are chosen; archived ones if they are wanted."""
    facts: Mapping[str, Callable[[Summary], Sequence[str]]] = {
        "State": lambda run: [run.state],
        "Data": lambda run: [run.data],
        "Network": lambda run: [run.network],
        "Tag": lambda run: run.tags,
    }
    keys = {name: f"runs filter {name}" for name in facts}
    on = sum(bool(st.session_state.get(key)) for key in keys.values())
    with st.popover(f"Filter ({on})" if on else "Filter", icon=":material/filter_list:"):
        for name, fact in facts.items():
            there = sorted(
                {one for run in runs for one in fact(run)} | set(st.session_state.get(keys[name], ()))
            )
            names = words if name in ("State", "Network") else str
            chosen = st.multiselect(name, there, key=keys[name], format_func=names, placeholder="Any")
            if chosen:
                runs = [run for run in runs if not set(chosen).isdisjoint(fact(run))]
        archived = st.toggle("Archived ones as well", key="runs archived")
    return [run for run in runs if archived or not run.archived]


def _columns(runs: Sequence[Summary]) -> list[str]:
    """Names of the columns that are chosen: figures, facts, and the dotted keys of settings."""
    settings = sorted(
        {key for run in runs for key in run.settings} - {"seed", "epochs", "data.name", "network.name"}
    )
    names = list(dict.fromkeys([*_COLUMNS, *settings, *st.session_state.get("runs columns", ())]))
    titles = setting_titles(settings)
    with st.popover("Columns", icon=":material/view_column:"):
        return st.multiselect(
            "Columns",
            names,
            default=list(_USUAL),
            key="runs columns",
            format_func=lambda name: titles.get(name, name),
            placeholder="Title alone",
        )


def _sorted(runs: Sequence[Summary], order: str) -> list[Summary]:
    """In that order; what lacks the figure comes last."""
    place = _ORDERS[order]
    figures = {run.id: place(run) for run in runs}
    there = [run for run in runs if figures[run.id] is not None]
    return sorted(there, key=lambda run: figures[run.id]) + [run for run in runs if figures[run.id] is None]


def _draw(runs: Sequence[Summary], columns: Sequence[str], selected: Sequence[str]) -> None:
    cells: dict[str, list[Any]] = {"Title": [run.title for run in runs]}
    titles = setting_titles(name for name in columns if name not in _COLUMNS)
    for name in columns:
        known = _COLUMNS.get(name)
        cells[titles.get(name, name)] = (
            [known.value(run) for run in runs]
            if known
            else [setting_value(name, run.settings[name]) if name in run.settings else None for run in runs]
        )
    configs = {name: known.config for name in columns if (known := _COLUMNS.get(name)) and known.config}
    names = [run.id for run in runs]
    rows = sorted(names.index(name) for name in set(selected) & set(names))
    now = st.session_state.get(_KEY)
    if sorted(now["selection"]["rows"] if now else ()) != rows or st.session_state.get(_LISTED) != names:
        st.session_state[_KEY] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.session_state[_LISTED] = names
    row = _TALL if any(len(run.title) > _LETTERS for run in runs) else _ROW
    st.dataframe(
        pd.DataFrame(cells),
        hide_index=True,
        height=min(38 + row * len(runs), _HIGHEST),
        row_height=row,
        column_config={"Title": st.column_config.TextColumn(pinned=True, width=_TITLE)} | configs,
        key=_KEY,
        on_select=_take,
        selection_mode="multi-row",
        placeholder="",
        alt=f"{len(runs):,} runs: {', '.join(cells)}",
    )


def _take() -> None:
    """Select what is ticked; what is selected and not listed just now stays so."""
    names: list[str] = st.session_state[_LISTED]
    ticked = [names[row] for row in st.session_state[_KEY]["selection"]["rows"] if row < len(names)]
    before = selection.peek(RUNS) or ()
    kept = [name for name in before if name not in names or name in ticked]
    found = [*kept, *(name for name in ticked if name not in kept)]
    if len(found) > _MOST_SELECTED:
        st.toast(
            f"The first {_MOST_SELECTED} are selected: an address names no more.", icon=":material/info:"
        )
    if found:
        selection.put(RUNS, tuple(found[:_MOST_SELECTED]))
    else:
        selection.drop(RUNS)
