"""Shaking a picture: what the network says, and the address, follow the sliders."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from cnnviz.runs.run import Run
from tests.browser.looks import canvas, colours, drawn, settled


def test_prediction_and_address_follow_a_slider(page: Page, address: str) -> None:
    page.goto(f"{address}/robustness?run=cifar10-resnet18&shake=none")
    picture = canvas(page, "Shaken: Frog, as it is; and Grad-CAM for frog over it")
    assert colours(picture) > 50
    expect(page.get_by_text("Still says frog, 89.9 % (was 89.9 %).")).to_be_visible()
    slider = page.get_by_role("slider", name="Noise")
    slider.focus()
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("60")
    canvas(page, "Shaken: Frog, noise 60 levels; and Grad-CAM for")
    expect(page).to_have_url(re.compile(r"shake=noise%3A60(&|$)"))
    expect(page.get_by_text("(was 89.9 %)").or_(page.get_by_text("it said frog, 89.9 %"))).to_be_visible()
    expect(page.get_by_text("Still says frog, 89.9 %")).to_have_count(0)
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "60 levels")
    expect(page.get_by_role("listitem", name=re.compile(r"^frog: .* %, was 89\.9 %$"))).to_be_visible()
    # The last movement is never lost, however fast they come: the picture is that of the address.
    said = page.get_by_text(re.compile("^(Still|Now) says")).inner_text()
    page.goto(f"{address}/robustness?run=cifar10-resnet18&shake=noise%3A60")
    canvas(page, "Shaken: Frog, noise 60 levels; and Grad-CAM for")
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("slider", name="Noise")).to_have_value("60")


def test_a_double_click_and_reset_undo(page: Page, address: str) -> None:
    page.goto(f"{address}/robustness?run=cifar10-resnet18&shake=rotation:40,blur:2")
    canvas(page, "Shaken: Frog, rotation 40°, blur 2 px")
    settled(page)
    page.get_by_role("slider", name="Rotation").dblclick()
    canvas(page, "Shaken: Frog, blur 2 px")
    expect(page.get_by_role("slider", name="Rotation")).to_have_value("0")
    # A page that is drawn anew, as once a slider rests, has files of its own.
    expect(page).to_have_url(re.compile(r"shake=blur%3A2(&|$)"))
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    shaken = Path(download.value.path()).read_bytes()
    assert shaken.startswith(b"\x89PNG")
    page.get_by_role("button", name="Reset").click()
    canvas(page, "Shaken: Frog, as it is")
    expect(page.get_by_role("slider", name="Blur")).to_have_value("0")
    expect(page).to_have_url(re.compile(r"shake=none(&|$)"))
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    assert Path(download.value.path()).read_bytes() != shaken


def test_reset_wins_over_what_a_slider_says_before_it_has_heard_of_it(page: Page, address: str) -> None:
    """As on a slow line: the slider comes to rest when the answer to Reset is still on its way."""
    held: list[str | bytes] = []
    said: list[str | bytes] = []
    holding = False

    def relay(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        server.on_message(lambda message: held.append(message) if holding else browser.send(message))

        def say(message: str | bytes) -> None:
            said.append(message)
            server.send(message)

        def release() -> None:
            for message in held:
                browser.send(message)

        browser.on_message(say)
        releases.append(release)

    releases: list[Callable[[], None]] = []
    page.route_web_socket(re.compile("/_stcore/stream"), relay)
    page.goto(f"{address}/robustness?run=cifar10-resnet18&shake=blur:2")
    canvas(page, "Shaken: Frog, blur 2 px")
    settled(page)
    before = len(said)
    holding = True
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("slider", name="Blur").dispatch_event("change")
    # Reset, and the slider, which still says 2; and the app is through with both.
    while len(said) < before + 2 or sum(_finished(message) for message in held) < 2:
        page.wait_for_timeout(20)
    assert b"rested" in said[before + 1]
    holding = False
    releases[-1]()
    canvas(page, "Shaken: Frog, as it is")
    expect(page.get_by_role("slider", name="Blur")).to_have_value("0")
    expect(page).to_have_url(re.compile(r"shake=none(&|$)"))


def _finished(message: str | bytes) -> bool:
    found = ForwardMsg()
    found.ParseFromString(message)
    return bool(found.WhichOneof("type") == "script_finished")


def test_a_curve_is_measured_and_marked(page: Page, address: str, own_run: Run) -> None:
    page.goto(f"{address}/robustness?run={own_run.id}&curve=rotation&shake=none")
    settled(page)
    page.get_by_role("button", name=re.compile("^Measure, about")).click()
    expect(page.get_by_text("Measured: see below.")).to_be_visible()
    drawn(page)
    chart = page.locator("[data-testid=stVegaLiteChart]").nth(1)
    # One bar a strength, and guessing.
    expect(chart.locator(".mark-rule.role-mark line")).to_have_count(13 + 1)
    slider = page.get_by_role("slider", name="Rotation")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    # A line in the chart says where the slider is, once it rests.
    expect(chart.locator(".mark-rule.role-mark line")).to_have_count(13 + 2)
    expect(page).to_have_url(re.compile(r"shake=rotation%3A10(&|$)"))
    assert list((own_run.folder / "index").glob("robustness-last-rotation-*.json"))
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert Path(download.value.path()).read_text().count("\nrotation,") == 13
