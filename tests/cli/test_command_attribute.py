import io
import json

import numpy as np
import pytest
from PIL import Image

from cnnviz.explore.attribution.methods import METHODS


def test_without_a_method_all_are_listed_with_what_keeps_them_from_this_network(ask, trained):
    document = json.loads(ask("attribute", trained.id, "--json").stdout)
    listed = {one["name"]: one for one in document["methods"]}
    assert list(listed) == list(METHODS)
    assert "No layer has maps" in listed["grad_cam"]["not_possible"]
    assert listed["integrated_gradients"]["not_possible"] is None
    assert listed["integrated_gradients"]["options"] == {"steps": 50}
    assert "No layer has maps" in ask("attribute", trained.id).stdout


def test_maps_of_two_classes_and_their_files(ask, trained, tmp_path):
    arrays, drawn = tmp_path / "maps.npz", tmp_path / "maps.png"
    asked = ("attribute", trained.id, "--method", "integrated_gradients", "--method", "occlusion", "--class", "two",
             "--class", "3", "--image", "test.7", "--set", "steps=200")  # fmt: skip
    document = json.loads(ask(*asked, "--out", arrays, "--json").stdout)
    found = document["attributions"]
    assert [(one["method"], one["class"]) for one in found] == [
        ("integrated_gradients", "two"), ("integrated_gradients", "four"), ("occlusion", "two"), ("occlusion", "four"),
    ]  # fmt: skip
    assert found[0]["options"] == {"steps": 200}
    assert abs(found[0]["missing"]) < 1e-3
    assert found[2]["missing"] is None
    with np.load(io.BytesIO(arrays.read_bytes()), allow_pickle=False) as saved:
        assert saved["integrated_gradients.two"].shape == (3, 8, 8)
        assert saved["occlusion.four"].shape == (1, 8, 8)
        assert float(saved["integrated_gradients.two"].sum()) == pytest.approx(found[0]["sum"], abs=1e-4)
    shown = ask(*asked, "--out", drawn)
    assert "integrated_gradients  two" in shown.stdout
    with Image.open(drawn) as picture:
        assert picture.format == "PNG"
        assert picture.width > 3 * 200


def test_the_predicted_class_is_asked_about_and_checked(ask, trained):
    document = json.loads(ask("attribute", trained.id, "--method", "saliency", "--check", "--json").stdout)
    (found,) = document["attributions"]
    assert found["class"] == _predicted(ask, trained)
    assert 0 <= found["checks"]["deletion"] <= 1
    assert found["checks"]["destroyed"][-1]["layers"] == 2
    text = ask("attribute", trained.id, "--method", "saliency", "--check").stdout
    assert "max sensitivity" in text


def _predicted(ask, trained) -> str:
    document = json.loads(ask("activations", trained.id, "--layer", "fc1", "--json").stdout)
    return document["prediction"][0]["class"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--method", "salience"), "No method 'salience'. Did you mean: saliency"),
        (("--method", "saliency", "--class", "9"), "There is no class 9: they are numbered 0 to 3."),
        (("--method", "saliency", "--class", "-1"), "There is no class -1"),
        (("--method", "saliency", "--class", "cat"), "No class 'cat'."),
        (("--method", "saliency", "--baseline", "red"), "No baseline 'red'."),
        (("--method", "saliency", "--set", "steps=3"), "No option 'steps'"),
        (
            ("--method", "occlusion", "--set", "window=0"),
            "window=0: Input should be greater than or equal to 1.",
        ),
        (("--method", "occlusion", "--set", "window=9"), "A window of 9 px doesn't fit"),
        (("--method", "grad_cam"), "Grad-CAM can't be asked of this network: No layer has maps"),
    ],
)
def test_what_cannot_be_asked_is_one_line(ask, trained, arguments, said):
    done = ask("attribute", trained.id, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_needs_a_method_and_an_option_a_value(ask, trained, tmp_path):
    assert ask("attribute", trained.id, "--out", tmp_path / "a.png").exit_code == 2
    assert ask("attribute", trained.id, "--method", "saliency", "--set", "absolute").exit_code == 2
