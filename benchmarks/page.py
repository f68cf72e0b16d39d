"""How long a reader waits for the next picture, in a real browser."""

from tempfile import TemporaryDirectory

import playwright.sync_api as playwright

from benchmarks.browser import app, page
from benchmarks.images import environment
from benchmarks.index import looked_through
from benchmarks.pairs import MILLISECONDS, Row
from benchmarks.runs import untrained

_CLICKS = 30
_WARM_UP = 3

_DRAWN = """
() => {
  const search = (root) => {
    for (const canvas of root.querySelectorAll("canvas")) {
      if (canvas.getAttribute("aria-label")?.startsWith("Activations of")) return canvas;
    }
    for (const host of root.querySelectorAll('[data-testid="stBidiComponentIsolated"]')) {
      const found = host.shadowRoot && search(host.shadowRoot);
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


_PRESS = """
([wanted, number]) => new Promise((resolve, reject) => {
  const search = (root) => {
    for (const canvas of root.querySelectorAll("canvas")) {
      if (canvas.getAttribute("aria-label")?.startsWith(wanted) && canvas.dataset.drawn) return canvas;
    }
    for (const host of root.querySelectorAll('[data-testid="stBidiComponentIsolated"]')) {
      const found = host.shadowRoot && search(host.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  const key = (name) => window.mosaic().dispatchEvent(new KeyboardEvent("keydown", { key: name }));
  key("Home");
  for (let at = 0; at < number; at++) key("ArrowRight");
  const start = performance.now();
  key("Enter");
  const look = () => {
    const passed = performance.now() - start;
    if (search(document)) resolve(passed);
    else if (passed > 20000) reject(new Error("no new picture within 20 s"));
    else requestAnimationFrame(look);
  };
  look();
})
"""


def measure(*, quick: bool) -> list[Row]:
    """Milliseconds from a click to the picture: the next layer at two sizes, another channel, its nine images."""
    count = 8 if quick else _CLICKS
    with TemporaryDirectory() as checkpoints, environment(CNNVIZ_CHECKPOINTS=checkpoints):
        small, large, indexed = untrained(), untrained(size=224, stem="imagenet"), untrained()
        looked_through(indexed, images=200)
        with app() as running, page() as browser:
            found = {}
            for run in (small, large):
                browser.goto(f"{running.url}/activations?run={run.id}&snapshot=last&layer=conv1")
                found[run] = clicks(browser, count)
            browser.goto(f"{running.url}/activations?run={small.id}&snapshot=last&layer=layer1.0")
            another = channels(browser, count, shows="Map of channel {}")
            browser.goto(f"{running.url}/activations?run={indexed.id}&snapshot=last&layer=layer1.0")
            nine = channels(browser, count, shows="Test images that excite channel {} most")
    where = "headless Chromium"
    notes = [f"{count} clicks after {_WARM_UP} to warm up, each on what was not cached"]
    return [
        Row(
            name="page: next layer",
            what=f"from the click to the mosaic drawn, ResNet-18 with 3×3 stem at 32 px, {where}",
            unit=MILLISECONDS,
            ours=found[small],
            at_most=150,
            notes=notes,
        ),
        Row(
            name="page: next layer, 224 px",
            what=f"the same, ResNet-18 with 7×7 stem at 224 px, {where}",
            unit=MILLISECONDS,
            ours=found[large],
            at_most=400,
            notes=notes,
        ),
        Row(
            name="page: another channel",
            what=f"from Enter on its tile to its map drawn, layer1.0 at 32 px, {where}",
            unit=MILLISECONDS,
            ours=another,
            at_most=120,
            notes=notes,
        ),
        Row(
            name="page: nine strongest",
            what=f"from Enter on a channel's tile to the test images that excite it most, with an index, {where}",
            unit=MILLISECONDS,
            ours=nine,
            at_most=150,
            notes=notes,
        ),
    ]


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


def channels(browser: playwright.Page, count: int, *, shows: str) -> list[float]:
    """Milliseconds until the picture that `shows` a channel is drawn, for one channel after the other."""
    browser.wait_for_function(_DRAWN, timeout=60_000)
    waits = []
    for number in range(_WARM_UP + count):
        browser.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        waits.append(float(browser.evaluate(_PRESS, [shows.format(number), number])))
    return waits[_WARM_UP:]
