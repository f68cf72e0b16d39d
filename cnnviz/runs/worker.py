"""The process that trains one run: `python -m cnnviz.runs.worker FOLDER LEASE`.

It waits for its turn before it loads torch, and depends on nothing but its folder.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz import atomic, workspace
from cnnviz.errors import RunError
from cnnviz.formatting import per_cent
from cnnviz.runs import job, lease
from cnnviz.runs.job import Job, Stopped
from cnnviz.runs.metrics import Journal
from cnnviz.runs.process import STOP
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from cnnviz.train.execution import Execution
    from cnnviz.train.session import Session


class Worker(Job):
    """One run being trained: what it writes, and how it ends."""

    room = "make room, then resume; the run goes on from its last snapshot"
    smaller = "start again with a smaller batch or network"

    def __init__(self, folder: Path, descriptor: int, arguments: list[str]) -> None:
        super().__init__(folder, descriptor)
        self.run = Run(folder.name, folder)
        self._created: dict[str, float] = {}
        """When other runs were made, as far as it was needed; it does not change."""

    def do(self) -> None:
        """Train, when it is its turn."""
        self._wait_for_turn()
        over = self.run.metrics().finished
        if over and not (self.folder / "snapshots" / "last.state").exists():
            # It was killed before its last word alone.
            self.tell(state="finished", reason=over["reason"], seconds_left=None)
        else:
            self._train()

    def _wait_for_turn(self) -> None:
        slot = workspace.checkpoints_root() / ".slot"
        while True:
            self.check()
            ahead = self._ahead()
            if not ahead and lease.take(slot, patience=0) is not None:
                break
            reason = f"Waits for {ahead[0]}." if ahead else "Waits for the run before it."
            if reason != self.status.reason:
                self.tell(state="queued", reason=reason)
            for _ in range(1 + len(ahead)):  # a long line looks less often, but leaves at once
                time.sleep(0.2)
                self.check()
        self.tell(state="running", reason="Loading.")

    def _ahead(self) -> list[str]:
        """Living runs that started before this one, the one that trains first."""
        mine = (self.run.record.created, self.run.id)
        root = workspace.checkpoints_root()
        alive = [path.parent.name for path in root.glob("*/lease") if lease.held(path)]
        for name in alive:
            if name not in self._created:
                with suppress(RunError):  # a folder that is just being made or deleted
                    self._created[name] = Run(name, root / name).record.created
        older = sorted((created, name) for name, created in self._created.items() if name in alive)
        return [name for created, name in reversed(older) if (created, name) < mine]

    def _train(self) -> None:
        import torch

        from cnnviz.data import catalogue
        from cnnviz.train.events import EpochEnded, Finished, StepLogged
        from cnnviz.train.loop import fit
        from cnnviz.train.session import prepare
        from cnnviz.train.snapshots import Snapshots

        # Numbers too small to matter make convolutions many times slower. It holds for the whole process: this one.
        torch.set_flush_denormal(True)
        config = self.run.config
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
        total = session.steps_per_epoch * config.epochs
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
                if (self.folder / STOP).exists():
                    snapshots.save(session)
                    raise Stopped
            if snapshots.due:
                snapshots.save(session)

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


def main() -> None:
    """Train the run that the command line names."""
    job.main(Worker)


if __name__ == "__main__":
    main()
