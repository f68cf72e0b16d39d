"""What no static graph can see: which modules a fresh process has after importing ours."""

import json
import subprocess
import sys

import pytest

from cnnviz.workspace import ROOT

HEAVY = {"torch", "torchvision", "captum", "streamlit", "altair", "sklearn"}


def loaded_by(statement: str, depth: int = 1) -> set[str]:
    names = f"'.'.join(name.split('.')[:{depth}])"
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{{names} for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_runs_config_and_render_do_without_torch_and_streamlit() -> None:
    modules = loaded_by(
        "import cnnviz.runs.control, cnnviz.runs.summary, cnnviz.config, cnnviz.workspace, cnnviz.errors\n"
        "import pkgutil, importlib, cnnviz.render\n"
        "for found in pkgutil.iter_modules(cnnviz.render.__path__, 'cnnviz.render.'):\n"
        "    importlib.import_module(found.name)"
    )
    assert not modules & HEAVY


def test_the_worker_waits_its_turn_without_torch() -> None:
    assert not loaded_by("import cnnviz.runs.worker") & HEAVY


@pytest.mark.slow
def test_looking_inside_a_network_does_without_the_compiler() -> None:
    """PyTorch's compiler takes as long to load as torch itself."""
    modules = loaded_by(
        "import numpy as np\n"
        "from cnnviz import workspace\n"
        "from cnnviz.models import checkpoint\n"
        "from cnnviz.explore.activations.activation_maps import layer_maps\n"
        "from cnnviz.explore.layers.input_sizes import offered\n"
        "from cnnviz.explore.layers.structure import layers\n"
        "from cnnviz.train.estimate import parameter_count\n"
        "model, card = checkpoint.load(workspace.snapshot_file('cifar10-resnet18', 'last'))\n"
        "layers(model, (3, 32, 32), frozen=frozenset())\n"
        "assert parameter_count(card.network, image_shape=(32, 32, 3), classes=10) == 11_173_962\n"
        "assert offered(model, card)[0] == [32, 64, 112, 128, 224]\n"
        "assert len(layer_maps(model, np.zeros((3, 32, 32), np.float32))) > 20",
        depth=2,
    )
    assert "torch.nn" in modules
    assert not modules & {"torch._dynamo", "torch._inductor", "pandas", "altair", "sklearn", "captum"}


def test_the_test_would_see_torch() -> None:
    pytest.importorskip("safetensors")
    assert "safetensors" in loaded_by("import safetensors")
