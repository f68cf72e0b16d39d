"""Pictures of every page, light and dark, wide and narrow: `make screenshots` writes them to screenshots/."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from cnnviz import workspace
from tests.browser import app, chromium
from tests.browser.looks import drawn

PAGES = (
    "", "train", "experiments", "experiments?recipe=001-3-model1", "experiments?recipe=001-1",
    "experiments?recipe=000-2.4", "data", "runs", "runs?runs=cifar10-resnet18,mnist-mlp", "activations",
    "activations?layer=layer2.0&channel=12", "filters", "compare", "statistics", "attribution", "diagnosis",
    "diagnosis?view=map", "robustness", "doctor",
)  # fmt: skip
WIDTHS = (1440, 390)
THEMES = ("light", "dark")
_TALLEST = 4000


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


def main() -> None:
    """Start the app on the shipped runs alone, and shoot."""
    target = app.ROOT / "screenshots"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        checkpoints = Path(folder) / "checkpoints"
        checkpoints.mkdir()
        for card in (app.ROOT / "checkpoints").glob("*/card.md"):
            shutil.copytree(card.parent, checkpoints / card.parent.name)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGUMENTS))
        with app.running(checkpoints, app.ROOT / "data") as address:
            for width in WIDTHS:
                for theme in THEMES:
                    context = browser.new_context(
                        viewport={"width": width, "height": 900}, color_scheme=theme, device_scale_factor=1
                    )
                    context.set_default_timeout(120_000)  # the form measures the machine
                    for name in PAGES:
                        file = target / f"{workspace.slug(name, fallback='home')}-{width}-{theme}.png"
                        shoot(context.new_page(), f"{address}/{name}", file)
                        print(file)
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()
