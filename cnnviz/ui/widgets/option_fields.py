"""Options of a method, in the address: only those that are not the usual ones, so that links stay short."""

from collections.abc import Callable, Container, Mapping
from functools import lru_cache
from typing import Annotated, Any

import streamlit as st
from pydantic import TypeAdapter

from cnnviz.config import Strict
from cnnviz.config.words import words
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameter import Parameter, Validated
from cnnviz.ui.widgets import config_form

Values = dict[str, Any]


@lru_cache
def parameters(model: type[Strict], prefix: str, *, page: str, of: str) -> Mapping[str, Parameter[Any]]:
    """A parameter for each field of `model`, by its name; `prefix` begins their keys, `of` is what they belong to."""
    found = {}
    for name, field in model.model_fields.items():
        rules: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        found[name] = Parameter(
            f"{prefix}.{name}", f"value of “{words(name)}”", Validated(TypeAdapter(rules)),
            page=page, place=f"for {of}",
        )  # fmt: skip
    return found


def usual(model: type[Strict]) -> Values:
    """The values of a model of which nothing is set."""
    return {name: field.default for name, field in model.model_fields.items()}


def selected(
    these: Mapping[str, Parameter[Any]],
    usual: Mapping[str, Any],
    among: Mapping[str, Container[Any]] | None = None,
) -> Values:
    """The selected values, the usual ones where none is; `among` are the values that a name can have."""
    found = {}
    for name, parameter in these.items():
        options = (among or {}).get(name)
        value = selection.value(
            parameter,
            None if options is None else options.__contains__,
            otherwise=f"this is {_words(usual[name])}",
        )
        found[name] = usual[name] if value is None else value
    return found


def bound(
    these: Mapping[str, Parameter[Any]],
    usual: Mapping[str, Any],
    draw: Callable[[Values, str], Values],
    *,
    key: str,
    among: Mapping[str, Container[Any]] | None = None,
) -> Values:
    """What is set by the controls that `draw` draws, from the values to begin with and the beginning of their keys."""
    edition, start = st.session_state.get(f"{key} start", (0, None))
    linked = any(map(selection.news, these.values()))
    gone = not any(str(one).startswith(f"{_edition(key, edition)}.") for one in st.session_state)
    if start is None or linked or gone:
        # Controls of another key take what a link says, in place of what they were set to.
        edition, start = edition + (not gone), selected(these, usual, among)
        st.session_state[f"{key} start"] = edition, start
    found = draw(start, _edition(key, edition))
    for name, parameter in these.items():
        if name in found and found[name] != usual[name]:
            selection.put(parameter, found[name])
        else:
            selection.drop(parameter)
    return found


def fields(model: type[Strict], prefix: str, *, page: str, of: str, key: str) -> Values:
    """What is set of all fields of `model`, by the controls that suit them."""
    return bound(
        parameters(model, prefix, page=page, of=of),
        usual(model),
        lambda start, key: config_form.fields(model, list(start), start, key=key),
        key=key,
    )


def _edition(key: str, number: int) -> str:
    return f"{key} {number}" if number else key


def _words(value: Any) -> str:
    return (
        "automatic" if value is None else "yes" if value is True else "no" if value is False else str(value)
    )
