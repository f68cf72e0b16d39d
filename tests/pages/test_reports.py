"""The logic of the Reports page, and of pins on other pages, without a browser."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.report import folder, written
from cnnviz.report.document import Document, Pin
from cnnviz.report.figures.maps import Maps
from cnnviz.report.figures.settings import Settings
from cnnviz.runs.run import Run
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


def test_what_a_page_shows_is_pinned(finished: Run) -> None:
    app = open_page("activations", run=finished.id, layer="act1", image="photo.flower")
    app.session_state["pin maps"] = True
    app.run()
    app.text_area(key="pin words maps").set_value("All of it.").run()
    button(app, "Add").click().run()
    assert not app.exception
    ((one,),) = (list(found.document.pins) for found in folder.every() if found.document)
    assert one.words == "All of it."
    assert one.figure == Maps(run=finished.id, snapshot="last", layer="act1", image="photo.flower")
