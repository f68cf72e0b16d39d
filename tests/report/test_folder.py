"""Reports on the disk, and what changes them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import workspace
from cnnviz.errors import NotFound, RunError
from cnnviz.progress import finish
from cnnviz.report import editing, folder, written
from cnnviz.report.document import Document, Pin, Section
from cnnviz.report.figures.settings import Settings
from cnnviz.report.writing import write


def pin(name: str) -> Pin:
    return Pin(figure=Settings(runs=(name,)))


def names(document: Document) -> list[list[str]]:
    return [[one.figure.runs[0] for one in section.pins] for section in document.sections]  # type: ignore[union-attr]


def document(*sections: str) -> Document:
    parts = [Section(title=letters, pins=tuple(map(pin, letters))) for letters in sections]
    return Document(title="A report", sections=tuple(parts))


def test_what_is_written_is_read(bench: Any) -> None:
    name = folder.create(document("ab", "c"))
    assert name == "a-report"
    assert folder.read(name) == document("ab", "c")
    assert [one.id for one in folder.every()] == [name]
    with pytest.raises(RunError, match="There is a report a-report already"):
        folder.create(document())
    assert folder.create_numbered(document()) == "a-report-2"
    assert folder.read("a-report-2").title == "A report (2)"
    folder.delete(name)
    with pytest.raises(NotFound, match="a-report-2"):
        folder.read(name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "its a-report.json is no json: it was cut short, or edited"),
        ("[]", "its a-report.json is damaged: it has to be a json object"),
        ('{"format": 2, "title": "x"}', "another version of cnnviz"),
        ('{"title": ""}', "title"),
        ('{"title": "x", "sections": [{"title": "y", "pins": [{"figure": {"kind": "nonsense"}}]}]}', "kind"),
    ],
)
def test_a_damaged_one_is_listed_with_the_reason(bench: Any, content: str, words: str) -> None:
    name = folder.create(document("a"))
    workspace.report_file(name).write_text(content)
    folder.create(document("b").model_copy(update={"title": "Whole"}))
    damaged = next(one for one in folder.every() if one.document is None)
    assert words in damaged.damage.lower()
    assert "\n" not in damaged.damage
    assert len(folder.every()) == 2


def test_what_is_no_file_and_what_has_no_name_are_listed_too(bench: Any) -> None:
    folder.create(document("a"))
    root = workspace.reports_root()
    (root / "folder.json").mkdir()
    (root / "link.json").symlink_to("/nowhere")
    (root / "Bad Name.json").write_text("{}")
    damage = {one.id: one.damage for one in folder.every()}
    assert damage.pop("a-report") == ""
    assert "(Is a directory)" in damage.pop("folder")
    assert "a link to a file that is not there" in damage.pop("link")
    assert "'Bad Name' can't name a report: use lower-case letters" in damage.pop("Bad Name")
    assert not damage


@pytest.mark.parametrize("name", ["../x", "", "A", "x/y"])
def test_no_name_leaves_the_folder(bench: Any, name: str) -> None:
    with pytest.raises(NotFound):
        folder.read(name)
    with pytest.raises(NotFound):
        folder.delete(name)


def test_pins_of_many_at_once_are_all_there(bench: Any) -> None:
    name = folder.create(document("a"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: folder.pin(name, pin(f"n{number}")), range(24)))
    first, pinned = names(folder.read(name))
    assert first == ["a"]
    assert sorted(pinned) == sorted(f"n{number}" for number in range(24))


def test_a_change_that_another_tab_made_is_not_lost(bench: Any) -> None:
    before = document("ab")
    name = folder.create(before)
    folder.save(name, editing.with_words(before, 1, "mine"), before=before)
    with pytest.raises(RunError, match="changed elsewhere"):
        folder.save(name, editing.without(before, 1), before=before)
    assert [one.words for one in folder.read(name).pins] == ["mine", ""]


def test_a_page_is_of_the_report_as_it_is(bench: Any) -> None:
    name = folder.create(document())
    there = folder.read(name)
    page = finish(write(there))
    written.artifact(name, there).save(page)
    assert written.artifact(name, there).load() == page
    changed = there.model_copy(update={"question": "Another?"})
    assert written.artifact(name, changed).load() is None
    folder.delete(name)
    assert not list(workspace.reports_root().glob("[!.]*"))


@pytest.mark.parametrize(
    ("number", "by", "after"),
    [
        (1, -1, ["ab", "c", "de"]),
        (1, 1, ["ba", "c", "de"]),
        (2, 1, ["a", "bc", "de"]),
        (3, -1, ["abc", "de"]),
        (3, 1, ["ab", "cde"]),
        (4, -1, ["ab", "cd", "e"]),
        (5, 1, ["ab", "c", "de"]),
    ],
)
def test_figures_move_within_and_between_sections(number: int, by: int, after: list[str]) -> None:
    found = names(editing.moved(document("ab", "c", "de"), number, by))
    assert found == [list(letters) for letters in after]


@given(st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=4), st.data())
def test_no_figure_is_lost_by_moving(sections: list[str], data: st.DataObject) -> None:
    there = document(*sections)
    count = len(list(there.pins))
    number, by = data.draw(st.integers(1, count)), data.draw(st.sampled_from((-1, 1)))
    moved = editing.moved(there, number, by)
    assert sorted(name for section in names(moved) for name in section) == sorted("".join(sections))
    assert len(list(editing.without(there, number).pins)) == count - 1
    said = editing.with_words(there, number, "here")
    assert [one.words for one in said.pins].index("here") == number - 1
