"""The Attribution page, without a browser."""

import numpy as np
import pytest

from cnnviz.ui.resources import attributions
from tests.conftest import Bench
from tests.pages.test_filters import shipped
from tests.pages.test_pages import component, open_page, words

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _forgets() -> None:
    attributions._shelf.clear()


def keys(app) -> list[str]:
    """Methods and classes of the maps that are drawn."""
    ids = [one.proto.id for one in app.get("bidi_component")]
    return [one[one.index("-attribution ") + 13 :] for one in ids if "-attribution " in one]


def test_it_opens_on_three_methods_and_two_classes(bench: Bench) -> None:
    run = shipped(bench, "cifar10-resnet18")
    app = open_page("attribution", run=run, **{"integrated_gradients.steps": "5"})
    assert not app.exception
    assert not app.error
    assert not app.warning
    first = ("grad_cam", "integrated_gradients", "occlusion")
    assert keys(app) == [
        f"{method} {target}" for method in first for target in (6, 2)
    ]  # fmt: skip
    text = words(app)
    assert "layer4.1, the last layer with maps larger than 1×1 (4×4)" in text
    assert "shared by these maps; red speaks for the class, blue against it" in text
    assert "Choose a map to see whether it can be trusted." in text
    assert "frog" in component(app, "attribution grad_cam 6")["alt"]
    assert {button.label for button in app.get("download_button")} >= {"PNG", "npz"}


def test_methods_classes_and_views_are_an_address(bench: Bench) -> None:
    run = shipped(bench, "mnist-mlp")
    app = open_page(
        "attribution", run=run, methods="saliency,deep_lift", classes="first,0", view_as="overlay"
    )
    assert not app.exception
    assert not app.error
    assert keys(app) == ["saliency 3", "saliency 0", "deep_lift 3", "deep_lift 0"]
    text = words(app)
    assert any("2 methods can’t be asked" in one.label for one in app.expander)
    assert "**Grad-CAM**: No layer has maps" in text
    app.multiselect(key="selected methods").set_value(["saliency"]).run()
    assert keys(app) == ["saliency 3", "saliency 0"]
    assert "saliency" in app.query_params["methods"]
    # The predicted class follows the image.
    app.query_params["image"] = "photo.digit-4"
    app.run()
    assert keys(app) == ["saliency 4", "saliency 0"]


def test_nothing_stale_is_shown(bench: Bench) -> None:
    run = shipped(bench, "mnist-mlp")
    app = open_page("attribution", run=run, methods="integrated_gradients", classes="3")
    first = component(app, "attribution integrated_gradients 3")["stamp"]
    seen = {first}
    app.selectbox(key="selected baseline").set_value("black").run()
    seen.add(component(app, "attribution integrated_gradients 3")["stamp"])
    app.number_input(key="attribution integrated_gradients.steps").set_value(2).run()
    seen.add(component(app, "attribution integrated_gradients 3")["stamp"])
    app.query_params["image"] = "photo.digit-5"
    app.run()
    seen.add(component(app, "attribution integrated_gradients 3")["stamp"])
    assert len(seen) == 4
    app.query_params["image"] = "photo.digit-3"
    app.selectbox(key="selected baseline").set_value("mean")
    app.number_input(key="attribution integrated_gradients.steps").set_value(50).run()
    assert component(app, "attribution integrated_gradients 3")["stamp"] == first


def test_what_is_stopped_waits_to_go_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.runtime.scriptrunner_utils.exceptions import StopException

    real, turns = attributions.compute, []

    def stopped(of, *arguments):
        turns.append(of.method)
        if of.method == "occlusion":
            raise StopException
        return (yield from real(of, *arguments))

    monkeypatch.setattr(attributions, "compute", stopped)
    app = open_page("attribution", run=shipped(bench, "mnist-mlp"), methods="saliency,occlusion", classes="3")
    assert turns == ["saliency", "occlusion"]
    app.button(key="stop attributing").click().run()
    assert turns == ["saliency", "occlusion"]
    monkeypatch.setattr(attributions, "compute", real)
    app.run()
    assert keys(app) == ["saliency 3"]
    assert "Not computed." in words(app)
    app.button(key="go on attributing").click().run()
    assert keys(app) == ["saliency 3", "occlusion 3"]


def test_a_map_is_put_to_the_test(bench: Bench) -> None:
    run = shipped(bench, "mnist-mlp")
    app = open_page(
        "attribution", run=run, methods="integrated_gradients", classes="3", check="integrated_gradients.3"
    )
    assert "Completeness: values add up to" in words(app)
    app.button(key="run checks").click().run()
    assert not app.exception
    assert not app.error
    text = words(app)
    for part in (
        "**Deletion** · area",
        "**Insertion** · area",
        "**Max sensitivity",
        "**Infidelity",
        "destroyed",
    ):
        assert part in text
    rows = app.dataframe[0].value
    assert list(rows["Noise down to"]) == ["fc3", "fc2", "fc1"]
    assert np.isfinite(rows["Rank correlation of |map|"]).all()


def test_what_a_method_refuses_is_one_line(bench: Bench) -> None:
    app = open_page("attribution", run=shipped(bench, "mnist-mlp"), methods="occlusion,saliency", classes="3")
    app.number_input(key="attribution occlusion.window").set_value(100).run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "Occlusion: A window of 100 px doesn't fit into an image of 28 × 28: take a smaller one."
    ]
    assert keys(app) == ["saliency 3"]
