"""The process that waits for a slot and trains the first run of the queue: `python -m cnnviz.runs.worker QUEUE LEASE`.

It leaves another in its place, if more runs wait, and depends on nothing but its folders.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz import atomic, failure, workspace
from cnnviz.errors import RunError
from cnnviz.formatting import per_cent
from cnnviz.runs import changes, job, lease, queue, slots
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.job import Job, Stopped
from cnnviz.runs.metrics import Journal
from cnnviz.runs.process import STOP
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from cnnviz.train.execution import Execution
    from cnnviz.train.session import Session
    from cnnviz.train.snapshots import Snapshots


_PACE = 0.1
"""Seconds between two looks at the slots."""
_LOOK = 2.0
"""Seconds between two looks at whether any run waits."""


class Worker(Job):
    """One run being trained: what it writes, and how it ends."""

    room = "make room, then resume; the run goes on from its last snapshot"
    smaller = "start again with a smaller network, or smaller images"

    def __init__(self, folder: Path, descriptor: int) -> None:
        super().__init__(folder, descriptor)
        self.run = Run(folder.name, folder)
        self._batch = 0

    def advice(self, error: BaseException) -> str:
        """A batch size that should fit."""
        smaller = failure.smaller_batch(self._batch, error)
        if smaller is None:
            return self.smaller
        fits = f"a batch of {smaller:,} should fit where {self._batch:,} did not"
        return f"{fits}; start again with that, or a smaller network"

    def do(self) -> None:
        """Train."""
        over = self.run.metrics().finished
        if over and not (self.folder / "snapshots" / "last.state").exists():
            # It was killed before its last word alone.
            self.tell(state="finished", reason=over["reason"], seconds_left=None)
        else:
            self._train()

    def _train(self) -> None:
        import torch

        from cnnviz.train.events import EpochEnded, Finished, StepLogged
        from cnnviz.train.loop import fit

        # Numbers too small to matter make convolutions many times slower. It holds for the whole process: this one.
        torch.set_flush_denormal(True)
        session, snapshots, journal = self._prepare()
        total = session.steps_per_epoch * session.config.epochs
        self._progress(session, total)
        for event in fit(session):
            match event:
                case StepLogged():
                    journal.add("step", asdict(event))
                case EpochEnded():
                    snapshots.keep(session)
                    journal.add("epoch", asdict(event), durable=snapshots.due)
                    print(_line(event), flush=True)
                case Finished():
                    snapshots.save(session, resumable=False)
                    journal.add("finished", asdict(event), durable=True)
                    self._progress(session, total)
                    snapshots.forget()
                    self.tell(state="finished", reason=event.reason, seconds_left=None)
                    return
            if time.monotonic() - self._told > 0.5:
                self._progress(session, total)
                self._change(session)
                if (self.folder / STOP).exists():
                    snapshots.save(session)
                    raise Stopped
            if snapshots.due:
                snapshots.save(session)

    def _prepare(self) -> "tuple[Session, Snapshots, Journal]":
        """The training where it begins, or where it was put down."""
        from cnnviz.data import catalogue
        from cnnviz.train.session import prepare
        from cnnviz.train.snapshots import Snapshots

        config = self.run.config
        self._batch = config.batch_size
        dataset = catalogue.load(config.data.name)
        self.check()
        snapshots = Snapshots(self.run.folder)
        earlier = snapshots.execution()
        self.tell(
            reason="Taking up the last snapshot." if earlier else "Measuring the fastest way to compute."
        )
        probes = _Probes(self.run)
        session = prepare(config, dataset, way=earlier or probes.known())
        probes.remember(session.way)
        journal = Journal(self.run.folder)
        journal.add("started", _facts(session), durable=True)
        if earlier:
            snapshots.resume(session)
        else:
            snapshots.keep(session)
            snapshots.save(session)
        if not journal.fresh:
            here = {"step": session.progress.step, "epoch": session.progress.epoch}
            journal.add("resumed", here, durable=True)
        session.changes = changes.read(self.folder)
        self._change(session)
        return session, snapshots, journal

    def _change(self, session: "Session") -> None:
        """Meet requests for changes."""
        for change in changes.accept(self.folder, step=session.progress.step):
            session.changes.append(change)
            print(f"{change.setting} is {change.value:g} after step {change.step}", flush=True)

    def _progress(self, session: "Session", total: int) -> None:
        now = session.progress
        left = now.seconds / now.step * (total - now.step) if now.step else None
        self.tell(
            durable=False,
            state="running",
            reason="Testing." if now.done else "",
            epoch=now.epoch,
            step=now.step,
            steps=total,
            seconds=now.seconds,
            seconds_left=left,
        )


class _Probes:
    """Ways to compute that were chosen before on this machine, so that equal runs stay equal."""

    def __init__(self, run: Run) -> None:
        from cnnviz.train.execution import find_device

        self._path = workspace.checkpoints_root() / ".execution.json"
        config = run.config
        keys = ("network", "data", "batch_size", "epochs", "precision", "memory_format", "compile")
        asked = config.model_dump(mode="json", include=set(keys))
        self._key = json.dumps([asked, run.record.versions, os.cpu_count(), find_device(config.device)])

    def known(self) -> "Execution | None":
        from cnnviz.train.execution import Execution

        try:
            return Execution(**self._read()[self._key])
        except (KeyError, TypeError):
            return None

    def remember(self, way: "Execution") -> None:
        ways = self._read() | {self._key: asdict(way)}
        atomic.replace(self._path, json.dumps(ways, indent=1).encode())

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._path.read_text()))
        except (OSError, ValueError):
            return {}


def _facts(session: "Session") -> dict[str, Any]:
    return {
        "execution": asdict(session.way),
        "probe_milliseconds": session.probe.milliseconds,
        "device_name": session.device_name,
        "parameters": sum(value.numel() for value in session.model.parameters()),
        "train": len(session.train),
        "validation": len(session.validation),
        "test": session.config.data.test or len(session.dataset.test_labels),
        "steps_per_epoch": session.steps_per_epoch,
        "classes": session.card.classes,
        "image_shape": session.card.image_shape,
    }


def _line(event: Any) -> str:
    return (
        f"epoch {event.epoch}: loss {event.train_loss:.4f}, accuracy {per_cent(event.train_accuracy, digits=2)}; "
        f"validation loss {event.validation_loss:.4f}, accuracy {per_cent(event.validation_accuracy, digits=2)}; "
        f"{event.images_per_second:,.0f} images/s"
    )


class Turn(Job):
    """Waiting for a slot, and for a run to train in it."""

    room = "make room; the queue goes on when it is looked at"
    smaller = "close what else is running; the queue goes on when it is looked at"

    def __init__(self, folder: Path, descriptor: int, arguments: list[str]) -> None:
        super().__init__(folder, descriptor)
        self.slot: tuple[int, int] | None = None
        self.worker: Worker | None = None

    def do(self) -> None:
        """Take the first run when a slot is free; nothing, if the queue is paused or none waits any more."""
        # While it waits, so that the next run begins without delay; the first optimiser would load _dynamo.
        import torch._dynamo  # noqa: F401

        import cnnviz.train.loop
        import cnnviz.train.snapshots  # noqa: F401

        looked = 0.0
        while not self._over():
            self.check()
            while time.monotonic() - looked < _LOOK:
                time.sleep(_PACE)
                self.check()
                if self._slot():
                    break
            looked = time.monotonic()

    def _slot(self) -> bool:
        """Whether it has a slot, or there is no need of one any more."""
        now = queue.settings()
        if self.slot is None and not now.paused:
            self.slot = slots.take(self.folder, now.count)
        return self.slot is not None or now.paused

    def _over(self) -> bool:
        """Whether there is nothing left to wait for: it has a run, or none waits.

        Whoever adds a run meanwhile finds this one waiting, or starts another.
        """
        self._slot()
        with one_at_a_time():
            ran = queue.take() if self.slot and not queue.settings().paused else None
            if ran is None and queue.waiting() and not queue.settings().paused:
                return False
            self.tell(durable=False, state="finished", reason="")
            lease.release(self.descriptor)
            if ran is not None:
                self.worker = Worker(ran[0].folder, ran[1])
                with suppress(RunError):
                    queue.dispatch()
        return True

    def leave(self) -> None:
        """Give the slot back, and see that the next run gets it."""
        if self.slot is not None:
            os.close(self.slot[1])
        queue.revive()


def main() -> None:
    """Wait for a slot, and train the first run of the queue in it."""
    turn = job.main(Turn)
    if turn.worker is not None and turn.slot is not None:
        _write_to(turn.worker.folder / "log.txt")
        slots.settle(turn.slot[0])
        _leave_room(slots.share(queue.settings().count))
        job.do(turn.worker)
    turn.leave()


def _leave_room(share: float) -> None:
    """Use that part of the processor alone."""
    import torch

    if share < 1:
        torch.set_num_threads(max(1, round(share * torch.get_num_threads())))


def _write_to(log: Path) -> None:
    """Append what this process prints from now on to a file."""
    with suppress(OSError), log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


if __name__ == "__main__":
    main()
