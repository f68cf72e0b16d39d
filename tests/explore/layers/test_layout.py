"""Networks that keep their channels last are looked at with channels first, like all others."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.config import ResNet18, Torchvision
from cnnviz.explore.activations.activation_maps import channel_maps, predict, predict_without
from cnnviz.explore.activations.cell import cell
from cnnviz.explore.attribution import cam
from cnnviz.explore.attribution.attribute import AttributionSetting, attribution_request
from cnnviz.explore.layers.capture import passing
from cnnviz.explore.layers.channel_order import channels_last
from cnnviz.explore.layers.structure import layer_named, layers
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build

SIDE = 64


@pytest.fixture(scope="module", params=["swin_t", "convnext_tiny"])
def network(request: pytest.FixtureRequest) -> tuple[str, torch.nn.Module]:
    return request.param, build(
        Torchvision(model=request.param), image_shape=(SIDE, SIDE, 3), classes=3, seed=1
    ).eval()


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((3, SIDE, SIDE)).astype(np.float32)


def given(model: torch.nn.Module, layer: str, image: np.ndarray) -> torch.Tensor:
    """The output of a layer as it is, by a hook of our own."""
    kept = []
    handle = model.get_submodule(layer).register_forward_hook(
        lambda _, args, output: kept.append(output.clone())
    )
    with torch.inference_mode():
        model(torch.from_numpy(image)[None])
    handle.remove()
    return kept[0]


LAYERS = {
    "swin_t": [
        "features.0.2",
        "features.1.0.mlp.0",
        "features.1.0.mlp.1",
        "features.1.0",
        "features.2",
        "norm",
    ],
    "convnext_tiny": ["features.1.0.block.2", "features.1.0.block.3", "features.1.0.block.4"],
}
"""Some whose channels are last."""


@pytest.mark.slow
def test_maps_are_channels(network: tuple[str, torch.nn.Module], image: np.ndarray) -> None:
    name, model = network
    listed = layers(model, (3, SIDE, SIDE))
    for layer in LAYERS[name]:
        own = given(model, layer, image)[0].permute(2, 0, 1).numpy()
        np.testing.assert_array_equal(channel_maps(model, image, layer), own)
        assert layer_named(listed, layer).output_shape == own.shape
    for layer in (
        "features.0.0",
        *{"convnext_tiny": ["features.1.0", "features.1.0.stochastic_depth"]}.get(name, []),
    ):
        np.testing.assert_array_equal(
            channel_maps(model, image, layer), given(model, layer, image)[0].numpy()
        )


def test_what_passes_by_has_channels_first(network: tuple[str, torch.nn.Module], image: np.ndarray) -> None:
    name, model = network
    shapes = {}
    with (
        passing(model, lambda layer, output: shapes.update({layer: tuple(output.shape[1:])})),
        torch.inference_mode(),
    ):
        model(torch.from_numpy(image)[None])
    assert {layer: shapes[layer] for layer in LAYERS[name]} == {
        layer: channel_maps(model, image, layer).shape for layer in LAYERS[name]
    }
    found = {one.name: one.output_shape for one in layers(model, (3, SIDE, SIDE))}
    assert {layer: shapes[layer] for layer in found} == found


def test_one_channel_is_switched_off(network: tuple[str, torch.nn.Module], image: np.ndarray) -> None:
    name, model = network
    layer = LAYERS[name][-1]
    module = model.get_submodule(layer)

    def silence(_: torch.nn.Module, args: object, output: torch.Tensor) -> torch.Tensor:
        output = output.clone()
        output[..., 5] = 0
        return output

    handle = module.register_forward_hook(silence)
    expected = predict(model, image)
    handle.remove()
    np.testing.assert_allclose(predict_without(model, image, layer, 5), expected, atol=1e-9)
    assert np.abs(expected - predict(model, image)).max() > 1e-8


def test_a_linear_layer_over_a_map_is_worked_out(
    network: tuple[str, torch.nn.Module], image: np.ndarray
) -> None:
    name, model = network
    listed = layers(model, (3, SIDE, SIDE))
    for layer in LAYERS[name][1:3]:
        maps = channel_maps(model, image, layer)
        found = cell(model, image, listed, layer, channel=7, row=3, column=2)
        assert found.value == pytest.approx(float(maps[7, 3, 2]), abs=1e-6)
        if layer_named(listed, layer).kind == "Linear":
            assert found.patch is not None
        assert found.steps[-1].value == pytest.approx(found.value, abs=1e-5, rel=1e-5)


def test_grad_cam_weighs_channels(image: np.ndarray) -> None:
    model = build(Torchvision(model="swin_t"), image_shape=(SIDE, SIDE, 3), classes=3, seed=1).eval()
    card = Card(
        network=Torchvision(model="swin_t"), image_shape=(SIDE, SIDE, 3), classes=("a", "b", "c"), mean=(0.5,) * 3,
        std=(0.25,) * 3, data="none", epoch=0, step=0,
    )  # fmt: skip
    setting = AttributionSetting(layer="features.3.0")
    found = cam.layer_maps(
        attribution_request(model, card, image, method="grad_cam", targets=[1], setting=setting)
    )
    batch = torch.from_numpy(image)[None]
    kept: list[torch.Tensor] = []

    def turned(_: torch.nn.Module, args: object, output: torch.Tensor) -> torch.Tensor:
        kept.append(output.permute(0, 3, 1, 2))
        kept[0].retain_grad()
        return kept[0].permute(0, 2, 3, 1)

    handle = model.get_submodule("features.3.0").register_forward_hook(turned)
    model(batch)[0, 1].backward()
    handle.remove()
    assert kept[0].grad is not None
    weights = kept[0].grad.mean((2, 3), keepdim=True)
    np.testing.assert_allclose(found, (weights * kept[0]).sum(1, keepdim=True).detach(), rtol=1e-3, atol=1e-7)


def test_other_networks_are_left_as_they_are() -> None:
    for config in (ResNet18(stem="cifar"), Torchvision(model="mobilenet_v3_small")):
        assert not channels_last(build(config, image_shape=(32, 32, 3), classes=3))


@pytest.mark.slow
def test_tokens_are_laid_out_as_their_patches_lie(image: np.ndarray) -> None:
    model = build(Torchvision(model="vit_b_16"), image_shape=(SIDE, SIDE, 3), classes=3, seed=1).eval()
    torch.nn.init.normal_(model.heads.head.weight, std=0.05)  # torchvision's is zero
    listed = layers(model, (3, SIDE, SIDE))
    layer = "encoder.layers.encoder_layer_3.mlp.0"
    found = layer_named(listed, layer)
    assert found.tokens
    assert found.output_shape == (3072, 4, 4)
    tokens = given(model, layer, image)[0]
    maps = channel_maps(model, image, layer)
    for row in range(4):
        for column in range(4):
            np.testing.assert_array_equal(maps[:, row, column], tokens[1 + 4 * row + column])
    worked = cell(model, image, listed, layer, channel=11, row=2, column=3)
    assert worked.patch is not None
    assert worked.steps[-1].value == pytest.approx(float(maps[11, 2, 3]), abs=1e-5)

    def silence(_: torch.nn.Module, args: object, output: torch.Tensor) -> torch.Tensor:
        return output.index_fill(2, torch.tensor([7]), 0.0)

    last = "encoder.layers.encoder_layer_11"
    handle = model.get_submodule(last).register_forward_hook(silence)
    expected = predict(model, image)
    handle.remove()
    np.testing.assert_allclose(predict_without(model, image, last, 7), expected, atol=1e-9)
    assert np.abs(expected - predict(model, image)).max() > 1e-8
    # The class is read from the class token: Grad-CAM keeps to maps that have a place.
    best = cam.best_layer(listed)
    assert best is not None
    assert best[0] == "conv_proj"


class Flattened(nn.Module):
    """Tokens of 16 patches, normalised in one row for all images, as LeViT does; then in four windows of four."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.first = nn.Conv2d(3, 6, 16, 16), nn.LayerNorm(6)
        self.linear, self.norm = nn.Linear(6, 6), nn.BatchNorm1d(6)
        self.window, self.head = nn.Linear(6, 5), nn.Linear(5, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.linear(self.first(self.patches(images).flatten(2).transpose(1, 2)))
        tokens = self.norm(tokens.flatten(0, 1)).reshape_as(tokens)
        windows = self.window(tokens.reshape(-1, 4, 6)).relu().reshape(len(images), 16, 5)
        scores: torch.Tensor = self.head(windows.mean(1))
        return scores


def test_images_are_told_apart_where_their_tokens_lie_in_one_row() -> None:
    torch.manual_seed(0)
    model = Flattened().eval()
    listed = {layer.name: layer for layer in layers(model, (3, SIDE, SIDE))}
    assert {name: (layer.output_shape, layer.tokens) for name, layer in listed.items()} == {
        "patches": ((6, 4, 4), ""),
        "first": ((6, 4, 4), "patches"),
        "linear": ((6, 4, 4), "patches"),
        "norm": ((6, 4, 4), "patches"),
        "window": ((5, 4, 4), "windows"),
        "head": ((3,), ""),
    }
    batch = torch.randn(3, 3, SIDE, SIDE)
    seen: dict[str, torch.Tensor] = {}
    with passing(model, lambda name, output: seen.update({name: output.clone()})), torch.no_grad():
        model(batch)
        tokens = model.linear(model.first(model.patches(batch).flatten(2).transpose(1, 2)))
        rows = model.norm(tokens.flatten(0, 1))
        windows = model.window(rows.reshape(-1, 4, 6))
    for image in range(3):
        for token in range(16):
            row, column = divmod(token, 4)
            assert seen["norm"][image, :, row, column].equal(rows[16 * image + token])
            assert seen["window"][image, :, row, column].equal(windows[4 * image + row, column])
    for layer in listed:
        assert len(seen[layer]) == 3
        alone = channel_maps(model, batch[1].numpy(), layer)
        np.testing.assert_allclose(alone, seen[layer][1].numpy().reshape(alone.shape), atol=1e-6)


def test_grad_cam_of_a_block_that_gives_more_than_its_maps() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 8, 8)

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            maps = self.conv(images)
            return maps, maps.mean((2, 3))

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair, self.head = Pair(), nn.Linear(4, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps, means = self.pair(images)
            scores: torch.Tensor = self.head(maps.amax((2, 3)) + means)
            return scores

    torch.manual_seed(0)
    model, image = Two().eval(), torch.randn(1, 3, 16, 16)
    logits, maps = cam.pass_through(model, image, "pair")
    found = cam.weighted(logits, maps, 1)
    assert logits.equal(model(image))
    with torch.enable_grad():
        own = model.pair.conv(image).detach().requires_grad_()
        model.head(own.amax((2, 3)))[0, 1].backward()
    assert own.grad is not None
    expected = (own.grad.mean((2, 3), keepdim=True) * own.detach()).sum(1, keepdim=True)
    assert torch.allclose(found, expected)
