import csv
import json

import pytest

from cnnviz.data.perturbation import PERTURBATIONS


def test_curves_as_text_json_and_csv(ask, trained, tmp_path):
    path = tmp_path / "curves.csv"
    arguments = (
        "robustness",
        trained.id,
        "--perturbation",
        "noise",
        "--perturbation",
        "jpeg",
        "--images",
        "40",
    )
    document = json.loads(ask(*arguments, "--json", "--out", path).stdout)
    assert (document["images"], document["chance"], document["file"]) == (40, 0.25, str(path))
    noise, jpeg = document["curves"]
    assert (noise["perturbation"], jpeg["perturbation"]) == ("noise", "jpeg")
    assert noise["strengths"] == list(PERTURBATIONS["noise"].strengths)
    assert noise["accuracy"][0] == jpeg["accuracy"][0]  # neither is shaken there
    rows = list(csv.DictReader(path.open()))
    assert [float(row["accuracy"]) for row in rows] == noise["accuracy"] + jpeg["accuracy"]
    assert ask(*arguments, "--out", path).exit_code == 1
    text = ask(*arguments, "--out", path, "--force").stdout
    assert "over 40 test images of tiny; guessing scores 25.0 %" in text
    assert f"{100 * noise['accuracy'][0]:.1f} % ± {100 * noise['error'][0]:.1f}" in text
    again = json.loads(ask(*arguments, "--json").stdout)
    assert again["curves"] == document["curves"]
    other = json.loads(ask(*arguments, "--seed", "1", "--json").stdout)
    assert other["curves"] != document["curves"]


def test_rotation_is_what_is_measured_first(ask, trained):
    (curve,) = json.loads(ask("robustness", trained.id, "--json").stdout)["curves"]
    assert (curve["perturbation"], curve["count"], curve["classes"]) == ("rotation", 60, 4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--perturbation", "nois"), "No perturbation 'nois'. Did you mean: noise"),
        (("--images", "0"), "--images"),
        (("--snapshot", "best"), "No snapshot 'best'"),
        (("--out", "x.txt"), ".csv"),
    ],
)
def test_what_is_not_there_is_one_line(ask, trained, arguments, said):
    done = ask("robustness", trained.id, *arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr


def test_without_its_data(ask, trained, bench):
    (bench.data / "tiny").rename(bench.data / "gone")
    done = ask("robustness", trained.id)
    assert done.exit_code == 1
    assert "The data set 'tiny' is not here" in done.stderr
