"""Which app shows a run."""

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

import cnnviz
from cnnviz import workspace
from cnnviz.errors import NotFound, RunError
from cnnviz.library import opening
from cnnviz.runs.run import Run
from tests.conftest import Bench


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def app(bench: Bench) -> Iterator[int]:
    """The port of something that answers as the app does, and says so beside the runs."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        workspace.app_file().write_text(json.dumps({"host": "127.0.0.1", "port": port}))
        yield port
        server.shutdown()


def test_the_app_that_runs_is_found(app: int, trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(opening.webbrowser, "open", shown.append)
    here = f"http://127.0.0.1:{app}"
    assert cnnviz.open(trained).address == f"{here}/activations?run={trained.id}"
    assert cnnviz.open(trained.id, page="doctor").address == f"{here}/doctor?run={trained.id}"
    assert cnnviz.open(browser=False).address == f"{here}/"
    assert len(shown) == 2
    html = cnnviz.open(trained, browser=False, frame=True)._repr_html_()
    assert f'src="{here}/activations?run={trained.id}"' in html
    assert "<iframe" not in cnnviz.open(trained, browser=False)._repr_html_()
    with pytest.raises(NotFound):
        cnnviz.open("nothing")


@pytest.mark.parametrize("said", ["", "{", '{"port": "x"}', '{"host": "127.0.0.1", "port": 1}', "[]"])
def test_an_app_that_is_gone_is_not_found(bench: Bench, said: str) -> None:
    workspace.app_file().write_text(said)
    assert opening.running() is None


def test_an_app_that_can_not_start_says_why(bench: Bench, app: int) -> None:
    workspace.app_file().unlink()
    with pytest.raises(RunError, match="can't be used"):
        opening.start(app)
