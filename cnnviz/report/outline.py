"""What a report of some runs, a study or a lab report's experiments shows, before anybody adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnnviz.diagnosis.run_comparison import compare
from cnnviz.errors import CnnvizError, NotFound
from cnnviz.explore import stored_predictions
from cnnviz.progress import Progress, Work
from cnnviz.recipes import library
from cnnviz.recipes.assessment import assess
from cnnviz.recipes.results import recipe_runs
from cnnviz.report.document import Document, Pin, Section
from cnnviz.report.figures.attributions import Attributed
from cnnviz.report.figures.confusion import Confusion
from cnnviz.report.figures.curves import Curves
from cnnviz.report.figures.differences import Differences
from cnnviz.report.figures.environment import Environment
from cnnviz.report.figures.figure import Figure
from cnnviz.report.figures.filters import Filters
from cnnviz.report.figures.findings import Findings
from cnnviz.report.figures.maps import Maps
from cnnviz.report.figures.reported import Reported
from cnnviz.report.figures.results import Results
from cnnviz.report.figures.settings import Settings
from cnnviz.report.figures.study import StudyResults
from cnnviz.report.figures.study_chart import StudyCharted
from cnnviz.runs.run import Run, find
from cnnviz.runs.summary import summaries
from cnnviz.studies import progress
from cnnviz.studies.results import best, rows
from cnnviz.workspace import snapshot_file

_CURVES = 18
_METHODS = ("grad_cam", "integrated_gradients")


def of_runs(title: str, names: Sequence[str], *, question: str = "", author: str = "") -> Work[Document]:
    """Of some runs: settings, curves, results, and a look into each of the first two. Raises NotFound."""
    runs = [find(name) for name in dict.fromkeys(names)]
    if not runs:
        raise CnnvizError("Choose a run at least.")
    sections = [_together(runs)]
    for run in runs[:2]:
        sections += yield from _inside(run)
    sections.append(_section("Environment", [Environment(runs=tuple(run.id for run in runs))]))
    return Document(title=title, author=author, question=question, sections=tuple(sections))


def of_study(name: str, *, title: str = "", question: str = "", author: str = "") -> Work[Document]:
    """Of a study: what it found, in figures and in the charts that tell most of such a study; its curves; and a look
    into the best variant's first run.
    """
    from cnnviz.charts.studies.findings import Findings as StudyFindings
    from cnnviz.charts.studies.kinds import reported

    now = progress.look(name)
    named = {one.run.id: now.study.words(one.task.variant) for one in now.trials if one.run and one.finished}
    found = rows(now)
    charts = reported(StudyFindings(now.study, found))
    figures: list[Figure] = [
        StudyResults(study=name),
        *(StudyCharted(study=name, chart=chart) for chart in charts),
    ]
    ids = tuple(named)
    if ids:
        figures += _curves(ids, tuple(named.values()))
        figures.append(Settings(runs=ids[:1]))
    sections = [_section("What was found", figures)]
    first = best(found, now)
    chosen = (
        next((one.run for one in first.trials if one.run and one.run.snapshots()), None) if first else None
    )
    if chosen:
        sections += yield from _inside(chosen)
    if ids:
        sections.append(_section("Environment", [Environment(runs=ids)]))
    return Document(
        title=title or now.study.title, author=author, question=question, sections=tuple(sections)
    )


def of_lab_report(number: str, *, title: str = "", author: str = "") -> Work[Document]:
    """Of the experiments of a lab report: reported beside measured, curves, and a look into each one's first run."""
    report = next((one for one in library.reports() if one.report == number), None)
    if report is None:
        raise NotFound("report", number, available=[one.report for one in library.reports()])
    there, sections, used = recipe_runs(), [], dict[str, None]()
    for at, recipe in enumerate(report.recipes):
        yield Progress(at / len(report.recipes), recipe.title)
        if recipe.kind != "train":
            continue
        named = {found.run: one.variant.id for one in assess(recipe, there) for found in one.outcomes}
        runs = list(named)
        figures: list[Figure] = [Reported(recipe=recipe.id)]
        ids = tuple(run.id for run in runs)
        if ids:
            figures += _curves(ids, tuple(named.values()))
            whole = next((run for run in runs if run.snapshots()), None)
            figures += (yield from _looks(whole)) if whole else []
            used |= dict.fromkeys(ids)
        sections.append(_section(f"{recipe.id}: {recipe.title}"[:120], figures, recipe.question))
    if used:
        sections.append(_section("Environment", [Environment(runs=tuple(used))]))
    return Document(
        title=title or f"Report {number}: {report.title}"[:120], author=author, sections=tuple(sections)
    )


def _together(runs: Sequence[Run]) -> Section:
    ids = tuple(run.id for run in runs)
    trained = tuple(run.id for run in runs if run.metrics().epochs)
    figures: list[Figure] = [Settings(runs=ids)]
    figures += [Results(runs=trained)] if trained else []
    figures += _curves(trained) if trained else []
    by_name = {one.id: one for one in summaries()}
    there = [by_name[run.id] for run in runs if run.id in by_name]
    if len(there) > 1 and compare(there, stored_predictions.right):
        figures.append(Differences(runs=ids))
    return _section("What was done, and what came out", figures)


def _curves(ids: tuple[str, ...], names: tuple[str, ...] = ()) -> Iterator[Figure]:
    """Loss and accuracy, as far as lines can be told apart."""
    if len(set(names or ids)) > _CURVES:
        return
    for quantity in ("loss", "accuracy"):
        yield Curves(runs=ids, quantity=quantity, names=names)


def _inside(run: Run) -> Work[list[Section]]:
    if not run.snapshots():
        return []
    figures: list[Figure] = yield from _looks(run)
    figures.append(Findings(run=run.id, snapshot=run.snapshots()[0]))
    return [_section(f"Inside: {run.title}"[:120], figures)]


def _looks(run: Run) -> Work[list[Figure]]:
    """Confusion, filters before and after, maps of an early and a late layer, attributions of one image."""
    from cnnviz.explore.activations.activation_maps import predict
    from cnnviz.explore.attribution import cam
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.explore.inputs.test_images import image_named, usual_image
    from cnnviz.explore.layers.structure import layers
    from cnnviz.models import checkpoint

    snapshot = run.snapshots()[0]
    yield Progress(0.0, f"Looking into {run.title}")
    model, card = checkpoint.load(snapshot_file(run.id, snapshot))
    image = usual_image(card)
    pixels = yield from image_named(image, card)
    fed = as_input(pixels, card)
    listed = layers(model, fed.shape)
    mapped = cam.layers_with_maps(listed) or [one for one in listed if one.parameters]
    taken = card.classes[int(predict(model, fed.values).argmax())]
    shared: dict[str, Any] = {"run": run.id, "snapshot": snapshot, "image": image}
    figures: list[Figure] = []
    if card.data:
        figures.append(Confusion(run=run.id, snapshot=snapshot))
    if len(run.filters()[0]):
        figures.append(Filters(run=run.id))
    for name in dict.fromkeys((mapped[0].name, mapped[-1].name)):
        figures.append(Maps(**shared, layer=name))
    with_maps = cam.best_layer(listed) is not None
    figures += [
        Attributed(**shared, method=method, of_class=taken)
        for method in _METHODS
        if method != "grad_cam" or with_maps
    ]
    return figures


def _section(title: str, figures: Sequence[Figure] | Iterator[Figure], words: str = "") -> Section:
    return Section(title=title, words=words, pins=tuple(Pin(figure=one) for one in figures))  # type: ignore[arg-type]
