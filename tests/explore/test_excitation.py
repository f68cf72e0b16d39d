"""What excites a channel, against a plain loop over single images."""

from pathlib import Path

import numpy as np
import pytest

from cnnviz.config import Cnn, Mlp, Network
from cnnviz.errors import CnnvizError, LayerNotFound
from cnnviz.explore.activations import channel_maps
from cnnviz.explore.excitation import Excitation, excitation, load, save
from cnnviz.explore.inputs import as_input
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build

IMAGES = np.random.default_rng(4).integers(0, 256, (230, 8, 8, 3), dtype=np.uint8)
LABELS = (np.arange(230) % 3).astype(np.int64)


def whole(network: Network, layer: str, numbers: list[int]) -> tuple[object, Card, Excitation]:
    model = build(network, image_shape=(8, 8, 3), classes=4).eval()
    card = Card(
        network=network, image_shape=(8, 8, 3), classes=("a", "b", "c", "d"), mean=(0.5,) * 3, std=(0.25,) * 3,
        data="x", epoch=0, step=0,
    )  # fmt: skip
    steps = excitation(model, card, IMAGES, LABELS, layer, numbers=numbers)
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            assert told == sorted(told)
            assert told[-1] == 1
            found: Excitation = end.value
            return model, card, found


@pytest.mark.parametrize(
    ("network", "layer"), [(Cnn(convs=(5,), pool_after=()), "act1"), (Mlp(hidden=(6,)), "act1")]
)
def test_it_is_what_single_looks_give(network: Network, layer: str) -> None:
    numbers = list(range(3, 230, 2))
    model, card, found = whole(network, layer, numbers)
    maps = np.stack([channel_maps(model, as_input(IMAGES[n], card).values, layer) for n in numbers])  # type: ignore[arg-type]
    flat = maps.reshape(len(numbers), maps.shape[1], -1)
    assert found.peaks == pytest.approx(flat.max(2), abs=1e-5)
    assert found.means == pytest.approx(flat.mean(2), abs=1e-5)
    assert found.zeros == pytest.approx((flat == 0).mean((0, 2)))
    for channel in range(maps.shape[1]):
        best = found.strongest(channel, 3)
        expected = sorted(numbers, key=lambda n: -flat[numbers.index(n), channel].max())
        assert best[0][0] == expected[0]
        image, row, column = best[0]
        assert maps[numbers.index(image), channel, row, column] == pytest.approx(
            flat[:, channel].max(), abs=1e-5
        )
        means = [flat[LABELS[numbers] == label, channel].mean() for label in range(3)]
        assert found.by_class(channel, 4)[:3] == pytest.approx(means, abs=1e-5)
        assert np.isnan(found.by_class(channel, 4)[3])
    assert found.dead.tolist() == (flat == 0).all((0, 2)).tolist()


def test_it_is_kept_and_only_for_what_it_is_of(tmp_path: Path) -> None:
    _, _, found = whole(Cnn(convs=(5,), pool_after=()), "conv1", [1, 2, 3])
    path = tmp_path / "index" / "x.npz"
    assert load(path, of="this") is None
    save(path, found, of="this")
    again = load(path, of="this")
    assert again is not None
    assert again.strongest(2) == found.strongest(2)
    assert load(path, of="that") is None
    path.write_bytes(path.read_bytes()[:100])
    assert load(path, of="this") is None


def test_what_can_not_be_looked_through() -> None:
    with pytest.raises(CnnvizError, match="no images"):
        whole(Mlp(), "act1", [])
    with pytest.raises(LayerNotFound):
        whole(Mlp(), "act9", [1])
