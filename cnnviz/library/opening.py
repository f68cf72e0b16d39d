"""The app, opened on a run: the one that runs on this machine, or a new one."""

from __future__ import annotations

import html
import json
import os
import socket
import subprocess
import sys
import time
import webbrowser
from dataclasses import dataclass
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from cnnviz import workspace
from cnnviz.errors import RunError
from cnnviz.library.recording import Recording
from cnnviz.runs import first_use
from cnnviz.runs import run as runs
from cnnviz.runs.run import Run

_PATIENCE = 60.0
"""Seconds until a new app has to answer."""
_ASKING = 2.0


@dataclass(frozen=True)
class Opened:
    """A page of the app; a notebook shows the link, and the page itself where that was asked for."""

    address: str
    frame: bool = False

    def _repr_html_(self) -> str:
        link = html.escape(self.address, quote=True)
        shown = f'<a href="{link}" target="_blank">{link}</a>'
        return shown + (
            f'<iframe src="{link}" width="100%" height="800" style="border:0"></iframe>' if self.frame else ""
        )


def open(
    run: Run | Recording | str | None = None,
    *,
    page: str = "",
    port: int | None = None,
    browser: bool | None = None,
    frame: bool = False,
) -> Opened:
    """The app on the page of a run, in the browser: the app that runs on this machine with these runs, or a new one.

    `page` is activations, train, diagnosis …; without it, that of the run: curves while it trains, then activations.
    In a notebook it shows a link, and with `frame` the page; elsewhere a `browser` opens, unless that is False.
    Raises NotFound for a run that is not there, RunError where no app can be started.
    """
    first_use.furnish()
    found = run.run if isinstance(run, Recording) else runs.find(run) if isinstance(run, str) else run
    address = running() or start(port)
    place = page or ("" if found is None else "train" if found.status().active else "activations")
    query = {} if found is None else {"run": found.id}
    opened = Opened(f"{address}/{place}" + (f"?{urlencode(query)}" if query else ""), frame)
    if browser if browser is not None else not _in_a_notebook():
        webbrowser.open(opened.address)
    return opened


def running() -> str | None:
    """The address of the app that shows these runs; None where there is none."""
    try:
        said = json.loads(workspace.app_file().read_text(encoding="utf-8"))
        address = f"http://{said['host']}:{int(said['port'])}"
        with urlopen(f"{address}/_stcore/health", timeout=_ASKING) as answer:  # noqa: S310
            return address if answer.status == 200 else None
    except (OSError, URLError, ValueError, KeyError, TypeError):
        return None


def start(port: int | None = None) -> str:
    """The address of an app that was started for these runs, and goes on when this process ends."""
    port = port or _free_port()
    log = workspace.app_file().with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        app = subprocess.Popen(
            [sys.executable, "-m", "cnnviz.ui.shell.serve", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=workspace.PACKAGES,
            env=dict(os.environ),
            start_new_session=True,
        )
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if (address := running()) is not None:
            return address
        if app.poll() is not None:
            break
        time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise RunError(f"The app could not be started ({said[-1][:200] if said else 'no word of it'}).")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _in_a_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and "IPKernelApp" in getattr(shell.get_ipython(), "config", {})
