import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from cnnviz.config import RunConfig
from cnnviz.models.registry import build


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "My Pictures"
    for kind in ("cat", "dog"):
        (folder / kind).mkdir(parents=True)
        for number in range(6):
            pixels = np.random.default_rng(number).integers(0, 255, (12, 12, 3), np.uint8)
            Image.fromarray(pixels).save(folder / kind / f"{number}.png")
    return folder


def test_data_sets_are_listed_with_their_state(ask, tiny_data):
    found = {one["name"]: one for one in json.loads(ask("data", "--json").stdout)}
    assert found["tiny"]["state"] == "here"
    assert found["tiny"]["train"] == 200
    assert found["shapes"]["state"] == "made when needed"
    assert found["mnist"]["state"] == "12 MB to download"
    assert "tiny" in ask("data").stdout


def test_a_data_set_is_made(ask):
    done = ask("data", "get", "digits", "--json")
    assert json.loads(done.stdout)["train"] == 1438
    assert json.loads(ask("data", "--json", "get", "digits").stdout)["state"] == "here"
    done = ask("data", "--json", "get", "digit")
    assert done.exit_code == 1
    assert "digits" in json.loads(done.stdout)["error"]


def test_pictures_are_imported_from_a_folder_and_a_zip(ask, pictures, tmp_path):
    done = ask("data", "import", pictures, "--side", "16", "--json")
    assert json.loads(done.stdout)["name"] == "my-pictures"
    assert json.loads(done.stdout)["classes"] == ["cat", "dog"]
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in pictures.rglob("*.png"):
            archive.write(file, file.relative_to(pictures))
    done = ask("data", "import", packed, "--name", "zipped", "--side", "16")
    assert done.exit_code == 0
    assert "zipped is here: 10 training and 2 test images" in done.stdout
    again = ask("data", "import", packed, "--name", "zipped")
    assert again.exit_code == 1
    assert "choose another name" in again.stderr


def test_what_cannot_be_imported_is_one_line(ask, pictures, tmp_path):
    (tmp_path / "not.zip").write_text("no")
    for arguments in (
        [tmp_path / "none"],
        [tmp_path / "not.zip"],
        [pictures, "--side", "2"],
        [pictures, "--name", "../x"],
    ):
        done = ask("data", "import", *arguments)
        assert done.exit_code == 1
        assert done.stderr.count("\n") == 1


def test_models_have_their_size_and_options(ask):
    document = json.loads(ask("models", "--image", "28x28x1", "--classes", "7", "--json").stdout)
    for family in document["families"]:
        if family["parameters"] is None:
            assert family["problem"]
            continue
        network = RunConfig.parse({"network": {"name": family["name"]}}).network
        model = build(network, image_shape=(28, 28, 1), classes=7)
        assert family["parameters"] == sum(value.numel() for value in model.parameters())
    shown = ask("models").stdout
    assert 'network.activation="relu"' in shown
    assert "ImageNet weights to start from" in shown
