"""What excites the channels of a network, against a plain loop over single images."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.config import Cnn, Mlp, Network, ResNet18
from cnnviz.errors import CnnvizError
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.explore.channels import excitation as module
from cnnviz.explore.channels.excitation import KEPT, Excitation, excitations
from cnnviz.explore.channels.selectivity import class_selectivity
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.layers.capture import capture, watched
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build
from cnnviz.progress import finish

IMAGES = np.random.default_rng(4).integers(0, 256, (230, 8, 8, 3), dtype=np.uint8)
LABELS = (np.arange(230) % 3).astype(np.int64)


def card_of(network: Network = Mlp()) -> Card:  # noqa: B008 (frozen)
    return Card(
        network=network, image_shape=(8, 8, 3), classes=("a", "b", "c", "d"), mean=(0.5,) * 3, std=(0.25,) * 3,
        data="x", epoch=0, step=0,
    )  # fmt: skip


def whole(
    model: nn.Module, numbers: Sequence[int], images: NDArray[np.uint8] = IMAGES
) -> dict[str, Excitation]:
    """All that is found, once all images are done."""
    heard: list[float] = []
    steps = excitations(model, card_of(), images, LABELS, numbers=numbers)
    found = finish(steps, lambda progress: heard.append(progress.share))
    assert heard == sorted(set(heard))
    assert heard[-1] == 1
    return found


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIXELS", 20 * 8 * 8)


@pytest.mark.slow
@pytest.mark.parametrize(
    "network",
    [Cnn(convs=(5,), pool_after=()), Mlp(hidden=(6,)), ResNet18(stem="cifar")],
    ids=lambda one: one.name,
)
def test_it_is_what_single_looks_give(network: Network) -> None:
    torch.manual_seed(1)
    model = build(network, image_shape=(8, 8, 3), classes=4).eval()
    count = 30 if network.name == "resnet18" else 110
    numbers = list(range(3, 3 + 2 * count, 2))
    found = whole(model, numbers)
    inputs = [as_input(IMAGES[number], card_of()).values for number in numbers]
    with capture(model, None) as seen:
        seen.run(torch.from_numpy(inputs[0])[None])
    assert set(found) == {name for name, output in seen.outputs.items() if output.ndim in (2, 4)}
    if network.name == "resnet18":
        assert "layer1.0.relu:2" in found
        assert found["layer1.0"] is found["layer1.0.relu:2"]
        assert found["layer1.0.bn2"] is not found["layer1.0.relu:2"]
    for layer in list(found)[:: 9 if network.name == "resnet18" else 1]:
        compare(found[layer], np.stack([channel_maps(model, values, layer) for values in inputs]), numbers)


def compare(found: Excitation, maps: NDArray[np.float32], numbers: list[int]) -> None:
    """Hold every figure against maps (N, C, H, W) that were got one by one."""
    count, channels, _, width = maps.shape
    labels, flat = LABELS[numbers], maps.reshape(count, channels, -1)
    assert (found.count, found.channels, found.width) == (count, channels, width)
    assert found.zeros == pytest.approx((flat == 0).mean((0, 2)), abs=1e-4)
    assert found.dead.tolist() == (flat == 0).all((0, 2)).tolist()
    for label in range(3):
        assert found.means[label] == pytest.approx(flat[labels == label].mean((0, 2)), abs=1e-5)
    assert np.isnan(found.by_class(0)[3])
    positive = np.maximum(flat, 0).mean(2)
    assert found.selectivity == pytest.approx(class_selectivity(positive, labels, 4), abs=1e-4, nan_ok=True)
    peaks = flat.max(2)
    for channel in range(channels):
        best = found.strongest(channel, 3)
        assert [one.value for one in best] == pytest.approx(sorted(peaks[:, channel])[::-1][:3], abs=1e-5)
        for image, row, column, value in best:
            assert maps[numbers.index(image), channel, row, column] == pytest.approx(value, abs=1e-5)
        ranked = found.strongest(channel, KEPT)
        assert len(ranked) == len({one.image for one in ranked}) == min(KEPT, count)


class Shown(nn.Module):
    """A network that gives what it is told: whole numbers, so that ties are ties."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.ReLU(inplace=True)
        self.still = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        first = self.still(self.twice((images * 0.25 * 255 + 127.5).round() - 1))
        return self.twice(first - 1).flatten(1)


def test_of_equal_ones_the_first_image_and_the_first_cell_come_first() -> None:
    """Against sorting in full, with a module that runs twice, a silent channel, and few different values."""
    images = np.random.default_rng(2).integers(0, 5, (230, 8, 8, 3), dtype=np.uint8)
    images[:, 1:, :, 0] = 0
    images[:, :, :, 2] = 1
    found = whole(Shown(), range(230), images)
    assert set(found) == {"twice", "still", "twice:2"}
    assert found["still"] is found["twice"]
    for name, less in (("twice", 1), ("twice:2", 2)):
        maps = np.maximum(images.astype(np.int64).transpose(0, 3, 1, 2) - less, 0).reshape(230, 3, 64)
        for channel in range(3):
            peaks = maps[:, channel].max(1)
            order = np.argsort(-peaks, kind="stable")[:KEPT]
            expected = [
                (image, *divmod(int(maps[image, channel].argmax()), 8), peaks[image]) for image in order
            ]
            assert found[name].strongest(channel, KEPT) == expected
        assert found[name].zeros.tolist() == (maps == 0).mean((0, 2)).tolist()
        assert found[name].dead.tolist() == [False, False, True]
        assert np.isnan(found[name].selectivity[2])


class Broken(nn.Module):
    """A channel that is no number, and one that is infinite, for bright images."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        bright = images[:, :1] > 0
        return self.out(
            torch.cat([torch.where(bright, torch.nan, 1.0), torch.where(bright, torch.inf, 1.0)], 1)
        )


def test_what_is_no_number_excites_nothing() -> None:
    images = np.zeros((40, 8, 8, 3), np.uint8)
    images[5:, 0, 2] = 255
    found = whole(Broken(), range(40), images)["out"]
    assert [one.image for one in found.strongest(0)] == [0, 1, 2, 3, 4]
    assert found.strongest(1, 2) == [(5, 0, 2, np.inf), (6, 0, 2, np.inf)]


def test_the_network_is_left_as_it_was() -> None:
    model = build(Cnn(convs=(5,), pool_after=()), image_shape=(8, 8, 3), classes=4).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    whole(model, range(50))
    steps = excitations(model, card_of(), IMAGES, LABELS, numbers=range(50))
    next(steps)
    steps.close()
    with pytest.raises(IndexError):
        whole(model, [0, 1, 500])
    assert all(one.training for one in model.modules())
    assert not [one for one in model.modules() if one._forward_hooks or one._forward_pre_hooks]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert watched(model)


def test_without_images_there_is_nothing_to_look_through() -> None:
    with pytest.raises(CnnvizError, match="no images"):
        whole(build(Mlp(), image_shape=(8, 8, 3), classes=4), [])
