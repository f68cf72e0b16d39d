"""Drawing what would excite a channel most: begun, stopped, kept, and looked at."""

import re

from playwright.sync_api import Page, expect

from tests.browser.looks import canvas, colours, enter, settled


def test_an_image_is_drawn_stopped_kept_and_looked_at(page: Page, address: str) -> None:
    link = f"{address}/activations?run=cifar10-resnet18&layer=conv1"
    page.goto(f"{link}&channel=7")
    settled(page)
    page.get_by_text("How it is drawn").click()
    enter(page, "Steps", "4096")
    page.get_by_role("button", name="Draw the image that would excite it most").click()
    expect(page.get_by_text(re.compile(r"Step \d+ of 4096"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile("The pictures for channel 7 at step"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    pictures = canvas(page, "Pictures made to excite channel 7 of conv1")
    expect(page.get_by_text(re.compile(r"Made from noise in [\d,]+ of 4,096 steps"))).to_be_visible()
    settled(page)
    assert colours(pictures) > 50
    pictures.focus()
    pictures.press("Home")
    pictures.press("Enter")
    expect(page).to_have_url(re.compile(r"image=upload\.[0-9a-f]{16}"))
    settled(page)
    # It is still there, beside the picture that is now looked at.
    assert canvas(page, "Pictures made to excite channel 7 of conv1").is_visible()
