"""Ants and bees, from a folder, from a download, and without either."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from PIL import Image

from cnnviz.data import catalogue, hymenoptera
from cnnviz.errors import DataError, DownloadError
from cnnviz.progress import finish


@pytest.fixture
def pictures(picture: Callable[..., bytes]) -> dict[str, bytes]:
    names = [
        f"{split}/{kind}/{number}.png"
        for split in ("train", "val")
        for kind in ("ants", "bees")
        for number in range(3)
    ]
    return {name: picture(seed, size=(256, 256)) for seed, name in enumerate(names)}


def answer(content: bytes) -> Callable[..., Any]:
    """Takes the place of `urlopen`: a server that sends `content`."""

    class Answer(io.BytesIO):
        headers = SimpleNamespace(get=lambda name: str(len(content)))

    return lambda *_, **__: Answer(content)


def zipped(files: dict[str, bytes]) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as opened:
        for name, raw in files.items():
            opened.writestr(f"hymenoptera_data/{name}", raw)
    return output.getvalue()


def test_pictures_put_there_by_hand_are_used(root: Path, pictures: dict[str, bytes]) -> None:
    for name, raw in pictures.items():
        path = root / "hymenoptera" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    data = finish(catalogue.prepare("ants-bees"))
    assert data.classes == ("ants", "bees")
    assert data.train_images.shape == data.test_images.shape == (6, 224, 224, 3)
    # 256 pixels, of which the middle 224 are kept.
    whole = np.asarray(Image.open(io.BytesIO(pictures["train/ants/0.png"])))
    assert any((image == whole[16:240, 16:240]).all() for image in data.train_images)
    assert "ants-bees" in catalogue.available()


def test_a_download_gives_the_same(
    root: Path, pictures: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hymenoptera, "urlopen", answer(zipped(pictures)))
    told: list[str] = []
    data = finish(catalogue.prepare("ants-bees"), lambda progress: told.append(progress.doing))
    assert (len(data.train_labels), len(data.test_labels)) == (6, 6)
    assert told[0].startswith("Downloading ants and bees: ")


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (answer(b"not a zip"), "arrived damaged"),
        (lambda *_, **__: (_ for _ in ()).throw(URLError("no network")), "no network"),
    ],
)
def test_what_can_not_be_had_says_what_to_do_and_leaves_nothing(
    root: Path, server: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hymenoptera, "urlopen", server)
    with pytest.raises(DownloadError, match=said) as raised:
        finish(catalogue.prepare("ants-bees"))
    assert str(root / "hymenoptera") in str(raised.value)
    assert not [path for path in root.iterdir() if not path.name.startswith(".")]
    with pytest.raises(DataError, match="data get ants-bees"):
        catalogue.load("ants-bees")
