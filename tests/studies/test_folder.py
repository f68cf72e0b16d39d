"""Studies on the disk: named, listed, damaged, deleted."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cnnviz import workspace
from cnnviz.config import RunConfig
from cnnviz.errors import ConfigError, NotFound, RunError
from cnnviz.runs import queue
from cnnviz.runs.run import every as every_run
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Grid, Study
from cnnviz.studies.search_space import Search, space
from cnnviz.studies.variant import Variant

pytestmark = pytest.mark.usefixtures("bench")


@pytest.fixture
def study(tiny_config: RunConfig) -> Study:
    return Study(title="Dropout × rate", base=tiny_config, vary=Grid(settings={"epochs": (1, 2)}))


def test_a_study_is_found_by_a_name_made_of_its_title(study: Study) -> None:
    assert folder.create(study) == "dropout-rate"
    assert folder.read("dropout-rate") == study
    with pytest.raises(RunError, match="There is a study dropout-rate already"):
        folder.create(study)
    with pytest.raises(NotFound, match="Did you mean: dropout-rate"):
        folder.read("dropout-rat")
    for name in ("../dropout-rate", "", ".hidden", "a/b"):
        with pytest.raises(NotFound):
            folder.read(name)


def test_runs_and_their_queue_know_nothing_of_it(study: Study) -> None:
    folder.create(study)
    assert every_run() == []
    assert queue.waiting() == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[: len(text) // 2], "cut short"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "another version of cnnviz"),
        (lambda text: text.replace('"seeds": 1', '"seeds": -1'), "seeds: input should be greater than 0"),
        (lambda text: text.replace('"title"', '"titel"'), "titel is not a setting"),
        (lambda text: text.replace('"epochs": [', '"epoochs": ['), "epoochs is not a setting"),
        (lambda text: "", "cut short"),
    ],
)
def test_damage_is_listed_with_the_reason_and_breaks_nothing(
    study: Study, damage: Callable[[str], str], words: str
) -> None:
    broken = folder.create(study)
    good = folder.create(study.model_copy(update={"title": "good"}))
    path = workspace.study_folder(broken) / "study.json"
    path.write_text(damage(path.read_text()))
    assert {one.id for one in folder.every()} == {broken, good}
    with pytest.raises((RunError, ConfigError), match=words):
        progress.look(broken)
    assert progress.look(good).state == "new"
    folder.delete(broken)
    assert [one.id for one in folder.every()] == [good]


def test_a_folder_without_a_definition_or_with_nonsense_for_a_state(study: Study) -> None:
    (workspace.studies_root() / "empty").mkdir(parents=True)
    (workspace.studies_root() / "file").write_text("x")
    name = folder.create(study)
    (workspace.study_folder(name) / "state.json").write_text("[")
    assert progress.look(name).state == "new"
    listed = {one.id: one.damage for one in folder.every()}
    assert listed.keys() == {"empty", name}
    assert "study.json" in listed["empty"]


SEARCH = Search(settings={"epochs": space("1..5"), "network.activation": space("relu,gelu")}, trials=3)


@pytest.mark.parametrize(
    "trial",
    [
        {"epochs": 2},
        {"epochs": 9, "network.activation": "relu"},
        {"epochs": "2", "network.activation": "relu"},
        {"epochs": 2, "network.activation": "tanh"},
        {"epochs": 2, "network.activation": "relu", "seed": 1},
        {},
    ],
)
def test_a_trial_that_is_none_of_its_search_is_damage(study: Study, trial: dict[str, Any]) -> None:
    name = folder.create(study.model_copy(update={"vary": SEARCH}))
    folder.add_trial(name, SEARCH, Variant({"epochs": 2, "network.activation": "relu"}))
    with (workspace.study_folder(name) / "trials.jsonl").open("a") as file:
        file.write(f"{json.dumps(trial)}\n")
    for act in (progress.look, progress.start, progress.advance, progress.stop):
        with pytest.raises(
            RunError, match=r"trials\.jsonl was edited or damaged: trial 2 is none of its search"
        ):
            act(name)
    (workspace.study_folder(name) / "trials.jsonl").unlink()
    assert progress.look(name).state == "new"


def test_what_lies_in_the_way_is_said(study: Study) -> None:
    name = folder.create(study)
    (workspace.study_folder(name) / ".lock").mkdir()
    for act in (progress.start, progress.advance, progress.stop):
        with pytest.raises(RunError, match=r"its \.lock can't be written .Is a directory.: remove it"):
            act(name)
    assert progress.look(name).state == "new"
    (workspace.studies_root() / "Bad Name").mkdir()
    listed = {one.id: one.damage for one in folder.every()}
    assert "'Bad Name' can't name a study: use lower-case letters" in listed["Bad Name"]


def test_runs_that_another_study_has_under_way_are_waited_for(study: Study, tiny_data: Any) -> None:
    queue.pause()
    progress.start(folder.create(study))
    other = progress.start(folder.create(study.model_copy(update={"title": "other"})))
    assert (other.state, len(other.under_way), len(every_run())) == ("running", 2, 2)


def test_a_trial_that_is_proposed_twice_is_run_once(study: Study, tiny_data: Any) -> None:
    queue.pause()
    name = folder.create(study.model_copy(update={"vary": SEARCH}))
    for _ in range(2):
        folder.add_trial(name, SEARCH, Variant({"epochs": 2, "network.activation": "relu"}))
    now = progress.start(name)
    assert (len(now.under_way), len(every_run())) == (2, 1)


def test_whoever_looks_at_a_study_that_was_not_started_starts_nothing(study: Study, tiny_data: Any) -> None:
    name = folder.create(study)
    assert progress.advance(name).state == "new"
    assert every_run() == []
