import csv
import json

import pytest


def test_statistics_as_text_json_and_csv(ask, trained, tmp_path):
    done = ask("statistics", trained.id, "--json", "--images", "40")
    document = json.loads(done.stdout)
    assert (document["images"], document["data"], document["of_class"]) == (40, "tiny", None)
    assert [one["layer"] for one in document["layers"]] == ["flatten", "fc1", "act1", "fc2"]
    act = document["layers"][2]
    assert 0 < act["zeros"] < 1
    assert act["spread"] is None  # units have one cell
    path = tmp_path / "statistics.csv"
    text = ask("statistics", trained.id, "--images", "40", "--out", path).stdout
    assert f"{100 * act['zeros']:.1f} % ± {100 * act['zeros_error']:.1f}" in text
    assert "over 40 test images of tiny, all classes" in text
    rows = list(csv.DictReader(path.open()))
    assert [row["layer"] for row in rows] == [one["layer"] for one in document["layers"]]
    assert float(rows[2]["zeros"]) == pytest.approx(act["zeros"])
    assert {(row["images"], row["of_class"]) for row in rows} == {("40", "all")}
    assert ask("statistics", trained.id, "--out", path).exit_code == 1
    assert ask("statistics", trained.id, "--out", path, "--force").exit_code == 0


def test_one_class_and_every_layer(ask, trained):
    document = json.loads(ask("statistics", trained.id, "--class", "three", "--json").stdout)
    assert (document["images"], document["of_class"], document["guess"]) == (15, "three", 1)
    assert {one["probe"] for one in document["layers"]} == {None}
    assert "flatten" in ask("statistics", trained.id, "--every").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--class", "thre"), "No class 'thre'. Did you mean: three"),
        (("--images", "0"), "--images"),
        (("--snapshot", "best"), "No snapshot 'best'"),
        (("--out", "x.txt"), ".csv"),
    ],
)
def test_what_is_not_there_is_one_line(ask, trained, arguments, said):
    done = ask("statistics", trained.id, *arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr


def test_without_its_data(ask, trained, bench):
    (bench.data / "tiny").rename(bench.data / "gone")
    done = ask("statistics", trained.id)
    assert done.exit_code == 1
    assert "The data set 'tiny' is not here" in done.stderr
