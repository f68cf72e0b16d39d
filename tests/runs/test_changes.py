"""Settings changed while a run trains: asked for, made at a step, kept by resume, repeated exactly."""

from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.config.change import Change, changeable
from cnnviz.data import catalogue
from cnnviz.errors import ConfigError, NotFound, RunError
from cnnviz.runs import changes, control, status
from cnnviz.runs.run import Run, create, environment
from cnnviz.runs.status import Status
from cnnviz.train.events import EpochEnded, Finished, StepLogged
from cnnviz.train.loop import fit
from cnnviz.train.session import prepare


def trained(config: RunConfig, *made: Change) -> list[Any]:
    """The events of a training with these changes."""
    session = prepare(config, catalogue.load(config.data.name))
    session.changes = list(made)
    return [event for event in fit(session) if isinstance(event, StepLogged | EpochEnded | Finished)]


def change(step: int, setting: str, value: float) -> Change:
    return Change(step=step, setting=setting, value=value, request=f"{setting} {step}")


class TestTraining:
    def test_each_holds_from_its_step_on(self, small: RunConfig) -> None:
        plain = trained(small)
        for setting, value in (("learning_rate", 0.1), ("weight_decay", 0.5), ("dropout", 0.7)):
            other = trained(small, change(4, setting, value))
            losses = [[one.loss for one in run if isinstance(one, StepLogged)] for run in (plain, other)]
            same = (
                5 if setting != "dropout" else 4
            )  # dropout changes the fifth loss, the others the fifth update
            assert losses[0][:same] == losses[1][:same]
            assert losses[0][same] != losses[1][same]

    def test_the_schedule_goes_on_from_another_height(self, small: RunConfig) -> None:
        plain, other = trained(small), trained(small, change(4, "learning_rate", 0.02))
        rates = [[one.learning_rate for one in run if isinstance(one, StepLogged)] for run in (plain, other)]
        assert rates[1][:4] == rates[0][:4]
        assert rates[1][4:] == pytest.approx([2 * rate for rate in rates[0][4:]])

    def test_it_ends_after_the_epoch_that_was_named(self, small: RunConfig) -> None:
        *_, last = trained(small, change(1, "last_epoch", 2))
        assert (last.reason, last.epoch) == ("ended on request", 2)
        *_, last = trained(small, change(8, "last_epoch", 3))
        assert (last.reason, last.epoch) == ("completed", 3)


class TestRequests:
    def run(self, config: RunConfig, state: str = "running") -> Run:
        run = create(config, *environment())
        status.write(run.folder, Status.model_validate({"state": state, "epoch": 1, "updated": 1.0}))
        return run

    def test_each_is_met_once_and_in_order(self, small: RunConfig) -> None:
        run = self.run(small)
        for value in (0.1, 0.2):
            changes.request(run, "learning_rate", value)
        assert [wish.value for _, wish in changes.pending(run.folder)] == [0.1, 0.2]
        before = [path.read_bytes() for path, _ in changes.pending(run.folder)]
        names = [path for path, _ in changes.pending(run.folder)]
        assert [one.value for one in changes.accept(run.folder, step=7)] == [0.1, 0.2]
        for path, content in zip(names, before, strict=True):  # killed before they were removed
            path.write_bytes(content)
        assert changes.accept(run.folder, step=9) == []
        assert [(one.step, one.value) for one in changes.read(run.folder)] == [(7, 0.1), (7, 0.2)]
        assert changes.pending(run.folder) == []

    @pytest.mark.parametrize(
        ("setting", "value", "words"),
        [
            ("learning_rate", 0.0, "Learning rate has to be from"),
            ("learning_rate", float("nan"), "Learning rate has to be from"),
            ("dropout", 1.0, "Dropout has to be from 0 to 0.99"),
            ("last_epoch", 1.0, "Stop after epoch has to be from 2 to 3"),
            ("last_epoch", 4.0, "Stop after epoch has to be from 2 to 3"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, setting: str, value: float, words: str, small: RunConfig
    ) -> None:
        run = self.run(small)
        with pytest.raises(ConfigError, match=words):
            changes.request(run, setting, value)
        assert changes.pending(run.folder) == []

    def test_unknown_settings_and_finished_runs(self, small: RunConfig, tiny_config: RunConfig) -> None:
        with pytest.raises(NotFound, match="batch_size"):
            changes.request(self.run(small), "batch_size", 7)
        assert "dropout" not in changeable(tiny_config)
        with pytest.raises(RunError, match="is over"):
            changes.request(self.run(small, "finished"), "learning_rate", 0.1)

    def test_damaged_changes_are_said(self, small: RunConfig) -> None:
        run = self.run(small)
        (run.folder / "changes.json").write_text(
            '[{"step": 1, "setting": "nothing", "value": 1, "request": ""}]'
        )
        with pytest.raises(RunError, match=r"changes\.json of .* is damaged"):
            changes.read(run.folder)


@pytest.mark.slow
def test_a_change_is_kept_by_a_killed_run_and_can_be_repeated(
    small: RunConfig, quick: None, watch: Any, bench: Any
) -> None:
    config = small.model_copy(update={"epochs": 40})
    slow = (
        "import time, cnnviz.train.loop as m; plain = m.update\n"
        "m.update = lambda *a, **o: (time.sleep(0.01), plain(*a, **o))[1]\n"
        "import cnnviz.train.snapshots as s; s._EVERY = 0.3; s._SHARE = 0\n"
    )
    watch.fault(slow)
    run = control.start(config)
    watch.lines(run, 4)
    changes.request(run, "learning_rate", 0.03)
    watch.all(lambda: changes.read(run.folder))
    changes.request(run, "last_epoch", 30)
    watch.all(lambda: len(changes.read(run.folder)) == 2)
    watch.kill(run)
    control.resume(run.id)
    watch.until(run, "finished")
    made = changes.read(run.folder)
    assert [(one.setting, one.value) for one in made] == [("learning_rate", 0.03), ("last_epoch", 30)]
    finished = run.metrics().finished
    assert (finished["reason"], finished["epoch"]) == ("ended on request", 30)
    again = trained(config, *made)
    assert again[-1].weights_sha256 == finished["weights_sha256"]
