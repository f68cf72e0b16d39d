"""A turned image keeps its distances, also where it is wider than high."""

import math

import pytest
import torch

from cnnviz.config import Rotation
from cnnviz.data.geometry import rotation


@pytest.mark.parametrize(("height", "width"), [(41, 41), (31, 61), (61, 31)])
def test_a_spot_stays_as_far_from_the_centre(height: int, width: int) -> None:
    images = torch.zeros(40, height, width, 1, dtype=torch.uint8)
    middle, reach = (height // 2, width // 2), 10
    images[:, middle[0] - 1 : middle[0] + 2, middle[1] + reach - 1 : middle[1] + reach + 2] = 240
    torch.manual_seed(0)
    turned = rotation(images, Rotation(degrees=180))[..., 0].double()
    torch.manual_seed(0)
    angles = torch.empty(len(images)).uniform_(-math.pi, math.pi)
    weight = turned / turned.sum((1, 2), keepdim=True)
    down = (weight.sum(2) * torch.arange(height)).sum(1) - middle[0]
    across = (weight.sum(1) * torch.arange(width)).sum(1) - middle[1]
    assert torch.hypot(down, across).numpy() == pytest.approx(reach, abs=0.2)
    assert across.numpy() == pytest.approx((reach * angles.cos()).numpy(), abs=0.2)
    assert down.abs().numpy() == pytest.approx((reach * angles.sin()).abs().numpy(), abs=0.2)
