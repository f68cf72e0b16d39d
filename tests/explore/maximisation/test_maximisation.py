"""Pictures that excite: each of the three axes against a reference of its own, and the network left alone."""

import copy
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import resnet18
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from cnnviz.config import Cnn, Mlp, Network
from cnnviz.errors import CnnvizError, LayerNotFound
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.maximisation import graph, optimisation, transforms
from cnnviz.explore.maximisation.colours import Colours, colours_of
from cnnviz.explore.maximisation.objectives import Objective, cell, channel, unit
from cnnviz.explore.maximisation.optimisation import Maximised, maximise
from cnnviz.explore.maximisation.parametrisations import PARAMETRISATIONS, Pixels, Spectrum
from cnnviz.explore.maximisation.settings import Settings, usual_pictures
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build

QUICK = Settings(steps=6, pictures=2)


def card_of(network: Network, side: int = 8, channels: int = 3) -> Card:
    return Card(
        network=network, image_shape=(side, side, channels), classes=("a", "b", "c"), mean=(0.45,) * channels,
        std=(0.25,) * channels, data="nowhere", epoch=0, step=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def small() -> tuple[nn.Module, Card]:
    torch.manual_seed(3)
    network = Cnn(convs=(6, 7), pool_after=(1,), linear=(5,))
    card = card_of(network)
    return build(network, image_shape=card.image_shape, classes=3).eval(), card


@pytest.fixture(scope="module")
def in_place() -> tuple[nn.Module, Card]:
    """torchvision's ResNet, whose ReLUs change what comes before them."""
    torch.manual_seed(0)
    return resnet18(weights=None, num_classes=10).eval(), card_of(Mlp(), side=32)


def whole(steps) -> tuple[list[optimisation.MaximisationStep], Maximised]:
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return told, end.value


def fingerprint(model: nn.Module) -> dict:
    return {
        "hooks": [
            [
                list(getattr(part, name))
                for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
            ]
            for part in model.modules()
        ],
        "modes": [part.training for part in model.modules()],
        "gradients": [(value.requires_grad, value.grad is None) for value in model.parameters()],
        "values": {name: value.clone() for name, value in model.state_dict().items()},
    }


def assert_same(before: dict, after: dict) -> None:
    for key in ("hooks", "modes", "gradients"):
        assert before[key] == after[key], key
    for name, value in before["values"].items():
        assert torch.equal(value, after["values"][name]), name


# Objectives


def test_objectives_are_what_they_say() -> None:
    maps = torch.arange(2 * 3 * 2 * 2, dtype=torch.float32).view(2, 3, 2, 2)
    seen = {"conv": maps, "fc": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}
    assert channel("conv", 1).score(seen).tolist() == [5.5, 17.5]
    assert cell("conv", 2, 1, 0).score(seen).tolist() == [10, 22]
    assert channel("fc", 1).score(seen).tolist() == unit("fc", 1).score(seen).tolist() == [2, 5]
    both = channel("conv", 1) + 2 * unit("fc", 0) - (unit("fc", 1) - channel("conv", 0))
    assert both.layers == ("conv", "fc")
    assert both.score(seen).tolist() == [5.5 + 2 - 2 + 1.5, 17.5 + 6 - 5 + 13.5]
    assert both.name == ("channel 1 of conv + 2 · unit 0 of fc − (unit 1 of fc − channel 0 of conv)")
    assert (-channel("conv", 1)).score(seen).tolist() == [-5.5, -17.5]
    assert (channel("conv", 1) * -0.5).name == "−0.5 · channel 1 of conv"


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        (channel("act2", 7), "channels 0 to 6, not 7"),
        (channel("act2", -1), "channels 0 to 6, not -1"),
        (cell("act2", 0, 4, 0), "cells 0,0 to 3,3, not 4,0"),
        (cell("act2", 0, 0, -1), "cells 0,0 to 3,3, not 0,-1"),
        (unit("act2", 0), "no single units"),
        (channel("act9", 0), "No layer 'act9'"),
        (channel("act2:2", 0), "No layer 'act2:2'"),
        (channel("", 0), "No layer ''"),
    ],
)
def test_what_is_not_there_is_one_line(small, objective: Objective, said: str) -> None:
    model, card = small
    before = fingerprint(model)
    with pytest.raises(CnnvizError, match=said) as caught:
        whole(maximise(model, card, objective, settings=QUICK))
    assert "\n" not in str(caught.value)
    assert_same(before, fingerprint(model))


def test_a_network_without_maps_and_one_that_is_broken() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.split = nn.Flatten(2)

        def forward(self, images):
            return self.split(images).mean(2)

    card = card_of(Mlp())
    with pytest.raises(CnnvizError, match="no maps of channels"):
        whole(maximise(Tokens(), card, channel("split", 0), settings=QUICK))
    broken = nn.Sequential(nn.Conv2d(3, 2, 3))
    broken[0].weight.data.fill_(float("nan"))
    with pytest.raises(CnnvizError, match="not finite"):
        whole(maximise(broken, card, channel("0", 0), settings=QUICK))
    with pytest.raises(CnnvizError, match="No parametrisation 'oil'"):
        whole(maximise(broken, card, channel("0", 0), settings=Settings(parametrisation="oil")))


# Parametrisations


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (2, 7, 9), (2, 10, 5)])
@pytest.mark.parametrize("decay", [0.0, 1.0, 1.5])
def test_the_spectrum_is_numpys(shape: tuple[int, int, int], decay: float) -> None:
    waves = Spectrum(shape, decay=decay)
    values = waves.draw(2, torch.Generator().manual_seed(1))
    _, height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    scale = np.maximum(frequency, 1 / max(height, width)) ** -decay
    everywhere = np.maximum(
        np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]), 1 / max(height, width)
    )
    scale = scale / np.sqrt((everywhere ** (-2 * decay)).mean())
    np.testing.assert_allclose(waves.scale.numpy(), scale, rtol=1e-5)
    complex_values = values[..., 0].numpy() + 1j * values[..., 1].numpy()
    expected = np.fft.irfft2(complex_values * scale, s=(height, width), norm="ortho")
    planes = waves.planes(values).numpy()
    np.testing.assert_allclose(planes, expected, atol=1e-6)
    # There and back: the waves of real planes are their own spectrum.
    again = np.fft.rfft2(planes, norm="ortho") / scale
    back = waves.planes(torch.view_as_real(torch.from_numpy(again.astype(np.complex64)))).numpy()
    np.testing.assert_allclose(back, planes, atol=1e-6)
    inner = slice(1, (width - 1) // 2 + 1)
    np.testing.assert_allclose(again[..., inner], complex_values[..., inner], atol=1e-5)


def test_noise_of_waves_falls_with_frequency_and_is_as_strong_as_that_of_pixels() -> None:
    shape = (1, 64, 64)
    random = torch.Generator().manual_seed(0)
    waves = Spectrum(shape, spread=1.0, decay=1.0)
    planes = waves.planes(waves.draw(64, random)).numpy()
    power = (np.abs(np.fft.fft2(planes, norm="ortho")) ** 2).mean((0, 1))
    slow, fast = power[0, 2], power[0, 16]
    assert slow / fast == pytest.approx((16 / 2) ** 2, rel=0.5)
    # Two real numbers a wave: twice the power of one.
    assert planes.var() == pytest.approx(2, rel=0.3)
    pixels = Pixels(shape, spread=0.3)
    drawn = pixels.draw(50, random)
    assert torch.equal(pixels.planes(drawn), drawn)
    assert float(drawn.std()) == pytest.approx(0.3, rel=0.02)


# Colours


def test_colours_are_numpys_mean_and_covariance() -> None:
    random = np.random.default_rng(2)
    base = random.normal(120, 40, (50, 6, 6, 1))
    images = (base + random.normal(0, [8, 20, 14], (50, 6, 6, 3))).clip(0, 255).astype(np.uint8)
    pixels = images.reshape(-1, 3) / 255
    colours = Colours.of_images(images)
    np.testing.assert_allclose(colours.root @ colours.root.T, np.cov(pixels.T, bias=True), atol=1e-12)
    np.testing.assert_allclose(colours.mean, pixels.mean(0))
    # Independent planes come out as much alike as the colours of the images.
    planes = torch.from_numpy(random.normal(0, 0.05, (20, 3, 16, 16)))
    mixed = colours.image(planes).numpy().transpose(1, 0, 2, 3).reshape(3, -1)
    np.testing.assert_allclose(np.corrcoef(np.log(mixed / (1 - mixed))), np.corrcoef(pixels.T), atol=0.03)
    assert colours.image(torch.zeros(1, 3, 2, 2, dtype=torch.float64))[0, :, 0, 0].tolist() == pytest.approx(
        pixels.mean(0).tolist()
    )


def test_colours_where_there_is_no_data_and_of_grey_images() -> None:
    colours = Colours.of_photographs((0.4, 0.5, 0.6), (0.2, 0.1, 0.3))
    covariance = colours.root @ colours.root.T
    assert np.sqrt(np.diag(covariance)) == pytest.approx([0.2, 0.1, 0.3])
    assert covariance[0, 1] / (0.2 * 0.1) == pytest.approx(0.91)
    assert colours_of(card_of(Mlp())).mean.tolist() == [0.45] * 3
    grey = Colours.of_images(np.random.default_rng(0).integers(0, 256, (9, 4, 4, 1), dtype=np.uint8))
    picture = grey.image(torch.linspace(-100, 100, 16).view(1, 1, 4, 4))
    assert picture.shape == (1, 1, 4, 4)
    assert float(picture.min()) >= 0
    assert float(picture.max()) <= 1
    black = Colours.of_photographs((0.0,), (0.3,)).image(torch.zeros(1, 1, 1, 1))
    assert 0 < float(black) < 0.05


# Transforms


@pytest.mark.parametrize("side", [8, 28, 32, 224])
@pytest.mark.parametrize("channels", [1, 3])
def test_transforms_keep_the_shape_and_follow_the_seed(side: int, channels: int) -> None:
    images = torch.rand(3, channels, side, side, generator=torch.Generator().manual_seed(5))
    images[1] = images[0]

    def changed(seed: int) -> torch.Tensor:
        return transforms.apply(transforms.usual(side), images, torch.Generator().manual_seed(seed))

    assert changed(1).shape == images.shape
    assert torch.equal(changed(1), changed(1))
    assert not torch.equal(changed(1), changed(2))
    assert not torch.equal(changed(1)[0], changed(1)[1])
    assert float(changed(1).min()) >= 0
    assert float(changed(1).max()) <= 1


def test_single_transforms() -> None:
    random = torch.Generator().manual_seed(0)
    images = torch.arange(48.0).view(1, 3, 4, 4)
    padded = transforms.Pad(1, fill=0.5)(images, random)
    assert padded.shape == (1, 3, 6, 6)
    assert padded[0, 0, 0].tolist() == [0.5] * 6
    assert transforms.apply([transforms.Pad(1)], images, random).tolist() == images.tolist()
    assert transforms.Pad(1)(images, random)[0, 0, 0].tolist() == [5, 4, 5, 6, 7, 6]
    shifts = {transforms.Jitter(1)(images, random)[0, 0].flatten().argmax().item() for _ in range(80)}
    assert shifts == {(3 + down) % 4 * 4 + (3 + right) % 4 for down in (-1, 0, 1) for right in (-1, 0, 1)}
    torch.testing.assert_close(transforms.Rotate(0)(images, random), images)
    torch.testing.assert_close(transforms.RandomScale(0)(images, random), images)
    dot = torch.zeros(200, 1, 41, 41)
    dot[:, :, 20, 36] = 1
    places = transforms.Rotate(30)(dot, random).flatten(1).argmax(1)
    angles = np.degrees(np.arctan2((places // 41 - 20).numpy(), (places % 41 - 20).numpy()))
    assert angles.min() == pytest.approx(-30, abs=3)
    assert angles.max() == pytest.approx(30, abs=3)
    places = transforms.RandomScale(0.25)(dot, random).flatten(1).argmax(1) % 41 - 20
    assert int(places.min()) in (13, 14)
    assert int(places.max()) == 20


@pytest.mark.parametrize("size", [(24, 24), (16, 24), (30, 14)])
def test_pictures_are_turned_as_torchvision_turns_them(size: tuple[int, int]) -> None:
    pictures = torch.rand(8, 3, *size, generator=torch.Generator().manual_seed(1))
    degrees = (30 * (2 * torch.rand(8, generator=torch.Generator().manual_seed(3)) - 1)).tolist()
    turned = transforms.Rotate(30)(pictures, torch.Generator().manual_seed(3))
    for picture, found, angle in zip(pictures, turned, degrees, strict=True):
        expected = functional.rotate(picture, angle, InterpolationMode.BILINEAR)
        whole = functional.rotate(torch.ones_like(picture), angle, InterpolationMode.BILINEAR)
        assert ((found - expected).abs()[whole > 0.999] < 1e-4).all()


def test_gradients_go_through_transforms() -> None:
    images = torch.rand(2, 3, 16, 16, requires_grad=True)
    changed = transforms.apply(transforms.usual(16), images, torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(changed.sum(), images)
    assert torch.isfinite(gradient).all()
    assert float((gradient > 0).float().mean()) > 0.6


# Learning


def test_the_best_image_for_a_linear_unit_has_the_signs_of_its_weights() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4))
    card = card_of(Mlp())
    settings = Settings(
        steps=150, rate=0.3, pictures=1, parametrisation="pixels", decorrelate=False, transforms=False
    )
    _, found = whole(maximise(model, card, unit("1", 2), settings=settings))
    weights = model[1].weight[2].detach().view(3, 8, 8).permute(1, 2, 0).numpy()
    picture = found.pictures[0].astype(float) - 127.5
    sure = np.abs(weights) > np.quantile(np.abs(weights), 0.1)
    assert (np.sign(picture[sure]) == np.sign(weights[sure])).all()
    top = (np.where(weights > 0, 1 - 0.45, -0.45) / 0.25 * weights).sum() + float(model[1].bias[2].detach())
    assert found.scores[0] == pytest.approx(top, rel=0.02)
    assert found.scores[0] <= top + 1e-4
    _, opposite = whole(maximise(model, card, -unit("1", 2), settings=settings))
    assert (np.sign(opposite.pictures[0] - 127.5)[sure] == -np.sign(weights[sure])).all()


@pytest.mark.parametrize("parametrisation", list(PARAMETRISATIONS))
@pytest.mark.parametrize("decorrelate", [True, False])
@pytest.mark.parametrize("moved", [True, False])
def test_learning_raises_the_score(small, parametrisation: str, decorrelate: bool, moved: bool) -> None:
    model, card = small
    settings = Settings(
        steps=40, pictures=2, parametrisation=parametrisation, decorrelate=decorrelate, transforms=moved
    )
    for objective in (channel("conv2", 3), cell("act2", 1, 2, 2), unit("fc2", 0)):
        told, found = whole(maximise(model, card, objective, settings=settings))
        assert [one.share for one in told] == [step / 40 for step in range(1, 41)]
        assert found.trace.shape == (40, 2)
        assert (found.trace[-5:].mean(0) > found.trace[:1].mean(0)).all()
        assert found.pictures.shape == (2, 8, 8, 3)
        assert found.pictures.dtype == np.uint8
        assert found.scores[0] >= found.scores[1]
        assert not np.array_equal(found.pictures[0], found.pictures[1])


def test_scores_are_those_of_a_plain_look(small) -> None:
    model, card = small
    for objective, read in (
        (channel("conv2", 3), lambda maps: maps[3].mean()),
        (cell("act2", 1, 2, 2), lambda maps: maps[1, 2, 2]),
        (channel("conv2", 3) - channel("conv2", 0), lambda maps: maps[3].mean() - maps[0].mean()),
    ):
        _, found = whole(maximise(model, card, objective, settings=QUICK))
        for picture, score in zip(found.pictures, found.scores, strict=True):
            maps = channel_maps(model, as_input(picture, card).values, objective.layers[0])
            assert score == pytest.approx(read(maps), abs=1e-5)


def test_equal_seeds_give_equal_pictures(small) -> None:
    model, card = small

    def made(seed: int) -> Maximised:
        return whole(
            maximise(model, card, channel("conv2", 3), settings=QUICK.model_copy(update={"seed": seed}))
        )[1]

    torch.manual_seed(123)
    first = made(1)
    state = torch.get_rng_state()
    again = made(1)
    np.testing.assert_array_equal(first.pictures, again.pictures)
    np.testing.assert_array_equal(first.trace, again.trace)
    assert not np.array_equal(first.pictures, made(2).pictures)
    assert torch.equal(state, torch.get_rng_state())
    assert first.settings.seed == 1


def test_it_can_be_ended_early_and_says_how_far_it_came(small) -> None:
    model, card = small
    steps = maximise(model, card, channel("conv2", 3), settings=QUICK)
    next(steps)
    progress = next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(True)
    found = end.value.value
    assert len(found.trace) == 2
    assert sorted(map(bytes, found.pictures)) == sorted(map(bytes, progress.pictures))


def test_how_many_times_as_strong(small) -> None:
    model, card = small
    _, found = whole(maximise(model, card, channel("act2", 3), settings=QUICK))
    assert found.times(found.scores[0] / 4) == pytest.approx(4)
    assert found.times(0.0) is None
    assert found.times(-1.0) is None
    assert [usual_pictures(side) for side in (28, 32, 224)] == [4, 4, 1]


def test_grey_images() -> None:
    network = Mlp(hidden=(6,))
    card = card_of(network, channels=1)
    model = build(network, image_shape=card.image_shape, classes=3).eval()
    _, found = whole(maximise(model, card, unit("fc2", 1), settings=QUICK))
    assert found.pictures.shape == (2, 8, 8, 1)


def test_a_channel_that_is_silent_at_first_wakes_up() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 1, 3), nn.ReLU(inplace=True), nn.Conv2d(1, 1, 1), nn.ReLU(inplace=True)
    )
    with torch.no_grad():
        model[0].weight.fill_(0.1)
        model[0].bias.fill_(-1.0)
        model[2].weight.fill_(1.0)
        model[2].bias.fill_(-0.2)
    card = card_of(Mlp())
    settings = Settings(steps=60, rate=0.2, pictures=2)
    _, found = whole(maximise(model, card, channel("3", 0), settings=settings))
    assert (found.trace[0] == 0).all()
    assert (found.scores > 0.1).all()
    _, quiet = whole(maximise(model, card, -channel("3", 0), settings=QUICK))
    assert (quiet.scores == 0).all()


# The network


def test_in_place_layers_are_seen_as_they_were(in_place) -> None:
    model, _ = in_place
    image = np.random.default_rng(0).standard_normal((3, 32, 32)).astype(np.float32)
    batch = torch.from_numpy(image)[None].requires_grad_()
    for layer in ("bn1", "relu", "layer1.0.bn2", "layer1.0.relu", "layer1.0.relu:2", "layer2.0", "fc"):
        seen = graph.outputs(model, batch, [layer])[layer]
        assert seen.requires_grad
        expected = channel_maps(model, image, layer)
        np.testing.assert_allclose(seen[0].detach().numpy().reshape(expected.shape), expected, atol=1e-5)
    # Later layers run on, and change what earlier ones gave.
    with torch.no_grad():
        kept = graph.outputs(model, batch, ["bn1", "layer1.0.bn1", "fc"])
    for layer, output in kept.items():
        expected = channel_maps(model, image, layer)
        np.testing.assert_allclose(output[0].numpy().reshape(expected.shape), expected, atol=1e-5)


def test_the_gradient_is_that_of_a_plain_backward_pass(in_place) -> None:
    model, _ = in_place
    batch = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)).requires_grad_()
    plain = copy.deepcopy(model)
    (expected,) = torch.autograd.grad(plain(batch)[:, 4].sum(), batch)
    seen = graph.outputs(model, batch, ["fc"])["fc"]
    (gradient,) = torch.autograd.grad(seen[:, 4].sum(), batch)
    torch.testing.assert_close(gradient, expected, rtol=1e-3, atol=1e-6)


def test_the_pass_stops_at_the_layer() -> None:
    ran = []
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3))
    model[2].register_forward_pre_hook(lambda *_: ran.append("last"))
    whole(maximise(model, card_of(Mlp()), channel("1", 0), settings=QUICK))
    assert not ran


@pytest.mark.parametrize("how", ["done", "exception", "closed", "stopped", "left alone"])
def test_the_network_is_as_it_was(in_place, how: str) -> None:
    model, card = copy.deepcopy(in_place[0]).train(), in_place[1]
    model.layer1.eval()
    model.conv1.weight.requires_grad_(False)
    model.fc.weight.grad = torch.ones_like(model.fc.weight)
    model.fc.register_forward_hook(lambda *_: None)
    if how == "exception":

        def fail(*_: object) -> None:
            raise RuntimeError("broken")

        model.layer2[1].register_forward_hook(fail)
    before = fingerprint(model)
    steps = maximise(model, card, channel("layer3.0", 1), settings=Settings(steps=3, pictures=1))
    if how == "exception":
        with pytest.raises(RuntimeError, match="broken"):
            next(steps)
    elif how == "done":
        whole(steps)
    else:
        next(steps)
        assert_same(before, fingerprint(model))
        if how == "closed":
            steps.close()
        elif how == "stopped":
            with pytest.raises(StopIteration):
                steps.send(True)
    assert_same(before, fingerprint(model))
    assert torch.equal(model.fc.weight.grad, torch.ones_like(model.fc.weight))


def test_ten_threads_at_once(in_place) -> None:
    model, card = in_place
    layers = ["conv1", "layer1.0.relu:2", "layer2.0", "fc"]
    image = np.random.default_rng(1).standard_normal((3, 32, 32)).astype(np.float32)
    expected = {layer: channel_maps(model, image, layer) for layer in layers}
    settings = Settings(steps=3, pictures=1)
    alone = {layer: whole(maximise(model, card, channel(layer, 1), settings=settings))[1] for layer in layers}
    before = fingerprint(model)
    start, wrong = threading.Barrier(10), []

    def look(number: int) -> None:
        start.wait()
        layer = layers[number % len(layers)]
        try:
            if number % 2:
                _, found = whole(maximise(model, card, channel(layer, 1), settings=settings))
                if not np.array_equal(found.pictures, alone[layer].pictures):
                    wrong.append(layer)
            else:
                for name in layers:
                    if not np.array_equal(channel_maps(model, image, name), expected[name]):
                        wrong.append(name)
        except BaseException as error:
            wrong.append((number, error))

    threads = [threading.Thread(target=look, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert_same(before, fingerprint(model))


def test_others_look_between_two_steps(small) -> None:
    model, card = small
    steps = maximise(model, card, channel("conv2", 0), settings=QUICK)
    next(steps)
    seen = []
    image = np.zeros((3, 8, 8), np.float32)
    thread = threading.Thread(target=lambda: seen.append(channel_maps(model, image, "conv1")))
    thread.start()
    thread.join(20)
    assert len(seen) == 1


def test_a_layer_that_is_not_there_is_named_with_those_that_are(small) -> None:
    model, card = small
    with pytest.raises(LayerNotFound, match="Did you mean: conv2"):
        whole(maximise(model, card, channel("conv22", 0), settings=QUICK))
