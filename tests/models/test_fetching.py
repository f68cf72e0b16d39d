"""ImageNet weights from a server on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from cnnviz.errors import WeightsUnavailable
from cnnviz.models import torchvisions
from cnnviz.models.fetching import fetch
from cnnviz.models.registry import build
from cnnviz.progress import Progress, finish

CONTENT = bytes(range(256)) * 4000


@dataclass(frozen=True)
class Weights:
    """As torchvision describes a file."""

    url: str


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if "gone" in self.path else 200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as here:
        thread = threading.Thread(target=here.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{here.server_port}"
        here.shutdown()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def test_it_is_fetched_once_with_progress(server: str, cache: Path) -> None:
    name = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
    told: list[float] = []
    weights: Any = Weights(f"{server}/{name}")
    finish(fetch(weights), lambda progress: told.append(progress.share))
    assert (cache / name).read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == 1
    before = len(told)
    finish(fetch(weights), lambda progress: told.append(progress.share))
    assert len(told) == before


@pytest.mark.parametrize("name", ["net-00000000.pth", "gone.pth"])
def test_what_arrives_damaged_is_not_kept(server: str, cache: Path, name: str) -> None:
    weights: Any = Weights(f"{server}/{name}")
    with pytest.raises(WeightsUnavailable, match=name) as error:
        finish(fetch(weights))
    assert len(str(error.value).splitlines()) == 1
    assert not list(cache.iterdir())


def test_a_cancelled_download_leaves_nothing(server: str, cache: Path) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    weights: Any = Weights(f"{server}/net.pth")
    with pytest.raises(KeyboardInterrupt):
        finish(fetch(weights), stop)
    assert not list(cache.iterdir())


def test_googlenet_is_given_what_its_own_first_step_would_make() -> None:
    """With ImageNet weights torchvision's network changes its input itself; ours has no such step."""
    from cnnviz.config import Torchvision

    model = build(Torchvision(model="googlenet"), image_shape=(32, 32, 3), classes=5).eval()
    mean, std = (torch.tensor(one).reshape(3, 1, 1) for one in torchvisions.imagenet_statistics("googlenet"))
    usual = (torch.tensor(one).reshape(3, 1, 1) for one in torchvisions.imagenet_statistics("resnet18"))
    their_mean, their_std = usual
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours = model((image - mean) / std)
        model.transform_input = True  # type: ignore[assignment]
        theirs = model((image - their_mean) / their_std)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
