"""Pictures of every page, light and dark, wide and narrow: `make screenshots` writes them to screenshots/.

`python -m tests.browser.screenshots runs studies` takes those of some pages.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from cnnviz import workspace
from cnnviz.config import Cnn, Mlp
from cnnviz.data import catalogue
from cnnviz.runs import control, queue
from cnnviz.studies import definition, folder
from tests.app_pages import PAGES
from tests.browser import app, chromium
from tests.browser.looks import drawn
from tests.doctor.conftest import PLAIN, trained

WIDTHS = (1440, 390)
THEMES = ("light", "dark")
_TALLEST = 6000
_VIEWS: Mapping[str, Sequence[str]] = {
    "experiments": ("recipe=001-3-model1", "recipe=001-1", "recipe=000-2.4"),
    "runs": ("runs=cifar10-resnet18,mnist-mlp",),
    "studies": ("study=dropout-and-rate",),
    "activations": ("run=cifar10-resnet18&layer=layer2.0&channel=12",),
    "statistics": ("run=cifar10-resnet18",),
    "diagnosis": ("run=cifar10-resnet18", "run=cifar10-resnet18&view=map"),
    "robustness": ("run=cifar10-resnet18",),
}
"""What a page shows beside that with which it opens."""


def addresses(pages: Sequence[str] = PAGES) -> Iterator[str]:
    """Every page and every view of it."""
    for name in pages:
        yield "" if name == "home" else name
        for view in _VIEWS.get(name, ()):
            yield f"{name}?{view}"


def shoot(page: Page, address: str, target: Path) -> None:
    """Write one picture of the whole page, once everything on it is drawn."""
    page.goto(address)
    drawn(page)
    page.wait_for_timeout(1500)  # the form measures the machine, and charts take their size
    drawn(page)
    height = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
    size = page.viewport_size or {"width": 1440, "height": 900}
    page.set_viewport_size({"width": size["width"], "height": min(max(height + 64, 600), _TALLEST)})
    page.wait_for_timeout(600)
    drawn(page)
    page.screenshot(path=target)
    page.set_viewport_size(size)


def furnish(root: Path) -> None:
    """Make a bench with something on it: the shipped runs, a study and a run that have ended, a run that waits."""
    os.environ |= {"CNNVIZ_CHECKPOINTS": str(root / "checkpoints"), "CNNVIZ_DATA": str(app.ROOT / "data")}
    for card in (app.ROOT / "checkpoints").glob("*/card.md"):
        shutil.copytree(card.parent, root / "checkpoints" / card.parent.name)
    catalogue.load("digits")
    torch.set_num_threads(1)  # networks this small learn faster so
    base = PLAIN.model_copy(update={"network": Mlp(hidden=(32,)), "epochs": 6})
    grid = definition.Grid(
        settings={"network.dropout": (0.0, 0.2, 0.5), "optimiser.learning_rate": (0.01, 0.1)}
    )
    study = definition.Study(title="Dropout and rate", base=base, vary=grid, seeds=2)
    folder.create(study)
    for task in definition.tasks(study):
        trained(task.config)
    own = control.start(
        PLAIN.model_copy(update={"title": "A small network on digits", "network": Cnn(), "epochs": 3})
    )
    while own.status().active:
        time.sleep(0.5)
    queue.pause()
    control.start(PLAIN.model_copy(update={"title": "Digits, for longer", "epochs": 40}))


def main() -> None:
    """Start the app on a bench of its own, and shoot."""
    target = app.ROOT / "screenshots"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        root = Path(scratch)
        (root / "checkpoints").mkdir()
        furnish(root)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGUMENTS))
        with app.running(root / "checkpoints", app.ROOT / "data", log=root / "app.log") as address:
            for width in WIDTHS:
                for theme in THEMES:
                    context = browser.new_context(
                        viewport={"width": width, "height": 900}, color_scheme=theme, device_scale_factor=1
                    )
                    context.set_default_timeout(120_000)  # the form measures the machine
                    for name in addresses(sys.argv[1:] or PAGES):
                        file = target / f"{workspace.slug(name, fallback='home')}-{width}-{theme}.png"
                        page = context.new_page()
                        shoot(page, f"{address}/{name}", file)
                        page.close()
                        print(file, flush=True)
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()
