"""The strip's stops: what they are called, and where their arcs begin."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnviz.explore.activations.overview import LayerOverview
from cnnviz.explore.layers.graph import nodes
from cnnviz.explore.layers.structure import layers
from cnnviz.ui.activations.network_strip import _stop


class Wired(nn.Module):
    """The image skips one layer, the first layer's output two."""

    def __init__(self) -> None:
        super().__init__()
        for name, inputs in (("conv-1", 3), ("conv-2", 6), ("conv-3", 3), ("conv-4", 6)):
            self.add_module(name, nn.Conv2d(inputs, 3, 1))

    def forward(self, image: Tensor) -> Tensor:
        one, two, three, four = self.children()
        first = one(image)
        second = two(torch.cat([first, image], 1))
        return four(torch.cat([three(second), first], 1))  # type: ignore[no-any-return]


@pytest.mark.parametrize("low", [-0.5, 0.25])
def test_arcs_begin_where_they_come_from_and_names_stay_as_they_are(low: float) -> None:
    found = nodes(layers(Wired(), (3, 4, 4)))
    glance = LayerOverview(picture=np.zeros((2, 2), np.float32), low=low, high=1.5, silent=0.0)
    stops = [_stop(node, glance, found) for node in found]
    assert [stop.key for stop in stops] == ["conv-1", "conv-2", "conv-3", "conv-4"]
    along = ["image", *(stop.key for stop in stops)]  # the image is the first stop
    arcs = {(along[jump], stop.key) for stop in stops for jump in stop.jumps}
    assert arcs == {("image", "conv-2"), ("conv-1", "conv-4")}
    for stop in stops:
        assert stop.words.startswith(f"{stop.key}: Conv2d, 3×4×4; ")
        assert f"{'−0.5' if low < 0 else '0.25'} to 1.5" in stop.words
    assert stops[1].words.endswith("takes in the image too")
    assert stops[3].words.endswith("takes in conv-1 too")
