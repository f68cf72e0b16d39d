"""One network of each kind that torchvision has: everything the explorer does to a layer, it can do here."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.config import Torchvision
from cnnviz.explore.activations.activation_maps import channel_maps, layer_maps, predict, predict_without
from cnnviz.explore.activations.cell import cell
from cnnviz.explore.layers.receptive_field import box
from cnnviz.explore.layers.structure import layers
from cnnviz.models.registry import build

pytestmark = pytest.mark.slow

SMALL = {
    "convnext_tiny": 32,
    "densenet121": 32,
    "efficientnet_b0": 32,
    "googlenet": 32,
    "inception_v3": 80,
    "mnasnet0_5": 32,
    "regnet_y_400mf": 32,
    "shufflenet_v2_x0_5": 32,
    "squeezenet1_1": 32,
    "swin_t": 32,
    "vit_b_32": 64,
}


@pytest.mark.parametrize("name", SMALL)
def test_every_kind_of_layer_can_be_looked_at(name: str) -> None:
    side = SMALL[name]
    model = build(Torchvision(model=name), image_shape=(side, side, 3), classes=5).eval()  # type: ignore[arg-type]
    image = np.random.default_rng(0).normal(size=(3, side, side)).astype(np.float32)
    listed, maps = layers(model, (3, side, side)), layer_maps(model, image)
    assert [layer.name for layer in listed] == list(maps)
    assert listed[-1].output_shape[0] == 5
    first = {(layer.kind, len(layer.output_shape)): layer for layer in listed}
    for layer in first.values():
        found = maps[layer.name]
        channel, row, column = len(found) - 1, found.shape[1] // 2, found.shape[2] // 2
        worked = cell(model, image, listed, layer.name, channel=channel, row=row, column=column)
        assert worked.value == found[channel, row, column]
        assert worked.steps[-1].value == pytest.approx(worked.value, rel=1e-4, abs=1e-5)
        if layer.field:
            box(layer.field, row, column, image=(side, side))
    assert predict_without(model, image, listed[len(listed) // 2].name, 0).sum() == pytest.approx(1)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


class Tokens(nn.Module):
    """Attention over four tokens, which gives a tuple; then a linear layer that reads each token."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.each = nn.Linear(6, 3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        tokens = image.reshape(len(image), 4, 6)
        return self.each(self.attention(tokens, tokens, tokens)[0]).mean(1)


def test_the_sum_of_a_layer_that_reads_every_token() -> None:
    torch.manual_seed(0)
    model = Tokens().eval()
    image = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    listed = layers(model, (2, 3, 4))
    found = cell(model, image, listed, "each", channel=0, row=2, column=1)
    before = channel_maps(model, image, "attention")[0, 2]
    expected = before @ model.each.weight[1].detach().numpy() + float(model.each.bias.detach()[1])
    assert found.steps[0].value == pytest.approx(expected, abs=1e-6)
    assert found.value == pytest.approx(expected, abs=1e-6)


def test_what_gives_a_tuple_is_switched_off_as_it_is_shown() -> None:
    torch.manual_seed(0)
    model = Tokens().eval()
    image = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    assert len(channel_maps(model, image, "attention")) == 1
    without = predict_without(model, image, "attention", 0)
    assert not np.allclose(without, predict(model, image))
    only_bias = torch.softmax(model.each.bias.detach().double(), 0).numpy()
    np.testing.assert_allclose(without, only_bias, atol=1e-6)
