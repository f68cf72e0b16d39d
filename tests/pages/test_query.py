"""The address, and messages of the browser's that come late."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.ui.shell import query
from cnnviz.workspace import ROOT


def page() -> None:
    import streamlit as st

    from cnnviz.ui.shell import selection
    from cnnviz.ui.shell.parameters import CHANNEL, LAYER

    st.button("one", on_click=selection.put, args=(LAYER, "one"))
    st.button("two", on_click=selection.put, args=(LAYER, "two"))
    st.button("channel", on_click=selection.put, args=(CHANNEL, 5))
    st.text(selection.value(LAYER))


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    app.query_params["layer"] = "zero"
    return app.run()


def press(app: AppTest, name: str) -> None:
    next(one for one in app.button if one.label == name).click().run()


def layer(app: AppTest) -> str:
    return str(app.text[0].value)


def test_a_late_message_does_not_undo_what_was_selected(app: AppTest) -> None:
    assert layer(app) == "zero"
    press(app, "one")
    press(app, "two")
    assert layer(app) == "two"
    for late in ("zero", "one"):
        app.query_params["layer"] = late
        app.run()
        assert layer(app) == "two"
        assert app.query_params["layer"] == "two"


def test_a_late_message_that_selects_something_else_takes_nothing_back(app: AppTest) -> None:
    press(app, "one")
    app.query_params["layer"] = "zero"
    press(app, "channel")
    assert (layer(app), app.query_params["layer"], app.query_params["channel"]) == ("one", "one", "5")


def test_one_may_select_again_what_was_before(app: AppTest) -> None:
    press(app, "one")
    press(app, "two")
    press(app, "one")
    app.query_params["layer"] = "two"
    app.run()
    assert layer(app) == "one"


def test_a_link_is_news(app: AppTest) -> None:
    press(app, "one")
    app.query_params["layer"] = "three"
    app.run()
    assert layer(app) == "three"


def test_nobody_else_reads_or_writes_the_address() -> None:
    code = [*(ROOT / "cnnviz").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    assert [path.name for path in code if "st.query_params" in path.read_text()] == ["query.py"]


@pytest.mark.parametrize(
    ("changed", "seen"),
    [({"page_script_hash": "another"}, "zero"), ({"is_history_navigation": True}, "zero"), ({}, "one")],
)
def test_going_back_and_another_page_are_no_late_messages(
    app: AppTest, changed: dict[str, object], seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(app, "one")
    app.query_params["layer"] = "zero"
    context = query.get_script_run_ctx

    def as_if() -> SimpleNamespace:
        true = context()
        assert true is not None
        here = {"page_script_hash": true.page_script_hash, "is_history_navigation": False}
        return SimpleNamespace(**(here | changed))

    monkeypatch.setattr(query, "get_script_run_ctx", as_if)
    app.run()
    assert layer(app) == seen
