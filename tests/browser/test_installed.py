"""The bench as a package: built, installed into an environment of its own, started from an empty folder."""

import os
import site
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from playwright.sync_api import Page

from cnnviz.workspace import ROOT
from tests.browser import app
from tests.browser.looks import canvas


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `cnnviz` of an environment that holds nothing but the wheel; what it depends on is taken from this one."""
    root = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    offline = ["--no-deps", "--no-index"]
    build = ["wheel", "--no-build-isolation", *offline, "-w", str(root), str(ROOT)]
    subprocess.run([*pip, *build], check=True, timeout=120)
    (wheel,) = root.glob("*.whl")
    place = root / "environment"
    venv.create(place)
    python = place / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", *offline, str(wheel)], check=True, timeout=120)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    (own / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return place / "bin" / "cnnviz"


def test_the_wheel_starts_from_an_empty_folder_and_looks_inside(
    page: Page, command: Path, tmp_path: Path
) -> None:
    empty, home = tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CNNVIZ_")}
    environment |= {"CNNVIZ_HOME": str(home), "OMP_NUM_THREADS": "1"}
    listed = subprocess.run(
        [command, "runs"], cwd=empty, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert "cifar10-resnet18" in listed.stdout
    with app.started(
        [str(command), "app", "--no-browser"], cwd=empty, environment=environment, log=tmp_path / "app.log"
    ) as address:
        page.goto(f"{address}/activations?run=cifar10-resnet18&layer=layer1.0")
        canvas(page, "Activations of layer1.0 for")
        page.get_by_role("option", name="layer3.0: ").first.click()
        canvas(page, "Activations of layer3.0 for")
    assert list(empty.iterdir()) == []
    assert (home / "checkpoints" / "cifar10-resnet18" / "snapshots").exists()
