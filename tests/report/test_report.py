"""A report is written, opens by itself, and proves itself."""

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from cnnviz.config import RunConfig
from cnnviz.errors import CnnvizError, NotFound, RunError
from cnnviz.explore.activations.activation_maps import channel_maps, probabilities
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.models import checkpoint
from cnnviz.progress import finish
from cnnviz.report import checking, html, outline, writing
from cnnviz.report.document import Document, Pin, Section
from cnnviz.report.figures.attributions import Attributed
from cnnviz.report.figures.calibrated import Calibrated
from cnnviz.report.figures.comparison import Compared
from cnnviz.report.figures.confusion import Confusion
from cnnviz.report.figures.curves import Curves
from cnnviz.report.figures.differences import Differences
from cnnviz.report.figures.environment import Environment
from cnnviz.report.figures.figure import Figure
from cnnviz.report.figures.kinds import AnyFigure
from cnnviz.report.figures.layers import Layers
from cnnviz.report.figures.maps import Maps
from cnnviz.report.figures.reported import Reported
from cnnviz.report.figures.results import Results
from cnnviz.report.figures.settings import Settings
from cnnviz.report.figures.shaken import Shaken
from cnnviz.report.figures.study import StudyResults
from cnnviz.report.figures.study_chart import StudyCharted
from cnnviz.runs import status
from cnnviz.runs.run import Run
from cnnviz.studies import folder as studies
from cnnviz.studies.definition import Grid, Listing, Study
from cnnviz.studies.search_space import Choices, Range, Search
from cnnviz.studies.variant import Variant
from cnnviz.workspace import ROOT, snapshot_file
from tests.pages.test_addresses import every as parameters
from tests.report.conftest import made
from tests.studies.made_runs import finish as finish_runs

KINDS: tuple[type[Figure], ...] = get_args(get_args(AnyFigure)[0])


def document(*figures: Any) -> Document:
    return Document(
        title="A test", sections=(Section(title="All", pins=tuple(Pin(figure=one) for one in figures)),)
    )


def unchecked(there: Document) -> Document:
    """The same with attributions that are not put to the test, which takes seconds."""
    text = there.model_dump_json().replace('"check":true', '"check":false')
    return Document.model_validate_json(text)


def of_figure(figure: Any) -> Any:
    return {"document": {"title": "x", "sections": [{"title": "y", "pins": [{"figure": figure}]}]}}


def page(there: Document) -> str:
    return finish(writing.write(there))


def checked(path: Path) -> list[tuple[str, str]]:
    return [(one.state, one.words) for one in finish(checking.check(path))]


@pytest.fixture
def whole(looked_into: Run) -> Document:
    """A report of a run, as it is outlined, with a study and an experiment beside it."""
    base = looked_into.config
    varied = Grid(settings={"batch_size": (32, 64)})
    study = studies.create(Study(title="A study", base=base, vary=varied))
    there = unchecked(finish(outline.of_runs("A test", [looked_into.id], question="Why?\n\nAnd <how>?")))
    run = looked_into.id
    other = made(base.model_copy(update={"batch_size": 16}), accuracy=0.8).id
    both = {
        side: Maps(run=run, layer="act1", image=image)
        for side, image in (("a", "photo.frog"), ("b", "test.3"))
    }
    others: tuple[Any, ...] = (
        Reported(recipe="000-1"),
        Calibrated(run=run),
        Layers(run=run, measure="zeros", images=20),
        Shaken(run=run, perturbation="rotation", images=10),
        Compared(**both),
        Differences(runs=(run, other)),
    )
    pins = (
        Pin(figure=StudyResults(study=study), words="<b>One</b> sees it."),
        Pin(figure=StudyCharted(study=study, chart="setting", setting="batch_size")),
        *(Pin(figure=one) for one in others),
    )
    more = Section(title="More", pins=pins)
    return there.model_copy(update={"sections": (*there.sections, more)})


def needs_nothing_and_runs_nothing(written: str) -> None:
    assert re.findall(r"<script([^>]*)>", written) == [f' type="application/json" id="{html.PROOF}"']
    outside = re.findall(r"""(?:src|href)=["']([^"'#]+)""", written)
    assert outside
    assert all(one.startswith(("data:", html.BENCH)) for one in outside)
    assert "@import" not in written
    assert "url(http" not in written
    assert "default-src 'none'" in written
    assert "<p>And &lt;how&gt;?</p>" in written
    assert "<b>One</b>" not in re.sub(r"<script.*?</script>", "", written, flags=re.DOTALL)
    assert written.count("</script") == 1


@pytest.mark.slow
def test_all_figures_are_drawn_need_nothing_and_hold(whole: Document, tmp_path: Path) -> None:
    assert {type(pin.figure) for pin in whole.pins} == set(KINDS)
    said = list[str]()
    written = finish(writing.write(whole), lambda progress: said.append(progress.doing))
    assert any("Figure 3 of " in one for one in said)
    assert 'class="missing"' not in written
    assert len(html.fragments(written)) == len(list(whole.pins))
    needs_nothing_and_runs_nothing(written)
    file = tmp_path / "report.html"
    file.write_text(written)
    assert checked(file) == [("holds", "")] * len(list(whole.pins))


def test_a_sentence_can_t_end_the_block_of_data() -> None:
    there = document().model_copy(update={"question": "</script><script>alert(1)</script> <!-- -->"})
    written = page(there)
    assert written.count("<script") == 1
    block: Any = html.data_block(written)
    assert block["document"]["question"] == there.question


def replaced(pattern: str, by: str | Callable[[re.Match[str]], str], text: str) -> str:
    changed, count = re.subn(pattern, by, text, count=1)
    assert count == 1
    return changed


def brightened(found: re.Match[str]) -> str:
    """A PNG with one pixel of another colour."""
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        pixels = np.array(image.convert("RGB"))
    pixels[0, 0] ^= 128
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return f"base64,{base64.b64encode(file.getvalue()).decode()}"


@pytest.mark.parametrize(
    ("pattern", "by", "state", "words"),
    [
        (r"base64,([A-Za-z0-9+/=]+)", brightened, "differs", "picture 1 is another one, by up to 128 of 255 shades"),
        (r"5 channels of", "6 channels of", "differs", "it says 6, not 5"),
        (r"are zero", "are not zero", "differs", "its words are others"),
        (r"(\d)\.(\d{5})\d(?=</td>)", r"\1.\g<2>9", "rounding", ""),
        (r"base64,[A-Za-z0-9+/=]+", "base64,AAAA", "differs", "picture 1 can't be read"),
        (r'<img src="data:image/png;base64,[^>]*>', "", "differs", "it has 1 pictures, not 2"),
        (r"<!--figure 1-->", "", "differs", "it is missing in the page, and can be drawn here"),
    ],
)  # fmt: skip
def test_what_was_changed_is_found(
    looked_into: Run, tmp_path: Path, *, pattern: str, by: Any, state: str, words: str
) -> None:
    there = document(Maps(run=looked_into.id, layer="act2", image="photo.frog"))
    file = tmp_path / "report.html"
    file.write_text(replaced(pattern, by, page(there)))
    assert checked(file) == [(state, words)]


def test_other_weights_and_a_run_that_is_gone(looked_into: Run, small_cnn: RunConfig, tmp_path: Path) -> None:
    run = looked_into.id
    file = tmp_path / "report.html"
    file.write_text(page(document(Maps(run=run, layer="conv1", image="photo.frog"), Settings(runs=(run,)))))
    other = made(small_cnn, seed=1)
    weights = snapshot_file(run, "last")
    weights.write_bytes(snapshot_file(other.id, "last").read_bytes())
    assert checked(file) == [
        ("differs", f"it is of other files: {run}/snapshots/last.safetensors"),
        ("holds", ""),
    ]
    weights.unlink()
    (state, words), _ = checked(file)
    assert (state, words) == ("missing", f"The run {run} has no snapshot 'last'.")


def test_a_picture_that_can_t_be_drawn_is_said_in_its_place(looked_into: Run, tmp_path: Path) -> None:
    there = document(
        Maps(run=looked_into.id, layer="conv9", image="photo.frog"), Settings(runs=(looked_into.id,))
    )
    written = page(there)
    assert "1 of the figures could not be drawn. Figure 1: No layer &#39;conv9&#39;." in written
    assert "Figure 2. Settings" in written
    file = tmp_path / "report.html"
    file.write_text(written)
    assert [state for state, _ in checked(file)] == ["missing", "holds"]


def test_figures_are_the_backend_s(looked_into: Run, bench: Any) -> None:
    """What the tables say, worked out again without them."""
    model, card = checkpoint.load(snapshot_file(looked_into.id, "last"))
    images, labels = (np.load(bench.data / "tiny" / f"test_{name}.npy") for name in ("images", "labels"))
    fed = as_input(images[7], card)
    maps = channel_maps(model, fed.values, "act2")
    drawing = finish(Maps(run=looked_into.id, layer="act2", image="test.7").draw())
    assert drawing.table is not None
    assert [row[2] for row in drawing.table.rows] == pytest.approx(maps.max((1, 2)).tolist())

    import torch

    batch = torch.from_numpy(np.stack([as_input(image, card).values for image in images]))
    guesses = probabilities(model, batch).argmax(1)
    drawing = finish(Confusion(run=looked_into.id).draw())
    assert drawing.table is not None
    counts = np.zeros((4, 4), int)
    np.add.at(counts, (labels, guesses), 1)
    assert [list(row[1:]) for row in drawing.table.rows] == counts.tolist()
    right = (guesses == labels).mean()
    assert (
        f"{100 * right:.1f} % ± {100 * (right * (1 - right) / 60) ** 0.5:.1f} of 60 test images"
        in drawing.words
    )

    attributed = Attributed(run=looked_into.id, image="test.7", method="integrated_gradients", of_class="two")
    drawing = finish(attributed.draw())
    assert drawing.table is not None
    checks = {str(row[0]): row[1] for row in drawing.table.rows}
    assert list(checks) == [
        "completeness error", "deletion, area", "insertion, area", "max sensitivity", "infidelity",
        "likeness when destroyed",
    ]  # fmt: skip
    assert abs(float(checks["completeness error"] or 0)) < 1e-2


def test_seeds_are_a_band_a_mean_and_a_spread(bench: Any, tiny_data: str, small_cnn: RunConfig) -> None:
    runs = [made(small_cnn, seed=seed, accuracy=0.4 + 0.1 * seed) for seed in range(3)]
    ids = tuple(run.id for run in runs)
    drawing = finish(Results(runs=ids).draw())
    assert drawing.table is not None
    assert drawing.table.seen is not None
    assert drawing.table.seen[-1][3:5] == ["50.0 % ± 10.0"] * 2
    assert drawing.table.rows[-1][4] == pytest.approx(0.5)
    words = finish(Curves(runs=ids).draw()).words
    assert words == "Mean over up to 3 seeds, and one standard deviation to both sides."
    others = [
        made(small_cnn.model_copy(update={"batch_size": 16}), seed=seed, accuracy=0.9 + 0.01 * seed)
        for seed in range(3)
    ]
    told = finish(Differences(runs=ids + tuple(run.id for run in others)).draw())
    assert told.table is not None
    ((_, points, low, high, chance, split, base),) = told.table.rows
    assert (points, split, base) == (pytest.approx(41.0), "validation", "3 and 3 seeds")
    assert low < 41 < high  # type: ignore[operator]
    reference = stats.ttest_ind([0.9, 0.91, 0.92], [0.4, 0.5, 0.6], equal_var=False)
    assert chance == pytest.approx(reference.pvalue)
    with pytest.raises(RunError, match="nothing to compare"):
        finish(Differences(runs=ids[:1]).draw())
    one_each = finish(Curves(runs=ids, names=("a", "b", "c")).draw())
    assert one_each.words == "One seed each."
    with pytest.raises(ValueError, match="each run a name"):
        Curves(runs=ids, names=("a",))


def test_what_has_not_ended_is_named(bench: Any, tiny_data: str, small_cnn: RunConfig) -> None:
    done = made(small_cnn)
    cut = made(small_cnn.model_copy(update={"batch_size": 16}))
    lines = (cut.folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (cut.folder / "metrics.jsonl").write_text("".join(lines[:-1]))
    status.write(cut.folder, cut.status().model_copy(update={"state": "stopped"}))
    ids = (done.id, cut.id)
    assert f"Missing, since not finished: {cut.id}" in finish(Results(runs=ids).draw()).words
    assert f"Not finished: {cut.id}." in finish(Curves(runs=ids).draw()).words
    with pytest.raises(RunError, match="Nothing has finished yet"):
        finish(Results(runs=(cut.id,)).draw())
    study = Study(title="Half", base=small_cnn, vary=Grid(settings={"batch_size": (16, 32)}))
    name = studies.create(study)
    drawing = finish(StudyResults(study=name).draw())
    assert "1 of 2 runs finished" in drawing.words
    assert "Missing: 1 runs" in drawing.words
    assert "where Batch size 16 is best" in drawing.words or "where Batch size 32 is best" in drawing.words
    assert drawing.table is not None
    assert drawing.table.seen is not None
    assert [row[0] for row in drawing.table.seen] == ["Batch size 16", "Batch size 32"]
    (curves, _) = (
        one.figure for one in finish(outline.of_study(name)).pins if isinstance(one.figure, Curves)
    )
    assert curves.names == ("Batch size 32",)


GRID = Grid(settings={"batch_size": (8, 16), "optimiser.learning_rate": (0.01, 0.1)})
SEARCH = Search(
    settings={"optimiser.learning_rate": Range(low=0.01, high=0.1), "batch_size": Choices(choices=(8, 16))},
    trials=8,
)


def studied(vary: Any, base: RunConfig) -> str:
    """The id of a study of two seeds, or of eight trials, whose runs have finished."""
    searched = isinstance(vary, Search)
    study = Study(title="Studied", base=base, vary=vary, seeds=1 if searched else 2)
    trials = [
        Variant({"optimiser.learning_rate": 0.01 + at / 100, "batch_size": 8 << at % 2}) for at in range(8)
    ]
    name = studies.create(study)
    for one in trials if isinstance(vary, Search) else ():
        studies.add_trial(name, vary, one)
    finish_runs(study, lambda task: 0.5 + task.config.batch_size / 100, trials if searched else None)
    return name


def charts(name: str) -> list[StudyCharted]:
    """Those of a study's outline."""
    return [pin.figure for pin in finish(outline.of_study(name)).pins if isinstance(pin.figure, StudyCharted)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("vary", "names", "pictures"),
    [(GRID, ["heat", "setting"], 3), (SEARCH, ["parallel", "importance"], 2)],
)  # fmt: skip
def test_a_study_is_drawn_as_the_charts_that_tell_most_of_it(
    bench: Any,
    tiny_data: str,
    small_cnn: RunConfig,
    tmp_path: Path,
    *,
    vary: Any,
    names: list[str],
    pictures: int,
) -> None:
    figures = charts(studied(vary, small_cnn))
    assert [one.chart for one in figures] == names
    written = page(document(*figures))
    assert written.count("<svg") == pictures
    file = tmp_path / "report.html"
    file.write_text(written)
    assert checked(file) == [("holds", "")] * 2
    file.write_text(replaced("Batch size", "Batch sighs", written))
    assert [state for state, _ in checked(file)] == ["differs", "holds"]


def test_other_studies_are_drawn_by_their_setting_or_their_variants(
    bench: Any, tiny_data: str, small_cnn: RunConfig
) -> None:
    base = small_cnn
    for at, vary in enumerate(
        (Grid(settings={"batch_size": (8, 16)}), Listing(settings=({}, {"batch_size": 8})))
    ):
        study = Study(title=f"Study {at}", base=base, vary=vary)
        finish_runs(study, lambda _: 0.5)
        assert [one.chart for one in charts(studies.create(study))] == ["setting"]


def test_a_chart_of_a_study_says_why_it_can_t_be_drawn(
    bench: Any, tiny_data: str, small_cnn: RunConfig
) -> None:
    name = studied(GRID, small_cnn)
    drawing = finish(StudyCharted(study=name, chart="setting", setting="batch_size").draw())
    assert drawing.title == "Validation accuracy by Batch size"
    assert drawing.words == "Means over 2 seeds, with their 95 % intervals."
    assert drawing.table is not None
    assert drawing.table.rows[0] == [
        "batch_size=8, optimiser.learning_rate=0.01", 8, 0.01, *[pytest.approx(0.58)] * 3, 2,
    ]  # fmt: skip
    with pytest.raises(RunError, match="epochs does not vary in the study studied"):
        finish(StudyCharted(study=name, chart="setting", setting="epochs").draw())
    with pytest.raises(NotFound, match="No chart of a study 'pie'"):
        finish(StudyCharted(study=name, chart="pie").draw())
    one = studies.create(Study(title="Other", base=small_cnn, vary=Listing(settings=({},))))
    with pytest.raises(RunError, match="No run of the study other has finished: new"):
        finish(StudyCharted(study=one, chart="heat").draw())


def test_settings_stand_below_titles_and_titles_of_several_are_told_apart(
    bench: Any, tiny_data: str, small_cnn: RunConfig
) -> None:
    first, second = (made(small_cnn.model_copy(update={"title": "Small"}), seed=seed) for seed in range(2))
    third = made(small_cnn.model_copy(update={"title": "Other", "batch_size": 16}))
    table = finish(Settings(runs=(first.id,)).draw()).table
    assert table is not None
    assert table.seen_header == ["setting", "Small"]
    assert table.header == ["setting", first.id]
    table = finish(Settings(runs=(first.id, second.id, third.id)).draw()).table
    assert table is not None
    assert table.seen_header == ["setting", "Small, seed 0", "Small, seed 1", "Other"]
    assert table.seen is not None
    assert [list(row) for row in table.seen] == [["Batch size", "32", "32", "16"], ["Seed", "0", "1", "0"]]
    assert [row[0] for row in table.rows] == ["batch_size", "seed"]


def test_files_are_the_settings_that_train_takes(looked_into: Run) -> None:
    drawing = finish(Environment(runs=(looked_into.id,)).draw())
    assert RunConfig.model_validate_json(drawing.files[f"{looked_into.id}.json"]) == looked_into.config


def test_links_open_pages_with_keys_that_they_know(whole: Document) -> None:
    for pin in whole.pins:
        link = pin.figure.link
        assert (ROOT / "pages" / f"{link.page}.py").exists()
        assert set(link.query) <= set(parameters())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is no report of cnnviz, or was cut short."),
        ("<script type='x'>", "is no report of cnnviz, or was cut short."),
        ("{", "is no report of cnnviz, or was cut short."),
        ([], "is no report of cnnviz, or was cut short."),
        ({"document": {"format": 2, "title": "x"}}, "that this version reads: format"),
        ({"document": {"format": 1, "title": "x"}, "sources": [{}]}, "was edited: it has 1 figures"),
        (of_figure({"kind": "shell"}), "kind"),
        (of_figure({"kind": "settings", "runs": ["../x"]}), "pattern"),
        ({"document": {"title": "x"}, "sources": 3}, "cut short"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_in_a_line(tmp_path: Path, content: Any, words: str) -> None:
    block = content if isinstance(content, str) else json.dumps(content)
    file = tmp_path / "report.html"
    file.write_text(f'<script type="application/json" id="{html.PROOF}">{block}</script>' if content else "")
    with pytest.raises(RunError) as refused:
        checked(file)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LARGEST", 10)
    file = tmp_path / "report.html"
    file.write_text("x" * 11)
    with pytest.raises(RunError, match="larger than"):
        checked(file)
    with pytest.raises(RunError, match="can't be read"):
        checked(tmp_path / "none.html")


def test_reports_of_the_labs_need_no_weights(bench: Any) -> None:
    """Their figures come with cnnviz."""
    there = finish(outline.of_lab_report("001"))
    some = {type(pin.figure): pin.figure for pin in there.pins}
    assert set(some) == {Reported, Curves, Environment}
    drawn = finish(writing.draw(document(*some.values())))
    assert not [one for one in drawn if isinstance(one, str)]
    with pytest.raises(CnnvizError, match="No report '009'"):
        finish(outline.of_lab_report("009"))
