"""Walking through the epochs of a run, also of one that is being trained."""

import re
import time

from playwright.sync_api import Page, expect

from cnnviz.runs import control
from tests.browser.conftest import Start
from tests.browser.looks import canvas, choose, settled, visit


def test_the_epoch_slider_changes_the_maps_and_is_a_link(page: Page, address: str, start: Start) -> None:
    run = start(4)
    page.goto(f"{address}/train?run={run.id}")
    expect(page.get_by_text("finished", exact=True)).to_be_visible(timeout=90_000)
    visit(page, f"{address}/activations?run={run.id}&layer=fc1")
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
    thumb, track = (
        page.get_by_role("slider", name="Epoch").bounding_box(),
        page.get_by_test_id("stSlider").bounding_box(),
    )
    assert thumb is not None
    assert track is not None
    height = thumb["y"] + thumb["height"] / 2
    page.mouse.move(thumb["x"] + thumb["width"] / 2, height)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, height, steps=5)
    page.mouse.move(track["x"] + track["width"], height, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("snapshot=last"))
    expect(canvas(page, "Activations of fc1")).to_have_attribute("data-drawn", str(after))


def test_epochs_of_a_running_training_appear_and_the_chosen_one_stays(
    page: Page, address: str, start: Start
) -> None:
    run = start(100_000)
    try:
        while "epoch_0001" not in run.snapshots():
            assert run.status().active
            time.sleep(0.1)
        page.goto(f"{address}/activations?run={run.id}&layer=fc1&snapshot=epoch_0001")
        expect(page.get_by_text("Being trained: epochs appear here")).to_be_visible()
        value = page.get_by_test_id("stSliderThumbValue")
        expect(value).to_have_text("1")
        slider = page.get_by_role("slider", name="Epoch")
        most = "slider => Number(slider.max ?? slider.getAttribute('aria-valuemax'))"
        before = slider.evaluate(most)
        deadline = time.monotonic() + 60
        while slider.evaluate(most) <= before:
            assert time.monotonic() < deadline, "no epoch appeared"
            page.wait_for_timeout(500)
        expect(value).to_have_text("1")
        expect(page).to_have_url(re.compile("snapshot=epoch_0001"))
    finally:
        control.stop(run.id)
    expect(page.get_by_text("Being trained: epochs appear here")).to_have_count(0)


def test_two_checkpoints_are_compared_and_a_click_shows_one_channel_of_both(
    page: Page, address: str, start: Start
) -> None:
    run = start(2)
    page.goto(f"{address}/train?run={run.id}")
    expect(page.get_by_text("finished", exact=True)).to_be_visible(timeout=90_000)
    visit(page, f"{address}/compare?run={run.id}&layer=act1")
    first, second = (
        canvas(page, "Activations of act1, A: last epoch"),
        canvas(page, "act1, B: epoch 0, untrained"),
    )
    assert first.get_attribute("data-drawn") != second.get_attribute("data-drawn")
    page.get_by_text("Another network").click()
    settled(page)
    choose(page, "Checkpoint B", "MLP on MNIST — mnist-mlp")
    expect(page.get_by_text("have no difference map by map")).to_be_visible()
    page.get_by_text("Another epoch").click()
    settled(page)
    canvas(page, "Difference of act1").click(position={"x": 30, "y": 5})
    expect(page.get_by_text("act1, channel 2")).to_be_visible()
    expect(canvas(page, "Channel 2, B − A")).to_be_visible()
    page.get_by_role("link", name="Look inside").last.click()
    expect(page).to_have_url(re.compile("activations.*snapshot=epoch_0000"))
    expect(page.get_by_text("act1, channel 2")).to_be_visible()
