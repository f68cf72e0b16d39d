"""The logic of the Reports page, and of pins on other pages, without a browser."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.progress import finish
from cnnviz.report import folder, written
from cnnviz.report.document import Document, Pin
from cnnviz.report.figures.maps import Maps
from cnnviz.report.figures.settings import Settings
from cnnviz.runs.run import Run
from cnnviz.workspace import ROOT
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if re.fullmatch(label, one.label))


def test_from_runs_to_a_page_that_is_written(finished: Run) -> None:
    app = open_page("reports")
    assert "No report yet" in words(app)
    app.multiselect(key="report runs").set_value([finished.id]).run()
    app.text_area(key="report question").set_value("Why?").run()
    button(app, "Outline").click().run()
    assert not app.exception
    (one,) = folder.every()
    assert one.document is not None
    assert one.document.question == "Why?"
    folder.save(one.id, Document(title="Short", sections=one.document.sections[-1:]), before=one.document)
    app = open_page("reports", report=one.id)
    button(app, "Write 1 figures").click().run()
    assert not app.exception
    page = written.artifact(one.id, folder.read(one.id)).load()
    assert page is not None
    assert finished.id in page


def test_words_and_order_are_edited(finished: Run) -> None:
    pins = (Settings(runs=(finished.id,)), Maps(run=finished.id, layer="act1", image="photo.frog"))
    name = folder.create(Document(title="Two"))
    for figure in pins:
        folder.pin(name, Pin(figure=figure))
    app = open_page("reports", report=name)
    next(one for one in app.text_area if one.key and one.key.startswith(f"words {name} 2 ")).set_value(
        "Look!"
    ).run()
    assert [one.words for one in folder.read(name).pins] == ["", "Look!"]
    next(one for one in app.button if one.key and one.key.startswith(f"Move up {name} 2 ")).click().run()
    assert [one.words for one in folder.read(name).pins] == ["Look!", ""]
    next(one for one in app.button if one.key and one.key.startswith(f"take out {name} 1 ")).click().run()
    assert [one.figure.kind for one in folder.read(name).pins] == ["settings"]
    button(app, "Delete the report").click().run()
    assert not app.exception
    assert folder.every() == []


PINS: list[tuple[str, str, dict[str, str], str]] = [
    ("activations", "maps", {"layer": "act1", "image": "photo.flower"}, "maps"),
    ("filters", "filters", {"layer": "fc1"}, "filters"),
    ("compare", "comparison", {"with": "image", "image_b": "photo.ship", "layer": "act1"}, "comparison"),
    ("statistics", "measure zeros", {"images": "60"}, "layers"),
    ("attribution", "attribution", {"methods": "saliency", "classes": "one", "check": "saliency.0"}, "attribution"),
    ("diagnosis", "mistakes", {}, "confusion"),
    ("diagnosis", "mistakes", {"view": "calibration"}, "calibration"),
    ("robustness", "robustness", {"shaken": "60"}, "robustness"),
    ("doctor", "doctor", {}, "doctor"),
    ("experiments", "experiment", {"recipe": "003-1e"}, "reported"),
]  # fmt: skip
"""Page, pin, what else the address says, and the kind of figure that is pinned."""
MEASURING = {"statistics": "Measure .*", "robustness": "Measure, .*"}
"""What has to be measured before there is something to pin, by the words on its button."""


@pytest.mark.parametrize(("page", "key", "address", "kind"), PINS, ids=[f"{one[0]}-{one[3]}" for one in PINS])
def test_what_a_page_shows_is_pinned_and_drawn(
    finished: Run, page: str, key: str, address: dict[str, str], kind: str
) -> None:
    app = open_page(page, **({"run": finished.id} | address))
    if page in MEASURING:
        button(app, MEASURING[page]).click().run()
    app.session_state[f"pin {key}"] = True
    app.run()
    app.text_area(key=f"pin words {key}").set_value("All of it.").run()
    next(one for one in app.button if one.key == f"add pin {key}").click().run()
    assert not app.exception
    ((one,),) = (list(found.document.pins) for found in folder.every() if found.document)
    assert (one.figure.kind, one.words) == (kind, "All of it.")
    drawn = finish(one.figure.draw())
    assert drawn.pictures or drawn.table


def test_every_pin_of_the_pages_is_tried() -> None:
    text = "".join(path.read_text() for path in (ROOT / "cnnviz/ui").rglob("*.py"))
    there = set(re.findall(r'pin\.pin\(.*?key=f?"([a-z]+)', text, re.DOTALL))
    assert there == {key.split()[0] for _, key, _, _ in PINS} | {"study"}  # whose chart test_studies pins


@pytest.mark.parametrize(
    ("page", "address", "key"),
    [("train", "run", "report run"), ("runs", "runs", "report runs")],
)
def test_a_report_is_outlined_where_runs_are(finished: Run, page: str, address: str, key: str) -> None:
    app = open_page(page, **{address: finished.id})
    next(one for one in app.button if one.key == key).click().run()
    (one,) = folder.every()
    assert one.document is not None
    assert one.document.title == finished.title
    assert {pin.figure.kind for pin in one.document.pins} >= {"settings", "curves", "maps", "environment"}
