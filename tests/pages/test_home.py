"""Home: its picture is there before torch is."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from cnnviz import workspace
from cnnviz.explore import showcase
from cnnviz.workspace import ROOT
from tests.conftest import Bench
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow

_PAINT = """
import json, sys
from streamlit.testing.v1 import AppTest
from cnnviz.ui.home import device
device._accelerator = lambda: f"torch is there: {'torch' in sys.modules}"
app = AppTest.from_file("app.py", default_timeout=150).run()
sprites = [json.loads(one.proto.json)["alt"] for one in app.get("bidi_component")]
print(json.dumps([sprites, [caption.value for caption in app.caption]]))
"""


@pytest.fixture
def shipped(bench: Bench) -> Bench:
    """A bench with the shipped ResNet-18."""
    shutil.copytree(ROOT / "checkpoints" / "cifar10-resnet18", bench.checkpoints / "cifar10-resnet18")
    return bench


@pytest.mark.usefixtures("shipped")
def test_the_shipped_network_is_seen_before_torch_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PAINT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sprites, captions = json.loads(done.stdout)
    assert sprites == [
        "frog, as the network reads it",
        *(f"9 maps of layer{number}.0" for number in (1, 2, 3, 4)),
    ]
    assert "ResNet-18 on CIFAR-10 says **frog** (90 %)" in captions
    assert captions[-1].endswith("torch is there: False.")


@pytest.mark.usefixtures("shipped")
def test_what_was_not_stored_is_computed_and_stored() -> None:
    shipped = showcase.read("cifar10-resnet18", "last")
    workspace.showcase_file("cifar10-resnet18", "last").unlink()
    app = open_page("home")
    assert not app.exception
    assert "says **frog** (90 %)" in words(app)
    assert len(app.get("bidi_component")) == 5
    assert not app.get("skeleton")
    stored = showcase.read("cifar10-resnet18", "last")
    assert shipped is not None
    assert stored is not None
    np.testing.assert_allclose(stored.maps["layer4.0"], shipped.maps["layer4.0"], atol=1e-3)


def test_a_damaged_network_says_so_and_the_rest_is_there(shipped: Bench) -> None:
    workspace.snapshot_file("cifar10-resnet18", "last").write_bytes(b"\x80")
    app = open_page("home")
    assert not app.exception
    assert "is a pickle" in words(app)
    assert "CPU cores" in words(app)
