"""Runs and studies in a tracking store of MLflow's: settings, figures by update, the best weights."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz import workspace
from cnnviz.config.comparison import flat
from cnnviz.errors import CnnvizError, RunError
from cnnviz.progress import Progress, Work, within
from cnnviz.report.curves import scalars
from cnnviz.runs import notes
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run
from cnnviz.studies.progress import Progress as Study

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

EXPERIMENT = "cnnviz"
"""Where runs go that are written one by one; those of a study have an experiment of its title."""
_RUN = "cnnviz.run"
_AT_ONCE = 1000
"""Figures that MLflow takes at once; it takes 100 settings, and 6,000 letters of one."""
_LONGEST = 5000
"""Letters of a tag, all stores take so many."""
_STATES = {"finished": "FINISHED", "failed": "FAILED"}
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Environment, where there is none: nothing is told to anybody, and who is not there is not waited for for minutes."""


def address() -> str:
    """The store that is written into, unless another one is wanted: MLFLOW_TRACKING_URI, or a database at home."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{workspace.home() / 'mlflow.db'}"


def missing() -> str:
    """Why there is no MLflow here; empty if there is."""
    if find_spec("mlflow"):
        return ""
    package = "cnnviz[mlflow]" if workspace.INSTALLED else "mlflow-skinny"
    return f"MLflow is not installed: pip install {package}"


def shown(store: str) -> str:
    """The address of a store, without the password that may be in it."""
    return re.sub(r"(?<=//)[^/@]*@", "…@", store)


def write(run: Run, store: str, snapshots: Sequence[str], *, again: bool = False) -> Work[str]:
    """Where the run is now in that store, in words; with its best weights, or those of `snapshots`.

    Raises RunError where it is there already, unless `again` has it replaced, and where the store can't be written.
    """
    yield Progress(0.0, "Opening the store")
    with _opened(store) as client:
        experiment = _experiment(client, store, EXPERIMENT)
        before = _there(client, experiment).get(run.id)
        if before and not again:
            raise RunError(f"The run {run.id} is in {shown(store)} already: replace it there (--force).")
        made = yield from _write(client, experiment, run, snapshots)
        if before:
            client.delete_run(before)
    return f"{shown(store)}, experiment {EXPERIMENT}, run {made}"


def write_study(study: Study, store: str, *, again: bool = False) -> Work[str]:
    """Where the study's finished runs are now in that store, in words; those that were there are left.

    Raises RunError where none has finished, and where the store can't be written.
    """
    runs = [one.run for one in study.trials if one.run and one.finished]
    if not runs:
        raise RunError(f"No run of the study {study.id} has finished: there is nothing to write.")
    yield Progress(0.0, "Opening the store")
    with _opened(store) as client:
        experiment = _experiment(client, store, study.study.title)
        there = _there(client, experiment)
        wanted = [run for run in runs if again or run.id not in there]
        for number, run in enumerate(wanted):
            share = number / len(wanted), (number + 1) / len(wanted)
            yield from within(_write(client, experiment, run, ()), *share, before=f"{run.id}: ")
            if run.id in there:
                client.delete_run(there[run.id])
    left = f", {len(runs) - len(wanted):,} there already" if len(wanted) < len(runs) else ""
    written = f"{len(wanted):,} run{'' if len(wanted) == 1 else 's'} written"
    return f"{shown(store)}, experiment {study.study.title}: {written}{left}"


@contextmanager
def _opened(store: str) -> Iterator[MlflowClient]:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield MlflowClient(tracking_uri=store, registry_uri=store)
    except CnnvizError:
        raise
    except Exception as error:  # of MLflow, or of whatever it stores in
        lines = shown(str(error)).strip().splitlines() or [type(error).__name__]
        raise RunError(f"MLflow can't write to {shown(store)}: {lines[0][:400].rstrip('.')}.") from error


def _experiment(client: MlflowClient, store: str, name: str) -> str:
    """The id of the experiment of that name, made if need be; a database's files lie beside it."""
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    if found is not None:
        return str(found.experiment_id)
    _, local, file = store.partition("sqlite:///")
    place = (
        str(Path(file).absolute().parent / "mlruns" / workspace.slug(name, fallback="runs"))
        if local
        else None
    )
    return str(client.create_experiment(name, artifact_location=place))


def _there(client: MlflowClient, experiment: str) -> dict[str, str]:
    """Ids in the store of the runs that were written into the experiment whole, by our ids."""
    found: dict[str, str] = {}
    token = None
    while True:
        page = client.search_runs([experiment], max_results=_AT_ONCE, page_token=token)
        found |= {
            one.data.tags[_RUN]: one.info.run_id
            for one in page
            if _RUN in one.data.tags and one.info.status != "RUNNING"
        }
        token = page.token
        if not token:
            return found


def _write(client: MlflowClient, experiment: str, run: Run, snapshots: Sequence[str]) -> Work[str]:
    """The id of the run in the store; of one that does not get whole nothing is left to see."""
    from mlflow.entities import Param

    metrics, created = run.metrics(), round(1000 * run.record.created)
    tags = _tags(run, metrics)
    made = str(client.create_run(experiment, start_time=created, tags=tags, run_name=run.title).info.run_id)
    whole = False
    try:
        settings = [Param(key, _text(value)) for key, value in flat(run.config).items()]
        for first in range(0, len(settings), 100):
            client.log_batch(made, params=settings[first : first + 100])
        yield from _write_metrics(client, made, metrics, created)
        yield Progress(1.0, "Weights")
        client.log_artifact(made, str(run.folder / "config.json"))
        for name in snapshots or _best(run):
            client.log_artifact(made, str(workspace.snapshot_file(run.id, name)), "weights")
        ended = created + round(1000 * run.status().seconds)
        client.set_terminated(made, _STATES.get(run.status().state, "KILLED"), end_time=ended)
        whole = True
    finally:
        if not whole:
            with suppress(Exception):  # what went wrong is said, not that it can't be cleared away either
                client.delete_run(made)
    return made


def _write_metrics(client: MlflowClient, made: str, metrics: Metrics, created: int) -> Work[None]:
    """Write the curves, each figure at its update, with the epochs that have ended by then."""
    figures = _metrics(metrics, created)
    total = sum(1 for _ in scalars(metrics)) + len(metrics.epochs)
    done = 0
    while some := list(islice(figures, _AT_ONCE)):
        client.log_batch(made, metrics=some)
        done += len(some)
        yield Progress.of(done, total, "figures")


def _metrics(metrics: Metrics, created: int) -> Iterator[Metric]:
    from mlflow.entities import Metric

    for step, seconds, name, value in scalars(metrics):
        yield Metric(name, value, created + round(1000 * seconds), step)
    for one in metrics.epochs:
        yield Metric("epoch", one.epoch, created + round(1000 * one.seconds), one.step)


def _tags(run: Run, metrics: Metrics) -> dict[str, str]:
    """What one filters by, and what no setting says."""
    config, told = run.config, notes.read(run.folder)
    found: Mapping[str, Any] = {
        _RUN: run.id,
        "data": config.data.name,
        "network": config.network.name,
        "seed": config.seed,
        "state": run.status().state,
        "tags": ", ".join(told.tags),
        "mlflow.note.content": told.note,
        "mlflow.source.name": "cnnviz",
        "changed": "while it trained" if run.changed else "",
        "weights_sha256": metrics.finished.get("weights_sha256", ""),
        **metrics.started.get("execution", {}),
        **run.record.versions,
        "machine": run.record.machine,
    }
    return {name: _text(value)[:_LONGEST] for name, value in found.items() if value != ""}


def _best(run: Run) -> list[str]:
    """The best weights, else the last ones; none, if none were stored."""
    names = run.snapshots()
    return ["best"] if "best" in names else names[:1]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
