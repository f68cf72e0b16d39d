import fcntl
import json
import signal
import time

import pytest

from cnnviz.config import Mlp, RunConfig, with_settings
from cnnviz.config.settings import kinds_of, options_of, settings_of
from cnnviz.errors import ConfigError
from cnnviz.runs.run import every, find

pytestmark = pytest.mark.slow


@pytest.fixture
def config_file(tiny_data, tiny_config, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(tiny_config.model_dump_json())
    return path


@pytest.fixture
def occupied(bench):
    """Another run is training; gives a function that ends it."""
    folder = bench.checkpoints / ".queue"
    folder.mkdir()
    file = (folder / "slot-0").open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    yield file.close
    file.close()


def until(condition, seconds=150):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_run_from_start_to_finish(shell, ask, config_file):
    process = shell("train", config_file, "--set", "epochs=2", "--set", "title=By hand", "--json")
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    document = json.loads(out)
    run = find(document["id"])
    assert document["state"] == "finished"
    assert document["config"] == run.config.model_dump(mode="json")
    assert (run.config.epochs, run.config.title) == (2, "By hand")
    assert document["test"]["count"] == 60
    assert document["test"]["accuracy"] == run.metrics().finished["test_accuracy"]
    assert set(document["test"]["by_class"]) == {"one", "two", "three", "four"}
    assert "epoch 2 of 2: loss" in errors

    scored = json.loads(ask("evaluate", run.id, "--json").stdout)
    assert scored["accuracy"] == document["test"]["accuracy"]
    assert scored["loss"] == pytest.approx(document["test"]["loss"], rel=1e-5)


def test_ctrl_c_stops_a_training_run(shell, nursery, config_file):
    process = shell("train", config_file, "--set", "epochs=1000000", nursery=nursery)
    until(lambda: every() and every()[0].metrics().epochs)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    (run,) = every()
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].endswith(f"To go on: python -m cnnviz resume {run.id}")
    assert run.status().state == "stopped"
    assert "last" in run.snapshots()


def test_a_run_that_waits_says_so_and_goes_on_after_a_stop(shell, nursery, occupied, ask, config_file):
    process = shell("train", config_file, "--set", "epochs=1", nursery=nursery)
    assert process.stderr.readline().startswith("mlp on tiny: ")
    assert process.stderr.readline() == "Waits: it is the next.\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    (run,) = every()
    assert process.returncode == 130
    assert run.status().state == "stopped"

    occupied()
    done = ask("resume", run.id)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("Test accuracy ")
    assert " % ± " in done.stdout


def test_detached_it_returns_at_once_and_stop_ends_it(shell, nursery, occupied, ask, config_file):
    process = shell("train", config_file, "--detach", nursery=nursery)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    run = find(out.strip())
    assert run.status().active
    again = ask("train", config_file, "--detach")
    assert again.exit_code == 1
    assert "already under way" in again.stderr
    stopped = ask("stop", run.id, "--json")
    assert json.loads(stopped.stdout)["state"] == "stopped"
    assert ask("stop", run.id).exit_code == 1


def test_a_run_that_fails_ends_with_status_1(ask, config_file):
    done = ask("train", config_file, "--set", "start.source=imagenet", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["state"] == "failed"
    assert "There are no ImageNet weights for mlp" in done.stderr.splitlines()[-1]
    assert "resume" not in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("epochs=0", "epochs"),
        ("epoch=3", "epoch is not a setting"),
        ("network.depth=3", "network.depth is not a setting"),
        ("data.name=cifar11", "No data set 'cifar11'. Did you mean: cifar10"),
        ("data.name=mnist", "python -m cnnviz data get mnist"),
        ("optimiser.learning_rate=nan", "optimiser.learning_rate"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_a_run_is_made(ask, config_file, change, said):
    done = ask("train", config_file, "--set", change)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert every() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"epochs": "many"}', b"[" * 100_000])
def test_a_file_that_is_no_configuration_is_one_line(ask, tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    done = ask("train", path)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert ask("train", tmp_path).stderr.startswith("There is no configuration")


def test_the_record_of_a_run_is_a_configuration(ask, trained):
    shown = ask("train", trained.folder / "config.json", "--set", "epochs=7", "--settings", "--json")
    assert json.loads(shown.stdout)["data.name"] == "tiny"
    assert json.loads(shown.stdout)["epochs"] == 7


def test_settings_can_be_set_as_they_are_listed():
    config = with_settings(RunConfig(), {"network.name": "mlp", "early_stopping.patience": "4"})
    listed = settings_of(config)
    assert with_settings(config, {one.key: json.dumps(one.value) for one in listed}) == config
    assert next(one for one in listed if one.key == "network.name").choices == tuple(kinds_of("network"))
    for one in listed:
        with pytest.raises(ConfigError):
            with_settings(config, {f"{one.key}x": "1"})


def test_options_of_a_network():
    assert [one.key for one in options_of(Mlp)] == ["hidden", "activation", "dropout"]


def test_softmax_before_the_loss_is_warned_of(ask, config_file):
    done = ask("train", config_file, "--set", "softmax_before_loss=true", "--detach")
    assert done.exit_code == 0
    assert "softmax twice" in done.stderr
