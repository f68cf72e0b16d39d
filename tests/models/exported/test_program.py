"""What can't be shown is told when it is exported, in a sentence."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from cnnviz.config import Exported
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models import fit
from cnnviz.models.exported import graph as graphs
from cnnviz.models.exported import library
from cnnviz.models.exported.graph import Call, Graph, Value
from cnnviz.models.exported.program import export
from cnnviz.models.registry import build, outline
from tests.models.exported.conftest import Rebuilt
from tests.models.exported.networks import Grey


class Of(nn.Module):
    """A network of one function."""

    def __init__(self, function: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> object:
        return self.function(x)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda x: x * 2, "gives no scores"),
        (lambda x: x.mean((2, 3)) if x.sum() > 0 else x.amax((2, 3)), "can't export"),
        (lambda x: torch.fft.rfft(x).abs().mean((2, 3)), "fft_rfft, which is not among the operations"),
        (lambda x: (x + torch.rand_like(x)).mean((2, 3)), "rand_like, which is not among the operations"),
        (lambda x: x.mean((2, 3)).half().float(), "another precision"),
    ],
)
def test_a_network_that_the_bench_can_not_show_says_why(
    function: Callable[[Tensor], object], why: str
) -> None:
    with pytest.raises(CheckpointError, match=why):
        export(Of(function), torch.rand(2, 3, 8, 8))


class Windows(nn.Module):
    """Maps are filled up to whole windows, then halved."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        whole: Tensor = self.conv(nn.functional.pad(x, (0, (7 - width % 7) % 7, 0, (7 - height % 7) % 7)))
        return whole


@pytest.mark.slow
def test_a_size_that_would_take_minutes_to_reason_about_is_that_of_the_example() -> None:
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)
    many = nn.Sequential(*(Windows() for _ in range(5)), *head)
    assert export(many, torch.randn(1, 3, 40, 40)).graph.image == (3, 40, 40)
    assert not any(one._forward_pre_hooks for one in many.modules())


def test_a_size_that_cannot_be_written_down_is_that_of_the_example() -> None:
    """PyTorch's serializer knows no ceil of a size."""
    network = Of(lambda x: nn.functional.interpolate(x, size=math.ceil(x.shape[2] / 2)).mean((2, 3)))
    assert export(network, torch.randn(1, 3, 40, 40)).graph.image == (3, 40, 40)


class Shuffled(nn.Module):
    """Channels are mixed as ShuffleNet mixes them: PyTorch takes a side of 1 for a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3, 8, 1), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.conv(x)
        height, width = maps.shape[2:]
        mixed = maps.view(-1, 2, 2, height, width).transpose(1, 2).reshape(-1, 4, height, width)
        scores: Tensor = self.head(mixed.mean((2, 3)))
        return scores


def test_a_map_of_one_cell_leaves_the_size_free() -> None:
    model = Shuffled().eval()
    found = export(model, torch.rand(1, 3, 8, 8))
    assert (found.graph.image, found.graph.example) == ((3, None, None), (8, 8))
    network = Exported(graph=library.remember(found.graph.text))
    again = build(network, image_shape=(8, 8, 3), classes=2).eval()
    again.load_state_dict(dict(found.tensors))
    for side in (8, 16, 40, 72):
        images = torch.rand(3, 3, side, side)
        assert again(images).equal(model(images))


def test_a_size_that_only_seems_free_is_that_of_the_example() -> None:
    """The exporter takes the branch of its example for any size."""
    network = Of(lambda x: x.mean((2, 3)) * (2.0 if x.shape[2] > 50 else 1.0))
    assert export(network, torch.rand(1, 3, 40, 40)).graph.image == (3, 40, 40)


def test_a_network_is_left_as_it_was() -> None:
    model = Grey().train()
    model.conv.eval()
    export(model, torch.rand(1, 1, 9, 9))
    assert model.training
    assert not model.conv.training


def test_a_family_like_any_other(rebuilt: Rebuilt) -> None:
    _, exported, again = rebuilt("grey")
    network = Exported(graph=library.remember(exported.graph.text))
    built = outline(network, image_shape=(9, 9, 1), classes=5)
    assert all(value.is_meta for value in built.state_dict().values())
    assert built.state_dict().keys() == again.state_dict().keys()
    for shape, classes in (((9, 9, 1), 4), ((9, 9, 3), 5)):
        with pytest.raises(ConfigError):
            build(network, image_shape=shape, classes=classes)
    with pytest.raises(ConfigError, match="not at hand"):
        build(Exported(graph="0" * 64), image_shape=(9, 9, 1), classes=5)


def test_a_network_that_computes_terabytes_is_found_out_before_it_computes() -> None:
    image, big = Value(graphs.IMAGE), Value("big")
    calls = (
        Call("repeat", (), (image, (1, 2**20, 2**10, 1)), (), "big"),
        Call("mean", (), (big, (1, 2, 3)), (), "scores"),
    )
    graph = Graph((3, None, None), (8, 8), 2, {}, {}, calls, "scores")
    network = Exported(graph=library.remember(graph.text))
    with pytest.raises(ConfigError, match="computes too much"):
        fit.runs(network, (8, 8, 3), classes=2)


def test_a_network_that_splits_into_billions_is_found_out() -> None:
    calls = (
        Call("expand", (), (Value(graphs.IMAGE), (2**20, 2**8, 1, 1)), (), "big"),
        Call("unbind", (), (Value("big"),), (), ("first", None)),
        Call("flatten", (), (Value("first"), 1), (), "scores"),
    )
    graph = Graph((1, 1, 1), (1, 1), 256, {}, {}, calls, "scores")
    with pytest.raises(ConfigError, match="too many parts"):
        fit.runs(Exported(graph=library.remember(graph.text)), (1, 1, 1), classes=256)


class Tied(nn.Module):
    """Two layers with one weight, and a head that serves training alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.second.weight = self.first.weight
        self.norm, self.head, self.aux = nn.BatchNorm2d(3), nn.Linear(3, 2), nn.Linear(3, 9)

    def forward(self, x: Tensor) -> Tensor:
        means = self.norm(self.second(self.first(x).relu())).mean((2, 3))
        if self.training:
            means = means + self.aux(means).sum()
        scores: Tensor = self.head(means)
        return scores


def test_shared_weights_stay_shared_and_what_nobody_reads_stays_away() -> None:
    model = Tied().eval()
    found = export(model, torch.rand(1, 3, 8, 8))
    assert dict(found.graph.shared) in ({"second.weight": "first.weight"}, {"first.weight": "second.weight"})
    assert not any(name.startswith("aux") for name in found.graph.tensors)
    assert "norm.num_batches_tracked" in found.graph.tensors
    network = Exported(graph=library.remember(found.graph.text))
    again = build(network, image_shape=(8, 8, 3), classes=2).eval()
    again.load_state_dict(dict(found.tensors))
    assert again.first.weight is again.second.weight
    count = sum(value.numel() for value in again.parameters())
    assert count == sum(value.numel() for value in model.parameters()) - (3 + 1) * 9
    assert again(images := torch.rand(2, 3, 8, 8)).equal(model(images))


@pytest.mark.parametrize(
    "shared",
    [
        {"second.weight": "nothing"},
        {"nothing": "first.weight"},
        {"second.weight": "head.weight"},
        {"second.weight": "first.weight", "first.weight": "second.weight"},
        {"norm.running_mean": "norm.running_var"},
        {"norm.running_mean": 3},
    ],
)
def test_a_second_name_of_something_else_is_refused(shared: dict[str, str]) -> None:
    found = export(Tied().eval(), torch.rand(1, 3, 8, 8)).graph
    with pytest.raises(CheckpointError):
        library.remember(replace(found, shared=shared).text)


class Caching(nn.Module):
    """What is made of its weights is kept while it is evaluated, as timm's LeViT does."""

    def __init__(self) -> None:
        super().__init__()
        self.biases, self.head = nn.Parameter(torch.ones(3)), nn.Linear(3, 2)
        self.kept: Tensor | None = None

    def train(self, mode: bool = True) -> "Caching":
        if mode:
            self.kept = None
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        if self.training or self.kept is None:
            self.kept = self.biases * 2
        scores: Tensor = self.head(x.mean((2, 3)) + self.kept)
        return scores


@pytest.mark.filterwarnings("ignore:The tensor attribute:UserWarning")
def test_what_a_network_keeps_of_its_weights_is_no_constant() -> None:
    model, images = Caching().eval(), torch.rand(2, 3, 8, 8)
    before = model(images)
    found = export(model, images)
    assert "biases" in found.graph.tensors
    assert model(images).equal(before)
    with torch.no_grad():
        model.train()
        model.biases += 1
    changed = {name: model.state_dict().get(name, value) for name, value in found.tensors.items()}
    network = Exported(graph=library.remember(found.graph.text))
    again = build(network, image_shape=(8, 8, 3), classes=2).eval()
    again.load_state_dict(changed)
    assert again(images).equal(model.eval()(images))
