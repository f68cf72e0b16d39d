"""`doctor`: what is wrong with a run, in plain words, with what would mend it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer
from cnnviz.cli.options import Force, Json, RunName, Snapshot
from cnnviz.errors import CnnvizError
from cnnviz.runs.run import find

if TYPE_CHECKING:
    from cnnviz.doctor.facts import Facts
    from cnnviz.doctor.finding import Examination


def doctor(
    run: RunName,
    *,
    snapshot: Snapshot = "last",
    curves_only: Annotated[
        bool, typer.Option("--curves-only", help="Look at the run's files alone, not into network and data.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write findings and facts as .json.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Overfitting, learning rate, dead units, gradients, leaks, labels: what is wrong, and what would mend it."""
    from cnnviz.doctor import gather
    from cnnviz.doctor.rules import examine

    target = files.destination(out, suffixes=(".json",), force=force) if out else None
    found = find(run)
    facts = gather.from_files(found, snapshot)
    if not curves_only:
        facts = _looked(facts, run, snapshot)
    examination = examine(facts)
    document = _document(facts, examination) | {"file": str(target) if target else None}
    if target:
        files.write(target, json.dumps(document, indent=1).encode())
    answer(document, _text(facts, examination), as_json=as_json)


def _looked(facts: Facts, run: str, snapshot: str) -> Facts:
    """The facts with what network and data tell; without, and why, where one of them can't be had."""
    from cnnviz.doctor import gather

    if not find(run).snapshots():
        return gather.without(facts, CnnvizError("the run has no snapshot yet"))
    where = checkpoint.source(run, snapshot)
    try:
        model, card = checkpoint.load(where)
        data = checkpoint.data_of(card)
        return progress.run(gather.look_inside(facts, model, card, data), "Looking into the network")
    except CnnvizError as error:
        return gather.without(facts, error)


def _document(facts: Facts, examination: Examination) -> dict[str, Any]:
    return {
        "run": facts.run,
        "snapshot": facts.snapshot,
        "findings": [{"rule": name, **asdict(one)} for name, one in examination.findings.items()],
        "nothing_found": [one.id for one in examination.healthy],
        "not_checked": dict(examination.not_checked),
    }


def _text(facts: Facts, examination: Examination) -> str:
    from cnnviz.doctor.rules import rule

    lines = [f"{facts.run}, {facts.snapshot}", "", f"{examination.summary}."]
    for finding in examination.findings.values():
        lines += ["", f"{finding.title} ({finding.severity})", f"  {finding.words}"]
        for remedy in finding.remedies:
            changed = remedy.applied(facts.config) is not None
            settings = (
                "".join(f" --set {key}={value}" for key, value in remedy.settings.items()) if changed else ""
            )
            recipe = f" Experiment {remedy.recipe}." if remedy.recipe else ""
            lines.append(f"  → {remedy.words}{settings}{recipe}")
    healthy = ", ".join(one.question.lower() for one in examination.healthy)
    lines += ["", f"Checked, nothing found: {healthy or 'nothing'}."]
    lines += [
        f"Not checked: {rule(name).question.lower()}, since {why}."
        for name, why in examination.not_checked.items()
    ]
    return "\n".join(lines)
