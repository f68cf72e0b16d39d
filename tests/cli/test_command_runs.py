import json

from cnnviz.runs.run import every


def test_runs_are_listed_and_shown(ask, trained):
    shown = ask("runs")
    assert shown.exit_code == 0
    header, line = shown.stdout.splitlines()
    assert header.split() == ["RUN", "STATE", "EPOCHS", "ACCURACY", "TITLE"]
    assert line.split() == [
        trained.id,
        "finished",
        "3/3",
        "test",
        "40.0",
        "%",
        "±",
        "6.3",
        "mlp",
        "on",
        "tiny",
    ]
    (document,) = json.loads(ask("runs", "--json").stdout)
    assert document["id"] == trained.id
    assert document["test"]["by_class"]["four"] is None
    whole = json.loads(ask("runs", trained.id, "--json").stdout)
    assert whole.items() >= document.items()
    assert whole["config"]["network"] == {"name": "mlp", "hidden": [16], "activation": "relu", "dropout": 0.0}
    assert "accuracy 40.0 % ± 6.3 (standard error)" in ask("runs", trained.id).stdout


def test_no_runs(ask):
    assert "cnnviz train" in ask("runs").stdout
    assert json.loads(ask("runs", "--json").stdout) == []


def test_a_near_name_is_offered(ask, trained):
    assert f"Did you mean: {trained.id}" in ask("runs", trained.id[:-1]).stderr


def test_deleting_asks_or_needs_yes(ask, trained):
    done = ask("delete", trained.id)
    assert done.exit_code == 1
    assert "--yes" in done.stderr
    assert every()
    done = ask("delete", trained.id, "--yes", "--json")
    assert json.loads(done.stdout) == {"deleted": trained.id}
    assert every() == []
    assert ask("delete", trained.id, "--yes").exit_code == 1


def test_what_is_finished_is_neither_resumed_nor_stopped(ask, trained):
    for command in ("resume", "stop"):
        done = ask(command, trained.id)
        assert done.exit_code == 1
        assert done.stderr.count("\n") == 1
