import csv
import json

import pytest


def test_a_list_of_mistakes(ask, trained, tmp_path):
    path = tmp_path / "wrong.csv"
    done = ask("predictions", trained.id, "--wrong", "--order", "surest", "--out", path, "--json")
    found = json.loads(done.stdout)
    assert (found["count"], found["of"]) == (60, 60)
    right = sum(found["confusion"][one][one] for one in range(4))
    assert found["accuracy"] == pytest.approx(right / 60)
    assert len(found["images"]) == 60 - right
    assert all(one["class"] != one["predicted"] for one in found["images"])
    sure = [one["probability"] for one in found["images"]]
    assert sure == sorted(sure, reverse=True)
    with path.open() as file:
        assert [int(row[0]) for row in list(csv.reader(file))[1:]] == [
            one["number"] for one in found["images"]
        ]
    one = found["images"][0]
    alone = json.loads(
        ask("activations", trained.id, "--layer", "fc1", "--image", f"test.{one['number']}", "--json").stdout
    )
    assert alone["prediction"][0]["class"] == one["predicted"]
    assert alone["prediction"][0]["probability"] == pytest.approx(one["probability"], abs=1e-5)


def test_as_text(ask, trained):
    text = ask("predictions", trained.id, "--truth", "two", "--most", "3").stdout
    assert text.startswith("15 of 60 test images of tiny, of which 3 are shown; ")
    assert len(text.splitlines()) == 5
    assert "Did you mean: two" in ask("predictions", trained.id, "--truth", "tow").stderr


def test_sizes_that_a_network_cannot_read_are_one_line(ask, trained):
    for command in (("layers",), ("activations",), ("channel",)):
        more = ("fc1", "0") if command == ("channel",) else ()
        done = ask(*command, trained.id, *more, "--size", "16")
        assert done.exit_code == 1
        assert "fc1 takes 192 numbers" in done.stderr
        assert done.stderr.count("\n") == 1
