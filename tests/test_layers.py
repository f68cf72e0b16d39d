"""What no static graph can see: which modules a fresh process has after importing ours."""

import json
import subprocess
import sys

import pytest

from cnnviz.workspace import ROOT

HEAVY = {"torch", "torchvision", "captum", "streamlit", "altair", "sklearn"}


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_runs_config_and_render_do_without_torch_and_streamlit() -> None:
    modules = loaded_by(
        "import cnnviz.runs.control, cnnviz.runs.metrics, cnnviz.config, cnnviz.workspace, cnnviz.errors\n"
        "import pkgutil, importlib, cnnviz.render\n"
        "for found in pkgutil.iter_modules(cnnviz.render.__path__, 'cnnviz.render.'):\n"
        "    importlib.import_module(found.name)"
    )
    assert not modules & HEAVY


def test_the_worker_waits_its_turn_without_torch() -> None:
    assert not loaded_by("import cnnviz.runs.worker") & HEAVY


def test_the_test_would_see_torch() -> None:
    pytest.importorskip("safetensors")
    assert "safetensors" in loaded_by("import safetensors")
