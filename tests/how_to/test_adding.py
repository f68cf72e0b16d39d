"""docs/architecture.md, "How to add …", done: on a copy of the package, in the named files alone."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cnnviz.workspace import ROOT
from tests.conftest import Bench, write_data

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Copy:
    """The product in a folder of its own, to be changed."""

    root: Path

    def add(self, file: str, text: str) -> None:
        """A new file."""
        assert not (self.root / file).exists()
        (self.root / file).write_text(text)

    def edit(self, file: str, before: str, after: str) -> None:
        """Some text in a file that is there, once."""
        path = self.root / file
        text = path.read_text()
        assert text.count(before) == 1, (file, before)
        path.write_text(text.replace(before, after))

    def run(self, script: str) -> str:
        """What a script prints last, run in the copy."""
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()[-1]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    root = tmp_path / "product"
    root.mkdir()
    for name in ("cnnviz", "pages", ".streamlit"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", root)
    return Copy(root)


TRAIN = """
import json
from typer.testing import CliRunner
from cnnviz.cli.app import app
from cnnviz.runs.run import every

def ask(*arguments):
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output + done.stderr
    return done.stdout

changes = CHANGES
sets = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
families = [one["name"] for one in json.loads(ask("models", "--image", "8x8x3", "--json"))["families"]]
ask("train", *sets, "--set", "data.name=tiny", "--set", "epochs=1", "--set", "device=cpu")
(run,) = every()

from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=120).run()
page.switch_page("pages/train.py").run()
assert not page.exception, page.exception
boxes = {box.label: list(box.options) for box in (*page.selectbox, *page.pills)}
seen = {"families": families, "state": run.status().state, "config": run.config.model_dump(), "boxes": boxes}
print(json.dumps(seen))
"""


def test_a_network_an_augmentation_an_optimiser_and_a_schedule(
    copy: Copy, bench: Bench, tiny_data: str
) -> None:
    # A network: a file in models/, its options in config/network.py, an entry in models/registry.py.
    copy.add(
        "cnnviz/models/averages.py",
        "from torch import nn\n\n\n"
        "def build(options, *, image_shape, classes):\n"
        "    side = options.cells\n"
        "    layers = nn.AdaptiveAvgPool2d(side), nn.Flatten(), nn.Linear(side * side * image_shape[2], classes)\n"
        "    return nn.Sequential(*layers)\n",
    )
    copy.edit(
        "cnnviz/config/network.py",
        "Network = Annotated[\n    Mlp |",
        'class Averages(Strict):\n    name: Literal["averages"] = "averages"\n    cells: PositiveInt = 2\n'
        '    """Cells across of which the means are taken."""\n\n\nNetwork = Annotated[Averages | Mlp |',
    )
    copy.edit("cnnviz/models/registry.py", "models import alexnet,", "models import alexnet, averages,")
    copy.edit(
        "cnnviz/models/registry.py",
        '    "mlp": Family(',
        '    "averages": Family(title="Averages", summary="Means of a few cells.", build=averages.build),\n'
        '    "mlp": Family(',
    )
    # An augmentation, an optimiser, a schedule: options in config/, a function and an entry.
    copy.edit(
        "cnnviz/config/augmentation.py",
        "Augmentation = Annotated[\n",
        'class Negative(Strict):\n    name: Literal["negative"] = "negative"\n\n\n'
        "Augmentation = Annotated[\n    Negative |\n",
    )
    copy.edit(
        "cnnviz/data/augmentation.py",
        '    "pad_and_crop":',
        '    "negative": lambda images, options: 255 - images,\n    "pad_and_crop":',
    )
    copy.edit(
        "cnnviz/config/optimisation.py",
        "AnyOptimiser = Annotated[Sgd |",
        'class Signs(Optimiser):\n    name: Literal["signs"] = "signs"\n    learning_rate: PositiveFloat = 1e-3\n\n\n'
        "AnyOptimiser = Annotated[Signs | Sgd |",
    )
    copy.edit(
        "cnnviz/train/optimisers.py",
        '    "adam":',
        '    "signs": lambda options, parameters, common: torch.optim.Rprop(parameters, lr=common["lr"]),\n    "adam":',
    )
    copy.edit(
        "cnnviz/config/optimisation.py",
        "Schedule = Annotated[",
        'class Halving(Strict):\n    name: Literal["halving"] = "halving"\n\n\nSchedule = Annotated[Halving | ',
    )
    copy.edit(
        "cnnviz/train/schedules.py",
        '    "constant":',
        '    "halving": lambda options, peak, at: Rates(peak / 2**at.epoch, None),\n    "constant":',
    )
    chosen = {
        "network.name": "averages",
        "network.cells": "4",
        "optimiser.name": "signs",
        "schedule.name": "halving",
        "augmentation": '[{"name": "negative"}]',
    }
    seen = json.loads(copy.run(TRAIN.replace("CHANGES", repr(chosen))))
    assert "averages" in seen["families"]
    assert seen["state"] == "finished"
    config = seen["config"]
    assert (config["network"], config["optimiser"]["name"]) == ({"name": "averages", "cells": 4}, "signs")
    assert (config["schedule"]["name"], config["augmentation"][0]["name"]) == ("halving", "negative")
    for label, title in {
        "Network": "Averages", "Optimiser": "Signs", "Schedule": "Halving", "Augmentation": "Negative",
    }.items():  # fmt: skip
        assert title in seen["boxes"][label]


def test_a_way_to_fit_a_picture(copy: Copy) -> None:
    entry = 'FitMethod("Top left corner", "The rest is cut off.", lambda of, to: (0, 0, *to), _everywhere)'
    before = '    "squash": FitMethod('
    copy.edit("cnnviz/data/fitting.py", before, f'    "corner": {entry},\n{before}')
    script = (
        "import numpy as np\nfrom typer.testing import CliRunner\nfrom cnnviz.cli.app import app\n"
        "from cnnviz.data.fitting import WAYS, fitted\n"
        "image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)\n"
        "assert (fitted(image, 4, 5, way='corner') == image[:4, :5]).all()\n"
        "said = CliRunner().invoke(app, ['activations', 'x', '--fit', 'corner'])\n"
        "assert 'No run' in said.output + said.stderr, said.output\n"
        "print(' '.join(WAYS))"
    )
    assert copy.run(script) == "crop corner squash pad"


def test_a_data_set_is_a_folder(bench: Bench) -> None:
    from cnnviz.data import catalogue
    from cnnviz.runs.import_settings import fitting_data

    write_data(bench.data / "mine")
    about = {"name": "mine", "classes": ["a", "b", "c", "d"], "source": "drawn by hand"}
    (bench.data / "mine" / "dataset.json").write_text(json.dumps(about))
    assert "mine" in catalogue.available()
    assert catalogue.load("mine").classes == ("a", "b", "c", "d")
    assert np.bincount(catalogue.load("mine").test_labels).tolist() == [15, 15, 15, 15]
    assert fitting_data(classes=4, channels=3) == ["mine"]
