"""What is being looked at: one selection for all pages, kept in the address, so that every view is a link."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cnnviz.formatting import quoted
from cnnviz.ui.shell.parameter import RENAMED, Parameter
from cnnviz.ui.shell.query import query

T = TypeVar("T")
NONE = "none"
"""In a link: nothing is selected, whatever was before."""
_MEMORY, _PAGE = "selection", "page of the selection"


def peek(parameter: Parameter[T]) -> T | None:
    """The selected value: from the address, or as it was on the page before; nothing is said of nonsense."""
    text = _text(parameter)
    return None if text is None else parameter.kind.read(text)[0]


def value(
    parameter: Parameter[T], fits: Callable[[T], bool] | None = None, *, otherwise: str = "none is selected"
) -> T | None:
    """The selected value; None where none is selected, or none that fits.

    Where a link asks for what can't be read or does not fit, a line says so, and what is shown `otherwise`.
    """
    _rename(parameter, lambda text: parameter.kind.read(text)[0] is not None)
    text, new = _text(parameter), news(parameter)
    if text is None:
        return None
    found, unread = parameter.kind.read(text)
    if found is not None and fits is not None and not fits(found):
        found, unread = None, (text,)
    if new and unread and text != NONE:
        warn(parameter, unread, otherwise)
    if new and found is None:
        drop(parameter)
    elif new:
        _remembered()[parameter.name] = text
    return found


def news(parameter: Parameter[T]) -> bool:
    """Whether the address says something of it that was not selected here: it comes from a link."""
    text = query.get(parameter.key)
    return bool(text) and text != _remembered().get(parameter.name)


def here(parameter: Parameter[T]) -> bool:
    """Whether the address of this page says anything of it."""
    return parameter.key in query


def warn(parameter: Parameter[T], unread: Sequence[str], otherwise: str) -> None:
    """Say that there is no such thing, in the words of the page."""
    parts = ", ".join(f"'{quoted(part)}'" for part in unread[:5])
    note(parameter, f"There is no {parameter.label} {parts} {parameter.place}; {otherwise}.")


def note(parameter: Parameter[T], line: str) -> None:
    """Say what became of a link, until another value is selected or another page is opened."""
    _notes()[parameter.name] = [line]
    st.warning(line, icon=":material/link_off:")


def repeat_notes() -> None:
    """Say again what links asked for in vain, as pages begin anew while they work something out."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    if st.session_state.get(_PAGE) != page:
        _notes().clear()
    st.session_state[_PAGE] = page
    for line, *_ in _notes().values():
        st.warning(line, icon=":material/link_off:")


def put(parameter: Parameter[T], value: T) -> None:
    """Select `value`, and say so in the address."""
    text = parameter.kind.write(value)
    _settle(parameter, text)
    _remembered()[parameter.name] = text
    if query.get(parameter.key) != text:
        query[parameter.key] = text


def drop(*parameters: Parameter[Any]) -> None:
    """Select nothing."""
    for parameter in parameters:
        _settle(parameter, None)
        _remembered().pop(parameter.name, None)
        query.pop(parameter.key, None)


def link(values: Mapping[Parameter[Any], Any]) -> dict[str, str]:
    """The part of an address that selects these; None selects nothing, whatever was before."""
    return {
        parameter.key: NONE if value is None else parameter.kind.write(value)
        for parameter, value in values.items()
    }


def choice(
    parameter: Parameter[str],
    options: Sequence[str],
    default: str,
    *,
    words: Callable[[str], str] = str,
    explicit: bool = True,
) -> str:
    """The selected one of `options`; `default` if none of them is selected.

    It ends up in the address; the default does not, unless it is `explicit`.
    """
    _rename(parameter, options.__contains__)
    text = _text(parameter)
    found = text if text is not None and text in options else default
    if news(parameter) and found != text:
        said = default if parameter.literal else words(default)
        warn(parameter, [str(text)], f"this is '{quoted(said)}'")
    if explicit or found != default:
        put(parameter, found)
    else:
        drop(parameter)
    return found


def several(
    parameter: Parameter[tuple[str, ...]],
    options: Sequence[str],
    default: Sequence[str],
    *,
    words: Callable[[str], str] = str,
    most: int | None = None,
) -> list[str]:
    """The selected ones of `options` in the order of choosing, at most so many; `default` if there are none.

    Chosen in a field that takes several. What a link asks for beyond that is left out, and a line says so.
    """
    found, asked = list(default), peek(parameter)
    if asked:
        there = [one for one in asked if one in options][:most]
        if news(parameter) and len(there) < len(asked):
            left_out = [one for one in asked if one not in there]
            warn(parameter, left_out, "it is left out" if there else "these are the usual ones")
        found = there or found
    if news(parameter):
        put(parameter, tuple(found))
    key = f"selected {parameter.key}"
    st.session_state[key] = found
    st.multiselect(
        parameter.heading,
        options,
        key=key,
        format_func=words,
        max_selections=most,
        on_change=_take_several,
        args=(parameter,),
        placeholder=f"Choose {parameter.heading.lower()}",
    )
    return found


def selectbox(
    parameter: Parameter[str],
    options: Sequence[str],
    *,
    default: str,
    words: Callable[[str], str] = str,
    explicit: bool = True,
    title: str = "",
) -> str:
    """The selected option, chosen in a select box."""
    key = _key(parameter, options, default, words, explicit)
    title = title or parameter.heading
    st.selectbox(title, options, key=key, format_func=words, on_change=_take, args=(parameter,))
    return str(st.session_state[key])


def segmented(
    parameter: Parameter[str],
    options: Sequence[str],
    *,
    default: str,
    words: Callable[[str], str] = str,
    explicit: bool = True,
) -> str:
    """The selected one of a few options that stand beside each other."""
    key = _key(parameter, options, default, words, explicit)
    st.segmented_control(
        parameter.heading, options, key=key, format_func=words, required=True, wrap=True,
        on_change=_take, args=(parameter,),
    )  # fmt: skip
    return str(st.session_state[key])


def slider(
    parameter: Parameter[str], options: Sequence[str], *, default: str, words: Callable[[str], str] = str
) -> str:
    """The selected option, chosen on a slider that arrow keys walk; there are at least two."""
    key = _key(parameter, options, default, words, True)
    st.select_slider(
        parameter.heading, options, key=key, format_func=words, on_change=_take, args=(parameter,)
    )
    return str(st.session_state[key])


def _key(
    parameter: Parameter[str],
    options: Sequence[str],
    default: str,
    words: Callable[[str], str],
    explicit: bool,
) -> str:
    """The key of a widget that shows the selection."""
    key = f"selected {parameter.key}"
    st.session_state[key] = choice(parameter, options, default, words=words, explicit=explicit)
    return key


def _take(parameter: Parameter[str]) -> None:
    put(parameter, st.session_state[f"selected {parameter.key}"])


def _take_several(parameter: Parameter[tuple[str, ...]]) -> None:
    chosen = tuple(st.session_state[f"selected {parameter.key}"])
    if chosen:
        put(parameter, chosen)
    else:
        drop(parameter)


def _rename(parameter: Parameter[T], fits: Callable[[str], bool]) -> None:
    """Take it from an old link, in which it was called something else, if that says something that fits."""
    before = RENAMED.get(parameter.key, "")
    text = query.get(before)
    if text and fits(text) and not query.get(parameter.key):
        query.pop(before)
        query[parameter.key] = text


def _settle(parameter: Parameter[T], text: str | None) -> None:
    """Have a note go when its parameter has another value than the first one after it."""
    found = _notes().get(parameter.name)
    if found is None:
        return
    line, *settled = found
    if not settled:
        _notes()[parameter.name] = [line, text]
    elif settled != [text]:
        del _notes()[parameter.name]


def _notes() -> dict[str, list[str | None]]:
    """Lines by parameter, each with the text that was selected in place of what was asked for."""
    notes: dict[str, list[str | None]] = st.session_state.setdefault("notes of links", {})
    return notes


def _text(parameter: Parameter[T]) -> str | None:
    return query.get(parameter.key) or _remembered().get(parameter.name)


def _remembered() -> dict[str, str]:
    memory: dict[str, str] = st.session_state.setdefault(_MEMORY, {})
    return memory
