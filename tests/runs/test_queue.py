"""The queue: order, pause, slots, and who gets which run, by one and by many."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.errors import ConfigError, NotFound
from cnnviz.runs import control, lease, process, queue, slots, status
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.run import Run, create, environment
from cnnviz.runs.status import Status


def waits(seed: int, since: float = 0.0) -> Run:
    """A run that waits, and no worker to wait with it."""
    run = create(RunConfig(seed=seed), *environment())
    status.write(run.folder, Status(state="queued", epochs=3, updated=since or float(seed)))
    return run


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of workers that were started: none really is, but each takes the lease as if it were."""
    started: list[Path] = []

    def start_once(folder: Path, module: str, first: Status, *, what: str) -> Status:
        folder.mkdir(exist_ok=True)
        assert lease.take(folder / "lease", patience=0) is not None
        started.append(folder)
        return first

    monkeypatch.setattr(process, "start_once", start_once)
    return started


class TestOrder:
    def test_the_longest_waiting_comes_first(self, bench: Any) -> None:
        runs = [waits(1, since=3.0), waits(2, since=1.0), waits(3, since=2.0)]
        assert [run.id for run in queue.waiting()] == [runs[1].id, runs[2].id, runs[0].id]
        assert queue.position(runs[1]) == "Waits: it is the next."
        assert queue.position(runs[2]) == "Waits: 1 run is before it."
        assert queue.position(runs[0]) == "Waits: 2 runs are before it."

    def test_moved_runs_keep_their_place_and_new_ones_come_last(self, bench: Any) -> None:
        first, second, third = (waits(seed) for seed in (1, 2, 3))
        queue.move(third.id, 0)
        fourth = waits(4, since=0.5)
        assert [run.id for run in queue.waiting()] == [third.id, first.id, second.id, fourth.id]
        queue.move(third.id, 99)
        assert queue.waiting()[-1].id == third.id
        with pytest.raises(NotFound, match="No waiting run 'nothing'"):
            queue.move("nothing", 0)

    def test_damaged_settings_are_the_default_ones(self, bench: Any) -> None:
        run = waits(1)
        queue.folder().mkdir()
        for text in ("{ torn", '{"slots": 0}', '{"format": 1, "unheard": 2}'):
            (queue.folder() / "settings.json").write_text(text)
            assert queue.settings() == queue.Settings()
            assert [one.id for one in queue.waiting()] == [run.id]

    def test_a_run_that_was_cancelled_can_be_resumed(self, bench: Any, workers: list[Path]) -> None:
        run, other = waits(1), waits(2)
        status.write(other.folder, Status(state="finished", updated=1.0))
        assert [one.id for one in queue.cancel([run, other])] == [other.id]
        now = run.status()
        assert (now.state, now.reason) == ("stopped", "Taken out of the queue before its turn.")
        assert queue.waiting() == []
        control.resume(run.id)
        assert [one.id for one in queue.waiting()] == [run.id]


class TestDispatch:
    def test_one_worker_waits_for_hundreds(self, bench: Any, workers: list[Path]) -> None:
        for seed in range(200):
            waits(seed + 1)
            queue.revive()
        assert workers == [queue.folder()]

    def test_nobody_waits_for_nothing_or_while_paused(self, bench: Any, workers: list[Path]) -> None:
        queue.revive()
        queue.pause()
        run = waits(1)
        queue.revive()
        assert workers == []
        assert queue.position(run) == "Waits: the queue is paused."
        queue.unpause()
        assert workers == [queue.folder()]

    def test_a_hundred_races_have_one_winner_each(self, bench: Any) -> None:
        runs = [waits(seed + 1) for seed in range(100)]
        line = threading.Barrier(4)

        def racer() -> list[str]:
            line.wait()
            won = []
            while True:
                with one_at_a_time():
                    taken = queue.take()
                if taken is None:
                    return won
                won.append(taken[0].id)
                assert lease.holder(taken[0].folder / "lease") == os.getpid()

        with ThreadPoolExecutor(4) as pool:
            won = [name for future in [pool.submit(racer) for _ in range(4)] for name in future.result()]
        assert sorted(won) == sorted(run.id for run in runs)
        assert {run.status().state for run in runs} == {"running"}

    def test_a_hundred_calls_at_once_start_one_worker(self, bench: Any, workers: list[Path]) -> None:
        waits(1)
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda _: queue.revive(), range(100)))
        assert workers == [queue.folder()]


class TestSlots:
    def test_as_many_as_there_are(self, tmp_path: Path) -> None:
        first, second = slots.take(tmp_path, 2), slots.take(tmp_path, 2)
        assert first is not None
        assert second is not None
        assert (first[0], second[0]) == (0, 1)
        assert slots.take(tmp_path, 2) is None
        os.close(first[1])
        again = slots.take(tmp_path, 2)
        assert again is not None
        assert again[0] == 0

    @pytest.mark.parametrize(
        ("devices", "count", "second"), [("0,1", 2, "1"), ("3", 1, "3"), ("", 1, ""), ("-1", 1, "-1")]
    )
    def test_one_a_gpu(self, devices: str, count: int, second: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)
        assert slots.default() == count
        slots.settle(1)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == second

    def test_the_processor_is_shared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        assert [slots.share(count) for count in (1, 2, 4)] == [1.0, 0.5, 0.25]
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
        assert [slots.share(count) for count in (1, 2, 4)] == [1.0, 1.0, 0.5]

    def test_there_is_at_least_one(self, bench: Any) -> None:
        with pytest.raises(ConfigError, match="pause"):
            queue.set_slots(0)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
class TestTraining:
    def test_one_at_a_time_and_in_order(self, small: RunConfig, long: RunConfig, watch: Any) -> None:
        first = control.start(long)
        watch.until(first, "running")
        second, third, fourth = (control.start(small.model_copy(update={"seed": seed})) for seed in (1, 2, 3))
        queue.move(fourth.id, 0)
        assert [run.id for run in queue.waiting()] == [fourth.id, second.id, third.id]
        start = time.monotonic()
        assert control.stop(second.id).state == "stopped"
        assert time.monotonic() - start < 2
        assert first.status().state == "running"
        control.stop(first.id)
        for run in (fourth, third):
            watch.all(lambda run=run: run.status().state == "finished")
        assert fourth.status().updated < third.status().updated
        assert second.status().state == "stopped"
        control.resume(second.id)
        watch.all(lambda: second.status().state == "finished")
        assert "epoch 3: loss" in second.log()

    def test_the_next_one_goes_when_the_first_is_killed(
        self, small: RunConfig, long: RunConfig, watch: Any
    ) -> None:
        first = control.start(long)
        watch.until(first, "running")
        second = control.start(small)
        watch.kill(first)
        watch.all(lambda: second.status().state == "finished")

    def test_who_looks_heals_a_queue_whose_workers_were_all_killed(
        self, small: RunConfig, long: RunConfig, watch: Any
    ) -> None:
        first = control.start(long)
        watch.until(first, "running")
        second = control.start(small)
        waiter = watch.all(lambda: lease.holder(queue.folder() / "lease"))
        os.kill(waiter, 9)
        watch.kill(first)
        assert second.status().state == "queued"
        # As pages do: again and again, since the dead may not be gone at the first look.
        watch.all(lambda: (queue.revive(), second.status().state == "finished")[1])

    def test_a_paused_queue_starts_nothing_and_then_goes_on(
        self, small: RunConfig, long: RunConfig, watch: Any
    ) -> None:
        first = control.start(long)
        watch.until(first, "running")
        second = control.start(small)
        queue.pause()
        control.stop(first.id)
        watch.all(lambda: not lease.held(queue.folder() / "lease"))
        assert second.status().state == "queued"
        queue.unpause()
        watch.all(lambda: second.status().state == "finished")

    def test_two_slots_train_two(self, small: RunConfig, long: RunConfig, watch: Any) -> None:
        queue.set_slots(2)
        runs = [control.start(long.model_copy(update={"seed": seed})) for seed in range(3)]
        watch.all(lambda: [run.status().state for run in runs] == ["running", "running", "queued"])
        control.stop(runs[0].id)
        watch.all(lambda: runs[2].status().state == "running")
        control.stop_all(run.id for run in runs)

    def test_an_older_run_that_is_resumed_does_not_cut_in(
        self, small: RunConfig, long: RunConfig, watch: Any
    ) -> None:
        older = control.start(small.model_copy(update={"epochs": 10_000}))
        watch.lines(older, 3)
        control.stop(older.id)
        newer = control.start(long)
        watch.until(newer, "running")
        control.resume(older.id)
        assert queue.position(older) == "Waits: it is the next."
        assert newer.status().state == "running"
        control.stop(newer.id)
        watch.all(lambda: older.status().state == "running")
        control.stop(older.id)
