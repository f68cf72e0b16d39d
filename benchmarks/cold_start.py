"""How long a reader waits for an app that was started a moment ago, in a real browser."""

import time
from collections.abc import Sequence

import playwright.sync_api as playwright

from benchmarks.browser import app, page
from benchmarks.pairs import SECONDS, Row

_STARTS = 7
_WATCH = """
(() => {
  const canvases = function* (root) {
    yield* root.querySelectorAll("canvas");
    for (const host of root.querySelectorAll('[data-testid="stBidiComponentIsolated"]'))
      if (host.shadowRoot) yield* canvases(host.shadowRoot);
  };
  const look = () => {
    for (const canvas of document.body ? canvases(document) : [])
      if (canvas.dataset.drawn && canvas.getAttribute("aria-label")?.match(/^(Activations|\\d+ maps) of/)) {
        window.picture = { since: performance.now(), at: Date.now() };
        return;
      }
    requestAnimationFrame(look);
  };
  look();
})();
"""


def measure(*, quick: bool) -> list[Row]:
    """Seconds until Home's picture and until a map is drawn, of new processes, turn by turn."""
    count = 2 if quick else _STARTS
    paints, maps, processor = [], [], []
    for _ in range(count):
        paints.append(_start("")[0])
        _, whole, used = _start("activations?run=cifar10-resnet18&layer=layer1.0")
        maps.append(whole)
        processor.append(used)
    notes = [f"{count} new processes, headless Chromium already open, nothing in its cache"]
    return [
        Row(
            name="cold: first paint",
            what="from the call of Home's address to the picture of the shipped network drawn, by an app that has just "
            "begun to listen",
            unit=SECONDS,
            ours=paints,
            at_most=1.5,
            notes=notes,
        ),
        Row(
            name="cold: activation map",
            what="from the start of the app's process to the mosaic of layer1.0 of the shipped network drawn",
            unit=SECONDS,
            ours=maps,
            at_most=6,
            notes=[*notes, f"processor time of the app until then: {_range(processor)} s"],
        ),
    ]


def _start(address: str) -> tuple[float, float, float]:
    """Seconds to the picture since the address was called and since the process began, and its processor time."""
    with page() as browser:
        browser.add_init_script(_WATCH)
        began = time.time()
        with app(pause=0.02) as running:
            picture = _picture(browser, f"{running.url}/{address}")
            return picture["since"] / 1000, picture["at"] / 1000 - began, running.seconds()


def _picture(browser: playwright.Page, address: str) -> dict[str, float]:
    browser.goto(address, wait_until="commit")
    found: dict[str, float] = browser.wait_for_function("() => window.picture", timeout=60_000).json_value()
    return found


def _range(figures: Sequence[float]) -> str:
    return f"{min(figures):.1f}..{max(figures):.1f}"
