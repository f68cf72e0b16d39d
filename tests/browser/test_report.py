"""From the plan of a study to the file that is handed in."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnviz.config import Data, Mlp, RunConfig
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.studies import folder
from tests.browser.looks import choose, enter, settled


@pytest.fixture
def base(bench: Path, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    """Settings of a run that was stopped before it began: seconds on `shapes`."""
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
    config = RunConfig(
        title="A small one", data=Data(name="shapes", train=64, validation=32, test=32), network=Mlp(hidden=(8,)),
        epochs=1, batch_size=32, precision="fp32", memory_format="contiguous", compile="off",
    )  # fmt: skip
    run = running.create(config, *running.environment())
    status.write(run.folder, status.Status(state="stopped", epoch=0, epochs=1, step=0, steps=0, updated=1.0))
    return config


def test_from_the_plan_of_a_study_to_the_report(
    page: Page, address: str, base: RunConfig, tmp_path: Path
) -> None:
    page.goto(f"{address}/studies")
    settled(page)
    choose(page, "Settings of", base.title)
    choose(page, "What varies", "Learning rate")
    enter(page, "Values", "0.01, 0.1")
    box = page.get_by_role("combobox", name="And")
    box.fill("Batch size")  # of so long a list, options far below are not there yet
    box.press("Enter")
    settled(page)
    second = page.get_by_role("textbox", name="Values").nth(1)
    second.fill("16, 32")
    second.press("Enter")
    settled(page)
    enter(page, "Seeds", "1")
    expect(page.get_by_text("4 runs: 4 variants × 1 seed")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("All 4 runs have finished.")).to_be_visible(timeout=90_000)
    settled(page)

    page.get_by_role("button", name="Report").click()
    expect(page).to_have_url(re.compile("/reports\\?report="))
    page.get_by_role("button", name=re.compile(r"Write \d+ figures")).click()
    with page.expect_download(timeout=90_000) as downloading:
        page.get_by_role("button", name=re.compile("HTML, ")).click(timeout=90_000)
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    assert [one.study.count for one in folder.every() if one.study] == [4]

    # The file opens by itself, without a network.
    page.context.set_offline(True)
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text("Learning rate × Batch size")
    expect(page.get_by_role("row").filter(has_text="Batch size 16")).to_have_count(2)
    assert page.locator("figure img").count() > 2
    assert page.evaluate("[...document.images].every((one) => one.naturalWidth > 0)")
    assert page.locator("figure svg").count() > 2
    assert page.get_by_text("is missing:").count() == 0
    assert all(one.startswith(("file:", "data:")) for one in asked)
    page.context.set_offline(False)
