"""Walking through the epochs of a run, also of one that is being trained."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnviz.config import Data, Mlp, RunConfig
from cnnviz.runs import control
from cnnviz.runs.run import Run
from tests.browser.looks import canvas, settled


def start(bench: Path, monkeypatch: pytest.MonkeyPatch, *, epochs: int) -> Run:
    """Start a run of a small network."""
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
    monkeypatch.setenv("CNNVIZ_DATA", str(bench / "data"))
    data = Data(name="shapes", train=200, validation=50, test=50)
    return control.start(
        RunConfig(
            data=data,
            network=Mlp(hidden=(16,)),
            epochs=epochs,
            batch_size=50,
            precision="fp32",
            memory_format="contiguous",
            compile="off",
        )
    )


def test_the_epoch_slider_changes_the_maps_and_is_a_link(
    page: Page, address: str, bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(bench, monkeypatch, epochs=4)
    page.goto(f"{address}/train?run={run.id}")
    expect(page.get_by_text("finished", exact=True)).to_be_visible(timeout=90_000)
    page.goto(f"{address}/activations?run={run.id}&layer=fc1")
    settled(page)
    slider = page.get_by_role("slider", name="Epoch")
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("last")
    after = canvas(page, "Activations of fc1").get_attribute("data-drawn")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("0, untrained")
    expect(page).to_have_url(re.compile("snapshot=epoch_0000"))
    expect(canvas(page, "Activations of fc1")).not_to_have_attribute("data-drawn", str(after))
    untrained = canvas(page, "Activations of fc1").get_attribute("data-drawn")
    # An arrow moves on by an epoch, and does not walk to the next layer as it does elsewhere.
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("snapshot=epoch_0001"))
    expect(page).to_have_url(re.compile("layer=fc1"))
    expect(canvas(page, "Activations of fc1")).not_to_have_attribute("data-drawn", str(untrained))
    page.goto(f"{address}/activations?run={run.id}&layer=fc1&snapshot=epoch_0000")
    expect(canvas(page, "Activations of fc1")).to_have_attribute("data-drawn", str(untrained))


def test_epochs_of_a_running_training_appear_and_the_chosen_one_stays(
    page: Page, address: str, bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(bench, monkeypatch, epochs=4000)
    while "epoch_0001" not in run.snapshots():
        assert run.status().active
        time.sleep(0.1)
    page.goto(f"{address}/activations?run={run.id}&layer=fc1&snapshot=epoch_0001")
    expect(page.get_by_text("Being trained: epochs appear here")).to_be_visible()
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("1")
    slider = page.get_by_role("slider", name="Epoch")
    before = int(slider.get_attribute("aria-valuemax") or 0)
    for _ in range(20):
        page.wait_for_timeout(1000)
        if int(slider.get_attribute("aria-valuemax") or 0) > before:
            break
    else:
        raise AssertionError("no epoch appeared")
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("1")
    expect(page).to_have_url(re.compile("snapshot=epoch_0001"))
    control.stop(run.id)
    expect(page.get_by_text("Being trained: epochs appear here")).to_have_count(0)
