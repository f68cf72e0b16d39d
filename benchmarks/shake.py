"""How long the page "Shake it" takes to follow a slider, in a real browser."""

from tempfile import TemporaryDirectory

import playwright.sync_api as playwright

from benchmarks.browser import app, page
from benchmarks.images import environment
from benchmarks.pairs import MILLISECONDS, Row
from benchmarks.runs import untrained

_MOVES = 30
_WARM_UP = 3

_READY = """
() => {
  const find = (root, what) => {
    for (const found of root.querySelectorAll(what)) return found;
    for (const host of root.querySelectorAll('[data-testid="stBidiComponentIsolated"]')) {
      const found = host.shadowRoot && find(host.shadowRoot, what);
      if (found) return found;
    }
    return null;
  };
  window.slider = () => find(document, 'input[name="rotation"]');
  window.picture = () => find(document, 'canvas[aria-label^="Shaken"]');
  return Boolean(window.slider() && window.picture()?.dataset.drawn);
}
"""
_MOVE = """
(degrees) => new Promise((resolve, reject) => {
  const before = window.picture().getAttribute("aria-label");
  delete window.picture().dataset.drawn;
  const slider = window.slider(), start = performance.now();
  slider.value = degrees;
  slider.dispatchEvent(new Event("input"));
  const look = () => {
    const canvas = window.picture(), passed = performance.now() - start;
    if (canvas?.dataset.drawn && canvas.getAttribute("aria-label") !== before) resolve(passed);
    else if (passed > 20000) reject(new Error("no new picture within 20 s"));
    else requestAnimationFrame(look);
  };
  look();
})
"""


def measure(*, quick: bool) -> list[Row]:
    """Milliseconds from a slider's movement to the shaken picture with Grad-CAM over it."""
    count = 8 if quick else _MOVES
    with TemporaryDirectory() as checkpoints, environment(CNNVIZ_CHECKPOINTS=checkpoints):
        run = untrained()
        with app() as running, page() as browser:
            browser.goto(f"{running.url}/robustness?run={run.id}&snapshot=last&shake=none")
            found = moves(browser, count)
    return [
        Row(
            name="shake: a slider's movement",
            what="from a movement of the slider to the shaken picture and its Grad-CAM drawn, ResNet-18 with 3×3 stem "
            "at 32 px, headless Chromium",
            unit=MILLISECONDS,
            ours=found,
            at_most=150,
            notes=[f"{count} movements after {_WARM_UP} to warm up, each to what was not cached"],
        )
    ]


def moves(browser: playwright.Page, count: int) -> list[float]:
    """Milliseconds that each of `count` movements took, a degree further each, after some that are not counted."""
    browser.wait_for_function(_READY, timeout=60_000)
    waits = []
    for number in range(_WARM_UP + count):
        browser.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        waits.append(float(browser.evaluate(_MOVE, number + 1)))
    return waits[_WARM_UP:]
