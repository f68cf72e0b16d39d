import hashlib
import json
import shutil

import numpy as np
import pytest

from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.explore.predictions import Predictions
from cnnviz.explore.stored_predictions import artifact
from cnnviz.models import checkpoint
from cnnviz.runs.run import create, environment, every
from cnnviz.studies.definition import Grid, Study, Task
from cnnviz.studies.variant import Variant
from tests.studies.made_runs import finish, finished


def test_runs_are_listed_and_shown(ask, trained):
    shown = ask("runs")
    assert shown.exit_code == 0
    header, line = shown.stdout.splitlines()
    assert header.split() == ["RUN", "STATE", "EPOCHS", "ACCURACY", "TITLE"]
    assert line.split() == [
        trained.id,
        "finished",
        "3/3",
        "test",
        "40.0",
        "%",
        "±",
        "6.3",
        "mlp",
        "on",
        "tiny",
    ]
    (document,) = json.loads(ask("runs", "--json").stdout)
    assert document["id"] == trained.id
    assert document["test"]["by_class"]["four"] is None
    whole = json.loads(ask("runs", trained.id, "--json").stdout)
    assert whole.items() >= document.items()
    assert whole["config"]["network"] == {"name": "mlp", "hidden": [16], "activation": "relu", "dropout": 0.0}
    assert "accuracy 40.0 % ± 6.3 (standard error)" in ask("runs", trained.id).stdout


def test_runs_are_searched_tagged_and_archived(ask, trained):
    done = ask(
        "note", trained.id, "--tag", "good", "--tag", "first", "--untag", "first", "--text", "Look again."
    )
    assert done.stdout.splitlines() == ["tags: good", "note: Look again."]
    assert "[good]" in ask("runs").stdout
    assert json.loads(ask("runs", "--tag", "good", "--search", "hidden=16", "--json").stdout)[0]["tags"] == [
        "good"
    ]
    assert ask("runs", "--tag", "bad").stdout == ask("runs", "--search", "nowhere").stdout == "No run fits.\n"
    assert json.loads(ask("note", trained.id, "--archive", "--json").stdout)["archived"] is True
    assert ask("runs").stdout == "No run fits.\n"
    assert trained.id in ask("runs", "--archived").stdout
    ask("note", trained.id, "--unarchive")
    assert ask("note", trained.id).stdout.splitlines() == ["tags: good", "note: Look again."]
    assert "A tag is" in ask("note", trained.id, "--tag", "a,b").stderr


def test_damaged_folders_are_said_aside(ask, trained):
    (trained.folder.parent / "half").mkdir()
    listed = ask("runs", "--json")
    assert len(json.loads(listed.stdout)) == 1
    assert (
        listed.stderr
        == "half can't be read: config.json is missing: the folder is half written, or no run.\n"
    )


def test_runs_stand_side_by_side(ask, trained, tiny_config):
    other = create(tiny_config.model_copy(update={"seed": 3, "title": "other"}), *environment())
    lines = ask("compare", trained.id, other.id).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        trained.id, "Title", "Seed", "Validation", "Test", "Training", "Parameters",
    ]  # fmt: skip
    assert lines[2].split() == ["Seed", "0", "3"]
    found = json.loads(ask("compare", trained.id, other.id, "--json").stdout)
    assert found["differs"] == {"seed": {trained.id: 0, other.id: 3}}
    assert found["runs"][trained.id]["test"]["accuracy"] == 0.4
    assert found["runs"][other.id]["test"] is None
    assert ask("compare", trained.id, trained.id).exit_code == 2
    assert "Did you mean" in ask("compare", trained.id, trained.id[:-1]).stderr


def test_settings_are_told_from_noise(ask, tiny_data, tiny_config):
    grid = Grid(settings={"optimiser.learning_rate": (0.05, 0.01, 0.001)})
    study = Study(title="rates", base=tiny_config, vary=grid, seeds=3)
    base = {0.05: 0.80, 0.01: 0.808, 0.001: 0.5}
    rate = "optimiser.learning_rate"
    runs = finish(
        study, lambda task: base[task.variant.settings[rate]] + 0.01 * (task.config.seed - tiny_config.seed)
    )
    names = [run.id for run in runs]
    found = json.loads(ask("compare", *names, "--json").stdout)["noise"]
    assert found["first"] == names[::3]
    near, far = found["compared"]
    assert near["runs"] == names[1::3]
    assert (near["images"], near["unit"], near["certain"]) == ("validation", "points", False)
    assert near["points"] == pytest.approx(0.8)
    assert near["interval"][0] < 0 < near["interval"][1]
    assert near["words"] == f"0.8 points better, within noise: {near['seeds']} seeds would tell"
    assert near["seeds"] > 3
    assert far["certain"]
    lines = ask("compare", *names).stdout.splitlines()
    assert any(
        near["words"] in line and "95 % interval −" in line and "3 and 3 seeds" in line for line in lines
    )
    assert "Chances hold for all comparisons together (Holm); intervals for each by itself." in lines
    assert CHOOSING in lines
    one = ask("compare", *names[:2]).stdout
    assert "Two seeds of each setting at least" in one
    assert CHOOSING not in one


def test_networks_are_told_apart_by_stored_predictions_of_the_same_images(ask, trained, tiny_config):
    other = create(tiny_config.model_copy(update={"epochs": 4, "title": "other"}), *environment())
    for name in ("snapshots", "metrics.jsonl", "status.json"):
        copy = shutil.copytree if name == "snapshots" else shutil.copy
        copy(trained.folder / name, other.folder / name)
    assert json.loads(ask("compare", trained.id, other.id, "--json").stdout)["noise"]["compared"] == []
    labels = np.zeros(60, np.int64)
    for run, wrong in ((trained, 20), (other, 2)):
        digest = hashlib.sha256((run.folder / "snapshots" / "last.safetensors").read_bytes()).hexdigest()
        guesses = np.where(np.arange(60) < wrong, 1, 0)
        found = Predictions(np.arange(60), labels, np.eye(4, dtype=np.float32)[guesses])
        artifact(run.id, "last", "test", digest=digest, data="tiny").save(found)
    (told,) = json.loads(ask("compare", trained.id, other.id, "--json").stdout)["noise"]["compared"]
    assert (told["images"], told["words"]) == ("test", "30.0 points better, more than noise")
    assert told["chance"] == pytest.approx(2 * 0.5**18)
    card, weights = checkpoint.read(trained.folder / "snapshots" / "last.safetensors")
    others = {name: value + 1 for name, value in weights.items()}
    checkpoint.save(trained.folder / "snapshots" / "last.safetensors", others, card)
    assert json.loads(ask("compare", trained.id, other.id, "--json").stdout)["noise"]["compared"] == []


def test_energy_is_shown_where_the_machine_tells(ask, trained, tiny_config):
    assert "\nenergy" not in ask("runs", trained.id).stdout
    told = finished(Task(Variant({}), tiny_config.model_copy(update={"epochs": 1})), 0.5, energy=11_520)
    assert ["energy", "3.2", "Wh"] in [line.split() for line in ask("runs", told.id).stdout.splitlines()]
    found = ask("compare", trained.id, told.id)
    assert ["Energy", "–", "3.2", "Wh"] in [line.split() for line in found.stdout.splitlines()]
    found = json.loads(ask("compare", trained.id, told.id, "--json").stdout)["runs"]
    assert (found[told.id]["energy"], found[trained.id]["energy"]) == (11_520, None)


def test_no_runs(ask):
    assert "cnnviz train" in ask("runs").stdout
    assert json.loads(ask("runs", "--json").stdout) == []


def test_a_near_name_is_offered(ask, trained):
    assert f"Did you mean: {trained.id}" in ask("runs", trained.id[:-1]).stderr


def test_deleting_asks_or_needs_yes(ask, trained):
    done = ask("delete", trained.id)
    assert done.exit_code == 1
    assert "--yes" in done.stderr
    assert every()
    done = ask("delete", trained.id, "--yes", "--json")
    assert json.loads(done.stdout) == {"deleted": trained.id}
    assert every() == []
    assert ask("delete", trained.id, "--yes").exit_code == 1


def test_what_is_finished_is_neither_resumed_nor_stopped(ask, trained):
    for command in ("resume", "stop"):
        done = ask(command, trained.id)
        assert done.exit_code == 1
        assert done.stderr.count("\n") == 1
