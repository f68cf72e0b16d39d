"""Receptive fields against gradients; arithmetic against counting."""

from math import prod

import pytest
import torch
from torch import nn
from torchvision.models.swin_transformer import SwinTransformer

from cnnviz.config import AlexNet, Cnn, Network, ResNet18, Torchvision, Vgg11Bn
from cnnviz.explore.layers.field_tracking import Fields
from cnnviz.explore.layers.receptive_field import Field, box
from cnnviz.explore.layers.structure import layers
from cnnviz.models.registry import WithoutRandomWeights, build
from cnnviz.models.tracing import tracing

pytestmark = pytest.mark.slow


def seen(
    model: nn.Module, names: list[str], side: int
) -> dict[str, tuple[tuple[int, int], tuple[int, int, int, int]]]:
    """The middle cell of each layer, and the pixels on which it depends: top, left, bottom, right."""
    image = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    maps: dict[str, torch.Tensor] = {}
    with tracing(model, dict(model.named_modules()), leave=lambda call, out: maps.update({call.name: out})):
        model(image)
    found = {}
    for name in names:
        place = (maps[name].shape[2] // 2, maps[name].shape[3] // 2)
        (gradient,) = torch.autograd.grad(maps[name][0, :, *place].sum(), image, retain_graph=True)
        rows, columns = gradient[0].abs().sum(0).nonzero(as_tuple=True)
        box = int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1
        found[name] = place, box
    return found


def positive(model: nn.Module) -> nn.Module:
    """The network with weights above zero and means for maxima, so that every path shows in a gradient."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.MaxPool2d):
            own = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
            model.get_submodule(name.rpartition(".")[0]).add_module(name.rpartition(".")[2], own)
    for parameter in model.parameters():
        parameter.data = torch.full_like(parameter, 0.01, dtype=torch.float64)
    return model.double().eval()


@pytest.mark.parametrize(
    ("network", "names", "side"),
    [
        (ResNet18(stem="cifar"), ["conv1", "layer1.1", "layer2.0", "layer3.0"], 64),
        (ResNet18(stem="imagenet"), ["conv1", "maxpool", "layer1.0.conv1", "layer2.1"], 160),
        (Cnn(kernel=5, pool_after=(1, 3)), ["conv1", "pool1", "conv2", "conv3", "pool3"], 48),
        (Vgg11Bn(head=()), ["features.0", "features.8", "features.14"], 64),
        (AlexNet(), ["features.0", "features.2", "features.6"], 192),
        (Torchvision(model="googlenet"), ["conv2", "inception3a"], 96),
    ],
)
def test_a_field_is_where_the_gradient_is(network: Network, names: list[str], side: int) -> None:
    with WithoutRandomWeights():
        model = positive(build(network, image_shape=(side, side, 3), classes=3))
    fields = {layer.name: layer.field for layer in layers(model, (3, side, side))}
    for name, (place, found) in seen(model, names, side).items():
        field = fields[name]
        assert field is not None
        assert not field.whole
        assert field.size == (found[2] - found[0], found[3] - found[1]), name
        assert box(field, *place, image=(side, side)) == found, name


class Dilated(nn.Module):
    """Every kind of kernel with a dilation, and none that is square."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, (3, 2), dilation=(2, 3), padding=(2, 1), bias=False)
        self.pool = nn.MaxPool2d((2, 3), stride=(1, 2), dilation=(3, 2), padding=(1, 1))
        self.conv2 = nn.Conv2d(4, 5, 3, dilation=2, stride=2, padding="valid")
        self.conv3 = nn.Conv2d(5, 6, 3, dilation=(3, 1), padding="same")

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.conv3(self.conv2(self.pool(self.conv1(image))))
        return maps


def test_fields_of_dilated_kernels() -> None:
    """Against gradients; those of a maximum are found by trying every pixel."""
    torch.manual_seed(0)
    model, side = Dilated().double().eval(), 48
    listed = {layer.name: layer for layer in layers(model, (3, side, side))}
    for name in ("conv1", "pool", "conv2", "conv3"):
        field = listed[name].field
        assert field is not None
        part = nn.Sequential(*list(model.children())[: list(listed).index(name) + 1])
        image = torch.zeros(1, 3, side, side, dtype=torch.float64)
        with torch.no_grad():
            before = part(image)
            row, column = before.shape[2] // 2, before.shape[3] // 2
            rows, columns = [], []
            for at in range(side):
                for bars, found in ((image[:, :, at, :], rows), (image[:, :, :, at], columns)):
                    for value in (50.0, -50.0):
                        bars.add_(value)
                        moved = (part(image) - before)[0, :, row, column].abs().max() > 1e-9
                        bars.sub_(value)
                        if moved and at not in found:
                            found.append(at)
        expected = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
        assert box(field, row, column, image=(side, side)) == expected, name
        assert field.size == (expected[2] - expected[0], expected[3] - expected[1]), name
    # A dilation makes a kernel wider, not heavier: for each place its weights, and its bias.
    for name, one in ((name, one) for name, one in listed.items() if name != "pool"):
        module = model.get_submodule(name)
        assert one.macs == sum(value.numel() for value in module.parameters()) * prod(one.output_shape[1:])
    assert listed["conv1"].output_shape == (4, 48, 47)


Cell = tuple[int, int]


def extents(maps: torch.Tensor, places: list[Cell], images: torch.Tensor) -> list[tuple[int, int, int, int]]:
    """Pixels on which cells of maps (N, C, H, W) depend, each in an image of its own: top, left, bottom, right."""
    weights = torch.rand(maps.shape[1], dtype=maps.dtype, generator=torch.Generator().manual_seed(1))
    values = [(maps[number, :, *place] * weights).sum() for number, place in enumerate(places)]
    (gradient,) = torch.autograd.grad(torch.stack(values).sum(), images, retain_graph=True)
    found = []
    for size in gradient[: len(places)].abs().sum(1):
        # A mask of −100 lets 10⁻⁴⁴ through.
        rows, columns = (size > 1e-22 * size.max()).nonzero(as_tuple=True)
        found.append((int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1))
    return found


@pytest.mark.parametrize("size", [(40, 56), (36, 60), (44, 32)])
def test_attention_in_windows_sees_its_window(size: tuple[int, int]) -> None:
    """Cells from all over every block, also where maps are padded to whole windows and where windows are shifted."""
    torch.manual_seed(0)
    model = SwinTransformer([2, 2], 8, [2, 2, 1], [2, 2, 2], [4, 3], num_classes=3).double().eval()
    listed = layers(model, (3, *size))
    images = torch.rand(1, 3, *size, dtype=torch.float64).repeat(40, 1, 1, 1).requires_grad_()
    seen: dict[str, torch.Tensor] = {}
    with tracing(model, dict(model.named_modules()), leave=lambda call, out: seen.update({call.name: out})):
        model(images)
    checked = 0
    for layer in listed:
        last = layer.name.rpartition(".")[2]
        if last not in ("attn", "reduction", "norm1") and layer.kind not in (
            "SwinTransformerBlock",
            "PatchMerging",
        ):
            continue
        maps = seen[layer.name].movedim(-1, 1)
        assert layer.field is not None
        cells = [(row, column) for row in range(maps.shape[2]) for column in range(maps.shape[3])]
        cells = cells[:: max(1, len(cells) // 20)]
        for place, expected in zip(cells, extents(maps, cells, images), strict=True):
            assert box(layer.field, *place, image=size) == expected, (layer.name, place)
            checked += 1
    assert checked > 150
    first = next(layer.field for layer in listed if layer.name.endswith("attn"))
    assert first is not None
    assert (first.size, first.whole) == ((8, 6), False)
    assert listed[-1].field is not None
    assert listed[-1].field.whole


@pytest.mark.parametrize("after", [(7, 5), (4, 6), (2, 1), (20, 13), (12, 16)])
def test_adaptive_pooling_sees_its_windows(after: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.AdaptiveAvgPool2d(after),
        nn.Conv2d(4, 5, (1, 1)), nn.Conv2d(5, 5, (2, 1)),
    )  # fmt: skip
    model.double().eval()
    images = torch.rand(1, 3, 24, 32, dtype=torch.float64).repeat(260, 1, 1, 1).requires_grad_()
    fields = {layer.name: layer.field for layer in layers(model, (3, 24, 32))}
    for name, depth in (("1", 2), ("2", 3), ("3", 4)):
        maps, field = model[:depth](images), fields[name]
        assert field is not None
        cells = [(row, column) for row in range(maps.shape[2]) for column in range(maps.shape[3])]
        for place, expected in zip(cells, extents(maps, cells, images), strict=True):
            assert box(field, *place, image=(24, 32)) == expected, (name, place)


def test_pooling_to_one_cell_sees_all() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveMaxPool2d(1))
    assert [layer.field.whole for layer in layers(model, (3, 8, 12)) if layer.field] == [False, True]


def test_known_fields() -> None:
    model = build(ResNet18(stem="imagenet"), image_shape=(64, 64, 3), classes=10)
    found = {layer.name: layer.field for layer in layers(model, (3, 64, 64))}
    last = found["layer4.1"]
    assert last is not None
    assert (last.size, last.stride, last.whole) == ((435, 435), (32, 32), False)
    head = found["fc"]
    assert head is not None
    assert head.whole


def test_a_box_ends_with_the_image() -> None:
    field = Field(size=(7, 5), stride=(2, 2), start=(0.0, 0.0))
    assert box(field, 0, 0, image=(32, 32)) == (0, 0, 4, 3)
    assert box(field, 15, 15, image=(32, 32)) == (27, 28, 32, 32)
    assert box(Field(whole=True), 0, 0, image=(32, 24)) == (0, 0, 32, 24)


def test_a_tensor_from_elsewhere_has_no_field() -> None:
    image = torch.zeros(1, 3, 8, 8)
    with Fields(image) as fields:
        other = torch.ones(2, 2) + 1
        seen = image * 2
    assert fields.of(other) is None
    assert fields.of(seen) is not None


@pytest.mark.parametrize(
    "network",
    [
        Cnn(convs=(32, 64, 128), kernel=5, linear=(64,)),
        ResNet18(stem="cifar"),
        Vgg11Bn(),
        AlexNet(),
        Torchvision(model="mobilenet_v3_small"),
        Torchvision(model="densenet121"),
    ],
)
def test_sums_are_those_of_torchinfo(network: Network) -> None:
    torchinfo = pytest.importorskip("torchinfo")
    with WithoutRandomWeights():
        model = build(network, image_shape=(64, 64, 3), classes=10)
    found = layers(model, (3, 64, 64))
    summary = torchinfo.summary(model, (1, 3, 64, 64), verbose=0)
    assert sum(layer.parameters for layer in found) == summary.total_params
    assert sum(layer.macs for layer in found) == summary.total_mult_adds


def worked_out(text: str) -> int:
    """(5·5·3 + 1)·32 as a number."""
    inner, _, outer = text.rpartition(")·") if ")" in text else ("", "", text)
    factors = prod(map(int, outer.split("·")))
    if not inner:
        return factors
    one, _, bias = inner.removeprefix("(").partition(" + ")
    return (prod(map(int, one.split("·"))) + int(bias)) * factors


def test_parameters_are_spelled_out() -> None:
    model = build(Cnn(convs=(32, 64, 128), kernel=5, linear=(64,)), image_shape=(32, 32, 3), classes=10)
    spelled = {layer.name: layer for layer in layers(model, (3, 32, 32)) if layer.arithmetic}
    assert spelled["conv1"].arithmetic == "(5·5·3 + 1)·32"
    assert spelled["fc1"].arithmetic == "(2048 + 1)·64"
    for layer in spelled.values():
        assert worked_out(layer.arithmetic) == layer.parameters, layer.name
    norm = build(ResNet18(), image_shape=(32, 32, 3), classes=10)
    assert {layer.name: layer.arithmetic for layer in layers(norm, (3, 32, 32))}["bn1"] == "2·64"
