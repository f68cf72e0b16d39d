"""Adding a network on the Activations page, without a browser."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest
from torchvision.models import resnet18

from cnnviz.config import Cnn
from cnnviz.models.registry import build
from cnnviz.report import takeaway
from cnnviz.runs import control, importing
from cnnviz.runs.import_settings import usual
from cnnviz.runs.network_file import examine
from cnnviz.runs.run import Run, every, find
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Grid, Study
from tests.conftest import Bench, write_data
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow


def opened(**query: str) -> AppTest:
    """The Activations page with the form open."""
    app = open_page("activations", **query)
    app.session_state["add network"] = True
    return app.run()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The weights of a small network, whose names are those of the bench."""
    path = tmp_path / "mine.safetensors"
    network = Cnn(convs=(4, 5), pool_after=(1,), linear=(6,))
    save_file(build(network, image_shape=(8, 8, 3), classes=4).state_dict(), path)
    return path


def test_one_of_torchvisions_by_name(bench: Bench) -> None:
    app = opened()
    assert not app.exception
    app.selectbox(key="add name").set_value("squeezenet1_1").run()
    app.number_input(key="add side squeezenet1_1").set_value(64).run()
    app.button(key="add by name").click().run()
    assert not app.exception
    assert not app.error
    (run,) = every()
    assert app.query_params["run"] == run.id
    assert "random weights (seed 0): it has learnt nothing" in words(app)
    assert "maps" in words(app)


def test_a_file_is_asked_about_and_then_shown(bench: Bench, tiny_data: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "mine.pt"  # as training scripts save it
    torch.save({"epoch": 3, "state_dict": resnet18(num_classes=4).state_dict()}, path)
    app = opened()
    app.segmented_control(key="add from").set_value("file").run()
    app.text_input(key="add path").set_value(str(path)).run()
    assert not app.exception, app.exception
    assert "mine.pt is a **resnet18** with 4 classes, for colour images." in [
        one.value for one in app.success
    ]
    app.selectbox(key="add names mine.pt resnet18").set_value("tiny").run()
    app.number_input(key="add size mine.pt resnet18 tiny").set_value(32).run()
    app.button(key="add by file").click().run()
    assert not app.exception
    assert not app.error
    (run,) = every()
    assert run.config.data.name == "tiny"
    assert "Imported: mine.pt, ResNet-18" in words(app)
    assert "Looks like **" in words(app)
    app = open_page("activations", run=run.id, layer="layer1.0", channel="2", image="test.3")
    assert not app.exception
    assert "Look through 60 test images" in "".join(one.label for one in app.button)


def test_a_file_that_does_not_fit_is_one_line(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"conv1.weight": torch.zeros(3, 3, 2, 2)}, path)
    app = opened()
    app.segmented_control(key="add from").set_value("file").run()
    app.text_input(key="add path").set_value(str(path)).run()
    assert not app.exception
    assert "no network that is known here" in app.error[0].value
    app.text_input(key="add path").set_value("/no/such/file").run()
    assert "There is no such file" in app.error[0].value
    assert not every()


def test_an_upload_that_is_refused_goes_away(bench: Bench, file: Path) -> None:
    app = opened()
    app.segmented_control(key="add from").set_value("file").run()
    app.file_uploader[0].set_value(("bad.pt", b"Dear bench", "application/octet-stream")).run()
    assert not app.exception
    assert app.error[0].value.startswith("bad.pt is no file of weights")
    assert app.file_uploader[0].value is None
    app.run()
    assert len(app.error) == 1
    app.file_uploader[0].set_value((file.name, file.read_bytes(), "application/octet-stream")).run()
    assert not app.error
    assert app.success[0].value.startswith("mine.safetensors is a **cnn**")


def test_a_runs_zip(bench: Bench, finished: Run) -> None:
    content = takeaway.content(takeaway.TAKEAWAYS["zip"], finished)
    control.delete(finished.id)
    app = opened()
    app.segmented_control(key="add from").set_value("zip").run()
    app.file_uploader[0].set_value(("run.zip", b"PK no more", "application/zip")).run()
    app.button(key="add by zip").click().run()
    assert "not a whole zip file" in app.error[0].value
    app.file_uploader[0].set_value(("run.zip", content, "application/zip")).run()
    app.button(key="add by zip").click().run()
    assert not app.exception
    assert [run.id for run in every()] == [finished.id]
    assert app.query_params["run"] == finished.id


def test_a_studys_zip(bench: Bench, finished: Run) -> None:
    name = folder.create(
        Study(title="both", base=finished.config, vary=Grid(settings={"epochs": (finished.config.epochs, 9)}))
    )
    content = takeaway.study_content(takeaway.STUDY_FILES["zip"], progress.look(name))
    folder.delete(name)
    control.delete(finished.id)
    app = opened()
    app.segmented_control(key="add from").set_value("zip").run()
    app.file_uploader[0].set_value(("study.zip", content, "application/zip")).run()
    app.button(key="add by zip").click().run()
    assert not app.exception
    assert [run.id for run in every()] == [finished.id]
    assert app.query_params["study"] == name
    assert progress.look(name).finished == 1


def test_where_weights_do_not_tell_it_is_asked(bench: Bench, tmp_path: Path) -> None:
    """LeNet for grey images: 32 × 32 without padding, or 28 × 28 with the first convolution padded."""
    write_data(bench.data / "grey", size=28, channels=1)
    shapes = {
        "conv1": (6, 1, 5, 5),
        "conv2": (16, 6, 5, 5),
        "fc1": (120, 400),
        "fc2": (84, 120),
        "fc3": (4, 84),
    }
    weights = {f"{name}.weight": torch.rand(shape) for name, shape in shapes.items()}
    weights |= {f"{name}.bias": torch.rand(shape[0]) for name, shape in shapes.items()}
    path = tmp_path / "lenet.safetensors"
    save_file(weights, path)
    app = opened()
    app.segmented_control(key="add from").set_value("file").run()
    app.text_input(key="add path").set_value(str(path)).run()
    assert app.number_input(key="add size lenet.safetensors cnn").value == 32
    assert (
        app.selectbox(key="add layout lenet.safetensors cnn 32")
        .options[0]
        .endswith("unpadded, pooling after 1, 2")
    )
    assert "Also possible: 28 × 28, convolutions only the first padded" in words(app)
    app.selectbox(key="add names lenet.safetensors cnn").set_value("grey").run()
    assert app.number_input(key="add size lenet.safetensors cnn grey").value == 28
    assert "taken as 28 × 28, convolutions only the first padded, pooling after 1, 2" in words(app)
    app.button(key="add by file").click().run()
    assert not app.exception
    (run,) = every()
    assert (run.config.network.padding, run.config.network.pool_after) == ("first", (1, 2))
    assert "taken as 28 × 28" in " ".join(run.imported.notes)


@pytest.fixture
def brought(bench: Bench, file: Path) -> str:
    """An imported run without a data set."""
    found = examine(file)
    return importing.from_file(found, usual(found)).id


@pytest.mark.parametrize("page", ["home", "train", "activations", "filters"])
def test_every_page_takes_an_imported_network(brought: str, page: str) -> None:
    app = open_page(page) if page == "filters" else open_page(page, run=brought)
    assert not app.exception
    assert not app.error
    if page in ("train", "activations"):
        assert "Imported: mine.safetensors" in words(app)


def test_without_a_data_set_it_is_said(brought: str) -> None:
    app = open_page("activations", run=brought, layer="act1", channel="1")
    assert "this network came without a data set" in words(app)
    app.segmented_control(key="image source").set_value("Test set").run()
    assert not app.exception
    assert "there are no test images: upload a picture" in words(app)


def test_it_is_deleted_like_any_run(brought: str) -> None:
    app = open_page("train", run=brought)
    folder = find(brought).folder
    app.button(key="delete run").click().run()
    assert not app.exception
    assert not folder.exists()


def test_the_name_of_an_upload_is_plain_text() -> None:
    from cnnviz.ui.widgets.network_upload import _plain

    assert _plain("../../x<script>*a*.pt") == "xscripta.pt"
    assert _plain("[]") == "The file"
