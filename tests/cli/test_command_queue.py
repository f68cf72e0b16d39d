import json

import pytest

from cnnviz.runs import queue, status
from cnnviz.runs.run import create, environment
from cnnviz.runs.status import Status


@pytest.fixture
def waiting(tiny_config):
    queue.folder().parent.mkdir(exist_ok=True)
    queue.pause()
    runs = [create(tiny_config.model_copy(update={"seed": seed}), *environment()) for seed in range(3)]
    for number, run in enumerate(runs):
        status.write(run.folder, Status(state="queued", epochs=3, updated=float(number)))
    return [run.id for run in runs]


def ids(answer):
    return [one["id"] for one in json.loads(answer.stdout)["waiting"]]


def test_it_is_listed_and_put_in_order(ask, waiting):
    text = ask("queue").stdout
    assert text.splitlines()[-1] == "0 training, 3 waiting; paused: `queue resume` goes on."
    assert [line.split()[1] for line in text.splitlines()[1:4]] == waiting
    assert ids(ask("queue", "move", waiting[2], "1", "--json")) == [waiting[2], waiting[0], waiting[1]]
    failed = ask("queue", "move", "nothing", "1")
    assert failed.exit_code == 1
    assert "No waiting run 'nothing'" in failed.stderr


def test_runs_are_taken_out(ask, waiting):
    assert ids(ask("queue", "cancel", waiting[1], "--json")) == [waiting[0], waiting[2]]
    failed = ask("queue", "cancel", waiting[1])
    assert failed.exit_code == 1
    assert "did not wait" in failed.stderr
    assert ask("queue", "cancel").exit_code == 2
    assert ids(ask("queue", "cancel", "--all", "--json")) == []


def test_slots_are_set(ask, waiting):
    assert json.loads(ask("queue", "slots", "3", "--json").stdout)["slots"] == 3
    assert ask("queue", "slots", "0").exit_code == 2


def test_a_change_is_asked_for(ask, waiting):
    done = json.loads(ask("change", waiting[0], "learning_rate=0.5", "--json").stdout)
    assert done["pending"] == [{"setting": "learning_rate", "value": 0.5}]
    failed = ask("change", waiting[0], "learning_rate=much")
    assert failed.exit_code == 1
    assert "learning_rate is a number (got 'much')." in failed.stderr
    assert "batch_size" in ask("change", waiting[0], "batch_size=1").stderr


def test_a_learning_rate_is_found(ask, tiny_data, tiny_config, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(tiny_config.model_dump_json())
    found = json.loads(ask("find-rate", path, "--steps", "20", "--json").stdout)
    assert len(found["rates"]) == len(found["losses"]) <= 20
    assert found["reason"].startswith("The loss f")
