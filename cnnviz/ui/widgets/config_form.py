"""Controls for any value of the configuration, made from its fields: a new setting needs no new form."""

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from streamlit.delta_generator import DeltaGenerator

from cnnviz.config import Strict
from cnnviz.config.words import CHOOSES, words

_LARGEST = (1 << 53) - 1
"""The largest whole number that a browser has."""


def fields(
    model: type[Strict], names: Sequence[str], values: Mapping[str, Any], *, key: str
) -> dict[str, Any]:
    """What the user sets for some fields of `model`, starting from `values`; draws a control for each."""
    result: dict[str, Any] = {}
    places: list[DeltaGenerator] = []
    for name in names:
        field = model.model_fields[name]
        narrow = _bare(field.annotation)[0] in (int, float)
        if narrow and not places:
            places = list(st.columns(2))
        elif not narrow:
            places = []
        with places.pop(0) if narrow else st.container():
            result[name] = _control(field, words(name), values.get(name), key=f"{key}.{name}")
    return result


def _control(field: FieldInfo, label: str, value: Any, *, key: str) -> Any:
    annotation, optional = _bare(field.annotation)
    members = _members(annotation)
    if members and get_origin(annotation) is tuple:
        return _several(members, label, value, key=key)
    if optional and members:
        if not st.toggle(label, value=value is not None, key=key, help=field.description):
            return None
        return _part(members[0], value or {}, key=key)
    if members:
        return _one_of(members, label, value, key=key, help=field.description)
    return _plain(annotation, field, label, value, optional=optional, key=key)


def _one_of(members: Sequence[type[Strict]], label: str, value: Any, *, key: str, help: str | None) -> Any:
    by_name = {_tag(member): member for member in members}
    names = list(by_name)
    chooser = next(name for name in CHOOSES if name in members[0].model_fields)
    before = (value or {}).get(chooser, names[0])
    chosen = st.selectbox(label, names, index=names.index(before), format_func=words, key=key, help=help)
    kept = value if value and chosen == before else {}
    return {chooser: chosen} | _part(by_name[chosen], kept, key=f"{key}.{chosen}")


def _several(members: Sequence[type[Strict]], label: str, value: Any, *, key: str) -> list[Any]:
    by_name = {_tag(member): member for member in members}
    given = {item["name"]: item for item in value or ()}
    chosen = st.pills(
        label, list(by_name), selection_mode="multi", default=list(given), format_func=words, key=key
    )
    found = []
    for name, member in by_name.items():
        if name not in chosen:
            continue
        if len(chosen) > 1 and len(member.model_fields) > 1:
            st.caption(f"**{words(name)}**")
        found.append({"name": name} | _part(member, given.get(name, {}), key=f"{key}.{name}"))
    return found


def _part(model: type[Strict], value: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    names = [name for name in model.model_fields if name not in CHOOSES]
    start = {name: value.get(name, model.model_fields[name].default) for name in names}
    return fields(model, names, start, key=key)


def _plain(annotation: Any, field: FieldInfo, label: str, value: Any, *, optional: bool, key: str) -> Any:
    text = field.description
    if annotation is bool:
        return st.toggle(label, value=bool(value), key=key, help=text)
    if get_origin(annotation) is Literal:
        options = list(get_args(annotation))
        return st.selectbox(label, options, index=options.index(value), format_func=words, key=key, help=text)
    if get_origin(annotation) is tuple:
        written = st.text_input(label, ", ".join(map(str, value or ())), key=key, help=text)
        return [part.strip() for part in written.split(",") if part.strip()]
    if annotation is str:
        return st.text_input(label, value or "", key=key, help=text)
    low, high = _bounds(field, whole=annotation is int)
    if annotation is int:
        whole = int(value) if value is not None else None
        return st.number_input(label, low, high, whole, 1, key=key, help=text, placeholder="automatic")
    start = float(value) if value is not None else None
    shown = "off" if optional else None
    return st.number_input(
        label, low, high, start, 0.01, format="%.6g", key=key, help=text, placeholder=shown
    )


def _bounds(field: FieldInfo, *, whole: bool) -> tuple[Any, Any]:
    rules: list[Any] = [*field.metadata, *_rules(field.annotation)]
    low: Any = next((rule.ge for rule in rules if isinstance(rule, Ge)), None)
    high: Any = next((rule.le for rule in rules if isinstance(rule, Le)), None)
    above: Any = next((rule.gt for rule in rules if isinstance(rule, Gt)), None)
    below: Any = next((rule.lt for rule in rules if isinstance(rule, Lt)), None)
    if above is not None:
        low = above + (1 if whole else 1e-9)
    if below is not None:
        high = below - (1 if whole else 1e-6)
    if whole:
        return int(low or 0), min(_LARGEST, _LARGEST if high is None else int(high))
    return None if low is None else float(low), None if high is None else float(high)


def _rules(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        return [rule for part in get_args(annotation) for rule in _rules(part)]
    return list(annotation.__metadata__) if get_origin(annotation) is Annotated else []


def _bare(annotation: Any) -> tuple[Any, bool]:
    """The annotation without None and without rules, and whether None was allowed."""
    optional = False
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        rest = [part for part in get_args(annotation) if part is not type(None)]
        optional = True
        annotation = rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007
    if get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    return annotation, optional


def _members(annotation: Any) -> list[type[Strict]]:
    """The kinds of value that a part of the configuration can be; none for a plain value."""
    annotation, _ = _bare(annotation)
    if get_origin(annotation) is tuple:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [
            part
            for part in get_args(annotation)
            if isinstance(part, type) and issubclass(part, Strict) and part.offered
        ]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, Strict) else []


def _tag(member: type[Strict]) -> str:
    name = next(name for name in CHOOSES if name in member.model_fields)
    return str(get_args(member.model_fields[name].annotation)[0])
