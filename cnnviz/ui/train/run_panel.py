"""One run, live while it trains: state, curves, filters as they form, and what can be done with it."""

from math import isnan
from typing import TYPE_CHECKING

import altair as alt
import streamlit as st

from cnnviz.charts import learning_curves
from cnnviz.formatting import accuracy, duration, energy, per_cent
from cnnviz.runs import control, queue
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run
from cnnviz.runs.status import RESUMABLE, Status
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.frame import guarded
from cnnviz.ui.shell.parameters import RUN, SNAPSHOT
from cnnviz.ui.train import change_panel, run_details, take_away
from cnnviz.ui.widgets import filter_pair, network_upload, pin, run_template
from cnnviz.ui.widgets.attempt import attempt

if TYPE_CHECKING:
    from cnnviz.progress import Work
    from cnnviz.report.document import Document

_COLOURS = {
    "queued": "gray", "running": "blue", "finished": "green",
    "stopped": "orange", "failed": "red", "interrupted": "red",
}  # fmt: skip

_PLACES = (
    ("pages/activations.py", "Activations", ":material/blur_on:", False),
    ("pages/filters.py", "Filters", ":material/grid_view:", True),
    ("pages/diagnosis.py", "Mistakes", ":material/rule:", False),
    ("pages/doctor.py", "Doctor", ":material/stethoscope:", True),
)
"""Where to go on with a run, and whether only with one that was trained here."""


_RATES = {"learning_rate": "Learning rate", "gradient_norm": "Gradient norm, before clipping"}


def show(run: Run) -> None:
    """Draw the run; while it is under way, anew as it goes on."""
    status = run.status()
    pace = _pace(status)
    _heading(run, status)
    if run.imported:
        network_upload.origin(run)
        st.caption("It was not trained here: there are no curves.")
        _actions(run, status)
        return
    st.fragment(_record, run_every=pace if status.active else None)(run, status.state, pace)


def _pace(status: Status) -> float:
    """Seconds between two drawings, 1 to 20: more for a longer run, of which a second changes less.

    Drawing takes from the training where both share the processor.
    """
    if status.seconds < 5:  # first steps are slow, and say little of the rest
        return 1.0
    whole = status.seconds + (status.seconds_left or 0.0)
    return next((pace for pace in (1.0, 2.0, 5.0, 10.0) if whole < 100 * pace), 20.0)


def _record(run: Run, state: str, pace: float) -> None:
    """All that is known of the run."""
    queue.revive()
    status, metrics = run.status(), _metrics(run)
    above, moving = st.container(), st.container()
    # Both before the page may start over, which would lose a click.
    with above:
        _stop(run, status)
    _actions(run, status)
    if status.state != state or (status.active and _pace(status) > pace):
        st.rerun()
    with above:
        if status.reason and status.state != "finished":
            (st.info if status.active else st.warning)(status.reason)
    if status.active:
        with moving:
            _curves(run, metrics, expected=status.state == "running")
    _figures(metrics, status)
    if not status.active:
        _curves(run, metrics)
    with guarded():
        epochs, filters = networks.filters(run)
        if len(epochs):
            st.markdown("**First-layer filters**" + (", as they form" if status.active else ""))
            filter_pair.pair(epochs, filters, int(epochs[-1]), key="panel filters", tile=28)
    run_details.show(run, metrics)


def _metrics(run: Run) -> Metrics:
    """The run's metrics; in a session, only new lines are read again."""
    held: Metrics | None = st.session_state.get("panel metrics")
    path = run.folder / "metrics.jsonl"
    if held is None or held.path != path:
        held = Metrics(path)
        st.session_state["panel metrics"] = held
    held.update()
    return held


def _heading(run: Run, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(run.title, anchor=False, width="content")
        if run.imported:
            st.badge("imported", color="violet")
        else:
            st.badge(status.state, color=_COLOURS[status.state])  # type: ignore[arg-type]
        if run.shipped:
            st.badge("came with cnnviz", color="gray")
        if run.recorded:
            st.badge("recorded", color="violet", help="Trained by a loop that is not the bench's.")


def _stop(run: Run, status: Status) -> None:
    """How far the run is, and a button that stops it."""
    if not status.active:
        return
    left = f", {duration(status.seconds_left)} left" if status.seconds_left else ""
    where = queue.position(run) or "Getting ready"
    if status.steps and status.state == "running":
        where = (
            f"epoch {status.current_epoch} of {status.epochs}, step {status.step:,} of {status.steps:,}{left}"
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(status.share, text=where)
        if run.recorded:
            return
        if status.state == "running":  # what waits is better stopped, and started anew with other settings
            change_panel.show(run)
        if st.button("Stop", icon=":material/stop:", key="stop run"):
            with st.spinner("Stopping …"):
                attempt(lambda: control.stop(run.id))


def _actions(run: Run, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if (
            status.state in RESUMABLE
            and not (run.shipped or run.recorded)
            and st.button("Resume", icon=":material/resume:", key="resume run")
        ):
            attempt(lambda: control.resume(run.id))
        if run.snapshots():
            link = selection.link({RUN: run.id, SNAPSHOT: run.snapshots()[0]})
            for page, label, icon, trained_here in _PLACES:
                if run.imported and trained_here:
                    continue
                st.page_link(page, label=label, icon=icon, query_params=link)
        if run.repeatable and st.button(
            "Clone settings", icon=":material/content_copy:", key="clone run", type="tertiary"
        ):
            run_template.fill(run.config)
            st.rerun()
        if not status.active:
            take_away.show(run)
            pin.outline(
                "Report", lambda: _outline(run), key="report run", help="Outline a report of this run."
            )
        if not status.active and not run.shipped:
            with st.popover("Delete", icon=":material/delete:", type="tertiary"):
                st.write(f"Delete {run.title} ({run.id}) and all its snapshots for good?")
                if st.button("Delete for good", type="primary", key="delete run"):
                    selection.drop(RUN)
                    attempt(lambda: control.delete(run.id))


def _outline(run: Run) -> "Work[Document]":
    from cnnviz.report import outline

    return outline.of_runs(run.title[:120], [run.id])


def _figures(metrics: Metrics, status: Status) -> None:
    last = metrics.epochs[-1] if metrics.epochs else None
    started, test = metrics.started, metrics.finished
    shown: list[tuple[str, str, str | None]] = []
    if test:
        shown.append(
            (
                "Test accuracy",
                accuracy(test["test_accuracy"], test["test_count"]),
                f"{test['test_count']:,} images, ± one standard error",
            )
        )
    if last:
        shown += [
            (
                "Validation accuracy",
                accuracy(last.validation_accuracy, started["validation"]),
                f"epoch {last.epoch}, {started['validation']:,} images, ± one standard error",
            ),
            (
                "Training accuracy",
                per_cent(last.train_accuracy),
                "Mean over the last epoch's batches, augmentation and dropout on",
            ),
            ("Speed", f"{last.images_per_second:,.0f} images/s", "Training only, last epoch"),
        ]
    if status.seconds:
        shown.append(("Training time", duration(status.seconds), "Validation included, pauses not"))
    if last and last.energy:
        shown.append(("Energy", energy(last.energy), "Of the whole processor, and of the GPU, meanwhile"))
    with st.container(horizontal=True):
        for label, value, explanation in shown:
            st.metric(label, value, help=explanation, width="content")


def _curves(run: Run, metrics: Metrics, *, expected: bool = False) -> None:
    """Draw them; where there are none, hold their place free if they are `expected`."""
    if not metrics.steps:
        if expected:
            st.skeleton(height=240)
        return
    place = st.container()
    log = st.toggle("Log scale", key="log scale")
    loss, right, *rates = _charts(metrics, change_panel.marks(run, metrics), log)
    with place:
        _in_a_row(loss, right)
    _in_a_row(*rates)


def _charts(metrics: Metrics, marks: list[learning_curves.Mark], log: bool) -> list[alt.Chart]:
    """The charts of a run, built anew only when there is something new: a page may watch for hours."""
    drawn = (metrics.path, len(metrics.steps), len(metrics.epochs), len(marks), log)
    if st.session_state.get("panel drawn") != drawn:
        st.session_state["panel charts"] = [
            learning_curves.learning_curve(metrics, "loss", log=log, marks=marks),
            learning_curves.learning_curve(metrics, "accuracy", share=True, marks=marks),
            *(
                learning_curves.rate_curve(metrics, name, title, log=log)
                for name, title in _RATES.items()
                # A loop elsewhere need not tell them.
                if not metrics.steps or any(not isnan(getattr(line, name)) for line in metrics.steps)
            ),
            learning_curves.speed_curve(metrics),
        ]
        st.session_state["panel drawn"] = drawn
    built: list[alt.Chart] = st.session_state["panel charts"]
    return built


def _in_a_row(*shown: alt.Chart) -> None:
    for place, chart in zip(st.columns(len(shown)), shown, strict=True):
        place.altair_chart(chart, alt=f"{chart.title.text} by epoch")
