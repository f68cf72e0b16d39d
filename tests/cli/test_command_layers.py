import json

import numpy as np
import pytest


def test_layers_as_text_json_and_csv(ask, trained, tmp_path):
    document = json.loads(ask("layers", trained.id, "--json").stdout)
    assert document["parameters"] == 3156
    first = next(one for one in document["layers"] if one["name"] == "fc1")
    assert (first["arithmetic"], first["macs"], first["field"]["whole"]) == ("(192 + 1)·16", 3088, True)
    path = tmp_path / "layers.csv"
    done = ask("layers", trained.id, "--out", path)
    assert "(192 + 1)·16" in done.stdout
    assert len(path.read_text().splitlines()) == 1 + len(document["layers"])
    assert ask("layers", trained.id, "--out", path).exit_code == 1


def test_a_channel_is_worked_out(ask, trained):
    found = json.loads(ask("channel", trained.id, "act1", "3", "--json").stdout)
    assert [step["layer"] for step in found["steps"]] == ["fc1", "act1"]
    assert found["steps"][-1]["value"] == pytest.approx(found["value"], abs=1e-5)
    assert found["sees"] == [0, 0, 8, 8]
    assert 0 <= found["probability_without"] <= 1
    text = ask("channel", trained.id, "act1", "3", "--cell", "0,0", "--image", "test.2").stdout
    assert "Linear layer: Σ input × weight" in text


def test_a_channel_is_written(ask, trained, tmp_path):
    arrays, picture = tmp_path / "channel.npz", tmp_path / "channel.png"
    found = json.loads(ask("channel", trained.id, "act1", "3", "--json", "--out", arrays).stdout)
    assert found["file"] == str(arrays)
    with np.load(arrays) as kept:
        assert kept["map"].ravel()[0] == pytest.approx(found["value"], abs=1e-6)
        total = float((kept["patch"] * kept["kernel"]).sum())
        assert float(kept["contributions"].sum()) == pytest.approx(total)
    assert str(picture) in ask("channel", trained.id, "act1", "3", "--out", picture).stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert ask("channel", trained.id, "act1", "3", "--out", picture).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("act1", "16"), "channels 0 to 15, not 16"),
        (("act1", "0", "--cell", "0,1"), "cells 0,0 to 0,0"),
        (("act9", "0"), "No layer 'act9'"),
        (("act1", "0", "--cell", "x"), "ROW,COLUMN"),
    ],
)
def test_what_is_not_there_is_one_line(ask, trained, arguments, said):
    done = ask("channel", trained.id, *arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr
