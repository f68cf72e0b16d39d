"""How long a reader waits for the next layer's picture, in a real browser."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import playwright.sync_api as playwright

from benchmarks.browser import app, page
from benchmarks.images import environment
from benchmarks.pairs import MILLISECONDS, Row
from cnnviz.config import Data, ResNet18, RunConfig
from cnnviz.data.split import IMAGENET_MEAN, IMAGENET_STD
from cnnviz.models import checkpoint
from cnnviz.models.registry import build
from cnnviz.runs import run as runs
from cnnviz.runs import status

_CLICKS = 20
_WARM_UP = 3

_DRAWN = """
() => {
  const search = (root) => {
    for (const canvas of root.querySelectorAll("canvas")) {
      if (canvas.getAttribute("aria-label")?.startsWith("Activations of")) return canvas;
    }
    for (const element of root.querySelectorAll("*")) {
      const found = element.shadowRoot && search(element.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  window.mosaic = () => search(document);
  return Boolean(window.mosaic()?.dataset.drawn);
}
"""
_CLICK = """
(button) => new Promise((resolve, reject) => {
  const before = window.mosaic(), start = performance.now();
  const label = before.getAttribute("aria-label");
  delete before.dataset.drawn;
  button.click();
  const look = () => {
    const canvas = window.mosaic(), passed = performance.now() - start;
    if (canvas?.dataset.drawn && canvas.getAttribute("aria-label") !== label) resolve(passed);
    else if (passed > 20000) reject(new Error("no new picture within 20 s"));
    else requestAnimationFrame(look);
  };
  look();
})
"""


def measure(*, quick: bool) -> list[Row]:
    """One row: milliseconds from a click on "next layer" to the picture, a layer not seen before each time."""
    with TemporaryDirectory() as checkpoints, environment(CNNVIZ_CHECKPOINTS=checkpoints):
        run = untrained()
        with app() as running, page() as browser:
            browser.goto(f"{running.url}/activations?run={run.id}&snapshot=last&layer=conv1")
            waits = clicks(browser, 8 if quick else _CLICKS)
    return [
        Row(
            name="page: next layer",
            what="from the click to the mosaic drawn, ResNet-18 with 3×3 stem at 32 px, headless Chromium",
            unit=MILLISECONDS,
            ours=waits,
            notes=[f"{len(waits)} clicks after {_WARM_UP} to warm up, each on a layer that was not cached"],
        )
    ]


def untrained() -> runs.Run:
    """A finished run of a network with random weights."""
    config = RunConfig(title="Benchmark", data=Data(name="shapes"), network=ResNet18(stem="cifar"), epochs=1)
    run = runs.create(config, *runs.environment())
    model = build(config.network, image_shape=(32, 32, 3), classes=10)
    card = checkpoint.Card(
        network=config.network,
        image_shape=(32, 32, 3),
        classes=tuple(map(str, range(10))),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        data="shapes",
        epoch=0,
        step=0,
    )
    snapshots: Path = run.folder / "snapshots"
    snapshots.mkdir()
    checkpoint.save(snapshots / "last.safetensors", model.state_dict(), card)
    status.write(run.folder, status.Status(state="finished", epochs=1, updated=time.time()))
    return run


def clicks(browser: playwright.Page, count: int) -> list[float]:
    """Milliseconds that each of `count` clicks on "next layer" took, after some that are not counted."""
    browser.wait_for_function(_DRAWN, timeout=60_000)
    waits = []
    for _ in range(_WARM_UP + count):
        # The page goes on drawing what is below the picture; a reader does not click before that either.
        browser.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        button = browser.locator(".st-key-Next button:visible").first
        waits.append(float(button.evaluate(_CLICK)))
    return waits[_WARM_UP:]
