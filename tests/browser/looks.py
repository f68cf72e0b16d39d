"""What a person sees and does on the pages, in a few words."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect


def settled(page: Page) -> None:
    """Wait until the app has finished what it was doing, which may have been to measure a machine that is busy."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=90_000)


def drawn(page: Page) -> None:
    """Wait until every chart and every mosaic on the page is there."""
    settled(page)
    page.wait_for_function(
        """() => {
          const all = (what) => [...document.querySelectorAll(what)];
          return document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
            && !all("[data-testid=stSkeleton], [data-testid=stSkeletonElement], [data-testid=stSpinner]").length
            && all("[data-testid=stVegaLiteChart]").every(chart => chart.querySelector("canvas, svg"))
            && all("canvas[role=img]").every(canvas => canvas.dataset.drawn !== undefined);
        }""",
        polling=50,
    )


def visit(page: Page, link: str) -> None:
    """Open a link of the app in a tab that may have it open already, as Back and Forward do.

    The session goes on, and Streamlit's scripts, which take more than a second to start, are not started again.
    """
    if page.url == "about:blank":
        page.goto(link)
        settled(page)
        return
    ran = page.evaluate(
        """link => new Promise(done => {
          let began = false;
          const watch = new MutationObserver(() => {
            const state = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
            if (began && state === "notRunning") end(true);
            began ||= state !== "notRunning";
          });
          const end = ran => { watch.disconnect(); done(ran); };
          const filter = ["data-test-script-state"];
          watch.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: filter });
          setTimeout(() => began || end(false), 2000);
          history.pushState({}, "", link);
          dispatchEvent(new PopStateEvent("popstate"));
        })""",
        link,
    )
    if not ran:
        page.goto(link)
    settled(page)


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select box."""
    settled(page)  # a page that is drawn anew closes the list
    box = page.get_by_role("combobox", name=label).first
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # scrolling closes the list
    box.click()
    page.get_by_role("option", name=option, exact=True).first.click()
    settled(page)


def enter(page: Page, label: str, value: str) -> None:
    """Type into a field."""
    field = page.get_by_label(label, exact=True).first
    field.fill(value)
    field.press("Enter")
    settled(page)


def canvas(page: Page, alt: str) -> Locator:
    """The drawn mosaic whose description contains `alt`."""
    found = page.locator(f"canvas[aria-label*='{alt}']").first
    expect(found).to_be_visible()
    expect(found).to_have_attribute("data-drawn", re.compile("."))
    return found


def colours(drawn: Locator) -> int:
    """How many different colours a mosaic has; 1 or 2 would be a blank."""
    return int(
        drawn.evaluate(
            """canvas => {
              const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              const seen = new Set();
              for (let i = 0; i < pixels.length; i += 4) {
                seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
              }
              return seen.size;
            }"""
        )
    )


def photo(folder: Path) -> Path:
    """A photograph on this machine: scikit-learn's flower, as JPEG."""
    import sklearn

    source = Path(sklearn.__file__).parent / "datasets/images/flower.jpg"
    target = folder / "my flower.jpg"
    target.write_bytes(source.read_bytes())
    return target
