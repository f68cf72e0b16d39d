import socket
import time
from pathlib import Path

import pytest
import torch
from torchvision.models import ResNet18_Weights, resnet18

from cnnviz.config import ImageNetStart, Mlp, ResNet18, RunConfig
from cnnviz.errors import ConfigError, WeightsUnavailable
from cnnviz.models import pretrained
from cnnviz.models.pretrained import copy_imagenet, imagenet_weights
from cnnviz.models.registry import build
from cnnviz.train.start import starting_network

FILE = "resnet18-f37072fd.pth"


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TORCH_HOME with a file of the right name, keys and shapes. (Only a download is checked by its hash.)"""
    home = tmp_path_factory.mktemp("torch")
    (home / "hub" / "checkpoints").mkdir(parents=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        weights = resnet18().state_dict()
    # The real file was saved before batch norm counted its batches.
    kept = {name: value for name, value in weights.items() if not name.endswith("num_batches_tracked")}
    torch.save(kept, home / "hub" / "checkpoints" / FILE)
    return home


@pytest.fixture
def with_fake(fake: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    monkeypatch.setenv("TORCH_HOME", str(fake))
    return torch.load(fake / "hub" / "checkpoints" / FILE, weights_only=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no network."""

    def offline(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    return tmp_path / "hub" / "checkpoints"


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
@pytest.mark.parametrize("classes", [5, 1000])
def test_all_that_fits_is_copied(
    stem: str, channels: int, classes: int, with_fake: dict[str, torch.Tensor]
) -> None:
    config = RunConfig(network=ResNet18(stem=stem), start=ImageNetStart(), seed=4)  # type: ignore[arg-type]
    shape = (16, 16, channels)
    started = starting_network(config, image_shape=shape, classes=classes).state_dict()
    random = build(config.network, image_shape=shape, classes=classes, seed=4).state_dict()
    own = set() if stem == "imagenet" else {"conv1.weight"}
    own |= set() if classes == 1000 else {"fc.weight", "fc.bias"}
    for name, value in started.items():
        expected = random[name] if name in own else with_fake.get(name, random[name])
        if name == "conv1.weight" and name not in own and channels == 1:
            expected = expected[:, 0:1] + expected[:, 1:2] + expected[:, 2:3]
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-6 if expected is not value else 0)


def test_a_grey_image_is_seen_as_its_colour_twin(with_fake: dict[str, torch.Tensor]) -> None:
    config = RunConfig(network=ResNet18(stem="imagenet"), start=ImageNetStart())
    grey = starting_network(config, image_shape=(32, 32, 1), classes=1000).eval()
    colour = resnet18().eval()
    colour.load_state_dict(with_fake)
    image = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(grey(image), colour(image.expand(1, 3, 32, 32)), rtol=1e-4, atol=1e-4)


def test_offline_names_the_file_and_its_place(home: Path) -> None:
    start = time.monotonic()
    with pytest.raises(WeightsUnavailable) as error:
        imagenet_weights(ResNet18_Weights.IMAGENET1K_V1)
    assert time.monotonic() - start < 2
    message = str(error.value)
    assert FILE in message
    assert str(home) in message
    assert len(message.splitlines()) == 1


def test_a_silent_server_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    def silent(*_: object, **__: object) -> None:
        with socket.socket() as there:
            waits.append(there.gettimeout())
        raise TimeoutError("timed out")

    monkeypatch.setattr(torch.hub, "urlopen", silent)
    before = socket.getdefaulttimeout()
    with pytest.raises(WeightsUnavailable, match="timed out"):
        imagenet_weights(ResNet18_Weights.IMAGENET1K_V1)
    assert waits[0] is not None
    assert waits[0] <= 30
    assert socket.getdefaulttimeout() == before


@pytest.mark.parametrize("fault", ["empty", "text", "cut", "pickle", "other keys", "other shapes", "no dict"])
def test_a_damaged_file_is_named(home: Path, fault: str, fake: Path) -> None:
    home.mkdir(parents=True)
    whole = (fake / "hub" / "checkpoints" / FILE).read_bytes()
    path = home / FILE
    if fault in {"other keys", "other shapes", "no dict"}:
        other = {"x": torch.zeros(2)} if fault == "other keys" else {}
        if fault == "other shapes":
            other = torch.load(fake / "hub" / "checkpoints" / FILE, weights_only=True)
            other["layer1.0.conv1.weight"] = torch.zeros(1)
        torch.save([1, 2] if fault == "no dict" else other, path)
    else:
        contents = {
            "empty": b"",
            "text": b"not found",
            "cut": whole[: len(whole) // 2],
            "pickle": b"\x80\x04.",
        }
        path.write_bytes(contents[fault])
    model = build(ResNet18(), image_shape=(8, 8, 3), classes=2)
    with pytest.raises(WeightsUnavailable) as error:
        copy_imagenet(model, "resnet18")
    assert str(path) in str(error.value)
    assert "delete" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_family_without_imagenet_weights_says_so() -> None:
    with pytest.raises(ConfigError, match="no ImageNet weights for mlp"):
        starting_network(RunConfig(network=Mlp(), start=ImageNetStart()), image_shape=(8, 8, 3), classes=2)


def test_the_file_is_the_one_that_torchvision_looks_for() -> None:
    assert pretrained.cached_file(ResNet18_Weights.IMAGENET1K_V1).name == FILE
