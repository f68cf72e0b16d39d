import json

import pytest

from cnnviz.config import RunConfig
from cnnviz.errors import ConfigError, NotFound, RunError
from cnnviz.runs import notes
from cnnviz.runs.notes import Notes
from cnnviz.runs.run import SHIPPED, Run, create, environment
from tests.conftest import Bench


@pytest.fixture
def run(bench: Bench) -> Run:
    return create(RunConfig(), *environment())


def test_one_change_leaves_the_others(run: Run) -> None:
    assert notes.read(run.folder) == Notes()
    notes.change(run.id, tags=["b", " a "])
    notes.change(run.id, note="  Learns well. ")
    notes.change(run.id, archived=True)
    notes.change(run.id, tags=["c"], without=["b", "never there"])
    expected = Notes(tags=("a", "c"), note="Learns well.", archived=True)
    assert notes.read(run.folder) == expected
    assert json.loads((run.folder / "notes.json").read_text())["format"] == 1
    assert notes.change(run.id, note="", archived=False) == Notes(tags=("a", "c"))


@pytest.mark.parametrize(
    "wrong",
    [{"tags": ["a,b"]}, {"tags": [""]}, {"tags": ["x" * 41]}, {"tags": ["a\nb"]}, {"note": "x" * 2001},
     {"tags": [str(one) for one in range(31)]}],
    ids=range(6),
)  # fmt: skip
def test_what_is_too_much_is_refused_and_changes_nothing(run: Run, wrong: dict[str, object]) -> None:
    notes.change(run.id, tags=["a"])
    with pytest.raises(ConfigError, match="A tag is"):
        notes.change(run.id, **wrong)  # type: ignore[arg-type]
    assert notes.read(run.folder).tags == ("a",)


def test_what_came_with_cnnviz_takes_none(run: Run) -> None:
    (run.folder / SHIPPED).touch()
    with pytest.raises(RunError, match="takes no notes"):
        notes.change(run.id, archived=True)
    assert not (run.folder / "notes.json").exists()
    with pytest.raises(NotFound):
        notes.change("gone", archived=True)


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2}', '{"tags": ["a"], "stars": 5}'])
def test_damaged_notes_are_one_line_and_not_written_over(run: Run, content: str) -> None:
    (run.folder / "notes.json").write_text(content)
    for action in (lambda: notes.read(run.folder), lambda: notes.change(run.id, tags=["a"])):
        with pytest.raises(RunError, match=r"notes\.json .* mend or delete"):
            action()
    assert (run.folder / "notes.json").read_text() == content
