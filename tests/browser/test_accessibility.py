"""Every page, light and dark, as axe-core sees it: nothing serious."""

import re
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, expect

from tests.app_pages import PAGES
from tests.browser.looks import drawn

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WHITE_ON_PRIMARY = re.compile(
    r"color-contrast (<p>(Start|Look into network and data|Measure .*)</p>|<span title=)"
)
"""Primary buttons and the tags of a multiselect, in the dark theme alone: Streamlit writes in white on the primary
colour, which has to be bright to be read as text itself. No setting parts the two."""


def findings(browser: Browser, address: str, page_name: str, theme: str) -> list[str]:
    """What axe-core calls serious or critical, a line each."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    try:
        page.goto(f"{address}/{'' if page_name == 'home' else page_name}")
        drawn(page)
        expect(page.locator("canvas[role=img]:not([data-drawn])")).to_have_count(0)
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    finally:
        context.close()
    lines = [
        f"{one['id']} {node['html'][:150]} {node['any'][0]['message'] if node['any'] else one['help']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    return [line for line in lines if theme == "light" or not WHITE_ON_PRIMARY.match(line)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_is_found(browser: Browser, address: str, name: str, theme: str) -> None:
    assert findings(browser, address, name, theme) == []
