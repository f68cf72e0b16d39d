"""The pages of mistakes and of the doctor, without a browser."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.formatting import per_cent
from cnnviz.runs.run import Run
from cnnviz.ui.mistakes.view import VIEWS
from cnnviz.ui.widgets import predictions
from cnnviz.ui.widgets.confusion_matrix import Part, coloured
from cnnviz.workspace import ROOT
from tests.conftest import Bench
from tests.pages.test_pages import component, open_page, words

pytestmark = pytest.mark.slow


def asked(app: AppTest) -> AppTest:
    """The app after the network was asked about all images: by itself, where that is quick."""
    buttons = [one for one in app.button if str(one.key).startswith("predict ")]
    return buttons[0].click().run() if buttons else app


def test_what_takes_long_is_asked_for(finished: Run, tiny_data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "QUICK", 0.0)
    app = open_page("diagnosis", run=finished.id)
    assert not app.exception
    assert "has not been asked about test images yet" in words(app)
    app = asked(app)
    assert not app.exception
    assert "Of all 60 test images " in words(app)


def test_what_is_quick_is_there_at_once(finished: Run, tiny_data: str) -> None:
    app = open_page("diagnosis", run=finished.id)
    assert not app.exception
    assert "Of all 60 test images " in words(app)
    drawn = component(app, "confusion")
    assert drawn["rows"] == ["one", "two", "three", "four"]
    assert len(drawn["words"]) == 16
    kept = finished.folder / "index" / "predictions-last.npz"
    with np.load(kept) as found:
        wrong = found["probabilities"].argmax(1) != found["labels"]
    assert f"**All mistakes, surest first**: {wrong.sum()} of 60 test images" in words(app)


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("split", ["test", "validation"])
def test_every_view_of_both_splits(finished: Run, tiny_data: str, view: str, split: str) -> None:
    app = asked(open_page("diagnosis", run=finished.id, view=view, split=split))
    assert not app.exception
    assert not app.error
    assert f"{split} images" in words(app)


def test_a_cell_has_its_images_and_one_of_them_its_probabilities(finished: Run, tiny_data: str) -> None:
    asked(open_page("diagnosis", run=finished.id))
    with np.load(finished.folder / "index" / "predictions-last.npz") as kept:
        labels, shares = kept["labels"], kept["probabilities"]
    guesses = shares.argmax(1)
    label, guess = int(labels[0]), int(guesses[0])
    app = open_page("diagnosis", run=finished.id, confused=f"{label}.{guess}", image="test.0")
    names = ["one", "two", "three", "four"]
    count = ((labels == label) & (guesses == guess)).sum()
    assert f"**{names[label]}, taken for {names[guess]}**: {count} of 60" in words(app)
    assert f"Taken for **{names[guess]}** ({per_cent(shares[0, guess])})" in words(app)
    app.button(key="clear cell").click().run()
    assert "cell" not in app.query_params
    app = open_page("diagnosis", run=finished.id, confused="9.9")
    assert not app.exception
    assert "All mistakes" in words(app)


def test_validation_images_are_images_of_the_activations_page(finished: Run, tiny_data: str) -> None:
    app = asked(open_page("diagnosis", run=finished.id, split="validation"))
    with np.load(finished.folder / "index" / "predictions-last-validation.npz") as kept:
        number, label = int(kept["numbers"][0]), int(kept["labels"][0])
    app = open_page("activations", run=finished.id, image=f"train.{number}")
    assert not app.warning
    assert ["one", "two", "three", "four"][label] in words(app)
    assert open_page("activations", run=finished.id, image="train.99999").warning


def test_another_checkpoint_beside_it(finished: Run, tiny_data: str) -> None:
    asked(open_page("diagnosis", run=finished.id))
    assert "There is no other checkpoint" in words(open_page("diagnosis", run=finished.id, view="beside"))
    asked(open_page("diagnosis", run=finished.id, snapshot="epoch_0000"))
    app = open_page("diagnosis", run=finished.id, view="beside")
    assert not app.exception
    assert "Of 60 images that both were asked about" in words(app)
    one, other = (
        np.load(finished.folder / "index" / f"predictions-{name}.npz")["probabilities"].argmax(1)
        for name in ("last", "epoch_0000")
    )
    assert f"they agree on {(one == other).sum()}." in words(app)
    assert component(app, "disagreement")["rowTitle"] == "This one"


def test_a_row_of_the_table_leads_to_its_images(finished: Run, tiny_data: str) -> None:
    app = asked(open_page("diagnosis", run=finished.id, view="classes"))
    app.session_state["class table"] = {"selection": {"rows": [2], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    assert app.query_params["confused"] == "2."
    assert "Labelled three" in words(app)


def test_the_shipped_runs_open_on_figures_without_any_data(bench: Bench) -> None:
    for name, right in (("cifar10-resnet18", "92.7 %"), ("mnist-mlp", "98.5 %")):
        shutil.copytree(ROOT / "checkpoints" / name, bench.checkpoints / name)
        for view in VIEWS:
            app = open_page("diagnosis", run=name, view=view, image="test.3", confused="3.")
            assert not app.exception
            assert not app.error
            assert right in "\n".join(metric.value for metric in app.metric)
        assert "are not on this machine" in words(open_page("diagnosis", run=name))


@pytest.mark.realdata
def test_the_shipped_predictions_are_what_comes_out(bench: Bench) -> None:
    from cnnviz.artifact import StoredArtifact
    from cnnviz.data import catalogue
    from cnnviz.explore.predictions import CODEC, joined, predictions, some_of
    from cnnviz.models import checkpoint

    folder = ROOT / "checkpoints" / "mnist-mlp"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_DATA", str(ROOT / "data"))
        data = catalogue.load("mnist")
    path = folder / "index" / "predictions-last.npz"
    with np.load(path) as kept:
        found = StoredArtifact(path, str(kept["of"]), CODEC).load()
    assert found is not None
    model, card = checkpoint.load(folder / "snapshots" / "last.safetensors")
    numbers = some_of(10_000, 500)
    again = joined(list(predictions(model, card, data.test_images, data.test_labels, numbers=numbers)))
    assert (found.guesses[numbers] == again.guesses).all()
    assert found.probabilities[numbers] == pytest.approx(again.probabilities, abs=2e-3)


def test_parts_and_colours_of_a_matrix() -> None:
    assert [Part.named(name) for name in ("3.1", "3.", ".1", ".", "4.x", "x", "")] == [
        Part(3, 1), Part(3, None), Part(None, 1), None, None, None, None,
    ]  # fmt: skip
    assert not Part(4, 1).within(4)
    assert Part(3, None).name == "3."
    found = coloured(np.array([[90, 2], [0, 50]]))
    assert found == [None, "#fde724", None, None]


def test_the_doctor_sees_curves_at_once_and_the_rest_when_asked(finished: Run, tiny_data: str) -> None:
    app = open_page("doctor", run=finished.id)
    assert not app.exception
    assert "Dead ReLUs: could not be checked, since the network was not looked into yet" in words(app)
    app = app.button(key="examine").click().run()
    assert not app.exception
    assert "was not looked into yet" not in words(app)
    assert "Images in two splits: nothing found" in words(app)


def test_the_doctor_names_a_softmax_too_many_and_sets_up_what_mends_it(
    finished: Run, tiny_data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnviz.ui.doctor import view

    path = finished.folder / "config.json"
    record = json.loads(path.read_text())
    record["config"]["softmax_before_loss"] = True
    path.write_text(json.dumps(record))
    app = open_page("doctor", run=finished.id)
    assert "Softmax is applied twice" in words(app)
    assert "ln(1 + 3/e) = 0.7437" in words(app)
    went: list[str] = []
    filled: list[object] = []
    monkeypatch.setattr(view.st, "switch_page", went.append)
    monkeypatch.setattr(view.run_template, "fill", filled.append)
    app.button(key="mend softmax-twice 0").click().run()
    assert went == ["pages/train.py"]
    assert filled[0].softmax_before_loss is False  # type: ignore[attr-defined]


def test_without_its_data_the_doctor_says_so(bench: Bench) -> None:
    shutil.copytree(ROOT / "checkpoints" / "cifar10-resnet18", bench.checkpoints / "cifar10-resnet18")
    app = open_page("doctor", run="cifar10-resnet18")
    assert not app.exception
    assert "Nothing found" in words(app)
    assert "the images of cifar10 are not on this machine" in words(app)


def test_pages_do_without_torch_at_import() -> None:
    from tests.test_layers import loaded_by

    pages = [Path("pages") / name for name in ("diagnosis.py", "doctor.py")]
    assert all((ROOT / page).exists() for page in pages)
    modules = loaded_by("import cnnviz.ui.mistakes.view, cnnviz.ui.doctor.view, cnnviz.doctor.rules")
    assert not modules & {"torch", "torchvision", "captum", "sklearn"}


def test_what_a_link_asked_for_is_there_when_one_comes_back_and_is_no_markdown(finished: Run) -> None:
    app = open_page("activations", run=finished.id, layer="![x](https://a.b/c.png)", channel="2")
    assert not app.exception
    assert "![x]" not in app.warning[0].value
    assert "(https://a.b/c.png)" in app.warning[0].value
    app.query_params.clear()  # as a browser does between pages
    app.switch_page("pages/doctor.py").run()
    app.switch_page("pages/activations.py").run()
    assert not app.exception
    assert ", channel 2**" in words(app)


@pytest.mark.parametrize("key", ["image", "confused"])
def test_a_number_of_thousands_of_digits_is_no_number(finished: Run, key: str) -> None:
    app = open_page(
        "diagnosis", run=finished.id, **{key: "test." + "9" * 5000 if key == "image" else "9" * 5000 + ".1"}
    )
    assert not app.exception
