"""Every experiment of the reports, from the command line to its test figures, in seconds."""

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file
from typer.testing import CliRunner

from cnnviz.cli import reproduce as command_reproduce
from cnnviz.cli.app import app
from cnnviz.recipes import assessment, library, results_table
from cnnviz.runs import control
from cnnviz.runs.run import every, find
from cnnviz.studies import folder

pytestmark = pytest.mark.slow

TRAINED = [recipe.id for recipe in library.every().values() if recipe.kind == "train"]
OTHERS = [recipe.id for recipe in library.every().values() if recipe.kind != "train"]


@pytest.fixture(autouse=True)
def _records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CNNVIZ_RECORDS", str(tmp_path / "docs" / "reproduction"))
    (tmp_path / "docs").mkdir()


@pytest.mark.parametrize("name", TRAINED)
def test_an_experiment_runs_from_the_command_line(
    name: str, quick: None, made_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIZ_DATA", str(made_data))
    variant = list(library.variants(library.find(name)))[-1]
    done = CliRunner().invoke(app, ["train", name, "--variant", variant, "--size", "smoke", "--json"])
    assert done.exit_code == 0, done.stderr
    (document,) = json.loads(done.stdout)
    assert document["state"] == "finished"
    assert document["title"] == f"{name} {variant} (smoke)"
    assert 0 <= document["test"]["accuracy"] <= 1
    assert find(document["id"]).metrics().finished["test_count"] == document["test"]["count"]


def test_a_run_of_the_bench_takes_the_place_of_imagenet(
    quick: None, made_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIZ_DATA", str(made_data))
    command = ["train", "004-2", "--size", "smoke", "--json", "--variant"]
    first = json.loads(CliRunner().invoke(app, [*command, "scratch"]).stdout)[0]["id"]
    done = CliRunner().invoke(app, [*command, "freeze-10", "--pretrained", first])
    assert done.exit_code == 0, done.stderr
    run = find(json.loads(done.stdout)[0]["id"])
    assert run.config.start.model_dump()["run"] == first
    before, after = (
        load_file(find(name).folder / "snapshots" / "last.safetensors") for name in (first, run.id)
    )
    assert before["layer1.0.conv1.weight"].equal(after["layer1.0.conv1.weight"])
    assert before["bn1.running_mean"].equal(after["bn1.running_mean"])


def test_reproduce_runs_what_is_missing_and_only_that(
    quick: None, made_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIZ_DATA", str(made_data))
    command = [
        "reproduce",
        "003-1e",
        "--variant",
        "plain-2",
        "--variant",
        "bn-2",
        "--size",
        "smoke",
        "--json",
    ]
    first = json.loads(CliRunner().invoke(app, [*command, "--seeds", "1"]).stdout)
    assert (first["planned"], first["made"], first["failed"]) == (2, 2, {})
    again = json.loads(CliRunner().invoke(app, [*command, "--seeds", "2"]).stdout)
    assert (again["planned"], again["made"]) == (4, 2)
    assert len(every()) == 4
    assert json.loads(CliRunner().invoke(app, [*command, "--seeds", "1"]).stdout)["made"] == 0
    (study,) = folder.every()
    assert (study.id, study.study.recipe if study.study else "") == ("003-1e.smoke", "003-1e")


def test_what_is_written_has_a_kept_run_behind_it(
    quick: None, made_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CNNVIZ_DATA", str(made_data))
    for module in (assessment, results_table, command_reproduce):
        monkeypatch.setattr(module, "COMPARED_SIZES", ("smoke",))
    monkeypatch.setattr(command_reproduce, "depths", lambda look: [])
    command = ["reproduce", "003-1e", "--variant", "plain-2", "--size", "smoke", "--write", "--json"]
    command += ["--seeds", "1"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.stderr
    text = Path(json.loads(done.stdout)["written"]).read_text()
    (run,) = every()
    right = run.metrics().finished["test_accuracy"]
    assert f"| plain-2 | 37.9 % | {100 * right:.1f} % (" in text
    assert (tmp_path / "docs" / "reproduction" / run.id / "metrics.jsonl").exists()
    # The page needs no run of this machine: what is kept is enough.
    control.delete(run.id)
    assert CliRunner().invoke(app, command).exit_code == 0
    assert every() == []
    done = CliRunner().invoke(app, ["reproduce", "003-1e", "--no-run", "--json"])
    assert json.loads(done.stdout)["made"] == 0
    assert every() == []


def test_a_variant_that_can_not_run_leaves_the_others_running(
    quick: None, made_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIZ_DATA", str(made_data))
    done = CliRunner().invoke(app, ["reproduce", "001-2", "000-1", "--variant", "none", "--size", "smoke"])
    assert done.exit_code == 1
    assert "No variant of 001-2 'none'" in done.stderr
    done = CliRunner().invoke(app, ["reproduce", "003-2", "003-1e", "--json", "--size", "short"])
    answer = json.loads(done.stdout)
    assert done.exit_code == 1
    assert answer["made"] == 0
    assert len(answer["failed"]) == 6
    assert "data get ants-bees" in answer["failed"]["003-2 frozen (short), seed 0"]


@pytest.mark.parametrize("name", OTHERS)
def test_what_trains_nothing_is_shown(name: str, bench: None) -> None:
    done = CliRunner().invoke(app, ["recipes", name])
    assert done.exit_code == 0
    assert library.find(name).question in done.stdout
