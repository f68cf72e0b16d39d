"""What does the same as a layer of PyTorch is that layer, with all its settings; what does not is not."""

import pytest
import torch
from torch import nn

from cnnviz.models.exported.building import network
from cnnviz.models.exported.graph import StoredTensor
from cnnviz.models.exported.interpreted import Own, Slot, Step, Steps
from cnnviz.models.exported.layers import layer
from cnnviz.models.exported.program import of_program


def test_every_layer_is_found_with_its_settings() -> None:
    model = nn.Sequential(
        nn.Conv2d(4, 8, (3, 5), stride=2, padding=(1, 2), groups=2, bias=False),
        nn.BatchNorm2d(8, eps=1e-3, momentum=0.2, affine=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding="same", dilation=2),
        nn.LeakyReLU(0.2),
        nn.GroupNorm(2, 8, eps=1e-4),
        nn.ReLU6(),
        nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.ELU(alpha=0.5),
        nn.AvgPool2d((2, 3), stride=1, padding=(0, 1), count_include_pad=False),
        nn.GELU(approximate="tanh"),
        nn.AdaptiveMaxPool2d((4, 3)),
        nn.SiLU(),
        nn.LayerNorm([4, 3], eps=1e-4),
        nn.Mish(),
        nn.Dropout2d(0.2),
        nn.Hardswish(),
        nn.AdaptiveAvgPool2d(2),
        nn.Hardsigmoid(),
        nn.Flatten(),
        nn.Linear(32, 6, bias=False),
        nn.Tanh(),
        nn.Dropout(0.4),
        nn.SELU(),
        nn.Linear(6, 5),
        nn.Softplus(beta=2, threshold=10),
        nn.Sigmoid(),
    ).eval()
    image = torch.rand(2, 4, 33, 31)
    free = ({0: torch.export.Dim.AUTO},)
    exported = of_program(torch.export.export(model, (image,), dynamic_shapes=free))
    again = network(exported.graph).eval()
    again.load_state_dict(dict(exported.tensors))
    assert [repr(one) for one in again.children()] == [repr(one) for one in model]
    with torch.no_grad():
        assert torch.equal(model(image), again(image))


WEIGHT, BIAS = StoredTensor("float32", (3, 4), True), StoredTensor("float32", (3,), True)


@pytest.mark.parametrize(
    ("step", "tensors"),
    [
        (Step("relu", False, (Slot(0), 1), (), 1), {}),
        (Step("relu", False, (Slot(0),), (("other", 1),), 1), {}),
        (Step("relu", False, (Own("weight"),), (), 1), {"weight": WEIGHT}),
        (Step("relu", True, (Slot(0),), (), 1), {}),
        (Step("relu", False, (Slot(0),), (), 1), {"weight": WEIGHT}),
        (Step("linear", False, (Slot(0), Own("weight")), (), 1), {"weight": WEIGHT, "bias": BIAS}),
        (Step("linear", False, (Slot(0), Own("kernel")), (), 1), {"kernel": WEIGHT}),
        (Step("linear", False, (Slot(0), Slot(0)), (), 1), {}),
        (Step("linear", False, (Slot(0), Own("bias")), (), 1), {"bias": BIAS}),
        (Step("max_pool2d", False, (Slot(0), (2, 2, 2)), (), 1), {}),
        (Step("elu", False, (Slot(0), 1.0, 2.0), (), 1), {}),
        (Step("hardtanh", False, (Slot(0), -2.0, 2.0), (), 1), {}),
        (Step("exp", False, (Slot(0),), (), 1), {}),
    ],
)
def test_what_does_something_else_is_no_layer(step: Step, tensors: dict[str, StoredTensor]) -> None:
    assert layer(Steps(1, (step,), (1,)), tensors, "") is None
