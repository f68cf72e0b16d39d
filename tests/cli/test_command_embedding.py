"""`embedding`: a map from a shell."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from typer.testing import Result

from cnnviz.runs.run import Run

Ask = Callable[..., Result]


def test_points_are_those_of_the_features(ask: Ask, trained: Run, tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    done = ask("embedding", trained.id, "--json", "--out", path)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["layer"], found["images"], found["of"], found["width"]) == ("act1", 60, 60, 16)
    with np.load(path) as kept:
        rows, points = kept["features"], kept["points"]
        assert kept["numbers"].tolist() == list(range(60))
    given = np.array([[one["x"], one["y"]] for one in found["points"]])
    assert given == pytest.approx(points, abs=1e-6)
    theirs = PCA(2, svd_solver="full").fit(rows)
    assert np.abs(points) == pytest.approx(np.abs(theirs.transform(rows)), abs=1e-3)
    assert found["explained"] == pytest.approx(theirs.explained_variance_ratio_, abs=1e-5)
    assert found["trust"] == pytest.approx(trustworthiness(rows, points, n_neighbors=10), abs=1e-6)
    listed = json.loads(ask("predictions", trained.id, "--json").stdout)["images"]
    assert [one["predicted"] for one in found["points"]] == [one["predicted"] for one in listed]


def test_text_csv_and_picture(ask: Ask, trained: Run, tmp_path: Path) -> None:
    done = ask(
        "embedding", trained.id, "--layer", "fc1", "--method", "tsne", "--perplexity", 5, "--images", 30,
        "--out", tmp_path / "map.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(
        f"{trained.id}, last (epoch 3), 30 of 60 test images of tiny\n16 features of fc1, t-SNE, perplexity 5, seed 0\n"
        "Trustworthiness "
    )
    with (tmp_path / "map.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [f"test.{number}" for number in range(0, 60, 2)]
    assert set(rows[0]) == {"image", "x", "y", "class", "predicted", "probability"}
    assert ask("embedding", trained.id, "--out", tmp_path / "map.png").exit_code == 0
    picture = Image.open(io.BytesIO((tmp_path / "map.png").read_bytes()))
    assert picture.width == 1320
    assert len(picture.convert("RGB").getcolors(1 << 20)) > 5
    refused = ask("embedding", trained.id, "--out", tmp_path / "map.png")
    assert "is there already" in refused.stderr


def test_what_can_not_be_is_one_line(ask: Ask, trained: Run) -> None:
    assert "No layer 'conv9'" in ask("embedding", trained.id, "--layer", "conv9").stderr
    assert "PCA takes none" in ask("embedding", trained.id, "--perplexity", 5).stderr
    assert "No method 'tnse'. Did you mean: tsne" in ask("embedding", trained.id, "--method", "tnse").stderr
    missing = ask("embedding", trained.id, "--method", "umap")
    assert missing.exit_code == 0 or "needs the package umap-learn" in missing.stderr
