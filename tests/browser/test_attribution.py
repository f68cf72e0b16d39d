"""Which pixels speak for a class: a grid of methods and classes for a photo of one's own."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.looks import canvas, colours, drawn, photo, settled

_METHODS = {
    "grad_cam": "Grad-CAM", "integrated_gradients": "Integrated Gradients", "occlusion": "Occlusion",
    "guided_backprop": "Guided Backprop", "deep_lift": "DeepLift",
}  # fmt: skip


def test_five_methods_and_two_classes_of_an_uploaded_photo(page: Page, address: str, tmp_path: Path) -> None:
    page.set_default_timeout(120_000)
    page.goto(f"{address}/attribution?run=cifar10-resnet18&methods=saliency")
    settled(page)
    page.get_by_role("radio", name="Upload").or_(page.get_by_role("button", name="Upload")).first.click()
    page.locator("input[type=file]").first.set_input_files(photo(tmp_path))
    expect(page).to_have_url(re.compile("image=upload"))
    drawn(page)

    methods = ",".join(_METHODS)
    page.goto(page.url.replace("methods=saliency", f"methods={methods}") + "&classes=first,second")
    drawn(page)
    expect(page.get_by_text("my flower").first).to_be_visible()
    maps = page.locator("canvas[aria-label*='Enter opens its checks']")
    expect(maps).to_have_count(10)
    for title in _METHODS.values():
        for index in range(2):
            found = page.locator(f"canvas[aria-label^='{title} for']").nth(index)
            expect(found).to_be_visible()
            assert colours(found) > 3, title

    canvas(page, "DeepLift for").click()
    expect(page.get_by_text("Can it be trusted?")).to_be_visible()
    expect(page.get_by_text("Completeness: values add up to")).to_be_visible()
    assert "check=deep_lift." in page.url
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
