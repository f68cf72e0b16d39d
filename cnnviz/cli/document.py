"""A run as a JSON document, and in lines of text."""

import json
import time
from dataclasses import asdict
from typing import Any

from cnnviz.errors import RunError
from cnnviz.formatting import accuracy, duration, energy, per_cent, standard_error
from cnnviz.runs import changes, notes
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run
from cnnviz.runs.status import RESUMABLE, Status
from cnnviz.runs.summary import Summary
from cnnviz.train.events import EpochEnded


def document(run: Run) -> dict[str, Any]:
    """State and last figures of a run."""
    status, metrics = run.status(), run.metrics()
    return {
        "id": run.id,
        "title": run.title,
        "folder": str(run.folder),
        "created": run.record.created,
        "shipped": run.shipped,
        **_notes(run),
        "imported": run.imported.model_dump(mode="json") if run.imported else None,
        **status.model_dump(mode="json", exclude={"updated"}),
        "snapshots": run.snapshots(),
        "validation": _validation(metrics),
        "test": _test(metrics),
    }


def whole_document(run: Run) -> dict[str, Any]:
    """All about a run but its curves."""
    metrics = run.metrics()
    record = run.record.model_dump(mode="json", include={"config", "versions", "machine"})
    last = asdict(metrics.epochs[-1]) if metrics.epochs else None
    changed = [one.model_dump(mode="json", exclude={"request"}) for one in changes.read(run.folder)]
    return (
        document(run) | record | {"started": metrics.started or None, "last_epoch": last, "changes": changed}
    )


def row(run: Summary) -> list[str]:
    """A line of the table of runs: id, state, epochs, best known accuracy, title and tags."""
    state = f"running {per_cent(run.share, digits=0)}" if run.state == "running" else run.state
    title = "  ".join([run.title, *(f"[{tag}]" for tag in run.tags)])
    if run.imported:
        return [run.id, "imported", "–", "–", title]
    return [run.id, state, f"{run.epoch}/{run.epochs}", _figure(run), title]


def _figure(run: Summary) -> str:
    if run.test_accuracy is not None:
        return f"test {accuracy(run.test_accuracy, run.test_count)}"
    return "–" if run.validation_accuracy is None else f"validation {per_cent(run.validation_accuracy)}"


def lines(run: Run) -> list[list[str]]:
    """All about a run: a name and a value each."""
    status, metrics = run.status(), run.metrics()
    if run.imported:
        return [
            ["run", run.id],
            ["title", run.title],
            ["imported", run.imported.source],
            *(["", note] for note in run.imported.notes),
            ["created", time.strftime("%Y-%m-%d %H:%M", time.localtime(run.record.created))],
            ["snapshots", ", ".join(run.snapshots())],
            ["folder", str(run.folder)],
            ["network", json.dumps(run.config.network.model_dump(mode="json"))],
        ]
    found = [
        ["run", run.id],
        ["title", run.title],
        ["state", f"{status.state}. {status.reason}" if status.reason else status.state],
        ["epochs", f"{status.epoch} of {status.epochs}, step {status.step:,} of {status.steps:,}"],
        ["created", time.strftime("%Y-%m-%d %H:%M", time.localtime(run.record.created))],
        ["training time", duration(status.seconds)],
    ]
    if metrics.started:
        facts = metrics.started
        found.append(["parameters", f"{facts['parameters']:,}"])
        found.append(["images", f"{facts['train']:,} training, {facts['validation']:,} validation"])
        way = facts["execution"]
        found.append(["computed", f"{facts['device_name']}, {way['precision']}, {way['memory_format']}"])
    for change in changes.read(run.folder):
        found.append(["changed", f"{change.setting}={change.value:g} after step {change.step:,}"])
    if metrics.epochs:
        last = metrics.epochs[-1]
        found.append(["last epoch", epoch_line(last, status.epochs)])
        found += [["energy", energy(last.energy)]] if last.energy else []
    if metrics.finished:
        found.append(["test", test_line(metrics)])
    said = _notes(run)
    found += [["tags", ", ".join(said["tags"])]] if said["tags"] else []
    found += [["note", said["note"]]] if said["note"] else []
    found.append(["snapshots", ", ".join(run.snapshots()) or "none yet"])
    found.append(["folder", str(run.folder)])
    found += [[f"  {key}", json.dumps(value)] for key, value in run.config.model_dump(mode="json").items()]
    return found


def epoch_line(line: EpochEnded, epochs: int) -> str:
    """One epoch's figures."""
    return (
        f"epoch {line.epoch} of {epochs}: loss {line.train_loss:.4f}, "
        f"accuracy {per_cent(line.train_accuracy)}; validation loss {line.validation_loss:.4f}, "
        f"accuracy {per_cent(line.validation_accuracy)}; {line.images_per_second:,.0f} images/s"
    )


def test_line(metrics: Metrics) -> str:
    """The test figures of a run that is finished."""
    test = metrics.finished
    score = accuracy(test["test_accuracy"], test["test_count"])
    return f"accuracy {score} (standard error), loss {test['test_loss']:.4f}, {test['test_count']:,} images"


def how_it_ended(run: Run, status: Status) -> str:
    """One line on a run that did not finish, and how it goes on."""
    said = (
        f"The run {run.id} is {status.state}: {status.reason}"
        if status.reason
        else f"{run.id} is {status.state}."
    )
    if status.state in RESUMABLE and run.snapshots():
        said += f" To go on: python -m cnnviz resume {run.id}"
    return said


def _notes(run: Run) -> dict[str, Any]:
    try:
        said = notes.read(run.folder)
    except RunError:
        said = notes.Notes()
    return said.model_dump(mode="json", exclude={"format"})


def _validation(metrics: Metrics) -> dict[str, Any] | None:
    if not metrics.epochs:
        return None
    last, count = metrics.epochs[-1], metrics.started.get("validation", 0)
    share = last.validation_accuracy
    return {
        "accuracy": share,
        "standard_error": standard_error(share, count),
        "loss": last.validation_loss,
        "count": count,
        "epoch": last.epoch,
    }


def _test(metrics: Metrics) -> dict[str, Any] | None:
    test = metrics.finished
    if not test:
        return None
    names = metrics.started.get("classes", [])
    return {
        "accuracy": test["test_accuracy"],
        "standard_error": standard_error(test["test_accuracy"], test["test_count"]),
        "loss": test["test_loss"],
        "count": test["test_count"],
        "by_class": dict(zip(names, test["test_accuracy_by_class"], strict=False)),
        "epoch": test["epoch"],
    }
