"""Reports, changed: each function gives a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnviz.report.document import Document, Pin, Section


def with_words(document: Document, number: int, words: str) -> Document:
    """With another sentence on figure `number`, counted from 1 through all sections."""
    return _at(
        document,
        number,
        lambda pins, at: [*pins[:at], Pin(figure=pins[at].figure, words=words), *pins[at + 1 :]],
    )


def without(document: Document, number: int) -> Document:
    """Without a figure; a section that it leaves empty goes with it."""
    changed = _at(document, number, lambda pins, at: [*pins[:at], *pins[at + 1 :]])
    return _with(changed, [one for one in changed.sections if one.pins])


def moved(document: Document, number: int, by: int) -> Document:
    """With a figure moved up (−1) or down (+1), into the section before or after where it is the first or last."""
    places = [(row, at) for row, section in enumerate(document.sections) for at in range(len(section.pins))]
    row, at = places[number - 1]
    sections = [list(section.pins) for section in document.sections]
    pin = sections[row].pop(at)
    if 0 <= at + by <= len(sections[row]):
        sections[row].insert(at + by, pin)
    elif 0 <= row + by < len(sections):
        sections[row + by].insert(len(sections[row + by]) if by < 0 else 0, pin)
    else:
        sections[row].insert(at, pin)
    kept = zip(document.sections, sections, strict=True)
    return _with(document, [_section(one, pins) for one, pins in kept if pins])


def titled(document: Document, *, title: str, question: str, author: str) -> Document:
    """With another heading. Raises ValidationError for an empty one."""
    return Document.model_validate(
        document.model_dump()
        | {"title": title.strip(), "question": question.strip(), "author": author.strip()}
    )


def _at(document: Document, number: int, change: Callable[[list[Pin], int], Sequence[Pin]]) -> Document:
    sections, before = [], 0
    for section in document.sections:
        at = number - 1 - before
        inside = 0 <= at < len(section.pins)
        sections.append(_section(section, change(list(section.pins), at)) if inside else section)
        before += len(section.pins)
    return _with(document, sections)


def _section(section: Section, pins: Sequence[Pin]) -> Section:
    return section.model_copy(update={"pins": tuple(pins)})


def _with(document: Document, sections: Sequence[Section]) -> Document:
    return document.model_copy(update={"sections": tuple(sections)})
