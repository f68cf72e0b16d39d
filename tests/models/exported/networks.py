"""Networks as people write them by hand, with all that a bench's own networks do not have."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class Functional(nn.Module):
    """Calls functions between its layers, and works out sizes by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.bn = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3, stride=2, bias=False)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.bn(self.conv1(x))), 2)
        x = torch.relu_(self.conv2(x))
        scores: Tensor = self.fc(functional.adaptive_avg_pool2d(x, 1).view(x.size(0), -1))
        return scores


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, groups=2)
        self.act = nn.ReLU(inplace=True)
        self.register_buffer("offset", torch.linspace(0, 1, channels)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(self.conv(x) + x + self.offset)
        return out


class Branches(nn.Module):
    """Branches that join by addition and side by side, and a block that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.GELU())
        self.left = nn.Conv2d(4, 4, 1)
        self.right = nn.Conv2d(4, 4, 3, padding=2, dilation=2)
        self.block = Block(8)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = torch.cat([self.left(x), self.right(x)], 1)
        scores: Tensor = self.fc(self.block(self.block(x)).mean((2, 3)))
        return scores


class Heads(nn.Module):
    """Gives features, and scores of two kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.ModuleList([nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)])
        self.species = nn.Linear(4, 5)
        self.colour = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        for conv in self.body:
            x = functional.leaky_relu(conv(x), 0.2)
        flat = x.amax((2, 3))
        return {"maps": x, "species": self.species(flat), "colour": self.colour(flat)}


class Reused(nn.Module):
    """No batch norm, and one ReLU for all."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(3, 4, 3)
        self.conv2 = nn.Conv2d(4, 4, 3)
        self.pool = nn.AdaptiveAvgPool2d((2, 2))
        self.hidden = nn.Linear(16, 6)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv2(self.relu(self.conv1(x))))
        x = self.pool(x).flatten(1)
        scores: Tensor = self.fc(self.drop(self.relu(self.hidden(x))))
        return scores


class Grey(nn.Module):
    """One channel, constants, and weights that belong to no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=2)
        self.scale = nn.Parameter(torch.rand(4, 1, 1))
        self.fc = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - 0.5) * torch.tensor([2.0])
        x = torch.sigmoid(self.conv(x)) * self.scale
        scores: Tensor = self.fc(x.flatten(2).mean(-1))
        return scores


NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "functional": (Functional, 3),
    "branches": (Branches, 3),
    "heads": (Heads, 3),
    "reused": (Reused, 3),
    "grey": (Grey, 1),
}
"""How each is made, and the channels of its images."""


def made(name: str) -> nn.Module:
    """The network with weights of its own, statistics of batch norms included; always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = NETWORKS[name][0]()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                nn.init.normal_(module.running_mean)
                nn.init.uniform_(module.running_var, 0.5, 2)
    return model.eval()


def images(name: str, count: int = 2, height: int = 17, width: int = 17) -> Tensor:
    """Noise of the shape that the network reads."""
    random = torch.Generator().manual_seed(count + height)
    return torch.randn(count, NETWORKS[name][1], height, width, generator=random)


def scores(output: Tensor | dict[str, Tensor]) -> Tensor:
    return output if isinstance(output, Tensor) else output["species"]
