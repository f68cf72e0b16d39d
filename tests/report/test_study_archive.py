"""A study's zip goes to another bench, with its runs, and is gone on with there; what is not such a zip is refused."""

import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.errors import CnnvizError, NotFound, RunError
from cnnviz.progress import finish
from cnnviz.report import archive
from cnnviz.report.study_archive import ImportedStudy, holds_study, import_study, pack_study
from cnnviz.runs import control, status
from cnnviz.runs import run as running
from cnnviz.runs.run import Run, every
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Grid, Study, tasks
from cnnviz.studies.search_space import Range, Search
from tests.conftest import Bench
from tests.report.conftest import made

PLAN = Grid(settings={"optimiser.learning_rate": (0.1, 0.01)})


@pytest.fixture
def study(bench: Bench, tiny_data: str, small_cnn: RunConfig) -> str:
    """A study of four runs, three of which have finished and one was stopped."""
    study = Study(title="rates", base=small_cnn, vary=PLAN, seeds=2)
    runs = [made(task.config, seed=task.config.seed) for task in tasks(study)]
    status.write(runs[-1].folder, runs[-1].status().model_copy(update={"state": "stopped"}))
    return folder.create(study)


def pack(study_id: str, *snapshots: str) -> bytes:
    file = io.BytesIO()
    finish(pack_study(progress.look(study_id), file, snapshots=snapshots))
    return file.getvalue()


def taken(content: bytes) -> ImportedStudy:
    return finish(import_study(io.BytesIO(content)))


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        for name, value in files.items():
            whole.writestr(name, value)
    return file.getvalue()


def cleared(study_id: str) -> None:
    folder.delete(study_id)
    for run in every():
        control.delete(run.id)


def figures(run: Run) -> Any:
    return run.config, run.metrics().finished, (run.folder / "snapshots" / "last.safetensors").read_bytes()


def test_there_and_back(bench: Bench, study: str) -> None:
    content = pack(study)
    assert content == pack(study), "the same study gives the same zip"
    before = progress.look(study)
    of_runs = {one.run.id: figures(one.run) for one in before.trials if one.run and one.finished}
    assert len(of_runs) == 3
    cleared(study)
    assert not every()
    come = taken(content)
    assert (come.id, come.known) == (study, 0)
    assert {run.id: figures(run) for run in come.runs} == of_runs
    now = progress.look(study)
    assert now.study == before.study
    assert (now.state, now.finished, now.active) == ("stopped", 3, False)
    assert [one.run is None for one in now.trials] == [False, False, False, True]


def test_what_is_here_is_left(bench: Bench, study: str) -> None:
    content = pack(study)
    first = every()[0]
    come = taken(content)
    assert (come.id, come.runs, come.known) == (study, (), 3)
    assert len(every()) == 4
    assert every()[0] == first
    other = folder.read(study).model_copy(update={"seeds": 1})
    folder.put(study, other)
    assert taken(content).id == f"{study}-2"
    assert folder.read(study) == other


def test_an_id_of_another_run_is_not_taken(bench: Bench, study: str) -> None:
    content = pack(study)
    id_of_another = next(one.run.id for one in progress.look(study).trials if one.run)
    cleared(study)
    (bench.checkpoints / id_of_another).mkdir()
    (bench.checkpoints / id_of_another / "config.json").write_text("{}")
    come = taken(content)
    assert len(come.runs) == 3
    assert id_of_another not in {run.id for run in come.runs}
    assert (bench.checkpoints / id_of_another / "config.json").read_text() == "{}"


def test_a_search_comes_with_what_it_has_proposed(bench: Bench, tiny_data: str, small_cnn: RunConfig) -> None:
    vary = Search(settings={"optimiser.learning_rate": Range(low=0.001, high=0.1, scale="log")}, trials=2)
    name = folder.create(Study(title="looking", base=small_cnn, vary=vary))
    from cnnviz.studies.variant import Variant

    proposed = [Variant({"optimiser.learning_rate": rate}) for rate in (0.01, 0.02)]
    folder.put_trials(name, proposed)
    for task in tasks(folder.read(name), proposed):
        made(task.config)
    content = pack(name)
    cleared(name)
    assert folder.trials(taken(content).id, vary) == proposed
    assert progress.look(name).finished == 2
    files = members(content)
    files["trials.jsonl"] = b'{"optimiser.learning_rate": 5}\n'
    with pytest.raises(CnnvizError, match="none of its search"):
        taken(signed(files))


def test_chosen_weights(bench: Bench, study: str) -> None:
    weights = {name for name in members(pack(study, "last")) if name.endswith(".safetensors")}
    assert len(weights) == 3
    with pytest.raises(NotFound):
        pack(study, "best")


def test_nothing_finished_is_nothing_to_take(bench: Bench, tiny_data: str, small_cnn: RunConfig) -> None:
    name = folder.create(Study(title="new", base=small_cnn, vary=PLAN))
    with pytest.raises(RunError, match="has finished"):
        pack(name)


def signed(files: dict[str, bytes]) -> bytes:
    """A zip of these files whose manifest tells of them."""
    manifest = json.loads(files[archive.MANIFEST])
    manifest["files"] = {
        name: sha256(value).hexdigest()
        for name, value in files.items()
        if name != archive.MANIFEST and (not name.startswith("runs/") or name.endswith(archive.MANIFEST))
    }
    return zipped(files | {archive.MANIFEST: json.dumps(manifest).encode()})


def of_a_run(name: str, content: bytes | None) -> Callable[[dict[str, bytes]], bytes]:
    """The first run's file is another."""

    def change(files: dict[str, bytes]) -> bytes:
        first = next(one for one in files if one.startswith("runs/")).split("/")[1]
        now = files | {f"runs/{first}/{name}": content}
        return signed({key: value for key, value in now.items() if value is not None})

    return change


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], bytes], str]] = {
    "stranger": (lambda files: signed(files | {"setup.py": b"x"}), "'setup.py', which no study has"),
    "climbs": (lambda files: signed(files | {"runs/../../x/config.json": b"x"}), "unsafe name"),
    "pickle": (of_a_run("snapshots/last.pt", b"\x80"), "may be a pickle"),
    "of a run": (of_a_run("card.md", b"x"), "which no run has"),
    "metrics": (of_a_run("metrics.jsonl", b"{}\n"), "not what its manifest says"),
    "no manifest of a run": (of_a_run(archive.MANIFEST, None), "lacks 'runs/"),
    "manifest": (
        lambda files: zipped(files | {archive.MANIFEST: b"[" * 100_000}),
        "manifest.json is damaged",
    ),
    "newer": (
        lambda files: zipped(files | {archive.MANIFEST: b'{"format": 2}'}),
        "newer cnnviz .format 2.: update",
    ),
    "unsigned": (lambda files: zipped(files | {"trials.jsonl": b""}), "has an extra 'trials.jsonl'"),
    "changed": (lambda files: zipped(files | {"study.json": b"{}"}), "study.json is not what its manifest"),
    "no study's": (lambda files: signed(files | {"study.json": b"{}"}), "study.json is no study's"),
    "long": (lambda files: signed(files | {"study.json": b" " * 20_000_001}), "is larger than 20"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_studys_zip_is_refused(bench: Bench, study: str, kind: str) -> None:
    files = members(pack(study))
    cleared(study)
    change, why = HOSTILE[kind]
    with pytest.raises(CnnvizError, match=why) as refusal:
        taken(change(files))
    assert "\n" not in str(refusal.value)
    assert not every()
    assert not folder.every()
    assert {path.name for path in bench.checkpoints.iterdir()} <= {".lock", ".studies"}


def test_who_leaves_in_between_leaves_nothing(bench: Bench, study: str) -> None:
    content = pack(study)
    cleared(study)
    work = import_study(io.BytesIO(content))
    next(work)
    work.close()
    assert not every()
    assert not folder.every()


def test_a_runs_zip_is_no_studys(bench: Bench, study: str) -> None:
    file = io.BytesIO()
    finish(archive.pack(every()[0], file, snapshots=()))
    assert not holds_study(file)
    assert holds_study(io.BytesIO(pack(study)))
    assert running.every()
