"""A table of runs: what it says of each, and of folders that can't be read; and that it reads no more than it must."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import many_runs
from cnnviz.config import Mlp, RunConfig
from cnnviz.runs import lease, metrics, notes, status, summary
from cnnviz.runs.run import Run, create, environment
from cnnviz.runs.summary import fitting, summaries
from cnnviz.workspace import ROOT
from tests.conftest import Bench


@pytest.fixture
def three(bench: Bench) -> list[Path]:
    """Folders of three finished runs."""
    many_runs.write(3)
    return sorted(bench.checkpoints.iterdir())


def test_a_line_says_what_the_files_say(three: list[Path]) -> None:
    last, middle, first = summaries()
    assert [last.id, middle.id, first.id] == ["run-0002", "run-0001", "run-0000"]
    whole = Run(first.id, three[0])
    found = whole.metrics()
    assert first.title == whole.title
    assert (first.state, first.epoch, first.epochs, first.seconds) == ("finished", 20, 20, 60)
    assert first.validation_accuracy == found.epochs[-1].validation_accuracy
    assert first.images_per_second == found.epochs[-1].images_per_second
    assert (first.validation_count, first.test_count, first.parameters) == (100, 1000, 20_000)
    assert first.test_accuracy == found.finished["test_accuracy"]
    assert (first.data, first.network, first.seed) == ("shapes", "cnn", 0)
    assert first.settings["optimiser.learning_rate"] == 0.001
    assert first.experiment != middle.experiment


def test_seeds_and_titles_make_no_other_experiment(bench: Bench) -> None:
    many_runs.write(6)
    found = {one.id: one for one in summaries()}
    assert found["run-0000"].experiment == found["run-0005"].experiment
    assert found["run-0000"].experiment != found["run-0001"].experiment


@pytest.mark.parametrize("name", ["cifar10-resnet18", "mnist-mlp"])
def test_the_ends_of_real_metrics_are_those_of_all(name: str) -> None:
    whole = metrics.read(ROOT / "checkpoints" / name)
    ends = metrics.ends(whole.path)
    assert ends.started == whole.started
    assert ends.epochs[-1] == whole.epochs[-1]
    assert ends.finished == whole.finished
    assert not ends.steps


def test_an_end_is_found_behind_many_steps_and_over_what_was_taken_back(tmp_path: Path) -> None:
    step = {"kind": "step", "step": 9, "epoch": 1.5, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.1}
    lines: list[dict[str, Any]] = [
        {"kind": "started", "parameters": 7},
        {"kind": "epoch", "epoch": 1, "step": 5, "validation_accuracy": 0.25},
        *[step] * 500,
        {"kind": "epoch", "epoch": 2, "step": 10, "validation_accuracy": 0.5},
        {"kind": "finished", "test_accuracy": 1.0},
        {"kind": "resumed", "step": 7, "epoch": 1},
        *[step] * 100,
    ]
    path = tmp_path / "metrics.jsonl"
    path.write_text("\n".join(json.dumps(one, separators=(",", ":")) for one in lines) + '\n{"kind":"ep')
    for found in (metrics.ends(path), metrics.read(tmp_path)):
        assert [one.epoch for one in found.epochs][-1] == 1
        assert found.epochs[-1].validation_accuracy == 0.25
        assert not found.finished
        assert found.started == {"parameters": 7, "probe_milliseconds": {}}


def _newer(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))


def _edited(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"epochs": 20', '"epochs": "many"'))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "half written": (lambda folder: (folder / "config.json").unlink(), "half written"),
    "torn": (lambda folder: (folder / "config.json").write_text('{"format": 1, '), "no JSON"),
    "a folder in its place": (
        lambda folder: ((folder / "config.json").unlink(), (folder / "config.json").mkdir()), "can't be read"
    ),
    "newer": (_newer, "newer cnnviz (format 2): update"),
    "edited": (_edited, "config.epochs"),
    "another name": (lambda folder: folder.rename(folder.with_name("My run")), "'My run'"),
    "status": (lambda folder: (folder / "status.json").write_text("{}"), "status.json"),
    "notes": (lambda folder: (folder / "notes.json").write_text('{"tags": 3}'), "notes.json"),
    "changes": (lambda folder: (folder / "changes.json").write_text("?"), "changes.json"),
}  # fmt: skip


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_listed_last_with_its_reason_and_breaks_nothing(three: list[Path], how: str) -> None:
    damage, words = DAMAGE[how]
    summaries()
    damage(three[2])
    found = summaries()
    assert [one.id for one in found[:2]] == ["run-0001", "run-0000"]
    assert [bool(one.damaged) for one in found] == [False, False, True]
    assert words in found[2].damaged
    assert len(found[2].damaged) < 400


def test_figures_that_are_none_are_left_out(three: list[Path]) -> None:
    path = three[0] / "metrics.jsonl"
    path.write_text('{"kind":"started","parameters":"many"}\n[]\n{"kind":"epoch","epoch":1,"step":5}\n')
    found = summaries()[-1]
    assert (found.parameters, found.validation_accuracy, found.test_accuracy) == (None, None, None)


def test_what_has_not_changed_is_not_read_again(three: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    whole = summary._read
    monkeypatch.setattr(summary, "_read", lambda folder, name: read.append(name) or whole(folder, name))
    before = summaries()
    read.clear()
    assert summaries() == before
    assert read == []
    notes.change("run-0001", tags=["good"])
    assert [one.tags for one in summaries()] == [(), ("good",), ()]
    assert read == ["run-0001"]
    shutil.rmtree(three[0])
    assert len(summaries()) == 2


def test_only_a_run_that_says_it_runs_hangs_on_a_lease(
    bench: Bench, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    held = lease.held
    monkeypatch.setattr(lease, "held", lambda path: looked.append(path.parent.name) or held(path))
    for folder, state in zip(three, ("queued", "running", "finished"), strict=True):
        status.write(folder, status.Status(state=state, updated=1))  # type: ignore[arg-type]
    descriptor = lease.take(three[1] / "lease")
    assert descriptor is not None
    assert [one.state for one in summaries()] == ["finished", "running", "queued"]
    os.close(descriptor)  # kill -9: no file changes
    assert [one.state for one in summaries()] == ["finished", "interrupted", "queued"]
    assert set(looked) == {"run-0001"}


def test_words_and_settings_are_searched(three: list[Path]) -> None:
    notes.change("run-0002", tags=["Baseline"], note="the best of them")
    runs = summaries()

    def names(search: str) -> list[str]:
        return [one.id for one in fitting(runs, search)]

    assert names("") == ["run-0002", "run-0001", "run-0000"]
    assert names("baseline") == names("BEST them") == ["run-0002"]
    assert names("learning_rate=0.001") == names("optimiser.learning_rate=0.001") == ["run-0000"]
    assert names("rate=0.001") == []
    assert names("adam shapes") == ["run-0002", "run-0001", "run-0000"]
    assert names("adam nowhere") == []


def test_an_imported_network_has_no_settings_of_a_training(bench: Bench) -> None:
    run = create(RunConfig(network=Mlp(hidden=(4,))), *environment())
    path = run.folder / "config.json"
    record = json.loads(path.read_text()) | {"imported": {"source": "a.pt"}}
    path.write_text(json.dumps(record))
    (found,) = summaries()
    assert found.imported
    assert found.seed is None
    assert {key.partition(".")[0] for key in found.settings} == {"network", "data"}
