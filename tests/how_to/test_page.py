"""A page is a script in pages/ and a line in app.py, beside a folder in ui/ with its parts."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz import workspace
from cnnviz.runs.run import Run
from cnnviz.workspace import ROOT
from tests.pages.conftest import finished, trained
from tests.pages.test_pages import words

pytestmark = pytest.mark.slow

__all__ = ["finished", "trained"]

SCRIPT = '''"""Weights: how many there are."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.ui.shell import frame, selection
from cnnviz.ui.shell.parameter import Parameter, Text
from cnnviz.ui.widgets.network_picker import pick_network

UNIT = Parameter("unit", "unit", Text(), page="weights")

frame.ensure()
with frame.guarded():
    network = pick_network()
    if network is None:
        st.stop()
    unit = selection.segmented(UNIT, ["one", "thousand"], default="one")
    st.metric("Classes", len(network.card.classes))
    if unit == "thousand":
        raise CnnvizError("They are not so many.")
'''
LINE = '            st.Page("pages/doctor.py", title="Doctor"),\n'


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the app with one page more."""
    root = tmp_path / "house"
    shutil.copytree(ROOT / "pages", root / "pages")
    (root / "pages" / "weights.py").write_text(SCRIPT)
    text = (ROOT / "app.py").read_text(encoding="utf-8")
    assert LINE in text
    (root / "app.py").write_text(
        text.replace(LINE, LINE + LINE.replace("doctor", "weights").replace("Doctor", "Weights"))
    )
    monkeypatch.setattr(workspace, "ROOT", root)
    return root


def test_a_page(finished: Run, house: Path) -> None:
    """pages/weights.py and app.py."""
    app = AppTest.from_file(str(house / "app.py"), default_timeout=150).run()
    links = [one.proto.label for one in app.get("page_link")]
    assert links.count("Weights") == 1
    app.switch_page("pages/weights.py").run()
    assert not app.exception
    assert app.metric[0].value == "4"
    # What is looked at stands in the address, and an error of ours in its place on the page.
    assert (app.query_params["run"], app.query_params["unit"]) == (finished.id, "one")
    app.query_params["unit"] = "thousand"
    app.run()
    assert not app.exception
    assert "They are not so many." in words(app)
