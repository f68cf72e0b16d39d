"""What MLflow reads back of a run and of a study, in a store of its own kind."""

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from cnnviz.config import RunConfig
from cnnviz.errors import NotFound, RunError
from cnnviz.progress import finish
from cnnviz.report import mlflow_store
from cnnviz.report.takeaway import STORES, storing, storing_study
from cnnviz.runs import notes, status
from cnnviz.runs.run import Run
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Grid, Study
from tests.report.conftest import made

MLFLOW = STORES["mlflow"]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder: a database takes seconds to make."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    for name, value in mlflow_store.QUIET.items():
        monkeypatch.setenv(name, value)
    return f"file:{tmp_path / 'store'}"


def runs_in(store: str, experiment: str) -> list[Any]:
    client = MlflowClient(tracking_uri=store)
    found = client.get_experiment_by_name(experiment)
    return (
        [] if found is None else list(client.search_runs([found.experiment_id], run_view_type=ViewType.ALL))
    )


def active(store: str, experiment: str = mlflow_store.EXPERIMENT) -> list[Any]:
    return [one for one in runs_in(store, experiment) if one.info.lifecycle_stage == "active"]


def test_a_run_is_read_back_with_settings_curves_and_weights(
    store: str, trained: Run, tmp_path: Path
) -> None:
    notes.change(trained.id, tags=["mine", "first"], note="Look at it.")
    said = finish(storing(MLFLOW, trained, store))
    (there,) = active(store)
    assert said == f"{store}, experiment cnnviz, run {there.info.run_id}"
    assert (there.info.status, there.info.run_name) == ("FINISHED", trained.title)
    assert there.info.start_time == round(1000 * trained.record.created)
    data = there.data
    assert (data.params["optimiser.learning_rate"], data.params["network.hidden"]) == ("0.05", "[16]")
    tags = {
        "seed": "0",
        "data": "tiny",
        "tags": "first, mine",
        "mlflow.note.content": "Look at it.",
        "device": "cpu",
    }
    assert data.tags.items() >= tags.items()
    assert data.metrics["test/accuracy"] == 0.4
    client = MlflowClient(tracking_uri=store)
    (loss,) = client.get_metric_history(there.info.run_id, "validation/loss")
    (epoch,) = client.get_metric_history(there.info.run_id, "epoch")
    assert (loss.step, loss.value, loss.timestamp - there.info.start_time) == (18, 1.2, 2000)
    assert (epoch.step, epoch.value) == (18, 3)
    config = client.download_artifacts(there.info.run_id, "config.json", str(tmp_path))
    assert json.loads(Path(config).read_text()) == json.loads((trained.folder / "config.json").read_text())
    (weights,) = client.list_artifacts(there.info.run_id, "weights")
    assert (weights.path, weights.file_size) == (
        "weights/last.safetensors",
        (trained.folder / "snapshots" / "last.safetensors").stat().st_size,
    )


def test_the_best_weights_are_preferred(store: str, trained: Run) -> None:
    snapshots = trained.folder / "snapshots"
    (snapshots / "best.safetensors").write_bytes((snapshots / "last.safetensors").read_bytes())
    finish(storing(MLFLOW, trained, store))
    (there,) = active(store)
    found = MlflowClient(tracking_uri=store).list_artifacts(there.info.run_id, "weights")
    assert [one.path for one in found] == ["weights/best.safetensors"]


def test_once_is_enough_unless_it_is_to_be_replaced(store: str, trained: Run) -> None:
    finish(storing(MLFLOW, trained, store))
    with pytest.raises(RunError, match=r"already: replace it there .--force"):
        finish(storing(MLFLOW, trained, store))
    (before,) = active(store)
    finish(storing(MLFLOW, trained, store, ["epoch_0001"], again=True))
    (after,) = active(store)
    assert after.info.run_id != before.info.run_id


def test_who_leaves_in_between_leaves_nothing_to_see(store: str, trained: Run) -> None:
    work = storing(MLFLOW, trained, store)
    while "figures" not in next(work).doing:
        pass
    assert len(active(store)) == 1
    work.close()
    assert active(store) == []


def test_a_study_has_an_experiment_to_which_later_runs_are_added(
    store: str, tiny_data: str, small_cnn: RunConfig
) -> None:
    study = Study(title="Two seeds", base=small_cnn, vary=Grid(settings={"epochs": (2,)}), seeds=2)
    name = folder.create(study)
    with pytest.raises(RunError, match="No run of the study two-seeds has finished"):
        finish(storing_study(MLFLOW, progress.look(name), store))
    made(small_cnn, seed=0)
    assert finish(storing_study(MLFLOW, progress.look(name), store)).endswith("1 run written")
    made(small_cnn, seed=1)
    said = finish(storing_study(MLFLOW, progress.look(name), store))
    assert said == f"{store}, experiment Two seeds: 1 run written, 1 there already"
    assert {one.data.tags["seed"] for one in active(store, "Two seeds")} == {"0", "1"}


def test_what_cannot_be_written_is_one_line(
    store: str, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        finish(storing(MLFLOW, trained, store, ["best"]))
    with pytest.raises(RunError, match=r"MLflow can't write to redis://…@x: .*redis") as refused:
        finish(storing(MLFLOW, trained, "redis://me:secret@x"))
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    monkeypatch.setattr(mlflow_store, "find_spec", lambda name: None)
    remedy = r"MLflow is not installed: pip install mlflow-skinny"
    with pytest.raises(RunError, match=remedy):
        finish(storing(MLFLOW, trained, store))
    with pytest.raises(RunError, match=remedy):
        finish(storing_study(MLFLOW, progress.Progress("x", None, False, ()), store))  # type: ignore[arg-type]
    monkeypatch.undo()
    status.write(trained.folder, trained.status().model_copy(update={"state": "queued"}))
    with pytest.raises(RunError, match="still under way"):
        finish(storing(MLFLOW, trained, store))
