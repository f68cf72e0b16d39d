import json

import numpy as np
import pytest
from PIL import Image


def test_it_draws_and_says_what_it_scores(ask, trained, tmp_path):
    path = tmp_path / "most.png"
    done = ask("maximise", trained.id, "act1", "3", "--steps", "4", "--out", path, "--json")
    found = json.loads(done.stdout)
    assert found["objective"] == "channel 3 of act1"
    assert found["settings"]["steps"] == 4
    assert np.shape(found["trace"]) == (4, 4)
    scores = [one["score"] for one in found["pictures"]]
    assert scores == sorted(scores, reverse=True)
    assert all(one["class"] in ("one", "two", "three", "four") for one in found["pictures"])
    assert Image.open(path).size == (2 * 256 + 2, 2 * 256 + 2)
    assert ask("maximise", trained.id, "act1", "3", "--out", path).exit_code == 1


def test_options_and_text(ask, trained, tmp_path):
    options = ("--steps", "2", "--pictures", "1", "--parametrisation", "pixels", "--no-transforms")
    one, two = (tmp_path / name for name in ("one.png", "two.png"))
    done = ask("maximise", trained.id, "fc2", "0", *options, "--seed", "5", "--out", one)
    assert done.exit_code == 0
    assert "excites    channel 0 of fc2" in done.stdout
    assert "taken for" in done.stdout
    ask("maximise", trained.id, "fc2", "0", *options, "--seed", "5", "--out", two)
    assert one.read_bytes() == two.read_bytes()
    ask("maximise", trained.id, "fc2", "0", *options, "--seed", "6", "--out", two, "--force")
    assert one.read_bytes() != two.read_bytes()
    document = json.loads(ask("maximise", trained.id, "fc1", "0", *options, "--cell", "0,0", "--json").stdout)
    assert document["objective"] == "row 0, column 0 of channel 0 of fc1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("act1", "16"), "channels 0 to 15, not 16"),
        (("act1", "0", "--cell", "0,1"), "cells 0,0 to 0,0"),
        (("act1", "0", "--cell", "x"), "ROW,COLUMN"),
        (("act9", "0"), "No layer 'act9'"),
        (("act1", "0", "--parametrisation", "oil"), "No parametrisation 'oil'"),
        (("act1", "0", "--steps", "0"), "--steps"),
        (("act1", "0", "--out", "most.jpg"), "has to end in .png"),
    ],
)
def test_what_is_not_there_is_one_line(ask, trained, arguments, said):
    done = ask("maximise", trained.id, *arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
