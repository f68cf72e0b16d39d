import json
import pickle
import shutil

import numpy as np
import pytest


def scored(done):
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_splits_are_the_runs_own(ask, trained, bench):
    labels = np.load(bench.data / "tiny" / "train_labels.npy")
    assert len(labels) == 200
    for split, count in (("test", 60), ("validation", 20), ("train", 180)):
        document = scored(ask("evaluate", trained.id, "--split", split, "--json"))
        assert document["count"] == count
        assert sum(found["count"] for found in document["by_class"].values()) == count
        right = sum(found["count"] * found["accuracy"] for found in document["by_class"].values())
        assert right / count == pytest.approx(document["accuracy"])


def test_a_file_is_as_good_as_its_run(ask, trained, tmp_path):
    within = trained.folder / "snapshots" / "epoch_0001.safetensors"
    of_run = scored(ask("evaluate", trained.id, "--snapshot", "epoch_0001", "--json"))
    assert scored(ask("evaluate", within, "--json")) == of_run
    assert scored(ask("evaluate", within, "--split", "validation", "--json"))["count"] == 20
    alone = shutil.copy(within, tmp_path / "mine.safetensors")
    assert scored(ask("evaluate", alone, "--json"))["accuracy"] == of_run["accuracy"]
    done = ask("evaluate", alone, "--split", "validation")
    assert done.exit_code == 1
    assert "use --split test" in done.stderr
    shown = ask("evaluate", alone).stdout
    assert "accuracy" in shown
    assert " % ± " in shown


def test_without_the_data_set_the_way_to_get_it_is_said(ask, trained, bench):
    shutil.rmtree(bench.data / "tiny")
    done = ask("evaluate", trained.id)
    assert done.exit_code == 1
    assert "python -m cnnviz data import" in done.stderr


def test_another_data_set_of_the_same_name_is_refused(ask, trained, bench):
    about = bench.data / "tiny" / "dataset.json"
    about.write_text(about.read_text().replace('"one"', '"eins"'))
    done = ask("evaluate", trained.id)
    assert done.exit_code == 1
    assert "is another one" in done.stderr


def test_bad_checkpoints_are_one_line(ask, trained, tmp_path):
    whole = (trained.folder / "snapshots" / "last.safetensors").read_bytes()
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps({"a": 1}))
    (tmp_path / "program.pt2").write_bytes(b"PK\x03\x04")
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "other.safetensors").write_bytes(whole.replace(rb"\"hidden\":[16]", rb"\"hidden\":[17]"))
    said = {
        "pickle.pt": "is a pickle",
        "program.pt2": "import it first",
        "cut.safetensors": "damaged or cut off",
        "other.safetensors": "belongs to another network",
        "none.safetensors": "There is no checkpoint none.safetensors",
        ".": "can't be read",
    }
    for name, words in said.items():
        for command in ("evaluate", "activations"):
            done = ask(command, f"{tmp_path}/{name}")
            assert done.exit_code == 1
            assert words in done.stderr
            assert done.stderr.count("\n") == 1


def test_a_snapshot_that_is_not_kept(ask, trained):
    done = ask("evaluate", trained.id, "--snapshot", "epoch_0002")
    assert done.exit_code == 1
    assert "No snapshot 'epoch_0002'. Did you mean: epoch_0001" in done.stderr
    assert ask("evaluate", trained.id, "--split", "half").exit_code == 2
