import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional


class Small(nn.Module):
    """A network of somebody's own, with functional calls and batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.25)
        self.head = nn.Linear(4 * 16, 3)

    def forward(self, images: Tensor) -> Tensor:
        maps = functional.max_pool2d(functional.relu(self.norm(self.first(images))), 2)
        scores: Tensor = self.head(self.drop(maps.flatten(1)))
        return scores


@pytest.fixture
def small() -> Small:
    torch.manual_seed(3)
    return Small()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(24, 1, 8, 8, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def labels() -> Tensor:
    return torch.arange(24) % 3
