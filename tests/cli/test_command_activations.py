import io
import json
import resource

import numpy as np
import pytest
from PIL import Image


def test_without_a_layer_all_are_listed(ask, trained):
    document = json.loads(ask("activations", trained.id, "--json").stdout)
    names = [layer["name"] for layer in document["layers"]]
    shown = ask("activations", trained.id).stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["LAYER", *names, "all"]
    totals = shown[-1].split()
    assert totals[1] == f"{sum(layer['parameters'] for layer in document['layers']):,}"
    assert document["layers"][-1]["output_shape"] == [4]


def test_summary_prediction_and_files(ask, trained, tmp_path):
    listed = json.loads(ask("activations", trained.id, "--json").stdout)["layers"]
    layer = next(one["name"] for one in listed if one["kind"] == "ReLU")
    arrays, picture = tmp_path / "maps.npz", tmp_path / "maps.png"
    done = ask("activations", trained.id, "--layer", layer, "--image", "test.7", "--out", arrays, "--json")
    document = json.loads(done.stdout)
    with np.load(arrays) as saved:
        maps = saved["activations"]
    assert document["summary"]["maximum"] == pytest.approx(float(maps.max()))
    assert document["summary"]["zeros"] == pytest.approx(float((maps == 0).mean()))
    assert document["summary"]["dead"] == np.flatnonzero((maps == 0).all(axis=(1, 2))).tolist()
    assert sum(one["probability"] for one in document["prediction"]) == pytest.approx(1)
    assert document["file"] == str(arrays)

    done = ask("activations", trained.id, "--layer", layer, "--out", picture)
    assert done.exit_code == 0
    assert "photo.frog" in done.stdout
    assert "dead channels" in done.stdout
    with Image.open(picture) as mosaic:
        assert mosaic.format == "PNG"


def test_a_picture_of_ones_own(ask, trained, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(path)
    document = json.loads(ask("activations", trained.id, "--layer", "fc1", "--image", path, "--json").stdout)
    assert document["image"] == str(path)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("text.png", "text.png: This is not a PNG, JPEG, WEBP or BMP picture"),
        ("empty.png", "empty.png: The picture is empty"),
        ("gone.png", "There is no picture"),
        ("", "There is no picture"),
        ("photo.frok", "No picture 'frok'. Did you mean: frog"),
        ("test.60", "tiny has test.0 to test.59"),
    ],
)
def test_pictures_that_cannot_be_used_are_one_line(ask, trained, tmp_path, image, said):
    (tmp_path / "text.png").write_text("I am not a picture.")
    (tmp_path / "empty.png").touch()
    given = image if image.startswith(("photo.", "test.")) else f"{tmp_path}/{image}"
    done = ask("activations", trained.id, "--layer", "fc1", "--image", given)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_layer_that_is_not_there(ask, trained):
    done = ask("activations", trained.id, "--layer", "fc9")
    assert done.exit_code == 1
    assert done.stderr.startswith("No layer 'fc9'. Did you mean: fc")


def test_files_are_not_written_over_by_accident(ask, trained, tmp_path):
    path = tmp_path / "maps.png"
    path.write_text("mine")
    write = ("activations", trained.id, "--layer", "fc1", "--out")
    done = ask(*write, path)
    assert done.exit_code == 1
    assert "--force" in done.stderr
    assert path.read_text() == "mine"
    assert ask(*write, path, "--force").exit_code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "There is no folder" in ask(*write, tmp_path / "none" / "maps.png").stderr
    (tmp_path / "folder.png").mkdir()
    assert "is not a file" in ask(*write, tmp_path / "folder.png", "--force").stderr
    assert ask(*write, tmp_path / "maps.jpg").exit_code == 2
    assert ask("activations", trained.id, "--out", path).exit_code == 2


def test_a_full_disk_is_one_line(ask, trained, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Only around the command: the test run's own report may be going to a longer file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        done = ask("activations", trained.id, "--layer", "fc1", "--out", tmp_path / "a.npz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.exit_code == 1
    assert done.stderr.startswith("The disk is full")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*a.npz*"))


def test_the_arrays_can_be_read_without_pickles(ask, trained, tmp_path):
    ask("activations", trained.id, "--layer", "fc1", "--out", tmp_path / "a.npz")
    with np.load(io.BytesIO((tmp_path / "a.npz").read_bytes()), allow_pickle=False) as saved:
        assert saved["activations"].shape == (16, 1, 1)
        assert str(saved["layer"]) == "fc1"
