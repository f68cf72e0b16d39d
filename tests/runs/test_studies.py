"""Studies that really run: complete, carried on, repeated, stopped."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cnnviz.cli.app import app
from cnnviz.config import RunConfig
from cnnviz.runs import control
from cnnviz.runs.run import Run, every
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Grid, Study
from cnnviz.studies.results import best, rows
from cnnviz.studies.search_space import Search, space

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]

DIES_AT_THE_THIRD_EPOCH = """
import os, signal
from cnnviz.runs.metrics import Journal
plain = Journal.add
def add(self, kind, values, **how):
    plain(self, kind, values, **how)
    if kind == "epoch":
        with open({marks!r}, "ab") as file:
            file.write(b"x")
        if os.path.getsize({marks!r}) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
Journal.add = add
"""
"""kill -9 of the second run, in its middle: runs of two epochs, one after the other."""


@pytest.fixture
def ask() -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def name(small: RunConfig) -> str:
    grid = Grid(settings={"network.dropout": (0, 0.5)})
    return folder.create(Study(title="grid", base=small.model_copy(update={"epochs": 2}), vary=grid, seeds=2))


def complete(name: str, watch: Any) -> progress.Progress:
    watch.all(lambda: time.sleep(0.1) or not progress.advance(name).active)
    return progress.look(name)


def test_a_study_that_is_killed_in_the_middle_carries_on_and_repeats_nothing(
    name: str, watch: Any, tmp_path: Path
) -> None:
    watch.fault(DIES_AT_THE_THIRD_EPOCH.format(marks=str(tmp_path / "marks")))
    assert progress.start(name).state == "running"
    watch.all(lambda: any(run.status().state == "interrupted" for run in every()))
    now = progress.look(name)
    assert now.finished
    finished = {one.run.id: stamp(one.run) for one in now.trials if one.run and one.finished}
    after = complete(name, watch)
    assert after.state == "finished"
    assert after.share == 1
    assert len(every()) == 4  # not one more than the study has
    assert all(stamp(run) == finished[run.id] for run in every() if run.id in finished)
    found = rows(after)
    assert [row.finished for row in found] == [2] * 2
    assert all(row.validation and row.test and row.validation.standard_error is not None for row in found)
    assert best(found, after) == max(found, key=lambda row: row.validation.value if row.validation else 0)
    doomed = found[1].trials[1].run
    assert doomed
    control.delete(doomed.id)
    assert progress.look(name).state == "stopped"
    progress.start(name)
    again = complete(name, watch)
    assert rows(again)[1].validation == found[1].validation  # made again, exactly
    assert len(every()) == 4


def test_stop_ends_what_is_under_way_and_starts_no_more(name: str, watch: Any) -> None:
    progress.start(name)
    now = progress.stop(name)
    assert (now.state, now.under_way) == ("stopped", [])
    runs = {run.id for run in every()}
    assert progress.advance(name).under_way == []
    progress.start(name)
    assert complete(name, watch).state == "finished"
    assert {run.id for run in every()} == runs


def test_by_command_it_gives_the_same_numbers_twice(
    small: RunConfig, tmp_path: Path, ask: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "base.json"
    config.write_text(small.model_copy(update={"epochs": 1}).model_dump_json())
    command = ("study", "new", "by hand", "--base", config, "--vary", "network.dropout=0,0.5", "--seeds", "2")
    answers = []
    for number in range(2):
        monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(tmp_path / "checkpoints" / f"{number}"))
        planned = json.loads(ask(*command, "--no-time", "--json").stdout)
        assert (planned["id"], planned["runs"], planned["there"], planned["state"]) == (
            "by-hand",
            4,
            0,
            "new",
        )
        done = ask("study", "run", "by-hand", "--json")
        assert done.exit_code == 0, done.output
        assert "Dropout 0.5, seed 1: finished" in done.stderr
        answers.append(json.loads(done.stdout))
    first, second = ([{**row, "seconds": 0, "runs": 0} for row in one["variants"]] for one in answers)
    assert first == second
    assert answers[0]["state"] == "finished"
    runs = [run.id for run in every()]
    again = ask("study", "run", "by-hand")
    assert again.exit_code == 0
    assert "Dropout 0.5  2/2" in again.stdout
    assert [run.id for run in every()] == runs


def test_by_command_it_is_stopped(long: RunConfig, watch: Any, ask: Callable[..., Result]) -> None:
    grid = Grid(settings={"network.dropout": (0, 0.5)})
    name = folder.create(Study(title="long", base=long, vary=grid))
    progress.start(name)
    watch.all(lambda: any(run.status().state == "running" for run in every()))  # the other one waits
    done = ask("study", "stop", name, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["state"], said["under_way"]) == ("stopped", 0)
    assert [run.status().state for run in every()] == ["stopped"] * 2
    assert not folder.state(name).active
    again = ask("study", "stop", name)
    assert (again.exit_code, "long: stopped, 0 of 2 runs finished." in again.stdout) == (0, True)


def test_a_search_proposes_from_what_has_finished_and_carries_on(small: RunConfig, watch: Any) -> None:
    pytest.importorskip("optuna")
    found = Search(settings={"network.dropout": space("0..0.8")}, trials=3, sampler="random", pruner="median")
    name = folder.create(Study(title="search", base=small.model_copy(update={"epochs": 1}), vary=found))
    assert len(progress.start(name).trials) == 1
    progress.stop(name)
    first = folder.trials(name)
    progress.start(name)
    after = complete(name, watch)
    assert (after.state, len(every())) == ("finished", 3)
    assert folder.trials(name)[:1] == first
    assert [row.finished for row in rows(after)] == [1] * 3


def stamp(run: Run) -> tuple[int, int]:
    found = (run.folder / "metrics.jsonl").stat()
    return found.st_mtime_ns, found.st_size
