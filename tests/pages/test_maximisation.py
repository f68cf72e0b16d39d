"""Drawing what would excite a channel most, on its card, without a browser."""

import time

import pytest
import torch
from streamlit.testing.v1 import AppTest

from cnnviz.config import Cnn, RunConfig
from cnnviz.explore.maximisation import optimisation
from cnnviz.explore.maximisation.objectives import channel
from cnnviz.explore.maximisation.optimisation import maximise
from cnnviz.explore.maximisation.settings import Settings
from cnnviz.index import control
from cnnviz.models import checkpoint, registry
from cnnviz.models.checkpoint import Card
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.run import Run
from cnnviz.ui.activations import maximisation
from cnnviz.ui.resources import networks
from cnnviz.workspace import ROOT

pytestmark = pytest.mark.slow

BUTTON = "maximise"


@pytest.fixture
def untrained(tiny_data: str, tiny_config: RunConfig) -> Run:
    """A run of a small convolutional network that learnt nothing."""
    torch.manual_seed(0)
    network = Cnn(convs=(4, 5), pool_after=(1,), linear=(6,))
    run = running.create(tiny_config.model_copy(update={"network": network}), *running.environment())
    card = Card(
        network=network, image_shape=(8, 8, 3), classes=("one", "two", "three", "four"), mean=(0.5,) * 3,
        std=(0.25,) * 3, data=tiny_data, epoch=1, step=1,
    )  # fmt: skip
    model = registry.build(network, image_shape=(8, 8, 3), classes=4)
    (run.folder / "snapshots").mkdir()
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", model.state_dict(), card)
    status.write(run.folder, status.Status(state="finished", epoch=1, epochs=1, updated=time.time()))
    return run


def open_channel(run: Run, layer: str, channel: int, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=150)
    app.switch_page("pages/activations.py")
    for key, value in ({"run": run.id, "layer": layer, "channel": str(channel)} | query).items():
        app.query_params[key] = value
    app.session_state["how it is drawn"] = True
    app.run()
    assert not app.exception
    app.number_input(key="maximise.steps").set_value(5)
    app.number_input(key="maximise.pictures").set_value(2)
    return app.run()


def words(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for kind in (app.markdown, app.caption, app.error) for element in kind
    )


def rows(app: AppTest) -> list[str]:
    return [str(one) for table in app.table for one in table.value.index]


def has(app: AppTest, key: str) -> bool:
    return any(button.key == key for button in app.button)


def test_it_is_drawn_compared_and_kept(untrained: Run) -> None:
    app = open_channel(untrained, "act2", 2)
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert "in 5 steps, seed 0: not an image of the data" in words(app)
    assert {"The strongest of these", "The image you look at"} <= set(rows(app))
    assert not any("test images" in row for row in rows(app))
    assert not has(app, BUTTON)
    # Another channel has none yet; the first is there at once when one comes back.
    app.query_params["channel"] = "3"
    app.run()
    assert has(app, BUTTON)
    app.query_params["channel"] = "2"
    app.run()
    assert not has(app, BUTTON)
    # Other settings are another picture.
    app.number_input(key="maximise.seed").set_value(7).run()
    assert has(app, BUTTON)


def test_it_stands_beside_the_strongest_test_image(untrained: Run) -> None:
    control.start(untrained.id, "last", images=60)
    while (now := control.state(untrained.id, "last")) and now.active:
        time.sleep(0.05)
    app = open_channel(untrained, "conv2", 1, cell="1.2")
    app.button(key=BUTTON).click().run()
    assert not app.exception
    # The index keeps the largest values of maps, not their means.
    assert not [row for row in rows(app) if "test images" in row]
    app.segmented_control(key="selected excite").set_value("cell").run()
    app.button(key=BUTTON).click().run()
    assert "The strongest of 60 test images, wherever in its map" in rows(app)


def test_a_cell_and_a_unit(untrained: Run) -> None:
    app = open_channel(untrained, "conv2", 1, cell="1.2")
    app.segmented_control(key="selected excite").set_value("cell").run()
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert "Value of the cell" in app.table[-1].value.columns
    app = open_channel(untrained, "fc2", 3)
    assert not any(control.key == "selected excite" for control in app.segmented_control)
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert "Value" in app.table[-1].value.columns


@pytest.mark.parametrize("stopping", [True, False])
def test_what_was_begun_is_stopped_or_goes_on(untrained: Run, stopping: bool) -> None:
    app = open_channel(untrained, "conv2", 0)
    stamp, settings = networks.stamp(untrained.id, "last"), Settings(steps=5, pictures=2)
    model, card = checkpoint.load(untrained.folder / "snapshots" / "last.safetensors")
    steps = maximise(model, card, channel("conv2", 0), settings=settings)
    first = next(steps)
    key = (stamp, "conv2", 0, None, settings)
    app.session_state["maximising"] = maximisation._Going(key, steps, first, stopping)
    app.run()
    assert not app.exception
    assert ("in 1 of 5 steps" if stopping else "in 5 steps") in words(app)
    assert "maximising" not in app.session_state


def test_what_can_not_be_drawn_is_one_line(untrained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_channel(untrained, "conv2", 0)
    monkeypatch.setattr(
        optimisation,
        "maximise",
        lambda model, card, objective, **options: maximise(model, card, objective * float("nan"), **options),
    )
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert "is not finite" in app.error[0].value
    assert not has(app, "stop maximising")
    monkeypatch.undo()
    app.run()
    assert has(app, BUTTON)


def test_it_goes_on_in_slices_until_it_is_stopped() -> None:
    def steps():  # type: ignore[no-untyped-def]
        stopped = yield "first"
        while not stopped:
            stopped = yield "another"
        return "found"

    going = maximisation._Going("key", steps())
    assert going.go_on(0.01)
    assert (going.progress, going.found) == ("another", None)
    going.stopping = True
    assert not going.go_on(0.01)
    assert str(going.found) == "found"
