"""`export`, and `import` of what it wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from cnnviz.report import mlflow_store
from cnnviz.report.takeaway import FILES
from cnnviz.runs.run import Run, every


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands are given in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_zip_goes_out_and_comes_in(ask: Any, trained: Run, tmp_path: Path) -> None:
    file = tmp_path / "run.zip"
    done = ask("export", trained.id, "--to", file, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {
        "run": trained.id, "what": "zip", "file": str(file), "bytes": file.stat().st_size,
    }  # fmt: skip
    assert ask("delete", trained.id, "--yes").exit_code == 0
    back = ask("import", file, "--json")
    assert back.exit_code == 0, back.stderr
    document = json.loads(back.stdout)
    assert (document["id"], document["state"], document["snapshots"]) == (trained.id, "finished", ["last"])
    assert document["test"]["accuracy"] == 0.4


def test_a_study_goes_out_and_comes_in(ask: Any, trained: Run, here: Path) -> None:
    base = here / "base.json"
    base.write_text(trained.config.model_dump_json())
    rest = "--no-time", "--json"
    assert ask("study", "new", "two", "--base", base, "--vary", "epochs=3,4", *rest).exit_code == 0
    done = ask("export", "two", "--json")
    assert done.exit_code == 0, done.output
    file = here / "two.zip"
    assert json.loads(done.stdout) == {
        "study": "two", "what": "zip", "file": str(file), "bytes": file.stat().st_size,
    }  # fmt: skip
    known = json.loads(ask("import", file, "--json").stdout)
    assert (known["id"], known["imported"], known["known"]) == ("two", [], 1)
    ask("study", "delete", "two", "--yes")
    ask("delete", trained.id, "--yes")
    back = ask("import", file)
    assert back.stdout.strip() == "Study two: 1 run imported; `study run two` makes what is missing."
    assert [run.id for run in every()] == [trained.id]
    assert "no study's of this version" not in ask("study", "show", "two").output


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(one, marks=pytest.mark.slow if one in ("onnx", "program", "huggingface") else ())
        for one in FILES
    ],
)
def test_each_kind_has_a_name_of_its_own(ask: Any, trained: Run, here: Path, what: str) -> None:
    done = ask("export", trained.id, "--what", what, "--json")
    assert done.exit_code == 0, done.stderr
    (file,) = (path for path in here.iterdir() if path.is_file())
    assert json.loads(done.stdout)["file"] == str(file)
    assert trained.id in file.name
    again = ask("export", trained.id, "--what", what)
    assert again.exit_code == 1
    assert "there already" in again.stderr
    assert ask("export", trained.id, "--what", what, "--force").exit_code == 0


def test_snapshots_may_be_chosen(ask: Any, trained: Run, tmp_path: Path) -> None:
    first = trained.folder / "snapshots" / "epoch_0001.safetensors"
    file = tmp_path / "first.safetensors"
    done = ask("export", trained.id, "--what", "weights", "--snapshot", "epoch_0001", "--to", file)
    assert done.exit_code == 0, done.stderr
    assert file.read_bytes() == first.read_bytes()
    assert ask("export", trained.id, "--snapshot", "all", "--to", tmp_path / "all.zip").exit_code == 0
    ask("delete", trained.id, "--yes")
    ask("import", tmp_path / "all.zip")
    assert every()[0].snapshots() == ["last", "epoch_0001"]


def test_mlflow_takes_runs_and_studies(
    ask: Any, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'store'}")
    done = ask("export", trained.id, "--what", "mlflow", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["where"].startswith(f"file:{tmp_path / 'store'}, experiment cnnviz, run ")
    again = ask("export", trained.id, "--what", "mlflow")
    assert (again.exit_code, "there (--force)" in again.stderr) == (1, True)
    base = tmp_path / "base.json"
    base.write_text(trained.config.model_dump_json())
    ask("study", "new", "one", "--base", base, "--vary", "epochs=3", "--no-time")
    refused = ask("export", "one", "--what", "csv")
    assert (refused.exit_code, "one is a study: it goes out as --what zip or mlflow" in refused.stderr) == (
        1,
        True,
    )
    there = ask("export", "one", "--what", "mlflow", "--to", f"file:{tmp_path / 'other'}")
    assert there.stdout.strip() == f"file:{tmp_path / 'other'}, experiment one: 1 run written"
    monkeypatch.setattr(mlflow_store, "find_spec", lambda name: None)
    missing = ask("export", "one", "--what", "mlflow")
    assert missing.stderr.strip().endswith("MLflow is not installed: pip install mlflow-skinny")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--what", "zap"), "No export 'zap'. Did you mean: zip"),
        (("--snapshot", "best"), "No snapshot 'best'"),
        (("--what", "csv", "--snapshot", "last"), "leave out the snapshot"),
        (("--what", "weights", "--snapshot", "all"), "holds one snapshot"),
        (("--to", "run.tar"), "has to end in .zip"),
        (("--what", "tensorboard", "--to", "curves.x"), "tfevents in their name"),
        (("--to", "/nowhere/run.zip"), "There is no folder /nowhere"),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_leaves_nothing(
    ask: Any, trained: Run, here: Path, arguments: Any, said: str
) -> None:
    done = ask("export", trained.id, *arguments)
    assert done.exit_code in (1, 2)
    assert said in " ".join(done.stderr.split())
    assert not [path for path in here.iterdir() if path.is_file()]


def test_what_belongs_to_other_imports_is_refused(ask: Any, bench: Any, tmp_path: Path) -> None:
    done = ask("import", tmp_path / "run.zip", "--network", "resnet50")
    assert (done.exit_code, "brings its own --network" in done.stderr) == (1, True)
    gone = ask("import", tmp_path / "run.zip")
    assert "There is no zip" in gone.stderr
