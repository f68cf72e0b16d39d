"""The channel card before, while and after the test images are looked through, without a browser."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz import workspace
from cnnviz.config import Data, Mlp, RunConfig
from cnnviz.index import control
from cnnviz.models import checkpoint, registry
from cnnviz.models.checkpoint import Card
from cnnviz.runs import lease
from cnnviz.runs import run as running
from cnnviz.runs.process import STOPPED
from cnnviz.runs.run import Run
from tests.conftest import Bench
from tests.pages.test_pages import open_page, words
from tests.runs.conftest import wait_for

pytestmark = pytest.mark.slow

FOUND = "Test images that excite it most"
BUTTON = "look through 60"


@pytest.fixture
def run(bench: Bench, tiny_data: str, quick: None) -> Run:
    """A run with weights, and workers that start in no time."""
    network = Mlp(hidden=(16,))
    run = running.create(RunConfig(data=Data(name=tiny_data), network=network), *running.environment())
    (run.folder / "snapshots").mkdir()
    card = Card(
        network=network, image_shape=(8, 8, 3), classes=("one", "two", "three", "four"), mean=(0.5,) * 3,
        std=(0.25,) * 3, data=tiny_data, epoch=1, step=6,
    )  # fmt: skip
    model = registry.build(network, image_shape=(8, 8, 3), classes=4)
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", model.state_dict(), card)
    return run


def opened(run: Run, channel: int = 2, layer: str = "act1") -> AppTest:
    app = open_page("activations", run=run.id, layer=layer, channel=str(channel))
    assert not app.exception
    return app


def ended(run: Run) -> str:
    wait_for(lambda: (now := control.state(run.id, "last")) and not now.active)
    now = control.state(run.id, "last")
    assert now is not None
    return now.state


def test_it_is_looked_for_in_the_background_and_then_every_layer_answers(run: Run, watch: Any) -> None:
    watch.fault("import time, cnnviz.index.worker as m; plain = m.Indexer.work\n"
                "m.Indexer.work = lambda self: (time.sleep(3), plain(self))[1]")  # fmt: skip
    app = opened(run)
    assert FOUND not in words(app)
    assert app.button(key=BUTTON).label.startswith("Look through 60 test images (")
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert app.button(key="stop looking through").label == "Stop"
    assert not [one for one in app.button if one.key == BUTTON]
    assert ended(run) == "finished"
    app.run()
    assert FOUND in words(app)
    assert "Of 60. Its values are zero" in words(app)
    assert "Class selectivity" in words(app)
    for layer in ("fc1", "fc2", "flatten"):
        other = opened(run, 1, layer)
        assert FOUND in words(other), layer
        assert not [one for one in other.button if (one.key or "").startswith("look through")]


def test_stopped_it_is_offered_again(run: Run, watch: Any) -> None:
    watch.fault("import cnnviz.explore.channels.excitation as m, time\n"
                "m._PIXELS = 8 * 64\n"
                "plain = m._Tallies.begin; m._Tallies.begin = lambda *a: (time.sleep(.5), plain(*a))[1]")  # fmt: skip
    app = opened(run)
    app.button(key=BUTTON).click().run()
    wait_for(lambda: control.state(run.id, "last").state == "running")
    app.button(key="stop looking through").click().run()
    assert ended(run) == "stopped"
    app.run()
    assert [one.value for one in app.warning] == [STOPPED]
    assert app.button(key=BUTTON)


def test_killed_it_says_so(run: Run, watch: Any) -> None:
    watch.fault("import time; time.sleep(600)")
    app = opened(run)
    app.button(key=BUTTON).click().run()
    path = workspace.index_folder(run.id, "last") / "lease"
    os.kill(wait_for(lambda: lease.holder(path)), signal.SIGKILL)
    assert ended(run) == "interrupted"
    app.run()
    assert not app.exception
    assert "Its worker is gone without a word" in app.warning[0].value
    watch.fault("")
    app.button(key=BUTTON).click().run()
    assert ended(run) == "finished"
    app.run()
    assert FOUND in words(app)
    assert not app.warning


def test_of_other_weights_it_is_not_shown(run: Run) -> None:
    control.start(run.id, "last", images=60)
    assert ended(run) == "finished"
    assert FOUND in words(opened(run))
    path = workspace.snapshot_file(run.id, "last")
    card, weights = checkpoint.read(path)
    checkpoint.save(path, {name: value + 0.1 for name, value in weights.items()}, card)
    app = opened(run)
    assert FOUND not in words(app)
    assert "have changed since they were looked through" in words(app)
    assert app.button(key=BUTTON)


def test_of_some_images_more_are_offered(run: Run) -> None:
    control.start(run.id, "last", images=20)
    assert ended(run) == "finished"
    app = opened(run)
    assert "Of 20. " in words(app)
    app.button(key=BUTTON).click().run()
    assert ended(run) == "finished"
    app.run()
    assert "Of 60. " in words(app)


def test_a_folder_that_can_not_be_written_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    app = opened(run)
    monkeypatch.setattr(Path, "mkdir", full)
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert "No space left on device" in app.toast[0].value
