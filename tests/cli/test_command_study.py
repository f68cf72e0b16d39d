"""`study` as far as nothing is trained."""

import json
import re

import pytest

from cnnviz import workspace
from cnnviz.config import RunConfig
from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.runs.run import every
from cnnviz.studies import folder
from cnnviz.studies.definition import tasks
from cnnviz.studies.search_space import Search
from cnnviz.studies.variant import Variant
from tests.cli.conftest import Ask
from tests.studies.made_runs import finish, finished


@pytest.fixture
def base(tiny_data: str, tiny_config: RunConfig, tmp_path):
    path = tmp_path / "base.json"
    path.write_text(tiny_config.model_dump_json())
    return path


def test_a_study_is_planned_listed_shown_and_deleted(ask: Ask, base) -> None:
    assert "no study yet" in ask("study", "list").stdout
    made = ask("study", "new", "Widths", "--base", base, "--vary", "network.hidden=[8],[16]", "--seeds", 3)
    assert made.exit_code == 0, made.output
    assert "widths: 6 runs (2 variants, 3 seeds); about " in made.stdout
    assert json.loads(ask("study", "list", "--json").stdout)[0]["runs"] == 6
    shown = ask("study", "show", "widths").stdout
    assert "Hidden 16  0/3    –           –" in shown
    assert "network." not in shown
    assert ask("study", "delete", "widths").exit_code == 0
    assert json.loads(ask("study", "list", "--json").stdout) == []
    assert every() == []


def test_variants_one_by_one(ask: Ask, base) -> None:
    arguments = (
        "--variant",
        "",
        "--variant",
        "optimiser.name=adam epochs=2",
        "--set",
        "batch_size=16",
        "--no-time",
    )
    answer = json.loads(ask("study", "new", "two", "--base", base, *arguments, "--json").stdout)
    assert [one["name"] for one in answer["variants"]] == ["base", "optimiser.name=adam, epochs=2"]
    assert answer["study"]["base"]["batch_size"] == 16


def test_a_search_is_planned(ask: Ask, base) -> None:
    arguments = ("--search", "tpe", "--trials", 4, "--vary", "network.dropout=0..0.5", "--no-time", "--json")
    answer = json.loads(ask("study", "new", "look", "--base", base, *arguments).stdout)
    assert (answer["study"]["vary"]["kind"], answer["study"]["vary"]["trials"]) == ("search", 4)
    assert (answer["state"], answer["variants"], answer["there"]) == ("new", [], 0)
    failed = ask("study", "new", "l", "--base", base, "--search", "tpe", "--vary", "network.dropout=0..2")
    assert "network.dropout=2: " in failed.stderr


def test_variants_are_told_from_noise_and_settings_by_their_importance(ask: Ask, base, tiny_config) -> None:
    vary = ("--vary", "optimiser.learning_rate=0.05,0.01", "--vary", "batch_size=16,32")
    ask("study", "new", "both", "--base", base, *vary, "--seeds", 2, "--no-time")
    finish(
        folder.read("both"),
        lambda task: (
            0.8
            - 0.2 * (task.config.optimiser.learning_rate < 0.02)
            + 0.01 * (task.config.seed - tiny_config.seed)
        ),
    )
    found = json.loads(ask("study", "show", "both", "--json").stdout)
    first, same, worse, _ = (one["beside_first"] for one in found["variants"])
    assert first is None
    assert (same["points"], same["certain"]) == (pytest.approx(0), False)
    assert (worse["points"], worse["certain"]) == (pytest.approx(-20), True)
    rate, batch = found["importance"]["settings"]
    assert rate["share"] > 0.95
    assert (rate["certain"], batch["certain"]) == (True, False)
    text = ask("study", "show", "both").stdout
    assert "20.0 points worse, more than noise" in text
    assert re.search(r"Learning rate +100 %, more than noise", text)
    assert "Compared with Learning rate 0.05, Batch size 16, the first" in text
    assert "=" not in text
    assert CHOOSING in text


def test_trials_of_a_search_are_listed_the_best_first_and_unfinished_ones_last(
    ask: Ask, base, tiny_config
) -> None:
    vary = ("--search", "random", "--trials", 4, "--vary", "batch_size=8..16")
    ask("study", "new", "look", "--base", base, *vary, "--no-time")
    trials = [Variant({"batch_size": size}) for size in (9, 10, 11, 12)]
    search = folder.read("look").vary
    assert isinstance(search, Search)
    for one in trials:
        folder.add_trial("look", search, one)
    right = {10: 0.5, 11: 0.9, 12: 0.7}
    for task in tasks(folder.read("look"), trials):
        if task.config.batch_size in right:
            finished(task, right[task.config.batch_size])
    lines = ask("study", "show", "look").stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[2:6]] == [f"Batch size {size}" for size in (11, 12, 10, 9)]
    document = json.loads(ask("study", "show", "look", "--json").stdout)
    assert [one["settings"]["batch_size"] for one in document["variants"]] == [9, 10, 11, 12]


def test_a_recipe_is_a_base(ask: Ask, tiny_data: str) -> None:
    made = ask(
        "study", "new", "r", "--base", "001-3-model1:3x3-sgd", "--size", "smoke", "--vary", "epochs=1,2", "--no-time",
        "--set", "data.name=tiny", "--set", "data.size=28", "--json",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["study"]["base"]["title"] == "001-3-model1 3x3-sgd (smoke)"
    failed = ask("study", "new", "s", "--base", "001-3-modl1", "--vary", "epochs=1,2")
    assert "No recipe '001-3-modl1'. Did you mean: 001-3-model1" in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--vary", "network.dropuot=0,1"), "network.dropuot=0: "),
        (("--vary", "network.dropout=0,3"), "network.dropout=3: "),
        (("--vary", "batch_size=16,9000"), "batch_size=9000: The batch size"),
        (("--vary", "data.name=tiny,unheard"), "data.name=unheard: "),
        (("--vary", "seed=1,2"), "the seed can't be varied"),
        (("--vary", "epochs="), "epochs"),
        (("--vary", f"epochs={','.join(map(str, range(1, 101)))}", "--vary", "batch_size=8,16,32,64,128",
          "--seeds", "200"), "has 100,000 runs (500 variants × 200 seeds): confirm the size (--yes)"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_said_in_one_line_and_leaves_nothing(ask: Ask, base, arguments, words) -> None:
    failed = ask("study", "new", "bad", "--base", base, *arguments, "--no-time")
    assert failed.exit_code == 1
    assert words in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert not workspace.studies_root().exists()


def test_a_damaged_study_is_listed_with_the_reason(ask: Ask, base) -> None:
    ask("study", "new", "good", "--base", base, "--vary", "epochs=1,2", "--no-time")
    path = workspace.studies_root() / "bad"
    path.mkdir()
    (path / "study.json").write_text("{")
    listed = {one["id"]: one for one in json.loads(ask("study", "list", "--json").stdout)}
    assert listed["good"]["state"] == "new"
    assert "cut short" in listed["bad"]["reason"]
    failed = ask("study", "run", "bad")
    assert failed.exit_code == 1
    assert "cut short" in failed.stderr
