import json
import signal
import time

import pytest

from cnnviz.recipes import library
from cnnviz.runs.run import every

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _records(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_RECORDS", str(tmp_path / "docs" / "reproduction"))
    (tmp_path / "docs").mkdir()


def test_all_recipes_are_listed(ask):
    text = ask("recipes").stdout
    assert all(name in text for name in library.every())
    listed = json.loads(ask("recipes", "--json").stdout)
    assert [one["id"] for one in listed] == list(library.every())
    assert listed[0]["variants"][3]["reported"]["stopped_epoch"] == 60


def test_one_recipe_is_shown_with_all_about_it(ask):
    text = ask("recipes", "001-1").stdout
    assert "row 1, column 4" in text
    assert "390,410" in text
    text = ask("recipes", "002-3.1").stdout
    assert "crop+flip" in text
    assert "84.6 %" in text
    assert "Not run." in text


def test_unknown_recipes_and_variants_name_the_nearest(ask):
    failed = ask("train", "002-31")
    assert failed.exit_code == 1
    assert "No recipe '002-31'. Did you mean: 002-3.1" in failed.stderr
    failed = ask("train", "002-3.1", "--variant", "flip")
    assert failed.exit_code == 1
    assert "No variant of 002-3.1 'flip'. Did you mean: flip-0." in failed.stderr
    failed = ask("train", "001-1")
    assert failed.exit_code == 1
    assert "trains nothing" in failed.stderr
    assert ask("train", "--size", "short").exit_code == 2


def test_a_missing_data_set_is_named_before_anything_starts(ask):
    failed = ask("train", "003-2")
    assert failed.exit_code == 1
    assert "data get ants-bees" in failed.stderr
    assert "hymenoptera" in failed.stderr
    assert every() == []


def test_a_network_that_does_not_fit_says_which_layer_before_anything_starts(ask, tiny_data):
    failed = ask(
        "train", "002-1", "--set", "data.name=tiny", "--set", "data.train=130", "--set", "data.validation=40"
    )
    assert failed.exit_code == 1
    assert "pool4 is one pooling too many" in failed.stderr
    assert every() == []


def test_an_interrupted_list_carries_on(shell, nursery, stuck, ask):
    command = (
        "reproduce",
        "003-1e",
        "--variant",
        "plain-2",
        "--variant",
        "bn-2",
        "--size",
        "smoke",
        "--seeds",
        "1",
    )
    process = shell(*command, nursery=nursery)
    end = time.monotonic() + 150
    while not (every() and every()[0].status().active):
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in errors
    stuck()
    done = ask(*command, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["failed"] == {}
    assert sorted(run.title for run in every() if run.metrics().finished) == [
        "003-1e bn-2 (smoke)", "003-1e plain-2 (smoke)",
    ]  # fmt: skip
