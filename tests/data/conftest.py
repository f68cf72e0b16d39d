import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz.workspace import ROOT


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder that the code uses."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("CNNVIZ_DATA", str(folder))
    return folder


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """The arrays of a small data set with three classes."""
    random = np.random.default_rng(3)
    return {
        "train_images": random.integers(0, 256, (30, 5, 4, 3), dtype=np.uint8),
        "train_labels": np.arange(30) % 3,
        "test_images": random.integers(0, 256, (9, 5, 4, 3), dtype=np.uint8),
        "test_labels": np.arange(9) % 3,
    }


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """The bytes of a random picture."""

    def make(
        seed: int = 0, *, kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (40, 30)
    ) -> bytes:
        random = np.random.default_rng(seed)
        image = Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)
        output = io.BytesIO()
        image.save(output, kind)
        return output.getvalue()

    return make


@pytest.fixture
def real_data() -> Path:
    """The folder with real MNIST and CIFAR-10; the test is skipped where they are not."""
    folder = ROOT / "data"
    if not all((folder / name / "dataset.json").exists() for name in ("mnist", "cifar10")):
        pytest.skip("needs data/mnist and data/cifar10")
    return folder
