"""Networks of PyTorch's tutorials, as they are written there: imported, they give what the original gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.config import Cnn
from cnnviz.models import unpickling
from cnnviz.models.layouts import layouts
from cnnviz.models.plain import assumptions
from cnnviz.models.recognise import recognise
from cnnviz.models.registry import build


class Cifar10Tutorial(nn.Module):
    """pytorch.org/tutorials/beginner/blitz/cifar10_tutorial.html"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(functional.relu(self.conv1(x)))
        x = self.pool(functional.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = functional.relu(self.fc1(x))
        x = functional.relu(self.fc2(x))
        return self.fc3(x)


class MnistExample(nn.Module):
    """github.com/pytorch/examples/blob/main/mnist/main.py, which ends with log_softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.conv1(x))
        x = functional.relu(self.conv2(x))
        x = self.dropout1(functional.max_pool2d(x, 2))
        x = functional.relu(self.fc1(torch.flatten(x, 1)))
        return functional.log_softmax(self.fc2(self.dropout2(x)), dim=1)


class OldMnistExample(nn.Module):
    """The same example as it was until 2019, with pooling before ReLU, which is the same."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(functional.max_pool2d(self.conv1(x), 2))
        x = functional.relu(functional.max_pool2d(self.conv2_drop(self.conv2(x)), 2))
        x = functional.relu(self.fc1(x.view(-1, 320)))
        return functional.log_softmax(self.fc2(x), dim=1)


class NeuralNetworksTutorial(nn.Module):
    """pytorch.org/tutorials/beginner/blitz/neural_networks_tutorial.html: LeNet, for grey 32 × 32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), (2, 2))
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = functional.relu(self.fc1(x))
        x = functional.relu(self.fc2(x))
        return self.fc3(x)


TUTORIALS = {
    Cifar10Tutorial: (32, 32, 3),
    MnistExample: (28, 28, 1),
    OldMnistExample: (28, 28, 1),
    NeuralNetworksTutorial: (32, 32, 1),
}


def made(kind: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return kind().eval()


@pytest.mark.parametrize("kind", TUTORIALS)
def test_outputs_are_those_of_the_original(kind: type[nn.Module]) -> None:
    original, shape = made(kind), TUTORIALS[kind]
    found = recognise(original.state_dict())
    assert found.image_shape == shape
    assert isinstance(found.network, Cnn)
    assert found.network.padding == "none"
    ours = build(found.network, image_shape=shape, classes=10).eval()
    ours.load_state_dict(dict(found.tensors))
    images = torch.randn(4, shape[2], shape[0], shape[1])
    with torch.no_grad():
        scores, due = ours(images), original(images)
        if due.exp().sum(dim=1).allclose(torch.ones(4)):  # it gives log-probabilities
            scores = functional.log_softmax(scores, dim=1)
    torch.testing.assert_close(scores, due, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "whole",
    [
        lambda net, optimiser: net.state_dict(),
        lambda net, optimiser: {
            "epoch": 2,
            "model_state_dict": net.state_dict(),
            "optimizer_state_dict": optimiser.state_dict(),
            "loss": torch.tensor(0.3),
        },
        lambda net, optimiser: {
            "state_dict": nn.DataParallel(net).state_dict(),
            "best_acc1": 63.2,
            "arch": "net",
        },
    ],
    ids=["state dict", "checkpoint", "parallel checkpoint"],
)
def test_the_tutorials_ways_to_save(
    whole: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In this process, without the limits of the child.
    monkeypatch.setattr(unpickling, "_bound_memory", lambda size: None)
    net = made(Cifar10Tutorial)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    net(torch.rand(2, 3, 32, 32)).sum().backward()
    optimiser.step()
    path = tmp_path / "cifar_net.pth"
    torch.save(whole(net, optimiser), path)
    unpickling.convert(path, tmp_path / "out.safetensors")
    found = recognise(load_file(tmp_path / "out.safetensors"))
    assert (found.network.padding, found.network.pool_after, found.image_shape) == (
        "none",
        (1, 2),
        (32, 32, 3),
    )


def test_what_sizes_do_not_tell_is_said() -> None:
    found = recognise(made(NeuralNetworksTutorial).state_dict())
    activation, sizes = assumptions(found, found.network, 32)
    assert "taken as ReLU" in activation
    assert "taken as 32 × 32, convolutions unpadded, pooling after 1, 2" in sizes
    # LeNet for MNIST, padded once, has the same weights.
    assert "Also possible: 28 × 28, convolutions only the first padded, pooling after 1, 2" in sizes


def test_maps_to_which_nothing_usual_leads() -> None:
    net = made(MnistExample).state_dict() | {"fc1.weight": torch.zeros(128, 64 * 19 * 19)}
    found = recognise(net)
    assert found.unusual
    assert not recognise(made(MnistExample).state_dict()).unusual


@pytest.mark.parametrize("padding", ["same", "none", "first"])
@pytest.mark.parametrize("pools", [(), (2,), (1, 3)])
def test_layouts_know_what_a_network_makes_of_a_size(padding: Any, pools: tuple[int, ...]) -> None:
    network = Cnn(convs=(2, 2, 2), kernel=3, padding=padding, pool_after=pools)
    units = build(network, image_shape=(33, 33, 1), classes=3).fc1.in_features
    cells = int((units / 2) ** 0.5)
    assert (33, padding, pools) in [
        (one.side, one.padding, one.pool_after) for one in layouts(network, cells=cells, sides=(28, 33))
    ]


def test_many_convolutions_are_no_endless_search() -> None:
    network = Cnn(convs=(2,) * 60, pool_after=())
    assert len(layouts(network, cells=7, sides=(28, 224))) < 100
