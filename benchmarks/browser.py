"""The real app in a process of its own, and a real browser to look at it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks import machine
from benchmarks.pairs import Unavailable
from cnnviz.workspace import ROOT
from tests.browser import chromium

_COUNT_MESSAGES = """
window.messages = 0;
window.WebSocket = class extends WebSocket {
  constructor(...how) { super(...how); this.addEventListener("message", () => { window.messages++; }); }
};
"""


@dataclass(frozen=True)
class App:
    """A running app."""

    url: str
    process: int

    def seconds(self) -> float:
        """Processor time it has used."""
        return _seconds([psutil.Process(self.process)])


@contextmanager
def app(*, pause: float = 0.2) -> Iterator[App]:
    """The app on a free port of this machine alone, with this process's environment, once it listens.

    That is asked every `pause` seconds.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cnnviz.ui.shell.serve", "--port", str(port)]
    with TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=machine.usual_environment(), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            running = App(f"http://127.0.0.1:{port}", server.pid)
            until = time.monotonic() + 60
            while not _healthy(running.url):
                if server.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise Unavailable(f"The app does not start: {log.read().decode(errors='replace')[-500:]}")
                time.sleep(pause)
            yield running
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextmanager
def page() -> Iterator[Page]:
    """An empty page of headless Chromium. `window.messages` counts what arrives over its websockets."""
    with sync_playwright() as playwright:
        path = chromium.find()
        if path is None:
            raise Unavailable("There is no Chromium: python -m tests.browser.chromium says what to install.")
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        try:
            opened = browser.new_page(viewport={"width": 1280, "height": 900})
            opened.add_init_script(_COUNT_MESSAGES)
            yield opened
        finally:
            browser.close()


def browser_seconds() -> float:
    """Processor time used by the browsers that this process started."""
    children = psutil.Process().children(recursive=True)
    return _seconds([child for child in children if "chrom" in _name(child)])


def _seconds(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def _name(process: psutil.Process) -> str:
    try:
        return process.name().lower()
    except psutil.NoSuchProcess:
        return ""


def _healthy(url: str) -> bool:
    try:
        with urlopen(f"{url}/_stcore/health", timeout=1) as answer:  # noqa: S310 (our own server)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
