"""Addresses: no key means two things, nonsense is said in the words of the page, and a view is a link."""

import ast
import importlib
import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnviz.config import Cnn, RunConfig
from cnnviz.diagnosis import embedding
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.maximisation.settings import Settings
from cnnviz.models import checkpoint, registry
from cnnviz.models.checkpoint import Card
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.run import Run
from cnnviz.studies import folder
from cnnviz.studies.definition import Grid, Study
from cnnviz.ui.activations import maximisation
from cnnviz.ui.attribution import parameters as attribution
from cnnviz.ui.mistakes import parameters as mistakes
from cnnviz.ui.resources import attributions, uploads
from cnnviz.ui.shell.parameter import DECLARED, RENAMED, Pairs, Parameter, Text, Whole
from cnnviz.ui.widgets import option_fields
from cnnviz.workspace import ROOT
from tests import app_pages
from tests.conftest import Bench
from tests.pages.test_diagnosis import asked
from tests.pages.test_filters import shipped
from tests.pages.test_pages import open_page, words
from tests.studies.made_runs import finish

SOURCES = [*(ROOT / "cnnviz" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
LONG, MARKDOWN = "9" * 5000, "![x](https://a.b/c.png)"


def every() -> dict[str, Parameter[Any]]:
    """All parameters by key, those of methods as well."""
    for path in (ROOT / "cnnviz" / "ui").rglob("parameters.py"):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for name, method in METHODS.items():
        option_fields.parameters(method.options, name, page=attribution.PAGE, of=method.title)
    for name in embedding.METHODS:
        mistakes.of_method(name)
    option_fields.parameters(Settings, "maximise", page="activations", of="the picture that excites")
    folders = {"", *(path.parent.name for path in SOURCES)}
    return {key: one for key, one in DECLARED.items() if one.page in folders}  # none that a test has added


PAGES = {
    "activations": (
        {}, {"run", "hint"},
        {"layer": "act2"}, {"snapshot", "image", "channel", "size"},
        {"layer": "act2", "channel": "1"}, {"cell", "excite", "maximise.steps", "maximise.rate",
         "maximise.pictures", "maximise.parametrisation", "maximise.decorrelate", "maximise.transforms",
         "maximise.seed"},
        {}, {"layer"},
        {"image": "wide"}, {"fit"},
        {"run": "mnist-mlp"}, {"invert"},
    ),
    "filters": ({}, {"epoch", "layer"}, {}, {"snapshot", "channel"}),
    "compare": (
        {}, {"with"},
        {"with": "image"}, {"image_b", "scale", "sort"},
        {"with": "epoch"}, {"epoch_b"},
        {"with": "network"}, {"run_b"},
        {"with": "network", "run_b": "mnist-mlp", "layer": "act1"}, {"snapshot_b", "layer_b"},
    ),
    "statistics": ({}, {"images", "of", "beside"}),
    "attribution": (
        {}, {"methods", "classes", "view_as", "scale_by", "span", "baseline", "cam_layer", "check"},
        {"methods": ",".join(METHODS), "classes": "0"},
        {f"{name}.{field}" for name, method in METHODS.items() for field in method.options.model_fields},
    ),
    "diagnosis": (
        {}, {"split"},
        {}, {"view", "image", "confused", "cells"},
        {"view": "calibration"}, {"bins"},
        {"view": "unsure"}, {"unsure"},
        {"view": "beside"}, {"other", "apart"},
        {"view": "map"}, {"features", "map_images", "colour", "method", "box"},
        {"view": "map", "method": "tsne"}, {"tsne.perplexity"},
        {"view": "map", "method": "umap"}, {"umap.neighbours"},
    ),
    "robustness": ({}, {"shake", "cam", "curve", "shaken"}),
    "experiments": ({"recipe": "003-1e"}, {"run_size"}),
    "studies": ({}, {"study"}, {"study": "tried"}, {"chart"}, {"study": "tried", "chart": "setting"}, {"setting"}),
    "reports": ({}, {"report"}),
    "data": ({}, {"data"}, {}, {"sample"}),
    "runs": ({}, {"runs"}, {"runs": "mnist-mlp"}, {"curves", "across", "smoothing"}),
}  # fmt: skip
"""By page: what else an address has to say, so that these parameters are read."""
VIEWS = [
    pytest.param(page, context, sorted(keys), id=f"{page} {min(keys)}")
    for page, views in PAGES.items()
    for context, keys in zip(views[::2], views[1::2], strict=True)
]


@pytest.fixture
def run(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> Run:
    """A run of a small convolutional network with two snapshots, beside a shipped one."""
    torch.manual_seed(0)
    network = Cnn(convs=(4, 5), pool_after=(1,), linear=(6,))
    made = running.create(tiny_config.model_copy(update={"network": network}), *running.environment())
    card = Card(
        network=network, image_shape=(8, 8, 3), classes=("one", "two", "three", "four"), mean=(0.5,) * 3,
        std=(0.25,) * 3, data=tiny_data, epoch=1, step=1,
    )  # fmt: skip
    (made.folder / "snapshots").mkdir()
    for epoch, name in enumerate(("epoch_0000", "last")):
        model = registry.build(network, image_shape=(8, 8, 3), classes=4)
        now = card.model_copy(update={"epoch": epoch})
        checkpoint.save(made.folder / "snapshots" / f"{name}.safetensors", model.state_dict(), now)
    status.write(made.folder, status.Status(state="finished", epoch=1, epochs=1, updated=1))
    shipped(bench, "mnist-mlp")
    attributions._shelf.clear()
    return made


def wide() -> str:
    """The name of a picture that is wider than high."""
    content = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(content, "PNG")
    return f"upload.{uploads.add(content.getvalue(), 'wide').hash}"


@pytest.mark.slow
@pytest.mark.parametrize("nonsense", [LONG, MARKDOWN], ids=["long", "markdown"])
@pytest.mark.parametrize(("page", "context", "keys"), VIEWS)
def test_nonsense_is_said_in_the_words_of_the_page(
    run: Run, page: str, context: dict[str, str], keys: list[str], nonsense: str
) -> None:
    address = {"run": run.id} | context | dict.fromkeys(keys, nonsense)
    if address.get("image") == "wide":
        address["image"] = wide()
    if page == "studies":
        vary = Grid(settings={"batch_size": (16, 32), "epochs": (1, 2)})
        study = Study(title="tried", base=run.config, vary=vary)
        folder.create(study)
        finish(study, lambda _: 0.5)
    if page == "diagnosis":
        for snapshot in ("last", "epoch_0000"):
            asked(open_page(page, run=run.id, snapshot=snapshot))
        address["snapshot"] = "last"
    app = open_page(page, **address)
    assert not app.exception
    said = [one.value for one in app.warning if one.value.startswith("There is no ")]
    for key in keys:
        parameter = every()[key]
        noun = "image" if key == "image_b" else parameter.label
        mine = [one for one in said if one.startswith(f"There is no {noun} ")]
        assert mine, (key, said)
        assert not any(f"'{key}'" in one or f"{key}=" in one for one in mine)
        assert all(len(one) < 400 and "![" not in one for one in mine)
    assert len(said) == len(keys)


def test_every_parameter_is_among_them() -> None:
    assert set(PAGES) | {"home", "train", "doctor"} == set(app_pages.PAGES)  # which have none of their own
    tried = {key for _, _, keys in (one.values for one in VIEWS) for key in keys}
    assert tried == set(every()) - {"recipe"}  # which has an error of its own, with the nearest


def test_no_key_means_two_things() -> None:
    for parameter in every().values():
        with pytest.raises(ValueError, match="means"):
            Parameter(parameter.key, "something else", Text(), page="elsewhere")
    assert set(RENAMED) <= set(every())


def test_no_address_key_stands_in_a_page() -> None:
    for path in SOURCES:
        inside = path.name in ("selection.py", "parameters.py", "parameter.py", "option_fields.py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "query_params":
                assert path.name == "query.py", path
            if isinstance(node, ast.keyword) and node.arg == "query_params":
                assert not any(
                    isinstance(one, ast.Dict) for one in ast.walk(node.value)
                ) or "selection.link" in (ast.unparse(node.value)), path
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            assert name != "Parameter" or inside, path
            if name.startswith("selection.") and node.args:
                assert not isinstance(node.args[0], ast.Constant), (path, ast.unparse(node))


@given(
    st.text(max_size=60)
    | st.sampled_from([LONG, "nan", "1e999", "-1", "²", "1.2.3", ":", ",,", "a:b", "none"])
)
def test_every_kind_reads_any_text_and_what_it_writes(text: str) -> None:
    for parameter in every().values():
        value, unread = parameter.kind.read(text)
        assert all(isinstance(one, str) for one in unread)
        if value is not None:
            again, rest = parameter.kind.read(parameter.kind.write(value))
            assert not rest
            assert parameter.kind.write(again) == parameter.kind.write(value)


def test_what_kinds_read() -> None:
    assert Pairs(("rotation", "noise")).read("rotation:15,wobble:3,noise:nan") == (
        {"rotation": 15}, ["wobble:3", "noise:nan"],
    )  # fmt: skip
    assert Pairs(("noise",)).read("none") == ({}, ())
    assert Pairs(("noise",)).write({}) == "none"
    assert Whole(high=9).read("10") == (None, ("10",))


@pytest.fixture
def settled() -> Iterator[None]:
    attributions._shelf.clear()
    yield
    attributions._shelf.clear()


@pytest.mark.slow
@pytest.mark.usefixtures("settled")
def test_the_options_of_a_method_are_a_link(run: Run) -> None:
    app = open_page("attribution", run=run.id, methods="integrated_gradients,occlusion", classes="0")
    assert not [key for key in app.query_params if "." in key]
    app.number_input(key="attribution integrated_gradients.steps").set_value(7).run()
    app.selectbox(key="attribution occlusion.precision").set_value("bf16").run()
    options = {key: value for key, value in app.query_params.items() if "." in key}
    assert {key: value[0] if isinstance(value, list) else value for key, value in options.items()} == {
        "integrated_gradients.steps": "7", "occlusion.precision": "bf16",
    }  # fmt: skip
    computed = set(attributions._shelf()._results)
    again = open_page("attribution", **one_each(app))
    assert not again.exception
    assert not again.warning
    assert again.number_input(key="attribution integrated_gradients.steps").value == 7
    assert set(attributions._shelf()._results) == computed
    # A link followed on the page itself sets the controls, and the usual value leaves the address.
    again.query_params["integrated_gradients.steps"] = "9"
    again.run()
    assert "integrated_gradients.steps" in again.query_params
    assert again.number_input(key="attribution integrated_gradients 1.steps").value == 9
    again.number_input(key="attribution integrated_gradients 1.steps").set_value(50).run()
    assert "integrated_gradients.steps" not in again.query_params
    # Another page does not lose them.
    again.query_params.clear()
    again.switch_page("pages/doctor.py").run()
    again.switch_page("pages/attribution.py").run()
    assert again.selectbox(key="attribution occlusion.precision").value == "bf16"
    assert one_each(again)["occlusion.precision"] == "bf16"


@pytest.mark.slow
def test_the_settings_of_a_picture_that_excites_are_a_link(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maximisation, "_SLICE", 60.0)  # all of it at once, however busy the machine is
    address = {
        "run": run.id, "layer": "conv2", "channel": "1", "cell": "1.2",
        "maximise.steps": "5", "maximise.transforms": "no", "excite": "cell",
    }  # fmt: skip
    app = open_page("activations", **address)
    assert not app.exception
    assert not app.warning
    closed = app.session_state["selection"]
    app.session_state["how it is drawn"] = True
    app.run()
    assert app.number_input(key="maximise.steps").value == 5
    assert not app.toggle(key="maximise.transforms").value
    assert app.segmented_control(key="selected excite").value in ("cell", ["cell"])
    assert app.session_state["selection"] == closed
    app.number_input(key="maximise.steps").set_value(64).run()
    assert "maximise.steps" not in app.query_params
    app.number_input(key="maximise.steps").set_value(6).run()
    app.button(key="maximise").click().run()
    assert "in 6 steps" in words(app)


@pytest.mark.slow
def test_old_links_are_understood(run: Run) -> None:
    asked(open_page("diagnosis", run=run.id))
    app = open_page("diagnosis", run=run.id, view="map", method="tsne", perplexity="10")
    assert app.selectbox(key="selected tsne.perplexity").value == "10"
    app = open_page("activations", run="mnist-mlp", view="000-2.4.0")
    assert "Back to 000-2.4" in [one.proto.label for one in app.get("page_link")]


@pytest.mark.slow
def test_what_was_selected_here_is_no_nonsense_of_a_link(run: Run) -> None:
    app = open_page("activations", run=run.id, layer="conv2", channel="4")
    app.selectbox(key="selected layer").set_value("conv1").run()  # which has four channels
    assert not app.warning
    app.selectbox(key="selected run").set_value("mnist-mlp").run()  # which has no such layer
    assert not app.exception
    assert not app.warning


def one_each(app: AppTest) -> dict[str, str]:
    """The address of a page."""
    found = {key: app.query_params[key] for key in app.query_params}
    return {key: value[0] if isinstance(value, list) else value for key, value in found.items()}
