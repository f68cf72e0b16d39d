"""A network from elsewhere, in a real browser: from a .pt to its maps."""

from pathlib import Path

import torch
from playwright.sync_api import Page, expect
from torchvision.models import resnet18

from tests.browser.looks import canvas, colours, enter, settled


def test_a_state_dict_is_uploaded_recognised_and_looked_at(page: Page, address: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "my resnet.pt"
    torch.save({"state_dict": resnet18(num_classes=10).state_dict()}, path)
    page.set_default_timeout(120_000)  # a child process loads torch, beside the app that does
    page.goto(f"{address}/activations")
    settled(page)
    page.get_by_role("button", name="Add a network").click()
    page.get_by_text("A file of weights").click()
    page.locator("[data-testid=stPopoverBody] input[type=file]").set_input_files(path)
    expect(page.get_by_text("my resnet.pt is a resnet18 with 10 classes")).to_be_visible(timeout=90_000)
    enter(page, "Image size", "64")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Imported: my resnet.pt, ResNet-18")).to_be_visible(timeout=60_000)
    assert colours(canvas(page, "Activations of layer1.0 for")) > 20
