import csv
import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score

from cnnviz.doctor.rules import RULES


def test_figures_are_those_of_the_predictions(ask, trained, tmp_path):
    path = tmp_path / "classes.csv"
    done = ask("diagnose", trained.id, "--count", "60", "--json", "--out", path)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    listed = json.loads(ask("predictions", trained.id, "--json").stdout)["images"]
    labels, guesses = [one["class"] for one in listed], [one["predicted"] for one in listed]
    names = ["one", "two", "three", "four"]
    assert found["confusion"] == confusion_matrix(labels, guesses, labels=names).tolist()
    there = sorted({*labels, *guesses})
    assert found["macro_f1"] == pytest.approx(
        f1_score(labels, guesses, labels=there, average="macro", zero_division=0)
    )
    assert (found["images"], found["of"], found["top_5"]) == (60, 60, 1.0)
    wrong = sorted(
        (one for one in listed if one["class"] != one["predicted"]), key=lambda one: -one["probability"]
    )
    assert [one["image"] for one in found["surest_mistakes"]] == [
        f"test.{one['number']}" for one in wrong[:20]
    ]
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["support"]) for row in rows] == np.sum(found["confusion"], axis=1).tolist()
    assert found["temperature"]["fitted_on"] == 30


def test_validation_images_and_text(ask, trained):
    done = ask("diagnose", trained.id, "--split", "validation")
    assert done.stdout.startswith(
        f"{trained.id}, last (epoch 3), 20 of 20 validation images of tiny\nAccuracy "
    )
    assert "a list to look at, no verdict" in done.stdout
    found = json.loads(ask("diagnose", trained.id, "--split", "validation", "--json").stdout)
    assert all(one["image"].startswith("train.") for one in found["least_sure"])
    alone = ask("diagnose", trained.folder / "snapshots" / "last.safetensors", "--split", "validation")
    assert alone.exit_code == 0  # a file in a run's folder is the run's
    assert ask("diagnose", trained.id, "--snapshot", "gone").exit_code == 1


def test_doctor_names_findings_and_what_it_could_not_check(ask, trained, tmp_path, bench):
    path = tmp_path / "found.json"
    found = json.loads(ask("doctor", trained.id, "--json", "--out", path).stdout)
    assert json.loads(path.read_text()) == found
    names = [one["rule"] for one in found["findings"]] + found["nothing_found"] + list(found["not_checked"])
    assert len(names) == len(set(names)) == len(RULES)
    assert "overfitting" in found["not_checked"]  # one epoch only
    assert "leakage" in found["nothing_found"]
    quick = json.loads(ask("doctor", trained.id, "--curves-only", "--json").stdout)
    assert quick["not_checked"]["leakage"] == "the splits were not compared yet"
    (bench.data / "tiny").rename(bench.data / "moved")
    text = ask("doctor", trained.id).stdout
    assert "Not checked: images in two splits, since The data set 'tiny' is not here" in text


def test_doctor_names_a_softmax_too_many(ask, trained):
    path = trained.folder / "config.json"
    record = json.loads(path.read_text())
    record["config"]["softmax_before_loss"] = True
    path.write_text(json.dumps(record))
    text = ask("doctor", trained.id, "--curves-only").stdout
    assert "Softmax is applied twice (serious)" in text
    assert "→ Give the loss the logits. --set softmax_before_loss=False Experiment 000-2.1." in text
