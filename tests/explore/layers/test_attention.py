"""Multiply-accumulates and parameters of attention, against PyTorch's own counter and published figures."""

from collections.abc import Iterator
from math import prod

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.config import Torchvision
from cnnviz.explore.layers.structure import layers
from cnnviz.models.registry import WithoutRandomWeights, build

BIASES = ("qkv.bias", "proj.bias", "in_proj_bias", "out_proj.bias")


@pytest.fixture(autouse=True)
def _operations_one_by_one() -> Iterator[None]:
    """PyTorch's counter does not see into its fast path of attention."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(before)


def counted(model: nn.Module, image: Tensor) -> dict[str, int]:
    """Multiply-accumulates as PyTorch counts them, of every module with its parts, without biases."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    return {name.partition(".")[2]: sum(of.values()) // 2 for name, of in counter.get_flop_counts().items()}


class Attention(nn.Module):
    """Queries of one kind, keys and values of another."""

    def __init__(self, *, bias: bool, keys: int) -> None:
        super().__init__()
        self.each = nn.MultiheadAttention(12, 3, bias=bias, kdim=keys, vdim=keys, batch_first=True)
        self.keys = keys

    def forward(self, image: Tensor) -> Tensor:
        queries = image.reshape(len(image), -1, 12)
        others = image.reshape(len(image), -1, self.keys)
        return self.each(queries, others, others)[0].mean(1)  # type: ignore[no-any-return]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("keys", [12, 8])
def test_multi_head_attention(bias: bool, keys: int) -> None:
    model = Attention(bias=bias, keys=keys).eval()
    (layer,) = (one for one in layers(model, (3, 8, 12)) if one.name == "each")
    queries, others = 24, 288 // keys
    by_hand = queries * 144 + 2 * others * keys * 12 + 2 * queries * others * 12 + queries * 144
    biases = 12 * (2 * queries + 2 * others) if bias else 0
    assert layer.macs == by_hand + biases
    assert counted(model, torch.rand(1, 3, 8, 12))["each"] == by_hand


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side", "published"),
    [("swin_t", 224, 4.491), ("swin_v2_t", 256, 5.94), ("vit_b_16", 224, 17.564)],
)
def test_whole_networks(name: str, side: int, published: float) -> None:
    """Published by torchvision with its weights, in billions and without biases."""
    with WithoutRandomWeights():
        model = build(Torchvision(model=name), image_shape=(side, side, 3), classes=1000).eval()  # type: ignore[arg-type]
    listed = layers(model, (3, side, side))
    theirs = counted(model, torch.zeros(1, 3, side, side))
    attentions = [one for one in listed if "Attention" in one.kind]
    assert len(attentions) == 12
    for layer in attentions:
        weights = dict(model.get_submodule(layer.name).named_parameters())
        tokens = prod(layer.output_shape[1:]) + (name == "vit_b_16")
        biases = sum(weights[key].numel() for key in BIASES if key in weights)
        assert biases == 4 * layer.output_shape[0]
        expected = theirs[layer.name] - theirs.get(f"{layer.name}.cpb_mlp", 0)
        assert layer.macs - tokens * biases == expected, layer.name
    assert theirs[""] / 1e9 == pytest.approx(published, rel=1e-3)
    assert sum(one.macs for one in listed) / 1e9 == pytest.approx(published, rel=4e-3)
    assert sum(one.parameters for one in listed) == sum(one.numel() for one in model.parameters())
    assert all("class_token" not in one.inputs for one in listed)
