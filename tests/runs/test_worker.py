"""Workers that are killed, run out of disk, lose their folder or their parent."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cnnviz.cli.app import app
from cnnviz.config import Data, RunConfig, Sgd
from cnnviz.models import checkpoint
from cnnviz.runs import control, lease
from cnnviz.runs import process as hiring
from cnnviz.runs.run import Run, every
from cnnviz.workspace import ROOT

pytestmark = pytest.mark.slow

AT_EVERY_EVENT = "import cnnviz.train.snapshots as m; m._EVERY = 0.0; m._SHARE = 0\n"
MOODY = {"seconds", "images_per_second", "memory", "energy"}


def figures(run: Run) -> dict[str, Any]:
    """All that a run has measured and that does not depend on the machine's mood."""
    metrics = run.metrics()

    def plain(lines: Any) -> list[dict[str, Any]]:
        return [{key: value for key, value in line.items() if key not in MOODY} for line in lines]

    epochs, filters = run.filters()
    return {
        "steps": plain(map(asdict, metrics.steps)),
        "epochs": plain(map(asdict, metrics.epochs)),
        "finished": plain([metrics.finished]),
        "snapshots": {name: content(run, name) for name in run.snapshots()},
        "filters": (epochs.tolist(), filters.tobytes()),
    }


def content(run: Run, name: str) -> tuple[int, int, str]:
    card, weights = checkpoint.read(run.folder / "snapshots" / f"{name}.safetensors")
    return card.epoch, card.step, checkpoint.fingerprint(weights)


def tidy(run: Run) -> None:
    """A finished run has its files, and nothing else."""
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        "config.json",
        "status.json",
        "metrics.jsonl",
        "filters.npz",
        "snapshots",
        "log.txt",
        "lease",
    }
    assert {path.suffix for path in (run.folder / "snapshots").iterdir()} == {".safetensors"}


_KNOWN: dict[str, dict[str, Any]] = {}


@pytest.fixture
def reference(small: RunConfig, quick: None, watch: Any) -> dict[str, Any]:
    """What a run of `small` that nothing interrupts comes to: it is trained for the first test that asks."""
    key = small.model_dump_json()
    if key not in _KNOWN:
        _KNOWN[key] = uninterrupted(small, watch)
    return _KNOWN[key]


def uninterrupted(config: RunConfig, watch: Any) -> dict[str, Any]:
    run = control.start(config)
    watch.until(run, "finished")
    watch.all(lambda: not lease.held(run.folder / "lease"))
    found = figures(run)
    control.delete(run.id)
    return found


def test_a_run_from_its_first_to_its_last_word(
    reference: dict[str, Any], small: RunConfig, watch: Any
) -> None:
    assert [line["step"] for line in reference["steps"]] == list(range(1, 10))
    assert [line["epoch"] for line in reference["epochs"]] == [1, 2, 3]
    assert set(reference["snapshots"]) == {"last", "best", "epoch_0000", "epoch_0001", "epoch_0002"}
    assert reference["finished"][0]["weights_sha256"] == reference["snapshots"]["last"][2]
    assert reference["filters"][0] == [0, 1, 2, 3]
    run = control.start(small)
    now = watch.until(run, "finished")
    assert (now.reason, now.epoch, now.epochs, now.step, now.steps) == ("completed", 3, 3, 9, 9)
    watch.all(lambda: not lease.held(run.folder / "lease"))
    assert figures(run) == reference
    tidy(run)
    started = run.metrics().started
    assert (started["train"], started["validation"], started["test"]) == (180, 20, 60)
    assert started["execution"]["precision"] == "fp32"
    assert "epoch 3: loss" in run.log()


def test_killed_at_its_nth_write_for_every_n(reference: dict[str, Any], small: RunConfig, watch: Any) -> None:
    """Each worker dies at a later write than the one before, in the middle of it, until one gets to the end."""
    dies = AT_EVERY_EVENT + (
        "import os, signal\n"
        "plain, left = os.fsync, [%d]\n"
        "def fsync(descriptor):\n"
        "    left[0] -= 1\n"
        "    os.kill(os.getpid(), signal.SIGKILL) if left[0] == 0 else plain(descriptor)\n"
        "import cnnviz.runs.worker as m\n"
        "plain_do = m.Worker.do\n"
        "def do(self):\n"
        "    os.fsync = fsync\n"
        "    plain_do(self)\n"
        "m.Worker.do = do\n"
    )
    watch.fault(dies % 1)
    run, deaths = control.start(small), 0
    while True:
        now = watch.all(lambda: (now := run.status()).state not in {"queued", "running"} and now)
        if now.state == "finished":
            break
        assert (now.state, "killed" in now.reason) == ("interrupted", True), run.log()
        deaths += 1
        watch.fault(dies % (1 + 3 * deaths // 2))
        control.resume(run.id)
    assert deaths > 10
    watch.all(lambda: not lease.held(run.folder / "lease"))
    assert figures(run) == reference
    tidy(run)


@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": {"patience": 1}, "epochs": 9}], ids=["plain", "stopping"]
)
def test_killed_at_any_time(settings: dict[str, Any], small: RunConfig, quick: None, watch: Any) -> None:
    config = RunConfig.parse(small.model_dump(mode="json") | settings)
    whole = control.start(config)
    watch.until(whole, "finished")
    watch.fault(
        AT_EVERY_EVENT
        + "import os, time; plain = os.fsync; os.fsync = lambda d: (time.sleep(.002), plain(d))"
    )
    run = control.start(config.model_copy(update={"title": "killed"}))
    for lines in (2, 4, 7, 9, 12, 15):
        if run.status().state in {"finished", "interrupted"}:
            break
        watch.lines(run, lines)
        watch.kill(run)
        start = time.monotonic()
        now = run.status()
        assert time.monotonic() - start < 1
        if now.state == "finished":
            break
        assert now.state == "interrupted"
        assert "killed" in now.reason
        control.resume(run.id)
    watch.until(run, "finished")
    watch.all(lambda: not lease.held(run.folder / "lease"))
    assert figures(run) == figures(whole)


@pytest.mark.parametrize("tidied", [False, True])
def test_killed_between_its_last_snapshot_and_its_last_word(
    reference: dict[str, Any], small: RunConfig, watch: Any, tidied: bool
) -> None:
    """What was trained must not be lost then, and what was measured must not count twice."""
    watch.fault(
        AT_EVERY_EVENT + "import os, signal, cnnviz.runs.worker as m, cnnviz.train.snapshots as s\n"
        "plain = m.Worker.tell\n"
        "def tell(self, **changes):\n"
        "    changes.get('state') == 'finished' and os.kill(os.getpid(), signal.SIGKILL)\n"
        "    plain(self, **changes)\n"
        "m.Worker.tell = tell\n" + ("" if tidied else "s.Snapshots.forget = lambda self: None\n")
    )
    run = control.start(small)
    watch.until(run, "interrupted")
    assert run.metrics().finished
    watch.fault("")
    control.resume(run.id)
    watch.until(run, "finished")
    watch.all(lambda: not lease.held(run.folder / "lease"))
    trained_on = '"resumed","step":9,"epoch":3' in (run.folder / "metrics.jsonl").read_text()
    assert trained_on == (not tidied)
    assert figures(run) == reference


def test_that_it_is_finished_is_its_last_word(small: RunConfig, quick: None, watch: Any) -> None:
    """Whoever copies the folder then has all of it, and nothing goes while it is copied."""
    watch.fault(
        "import time, cnnviz.train.snapshots as m; plain = m.Snapshots.forget\n"
        "m.Snapshots.forget = lambda self: (time.sleep(0.5), plain(self))[1]\n"
    )
    run = control.start(small)
    watch.until(run, "finished")
    tidy(run)


def test_a_torn_line_and_lost_filters_do_not_matter(
    reference: dict[str, Any], long: RunConfig, small: RunConfig, watch: Any
) -> None:
    watch.fault(AT_EVERY_EVENT + "import time, cnnviz.runs.metrics as m; m.Journal.close = None")
    run = control.start(small.model_copy(update={"title": "torn"}))
    watch.lines(run, 6)
    watch.kill(run)
    if run.status().state == "finished":
        pytest.skip("was too fast")
    with (run.folder / "metrics.jsonl").open("ab") as file:
        file.write(b'{"kind":"step","step":99')
    (run.folder / "filters.npz").write_bytes(b"torn")
    control.resume(run.id)
    watch.until(run, "finished")
    watch.all(lambda: not lease.held(run.folder / "lease"))
    found = figures(run)
    assert found["filters"][0][0] == 0
    assert {key: found[key] for key in ("steps", "epochs", "finished")} == {
        key: reference[key] for key in ("steps", "epochs", "finished")
    }


class TestFullDisk:
    @pytest.fixture(params=["tmpfs", "limit"])
    def disk(self, request: pytest.FixtureRequest, bench: Any) -> Iterator[Path | None]:
        """The file to fill a disk of 2 MB with; None where a limit of the worker's takes the place of such a disk."""
        if request.param == "limit":
            yield None
            return
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "cnnviz-test", str(bench.checkpoints)]
        if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("can't mount a small disk")
        try:
            yield bench.checkpoints / "filler"
        finally:
            subprocess.run(["umount", "--lazy", str(bench.checkpoints)], check=True)

    def test_fails_in_words_and_goes_on_after_making_room(
        self, disk: Path | None, reference: dict[str, Any], small: RunConfig, watch: Any
    ) -> None:
        slowly = (
            AT_EVERY_EVENT
            + "import os, time; plain = os.fsync; os.fsync = lambda d: (time.sleep(.01), plain(d))\n"
        )
        limited = (
            "import resource, cnnviz.train.snapshots as m\n"
            "m.Snapshots.plain, calls = m.Snapshots.save, []\n"
            "def save(self, session, **options):\n"
            "    calls.append(1)\n"
            "    if len(calls) == 6:\n"
            "        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))\n"
            "    self.plain(session, **options)\n"
            "m.Snapshots.save = save\n"
        )
        watch.fault(slowly if disk else slowly + limited)
        run = control.start(small)
        watch.lines(run, 5)
        if disk:
            self.fill(disk)
        now = watch.until(run, "failed")
        assert (
            now.reason == "The disk is full: make room, then resume; the run goes on from its last snapshot."
        )
        watch.all(lambda: not lease.held(run.folder / "lease"))
        assert not list((run.folder / "snapshots").glob(".*"))
        for name in run.snapshots():
            checkpoint.load(run.folder / "snapshots" / f"{name}.safetensors")
        assert len(run.filters()[0])
        if disk:
            disk.unlink()
        watch.fault("")
        control.resume(run.id)
        watch.until(run, "finished")
        watch.all(lambda: not lease.held(run.folder / "lease"))
        assert figures(run) == reference

    @pytest.mark.parametrize("disk", ["tmpfs"], indirect=True)
    def test_a_start_on_a_full_disk_leaves_nothing(self, disk: Path, small: RunConfig, quick: None) -> None:
        self.fill(disk)
        with pytest.raises(Exception, match=r"room|space") as error:
            control.start(small)
        assert type(error.value).__name__ == "RunError"
        assert every() == []
        assert not [path for path in disk.parent.iterdir() if path.is_dir()]

    def fill(self, path: Path) -> None:
        with path.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": Data(name="nothing")}, "No data set 'nothing'"),
        ({"batch_size": 181}, "batch size (181)"),
        ({"optimiser": Sgd(learning_rate=1e30)}, "lower the learning rate"),
        ({"data": Data(name="tiny", train=500)}, "train=500"),
    ],
    ids=["data", "batch", "diverged", "split"],
)
def test_a_run_that_cannot_be_says_why(
    changes: dict[str, Any], words: str, small: RunConfig, quick: None, watch: Any
) -> None:
    run = control.start(small.model_copy(update=changes))
    now = watch.until(run, "failed")
    assert words in now.reason
    assert len(now.reason.splitlines()) == 1
    assert now.seconds_left is None


def test_data_that_is_gone(small: RunConfig, bench: Any, quick: None, watch: Any) -> None:
    (bench.data / "tiny" / "train_images.npy").unlink()
    run = control.start(small)
    assert "train_images.npy is missing" in watch.until(run, "failed").reason


def test_a_fault_of_ours_is_one_line_with_a_traceback_in_the_log(
    small: RunConfig, quick: None, watch: Any
) -> None:
    watch.fault("import cnnviz.train.session as m; m.starting_network = lambda *a, **o: 1 / 0")
    run = control.start(small)
    assert watch.until(run, "failed").reason == (
        "Unexpected ZeroDivisionError: division by zero (the log has the details)."
    )
    watch.all(lambda: "Traceback" in run.log())


def test_a_folder_that_is_deleted_under_its_worker(
    long: RunConfig, bench: Any, quick: None, watch: Any
) -> None:
    run = control.start(long)
    watch.lines(run, 3)
    process = watch.process(run)
    shutil.rmtree(run.folder.rename(bench.checkpoints.with_name("gone")))
    watch.all(lambda: not Path(f"/proc/{process}").exists())
    assert not run.folder.exists()


def test_the_lease_ends_with_the_worker_and_not_with_its_children(
    long: RunConfig, quick: None, watch: Any
) -> None:
    """torch.compile starts processes that outlive a killed worker: they must not hold its lease."""
    watch.fault(
        "import subprocess, cnnviz.train.session as m\n"
        "plain = m.starting_network\n"
        "m.starting_network = lambda *a, **o: (subprocess.Popen(['sleep', '600'], close_fds=False), plain(*a, **o))[1]"
    )
    run = control.start(long)
    watch.lines(run, 3)
    process = watch.process(run)
    (child,) = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    try:
        os.kill(process, signal.SIGKILL)
        watch.all(lambda: "(sleep) S" in Path(f"/proc/{child}/stat").read_text())
        watch.soon(lambda: run.status().state == "interrupted")
    finally:
        os.kill(int(child), signal.SIGKILL)


def test_ways_to_compute_are_remembered(small: RunConfig, bench: Any, quick: None, watch: Any) -> None:
    (bench.checkpoints / ".execution.json").write_text("{ torn")
    choice, runs = small.model_copy(update={"compile": "auto"}), []
    for seed in (1, 2):
        runs.append(control.start(choice.model_copy(update={"seed": seed})))
        watch.until(runs[-1], "finished")
    assert len(json.loads((bench.checkpoints / ".execution.json").read_text())) == 1
    assert [bool(run.metrics().started["probe_milliseconds"]) for run in runs] == [True, False]


def test_the_real_thing(
    reference: dict[str, Any], small: RunConfig, bench: Any, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No nursery. The worker is killed, and taken up by an app that dies: the new worker goes on to the end."""
    monkeypatch.setattr(hiring, "subprocess", subprocess)
    run = control.start(small)
    watch.until(run, "running")
    watch.kill(run)
    assert run.status().state == "interrupted"
    code = (
        "import sys, time\n"
        "from cnnviz.runs import control\n"
        "control.resume(sys.argv[1])\n"
        "print('resumed', flush=True)\n"
        "time.sleep(600)\n"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", code, run.id], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    assert app.stdout is not None
    assert app.stdout.readline() == b"resumed\n"
    os.killpg(app.pid, signal.SIGKILL)  # and its whole process group
    app.wait()
    app.stdout.close()
    assert run.status().active
    watch.until(run, "finished", "queued", "running")
    watch.all(lambda: run.status().state == "finished")
    watch.all(lambda: not lease.held(run.folder / "lease"))
    assert figures(run) == reference


NO_ROOM = """
import torch
from cnnviz.train import execution
def no_room(*_):
    raise torch.OutOfMemoryError(
        "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.15 GiB"
    )
execution.Execution.arrange = no_room
"""


def test_where_memory_is_short_a_batch_that_should_fit_is_named(
    small: RunConfig, quick: None, watch: Any
) -> None:
    watch.fault(NO_ROOM)
    run = control.start(small)
    now = watch.until(run, "failed")
    assert now.reason == (
        f"Out of memory: a batch of {small.batch_size // 2} should fit where {small.batch_size} did not; "
        "start again with that, or a smaller network."
    )
    shown = CliRunner().invoke(app, ["runs", run.id])
    assert now.reason in shown.stdout
