"""Start, stop, queue, resume and delete, by one and by many."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.errors import CnnvizError, NotFound, RunError
from cnnviz.runs import control, lease, status
from cnnviz.runs import process as hiring
from cnnviz.runs.run import Run, create, environment, every, find
from cnnviz.runs.status import Status
from cnnviz.workspace import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]


def ended(state: str, **changes: Any) -> Run:
    """A run that nobody works on."""
    run = create(RunConfig(**changes), *environment())
    status.write(run.folder, Status.model_validate({"state": state, "epochs": 10, "updated": time.time()}))
    return run


class TestStop:
    def timed(self, run: Run, **options: Any) -> tuple[Status, float]:
        start = time.monotonic()
        now = control.stop(run.id, **options)
        assert not lease.held(run.folder / "lease")
        assert not (run.folder / hiring.STOP).exists() or now.state == "stopped"
        assert run.status() == now
        return now, time.monotonic() - start

    def test_in_the_middle(self, long: RunConfig, watch: Any) -> None:
        run = control.start(long)
        watch.lines(run, 20)
        now, seconds = self.timed(run)
        assert (now.state, now.reason) == ("stopped", "Stopped on request.")
        assert seconds < 3
        assert run.snapshots()[:2] == ["last", "best"]
        assert not (run.folder / hiring.STOP).exists()
        assert now.step >= run.metrics().steps[-1].step
        with pytest.raises(RunError, match="not under way"):
            control.stop(run.id)

    def test_what_was_done_is_kept(self, long: RunConfig, watch: Any) -> None:
        run = control.start(long)
        watch.lines(run, 20)
        stopped = control.stop(run.id)
        before = run.metrics().steps
        control.resume(run.id)
        watch.all(lambda: len(run.metrics().steps) > len(before))
        after = run.metrics().steps
        assert after[: len(before)] == before
        assert [line.step for line in after] == sorted({line.step for line in after})
        assert f'"resumed","step":{stopped.step}' in (run.folder / "metrics.jsonl").read_text()
        control.stop(run.id)

    @pytest.mark.parametrize(
        ("place", "fault"),
        [
            ("loading", "import cnnviz.data.catalogue as m; m.load = lambda name: time.sleep(600)"),
            (
                "probing",
                "import cnnviz.train.execution as m; m.Execution.arrange = lambda *a: time.sleep(600)",
            ),
            ("signing", "import cnnviz.runs.worker as m; m.Worker.work = lambda self: time.sleep(600)"),
        ],
        ids=["loading", "probing", "signing"],
    )
    def test_a_worker_that_does_not_answer(
        self, place: str, fault: str, small: RunConfig, watch: Any
    ) -> None:
        watch.fault(f"import time; {fault}")
        run = control.start(small)
        reasons = {
            "loading": "Loading.",
            "probing": "Measuring the fastest way to compute.",
            "signing": "Loading.",
        }
        watch.all(lambda: run.status().reason == reasons[place])
        now, seconds = self.timed(run, patience=0.3)
        assert (now.state, now.reason) == ("stopped", "Stopped; resumes from its last snapshot.")
        assert seconds < 2
        watch.fault("")
        control.resume(run.id)
        watch.until(run, "finished")

    def test_five_seconds_are_enough(self, small: RunConfig, watch: Any) -> None:
        watch.fault("import time, cnnviz.data.catalogue as m; m.load = lambda name: time.sleep(600)")
        run = control.start(small)
        watch.process(run)
        now, seconds = self.timed(run)
        assert now.state == "stopped"
        assert seconds < 5

    def test_while_validating(self, long: RunConfig, watch: Any) -> None:
        watch.fault(
            "import time, cnnviz.train.evaluate as m\n"
            "m._BATCH, plain = 2, m.forward\n"
            "m.forward = lambda *values: (time.sleep(0.2), plain(*values))[1]"
        )
        run = control.start(long)
        watch.lines(run, 3)  # the first epoch's steps are over
        now, seconds = self.timed(run)
        assert (now.state, now.reason, now.epoch) == ("stopped", "Stopped on request.", 0)
        assert seconds < 3

    def test_term_is_a_request(self, long: RunConfig, watch: Any) -> None:
        run = control.start(long)
        watch.lines(run, 5)
        os.kill(watch.process(run), 15)
        assert watch.until(run, "stopped", "running").state in {"stopped", "running"}
        watch.all(lambda: run.status().state == "stopped")
        assert run.status().reason == "Stopped on request."

    def test_nobody_is_killed_on_the_word_of_an_old_lease(
        self, tiny_data: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The id of the last worker may be another process's by the time a new one has the lease."""
        stranger = subprocess.Popen(["sleep", "60"])
        run = ended("interrupted")
        (run.folder / "lease").write_text(str(stranger.pid).ljust(1 << 16))
        monkeypatch.setattr(lease, "name", lambda *_: None)  # the new one has not signed yet
        workers: list[Any] = []

        def start_worker(*_: Any, pass_fds: list[int], **__: Any) -> Any:
            workers.append(subprocess.Popen(["sleep", "60"], pass_fds=pass_fds))
            return workers[0]

        monkeypatch.setattr(hiring.subprocess, "Popen", start_worker)
        hiring.start(run.folder, "none", Status(state="running", updated=1.0), what="A worker")
        control.stop(run.id, patience=0.1)
        assert stranger.poll() is None
        for process in (stranger, workers[0]):
            process.kill()
            process.wait()


class TestRefusals:
    def test_the_same_again(self, long: RunConfig, watch: Any) -> None:
        run = control.start(long)
        with pytest.raises(RunError, match=f"already under way as {run.id}"):
            control.start(long)
        with pytest.raises(RunError, match=r"is (queued|running)"):
            control.resume(run.id)
        with pytest.raises(RunError, match="stop it first"):
            control.delete(run.id)
        assert len(every()) == 1
        control.stop(run.id, patience=0.5)

    def test_one_that_was_started_anew_is_not_resumed_beside_it(self, long: RunConfig, watch: Any) -> None:
        first = control.start(long)
        control.stop(first.id)
        second = control.start(long)
        with pytest.raises(RunError, match=f"The same run is under way as {second.id}: stop that first"):
            control.resume(first.id)
        assert first.status().state == "stopped"
        control.stop(second.id)
        control.resume(first.id)
        control.stop(first.id)

    def test_a_finished_run(self, bench: Any) -> None:
        run = ended("finished")
        for refused in (control.resume, control.stop):
            with pytest.raises(RunError):
                refused(run.id)

    def test_a_run_that_is_not_there(self, bench: Any) -> None:
        for refused in (control.resume, control.stop, control.delete):
            for name in ("nothing", "..", "../..", "/tmp", "", ".lock"):
                with pytest.raises(NotFound):
                    refused(name)

    def test_a_damaged_configuration(self, bench: Any) -> None:
        run = ended("stopped")
        (run.folder / "config.json").write_text("{")
        with pytest.raises(RunError, match=r"can't be read: config\.json"):
            control.resume(run.id)
        assert run.status().state == "stopped"
        control.delete(run.id)
        assert not run.folder.exists()

    def test_a_worker_that_cannot_be_started(self, small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object, **__: object) -> None:
            raise OSError(12, "Cannot allocate memory")

        monkeypatch.setattr(hiring.subprocess, "Popen", broken)
        with pytest.raises(RunError, match="Cannot allocate memory"):
            control.start(small)
        assert every() == []
        run = ended("stopped")
        with pytest.raises(RunError, match="Cannot allocate memory"):
            control.resume(run.id)
        assert run.folder.exists()
        assert run.status().state == "stopped"

    def test_a_checkpoints_folder_that_cannot_be(
        self, small: RunConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(tmp_path / "file" / "deeper"))
        with pytest.raises(RunError, match="set CNNVIZ_CHECKPOINTS"):
            control.start(small)


class TestDelete:
    def test_is_for_good(self, bench: Any) -> None:
        run, other = ended("finished", seed=1), ended("failed", seed=2)
        (run.folder / "snapshots").mkdir()
        (run.folder / "snapshots" / "last.safetensors").touch()
        control.delete(run.id)
        assert [path.name for path in bench.checkpoints.iterdir() if not path.name.startswith(".lock")] == [
            other.id
        ]
        with pytest.raises(NotFound):
            control.delete(run.id)

    def test_remains_of_an_earlier_one_are_no_hindrance(self, bench: Any) -> None:
        run = ended("finished")
        remains = bench.checkpoints / f".deleted-{run.id}"
        remains.mkdir()
        (remains / "file").touch()
        control.delete(run.id)
        assert not run.folder.exists()
        assert not remains.exists()

    def test_a_link_is_not_followed(self, bench: Any, tmp_path: Path) -> None:
        run = ended("finished")
        outside = tmp_path / "outside"
        run.folder.rename(outside)
        run.folder.symlink_to(outside)
        with pytest.raises(RunError, match="remove the link"):
            control.delete(run.id)
        assert (outside / "config.json").exists()

    def test_links_inside_are_not_followed(self, bench: Any, tmp_path: Path) -> None:
        run = ended("finished")
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "file").touch()
        (run.folder / "snapshots").symlink_to(outside)
        control.delete(run.id)
        assert (outside / "file").exists()

    def test_a_shipped_run_stays(self, bench: Any) -> None:
        run = ended("finished")
        (run.folder / "card.md").touch()
        with pytest.raises(RunError, match="came with cnnviz"):
            control.delete(run.id)
        assert run.folder.exists()


def at_once(count: int, call: Callable[[], Any]) -> tuple[list[Any], list[CnnvizError]]:
    """What `count` threads that call at the same moment get: results, and errors for users. Others are raised."""
    line = threading.Barrier(count)

    def one() -> Any:
        line.wait()
        try:
            return call()
        except CnnvizError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        results = [future.result() for future in [pool.submit(one) for _ in range(count)]]
    errors = [result for result in results if isinstance(result, CnnvizError)]
    assert all(len(str(error).splitlines()) == 1 for error in errors)
    return [result for result in results if not isinstance(result, CnnvizError)], errors


class TestManyAtOnce:
    def test_start_resume_stop_delete(self, long: RunConfig, watch: Any) -> None:
        won, lost = at_once(6, lambda: control.start(long))
        assert (len(won), len(lost)) == (1, 5)
        run = won[0]
        assert [other.id for other in every()] == [run.id]
        watch.lines(run, 3)
        stopped, lost = at_once(6, lambda: control.stop(run.id))
        assert stopped
        assert all(now.state == "stopped" for now in stopped)
        won, lost = at_once(6, lambda: control.resume(run.id))
        assert (len(won), len(lost)) == (1, 5)
        watch.until(run, "running")
        won, lost = at_once(4, lambda: control.delete(run.id))
        assert (len(won), len(lost)) == (0, 4)
        control.stop(run.id)
        won, lost = at_once(6, lambda: control.delete(run.id))
        assert (len(won), len(lost)) == (1, 5)
        assert not run.folder.exists()

    def test_one_process_wins(self, long: RunConfig, bench: Any) -> None:
        """The worker is an idle process here: only the lease counts."""
        code = (
            "import subprocess, sys\n"
            "from types import SimpleNamespace\n"
            "from cnnviz.config import RunConfig\n"
            "from cnnviz.errors import RunError\n"
            "from cnnviz.runs import control, process\n"
            "def start_worker(*_, pass_fds, stdout, **__):\n"
            "    return subprocess.Popen(['sleep', '60'], pass_fds=pass_fds, stdout=stdout, stderr=stdout)\n"
            "process.subprocess = SimpleNamespace(Popen=start_worker, DEVNULL=None)\n"
            "config = RunConfig.parse(sys.argv[1])\n"
            "print('ready', flush=True)\n"
            "input()\n"
            "try:\n    print(control.start(config).id)\n"
            "except RunError as error:\n    print('lost', error)\n"
        )
        command = [sys.executable, "-W", "ignore", "-c", code, long.model_dump_json()]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        several = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(3)]  # type: ignore[call-overload]
        for process in several:
            assert process.stdout.readline() == b"ready\n"
        for process in several:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=30) for process in several]
        assert [errors for _, errors in said] == [b"", b"", b""]
        assert sum(b"already under way" in text for text, _ in said) == 2
        assert len(every()) == 1

    def test_everything_at_once_ends_in_order(self, small: RunConfig, long: RunConfig, watch: Any) -> None:
        watch.fault("import cnnviz.train.snapshots as m; m._EVERY = 0.0; m._SHARE = 1")
        faults: list[BaseException] = []
        until = time.monotonic() + 3
        ids = [control.start(config).id for config in (small, long)]

        def meddle(seed: int) -> None:
            draws = random.Random(seed)
            while time.monotonic() < until:
                acts = [
                    lambda: control.stop(draws.choice(ids), patience=draws.choice([0.0, 0.5])),
                    lambda: control.resume(draws.choice(ids)),
                    lambda: [run.status() for run in every()],
                    lambda: find(draws.choice(ids)).metrics(),
                    lambda: draws.random() < 0.1 and control.delete(draws.choice(ids)),
                    lambda: ids.append(control.start(draws.choice([small, long])).id),
                ]
                try:
                    draws.choice(acts)()
                except CnnvizError:
                    pass
                except BaseException as error:
                    faults.append(error)
                    raise

        threads = [threading.Thread(target=meddle, args=(seed,)) for seed in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        for run in every():
            assert lease.held(run.folder / "lease") or run.status().state != "running"
            if run.status().active:
                control.stop(run.id)
            assert not run.status().active
            steps = [line.step for line in run.metrics().steps]
            assert sorted(set(steps)) == steps


def test_all_of_a_line_are_stopped_before_one_gets_its_turn(quick: None, watch: Any, long: RunConfig) -> None:
    runs = [control.start(long.model_copy(update={"seed": seed})) for seed in range(4)]
    watch.until(runs[0], "running")
    control.stop_all(run.id for run in runs)
    assert [run.status().state for run in runs] == ["stopped"] * 4
    assert not any(run.metrics().started for run in runs[1:])
    control.stop_all(run.id for run in runs)  # nothing is left to do
