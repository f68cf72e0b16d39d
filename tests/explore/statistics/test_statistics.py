"""All layers over many images, against a plain loop over single images and layers."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.config import Cnn, Mlp, Network, ResNet18, Torchvision
from cnnviz.errors import CnnvizError, DataError
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.statistics import layer_statistics as module
from cnnviz.explore.statistics.layer_statistics import statistics
from cnnviz.explore.statistics.profile import Profile, sample, table
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build
from cnnviz.progress import finish

IMAGES = np.random.default_rng(4).integers(0, 256, (90, 8, 8, 3), dtype=np.uint8)
LABELS = (np.arange(90) % 3).astype(np.int64)
CNN = Cnn(convs=(5, 6), pool_after=(1,), batch_norm="all")


def made(network: Network, side: int = 8) -> tuple[nn.Module, Card]:
    model = build(network, image_shape=(side, side, 3), classes=4).eval()
    card = Card(
        network=network, image_shape=(side, side, 3), classes=("a", "b", "c", "d"), mean=(0.5,) * 3,
        std=(0.25,) * 3, data="x", epoch=2, step=0,
    )  # fmt: skip
    return model, card


def whole(model: nn.Module, card: Card, numbers: object, **options: object) -> Profile:
    steps = statistics(model, card, IMAGES, LABELS, numbers=numbers, **options)  # type: ignore[arg-type]
    told = []
    while True:
        try:
            told.append(next(steps).share)
        except StopIteration as end:
            assert told == sorted(told)
            assert told[-1] == pytest.approx(1)
            found: Profile = end.value
            return found


def by_hand(maps: np.ndarray, labels: np.ndarray) -> dict[str, float | None]:
    """Plain loops over images, channels and cells; `maps` is (N, C, cells)."""
    zeros, spreads = [], []
    for image in maps:
        zeros.append(np.mean([value == 0 for channel in image for value in channel]))
        entropies = []
        for channel in image:
            total = sum(abs(value) for value in channel)
            if total > 0 and len(channel) > 1:
                shares = [abs(value) / total for value in channel]
                entropies.append(-sum(p * math.log(p) for p in shares if p > 0) / math.log(len(channel)))
        if entropies:
            spreads.append(np.mean(entropies))
    dead, selective = 0, []
    for channel in range(maps.shape[1]):
        dead += not maps[:, channel].any()
        means = [np.maximum(maps[labels == c, channel], 0).mean() for c in sorted(set(labels.tolist()))]
        best = max(means)
        rest = (sum(means) - best) / (len(means) - 1) if len(means) > 1 else 0
        if len(means) > 1 and best + rest > 0:
            selective.append((best - rest) / (best + rest))
    return {
        "zeros": float(np.mean(zeros)),
        "zeros_error": float(np.std(zeros, ddof=1) / np.sqrt(len(maps))),
        "dead": dead / maps.shape[1],
        "spread": float(np.mean(spreads)) if spreads else None,
        "spread_error": float(np.std(spreads, ddof=1) / np.sqrt(len(spreads))) if spreads else None,
        "selectivity": float(np.mean(selective)) if selective else None,
    }


@pytest.mark.parametrize("network", [CNN, Mlp(hidden=(12,)), ResNet18(stem="cifar")])
def test_it_is_what_a_plain_loop_gives(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_BATCH", 7)
    model, card = made(network)
    first = next(one for one in model.modules() if isinstance(one, nn.Linear | nn.Conv2d))
    with torch.no_grad():
        first.weight[1:3] = 0
        if first.bias is not None:
            first.bias[1:3] = -1  # two channels that are dead behind the first ReLU
    numbers = list(range(1, 24, 2))
    found = whole(model, card, numbers)
    assert (found.images, found.epoch, found.side, found.left_out) == (12, 2, 8, ())
    inputs = [as_input(IMAGES[number], card).values for number in numbers]
    chosen = found.layers if len(found.layers) < 12 else found.main[:3] + found.main[-1:]
    for one in chosen:
        maps = np.stack([channel_maps(model, values, one.layer) for values in inputs])
        expected = by_hand(maps.reshape(len(numbers), maps.shape[1], -1).astype(np.float64), LABELS[numbers])
        for name, value in expected.items():
            assert getattr(one, name) == (None if value is None else pytest.approx(value, abs=2e-5)), (
                one.layer,
                name,
            )
    assert max(one.dead for one in found.layers) >= 2 / max(one.channels for one in chosen)


def test_selectivity_by_chance_is_that_of_labels_that_say_nothing() -> None:
    """A network that shows the label in its first channel, and noise in its second."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 90)
    images = random.integers(0, 256, (90, 8, 8, 3), dtype=np.uint8)
    images[..., 0] = (80 * labels)[:, None, None]
    model, card = made(Mlp(hidden=(2,)))
    card = card.model_copy(update={"mean": (0.0,) * 3, "std": (1.0,) * 3})
    first = next(one for one in model.modules() if isinstance(one, nn.Linear))
    with torch.no_grad():
        first.weight.zero_()
        first.bias.zero_()
        planes = first.weight.view(2, 3, 64)
        planes[0, 0], planes[1, 1] = 1 / 64, 1 / 64
    numbers = np.arange(90)
    found = finish(statistics(model, card, images, labels, numbers=numbers))
    layer = next(one for one in found.layers if one.channels == 2)
    values = np.stack(
        [channel_maps(model, as_input(one, card).values, layer.layer).mean((1, 2)) for one in images]
    )

    def selectivity(of: np.ndarray) -> float:
        return float(by_hand(values[:, :, None].astype(np.float64), of)["selectivity"] or 0)

    shuffled = np.random.default_rng(0).permutation(labels)
    assert layer.selectivity == pytest.approx(selectivity(labels), abs=1e-4)
    assert layer.selectivity_by_chance == pytest.approx(selectivity(shuffled), abs=1e-4)
    # What is left to chance is about what other shuffles leave, and far below what the labels give.
    others = [selectivity(np.random.default_rng(seed).permutation(labels)) for seed in range(1, 60)]
    assert min(others) <= layer.selectivity_by_chance <= max(others)
    assert layer.selectivity > 3 * layer.selectivity_by_chance


def test_the_overview_has_blocks_activations_and_the_last_layer() -> None:
    def main(network: Network, side: int = 8) -> list[str]:
        model, card = made(network, side)
        return [one.layer for one in whole(model, card, [0, 1, 2]).main]

    assert main(CNN) == ["act1", "act2", "fc1"]
    assert main(Mlp(hidden=(8, 8))) == ["act1", "act2", "fc3"]
    stages = [f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert main(ResNet18(stem="cifar")) == ["relu", *stages, "fc"]


def test_the_probe_is_of_the_pooled_features(monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnviz.explore.statistics.linear_probe import probe

    model, card = made(CNN)
    numbers = np.arange(60)
    found = {one.layer: one for one in whole(model, card, numbers).layers}
    maps = np.stack([channel_maps(model, as_input(IMAGES[n], card).values, "act2") for n in numbers])
    expected = probe(maps.mean((2, 3)), LABELS[numbers])
    assert expected is not None
    assert (found["act2"].probe, found["act2"].probe_error) == (expected.accuracy, expected.error)


def test_one_class_has_neither_selectivity_nor_probe() -> None:
    model, card = made(CNN)
    numbers = sample(LABELS, count=20, of_class=1)
    found = whole(model, card, numbers, of_class="b")
    assert (found.of_class, found.guess) == ("b", 1)
    assert {(one.selectivity, one.selectivity_by_chance, one.probe) for one in found.layers} == {(None,) * 3}
    assert all(0 <= one.zeros <= 1 for one in found.layers)
    alone = whole(model, card, [3])
    assert {(one.zeros_error, one.probe) for one in alone.layers} == {(None, None)}


@pytest.mark.slow
def test_a_look_changes_nothing_also_when_it_is_stopped() -> None:
    model, card = made(ResNet18(stem="cifar"))
    model.train()
    model.layer1.eval()  # type: ignore[union-attr, operator]
    before = copy.deepcopy(model.state_dict())
    modes = [part.training for part in model.modules()]

    def same() -> bool:
        now = model.state_dict()
        return (
            all(torch.equal(value, now[name]) for name, value in before.items())
            and modes == [part.training for part in model.modules()]
            and not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
            and all(value.grad is None and value.requires_grad for value in model.parameters())
        )

    whole(model, card, range(5))
    assert same()
    for stop in (1, 8, 60):  # while images pass, among gradients, among probes
        steps = statistics(model, card, IMAGES, LABELS, numbers=range(5))
        for _ in range(stop):
            next(steps)
        steps.close()
        assert same()


@pytest.mark.slow
def test_tokens_are_looked_at_as_maps() -> None:
    model, card = made(Torchvision(model="vit_b_16"), 224)
    # Two of its twelve blocks, for speed.
    model.encoder.layers = model.encoder.layers[:1]  # type: ignore[union-attr, operator, index]
    found = whole(model, card, [0, 1])
    tokens = next(one for one in found.layers if one.layer.endswith("encoder_layer_0"))
    assert tokens.output_shape == (768, 14, 14)
    assert found.left_out == ()
    assert found.layers[0].layer == "conv_proj"
    assert found.layers[-1].output_shape == (4,)


def test_what_can_not_be_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    model, card = made(CNN)
    with pytest.raises(CnnvizError, match="no images"):
        whole(model, card, [])
    monkeypatch.setattr(module, "_FEATURES", 10_000)
    with pytest.raises(CnnvizError, match=r"90 images are too many .* at most \d+\."):
        whole(model, card, range(90))
    with pytest.raises(DataError, match="no such test images"):
        sample(LABELS, count=5, of_class=3)


def test_a_network_that_has_diverged_is_still_told_of() -> None:
    model, card = made(CNN)
    with torch.no_grad():
        model.conv1.weight[0] = torch.nan  # type: ignore[union-attr, operator, index]
    found = whole(model, card, range(12))
    assert found.layers[-1].probe is None


def test_images_are_evenly_spaced() -> None:
    assert sample(LABELS, count=4).tolist() == [0, 30, 59, 89]
    assert sample(LABELS, count=500).tolist() == list(range(90))
    assert set(LABELS[sample(LABELS, count=9, of_class=2)]) == {2}


def test_the_table_has_a_row_a_layer() -> None:
    model, card = made(CNN)
    found = whole(model, card, range(9))
    lines = table(found).splitlines()
    assert len(lines) == 1 + len(found.layers)
    assert lines[0].startswith("layer,kind,output_shape,main,channels,zeros,")
