"""On Train: the runs that wait, a change of the run that trains, and the search for a learning rate."""

import os

import pytest

from cnnviz.config import RunConfig
from cnnviz.runs import changes, lease, queue, status
from cnnviz.runs.run import Run, create, environment
from cnnviz.runs.status import Status
from tests.pages.test_pages import open_page

pytestmark = pytest.mark.slow


@pytest.fixture
def waiting(tiny_data: str, tiny_config: RunConfig) -> list[Run]:
    """Three runs that wait in a queue that is paused."""
    queue.pause()
    runs = [create(tiny_config.model_copy(update={"seed": seed}), *environment()) for seed in range(3)]
    for number, run in enumerate(runs):
        status.write(run.folder, Status(state="queued", epochs=3, updated=float(number)))
    return runs


def names() -> list[str]:
    return [run.id for run in queue.waiting()]


def test_the_queue_is_seen_and_steered(waiting: list[Run]) -> None:
    first, second, third = (run.id for run in waiting)
    app = open_page("train", run=second)
    assert not app.exception
    assert any(text.value == "**3 waiting**, paused" for text in app.markdown)
    assert "Waits: the queue is paused." in [one.proto.text for one in app.get("progress")]
    app.button(key=f"queue first {third}").click().run()
    assert names() == [third, first, second]
    assert not [one for one in app.selectbox if one.key == "change setting"]
    app.button(key=f"queue cancel {first}").click().run()
    assert names() == [third, second]
    app.button(key=f"queue open {third}").click().run()
    assert app.query_params["run"] in (third, [third])
    app.number_input(key="queue slots").set_value(2).run()
    assert queue.settings().count == 2
    app.button(key="queue cancel all").click().run()
    assert names() == []
    assert waiting[0].status().state == "stopped"


def test_a_setting_is_changed_and_the_curves_are_marked(waiting: list[Run]) -> None:
    run = waiting[0]
    status.write(run.folder, Status(state="running", epochs=3, epoch=1, step=6, steps=18, updated=0.0))
    descriptor = lease.take(run.folder / "lease", patience=0)
    assert descriptor is not None
    try:
        app = open_page("train", run=run.id)
        app.selectbox(key="change setting").set_value("weight_decay").run()
        app.number_input(key="change weight_decay 0").set_value(0.25).run()
        app.button(key="change").click().run()
    finally:
        os.close(descriptor)
    (wish,) = (wish for _, wish in changes.pending(run.folder))
    assert (wish.setting, wish.value) == ("weight_decay", 0.25)


def test_a_learning_rate_is_found_and_used(tiny_data: str, tiny_config: RunConfig) -> None:
    app = open_page("train")
    app.session_state["form"] = (1, tiny_config)
    app.session_state["rate finder"] = True
    app.run()
    app.button(key="find rate").click().run()
    assert not app.exception
    assert any(text.value.startswith("The loss falls fastest at ") for text in app.caption)
    app.button(key="use rate").click().run()
    number, config = app.session_state["form"]
    assert number == 2
    assert config.optimiser.learning_rate != tiny_config.optimiser.learning_rate
