"""A Chromium, and a running app with a bench of its own that holds the shipped runs."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cnnviz.config import Cnn, Data, Mlp, RunConfig
from cnnviz.runs import control, process
from cnnviz.runs.run import Run, every
from tests import nursery_client
from tests.browser import app, chromium

expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.fail(
            "The browser tests need Chromium or Chrome: install one, or set CNNVIZ_CHROMIUM to its path."
        )
    with sync_playwright() as playwright:
        arguments = [*chromium.ARGUMENTS, chromium.SHORT_LIVED]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory, nursery: Path) -> Iterator[tuple[str, Path]]:
    """One app for all modules: torch is loaded once. It works in what the link `now` points to."""
    now = tmp_path_factory.mktemp("server") / "now"
    now.symlink_to(tmp_path_factory.mktemp("nobody"))
    log = now.parent / "app.log"
    with app.running(now / "checkpoints", now / "data", log=log, nursery=nursery) as address:
        yield address, now


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, made_data: Path) -> Iterator[Path]:
    """A checkpoints folder with the shipped runs, and the data sets that are made; no worker is left behind."""
    root = tmp_path_factory.mktemp("bench")
    checkpoints = root / "checkpoints"
    checkpoints.mkdir()
    for card in (app.ROOT / "checkpoints").glob("*/card.md"):
        shutil.copytree(card.parent, checkpoints / card.parent.name)
    shutil.copytree(made_data, root / "data")
    yield root
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CHECKPOINTS", str(checkpoints))
        for run in every():
            if run.status().active:
                control.stop(run.id)


@pytest.fixture(scope="module")
def address(bench: Path, _server: tuple[str, Path]) -> str:
    """The app, at work in this module's bench."""
    found, now = _server
    link = now.with_name("next")
    link.symlink_to(bench)
    link.replace(now)
    return found


@pytest.fixture
def real_address(bench: Path, address: str) -> Iterator[str]:
    """The same with the real data sets of this checkout."""
    data, aside = bench / "data", bench / "made data"
    data.rename(aside)
    data.symlink_to(app.ROOT / "data")
    yield address
    data.unlink()
    aside.rename(data)


@pytest.fixture
def own_run(bench: Path) -> Run:
    """A run on handwritten digits that did not come with cnnviz, trained just now."""
    from tests.doctor.conftest import PLAIN, trained

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
        patch.setenv("CNNVIZ_DATA", str(bench / "data"))
        return trained(PLAIN.model_copy(update={"network": Cnn(), "epochs": 1}))


Start = Callable[[int], Run]


@pytest.fixture
def start(bench: Path, nursery: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a run of a small network, of so many epochs; those that still train are stopped at the end."""
    monkeypatch.setattr(process, "subprocess", nursery_client.stand_in(nursery))
    monkeypatch.setenv("NURSERY", app.UNHURRIED)
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(bench / "checkpoints"))
    monkeypatch.setenv("CNNVIZ_DATA", str(bench / "data"))
    data = Data(name="digits", train=200, validation=50, test=50)
    config = RunConfig(
        data=data,
        network=Mlp(hidden=(16,)),
        batch_size=50,
        precision="fp32",
        memory_format="contiguous",
        compile="off",
    )
    yield lambda epochs: control.start(config.model_copy(update={"epochs": epochs}))
    for run in every():
        if run.status().active:
            control.stop(run.id)


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What tabs share, as those of one person do: Streamlit's scripts are fetched and compiled once.

    Without transitions, which paint all the time while a test waits.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A fresh tab, watched."""
    with tab(context) as page:
        yield page


@contextmanager
def tab(context: BrowserContext) -> Iterator[Page]:
    """A fresh tab; anything it asks of another machine, and any exception in its scripts, fails the test."""
    page = context.new_page()
    strangers: list[str] = []
    crashes: list[str] = []
    page.on("request", lambda request: strangers.append(request.url) if _foreign(request.url) else None)
    page.on("pageerror", lambda error: crashes.append(str(error)))
    page.set_default_timeout(30_000)
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
    assert not strangers, "the page needs the network"
    assert not crashes


def _foreign(url: str) -> bool:
    return re.match(r"(http|ws)s?://", url) is not None and "//127.0.0.1:" not in url
