"""A run whose training loop is somebody else's: it is shown, and left to its loop."""

import json

import pytest

from cnnviz.runs import lease, status
from cnnviz.runs.run import Run
from tests.pages.test_pages import open_page

pytestmark = pytest.mark.slow


@pytest.fixture
def recorded(finished: Run) -> Run:
    """A run as `cnnviz.record` leaves it: it tells no gradient."""
    path = finished.folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"recorded": True}))
    lines = [json.loads(line) for line in (finished.folder / "metrics.jsonl").read_text().splitlines()]
    told = [{key: value for key, value in line.items() if key != "gradient_norm"} for line in lines]
    (finished.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told))
    return Run(finished.id, finished.folder)


@pytest.mark.parametrize("state", ["finished", "stopped", "running"])
def test_it_is_neither_stopped_nor_resumed_nor_repeated_here(recorded: Run, state: status.State) -> None:
    now = recorded.status().model_copy(update={"state": state, "steps": 30})
    status.write(recorded.folder, now)
    held = lease.take(recorded.folder / "lease") if state == "running" else None
    app = open_page("train", run=recorded.id)
    assert not app.exception
    keys = {one.key for one in app.button}
    assert keys.isdisjoint({"stop run", "resume run", "clone run", "change"})
    titles = [json.loads(one.proto.spec)["title"]["text"] for one in app.get("vega_lite_chart")]
    assert "Learning rate" in titles
    assert "Gradient norm, before clipping" not in titles
    if held is not None:
        lease.release(held)


def test_one_of_the_bench_has_all_that(finished: Run) -> None:
    status.write(finished.folder, finished.status().model_copy(update={"state": "stopped"}))
    assert {"resume run", "clone run"} <= {one.key for one in open_page("train", run=finished.id).button}
