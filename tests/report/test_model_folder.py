"""A model repository for the Hub: what its card says works without the bench, and its figures are the run's."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load

from cnnviz.explore.activations.activation_maps import predict
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.report.model_folder import LOADING
from cnnviz.report.takeaway import FILES, content
from cnnviz.runs.network_source import opened
from cnnviz.runs.run import Run
from tests.conftest import Bench

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(bench: Bench, looked_into: Run, tmp_path: Path) -> Path:
    place = tmp_path / "folder"
    with zipfile.ZipFile(io.BytesIO(content(FILES["huggingface"], looked_into))) as whole:
        whole.extractall(place)  # what this test has just made
    return place


def test_what_the_card_says_how_to_do_gives_what_the_bench_says(folder: Path, looked_into: Run) -> None:
    card = (folder / "README.md").read_text()
    assert f"```python\n{LOADING}```" in card
    pixels = np.random.default_rng(0).integers(256, size=(8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "picture.png")
    end = (
        "from torchvision.io import decode_image\nimport sys\n"
        "assert not any(name.startswith('cnnviz') for name in sys.modules)\n"
        "print(json.dumps(predicted(decode_image('picture.png'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", LOADING + end], cwd=folder, capture_output=True, text=True, check=True
    )
    name, share = json.loads(done.stdout)
    _, model, about = opened(looked_into.id)
    shares = predict(model, as_input(pixels, about).values)
    assert name == about.classes[int(shares.argmax())]
    assert share == pytest.approx(float(shares.max()), abs=1e-5)


def test_the_hub_reads_the_runs_own_figures(folder: Path, looked_into: Run) -> None:
    _, front, text = (folder / "README.md").read_text().split("---\n", 2)
    about = yaml.safe_load(front)
    (result,) = about["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "accuracy", "value": 0.4}]
    assert about["pipeline_tag"] == "image-classification"
    assert "Test accuracy 40.0 % ± 6.3 on 60 images" in text
    assert "| one | 40.0 % |" in text
    assert "| Epochs | 2 |" in text
    config = json.loads((folder / "config.json").read_text())
    assert config["id2label"] == {"0": "one", "1": "two", "2": "three", "3": "four"}
    assert config["cnnviz"] == json.loads(looked_into.config.model_dump_json())
    weights = load((folder / "model.safetensors").read_bytes())
    assert {name: value.dtype for name, value in weights.items() if value.is_floating_point()} == {
        name: torch.float32 for name, value in opened(looked_into.id)[1].named_parameters()
    }
