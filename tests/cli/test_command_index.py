"""`index`, and what `channel` says once there is one."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from cnnviz.index import control
from cnnviz.runs.run import Run

pytestmark = pytest.mark.slow

Ask = Callable[..., Result]


def test_an_index_is_made_and_used(ask: Ask, trained: Run) -> None:
    before = json.loads(ask("channel", trained.id, "act1", 3, "--image", "test.0", "--json").stdout)
    assert before["test_images"] is None
    done = ask("index", trained.id, "--images", 40, "--json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["images"], said["snapshot"]) == (40, "last")
    assert said["bytes"] > 1000
    known = json.loads(ask("channel", trained.id, "act1", 3, "--image", "test.0", "--json").stdout)[
        "test_images"
    ]
    assert known["count"] == 40
    assert set(known["mean_by_class"]) == {"one", "two", "three", "four"}
    best = known["strongest"][0]
    seen = ask("channel", trained.id, "act1", 3, "--image", f"test.{best['image']}", "--json")
    assert abs(json.loads(seen.stdout)["value"] - best["value"]) < 1e-4
    text = ask("channel", trained.id, "act1", 3, "--image", "test.0").stdout
    assert f"test.{best['image']}" in text
    assert "of 40" in text
    again = ask("index", trained.id)
    assert again.exit_code == 0, again.stderr
    assert again.stdout.startswith("60 test images, ")
    other = ask("channel", trained.id, "act1", 3, "--image", "test.0", "--snapshot", "epoch_0001", "--json")
    assert json.loads(other.stdout)["test_images"] is None


def test_what_can_not_be_is_one_line(ask: Ask, trained: Run, bench: Any) -> None:
    assert ask("index", "nothing").exit_code == 1
    assert "No snapshot 'best'" in ask("index", trained.id, "--snapshot", "best").stderr
    (bench.data / "tiny" / "test_labels.npy").unlink()
    failed = ask("index", trained.id)
    assert failed.exit_code == 1
    *_, last = failed.stderr.splitlines()
    assert last.endswith("test_labels.npy is missing: prepare the data set again.")
    assert "Traceback" not in failed.stderr


def test_an_interrupt_stops_it(shell: Any, nursery: Path, stuck: Any, trained: Run) -> None:
    process = shell("index", trained.id, nursery=nursery)
    while control.state(trained.id, "last") is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (130, "Stopped; an index that was there before stays.\n")
    now = control.state(trained.id, "last")
    assert now is not None
    assert now.state == "stopped"
