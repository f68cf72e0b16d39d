"""A network that was exported and built again is the same network: values, names, gradients, layers."""

import copy

import pytest
import torch
from torch import Tensor, nn

from cnnviz.explore.layers.capture import capture
from cnnviz.explore.layers.structure import layers
from cnnviz.models.exported import graph as graphs
from cnnviz.models.exported.building import network
from cnnviz.models.exported.checking import check
from cnnviz.models.exported.program import export
from cnnviz.models.exported.reading import read
from tests.models.exported.conftest import Rebuilt
from tests.models.exported.networks import NETWORKS, images, scores


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_are_equal_to_the_last_bit_whatever_the_batch_and_the_size(
    name: str, rebuilt: Rebuilt
) -> None:
    model, exported, again = rebuilt(name)
    assert exported.graph.image[1:] == (None, None)
    for shape in ((2, 17, 17), (1, 17, 17), (3, 20, 31)):
        seen = images(name, *shape)
        assert torch.equal(scores(model(seen)), again(seen))


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_the_image_and_the_weights(name: str, rebuilt: Rebuilt) -> None:
    found = []
    for model in (rebuilt(name)[0], rebuilt(name)[2]):
        seen = images(name).requires_grad_()
        total = scores(model(seen)).square().sum()
        used = [one for one in model.parameters() if one.requires_grad]
        found.append(torch.autograd.grad(total, [seen, *used], allow_unused=True))
    of_image, of_again = found[0][0], found[1][0]
    assert torch.equal(of_image, of_again)
    assert len(found[0]) == len(found[1])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_is_read_as_it_was_written(name: str, rebuilt: Rebuilt) -> None:
    _, exported, again = rebuilt(name)
    assert read(exported.graph.text) == exported.graph
    assert {name: tuple(one.shape) for name, one in exported.graph.tensors.items()} == {
        name: tuple(value.shape) for name, value in again.state_dict().items()
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_modules_have_their_own_names_and_give_what_they_gave(name: str, rebuilt: Rebuilt) -> None:
    model, _, again = rebuilt(name)
    outputs = []
    for one in (model, again):
        with capture(one, None, stop=False) as seen:
            seen.run(images(name))
        outputs.append(seen.outputs)
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in one.modules())
    own, found = outputs
    assert own.keys() <= found.keys()
    assert all(torch.equal(value, found[layer]) for layer, value in own.items())


def test_functions_between_layers_become_layers(rebuilt: Rebuilt) -> None:
    _, _, again = rebuilt("functional")
    listed = {layer.name: layer.kind for layer in layers(again, (3, 17, 17))}
    assert list(listed) == [
        "conv1",
        "bn",
        "relu",
        "max_pool2d",
        "conv2",
        "relu_2",
        "adaptive_avg_pool2d",
        "fc",
    ]
    assert listed["relu_2"] == "ReLU"


def test_a_module_that_runs_twice_is_one_module(rebuilt: Rebuilt) -> None:
    names = [layer.name for layer in layers(rebuilt("branches")[2], (3, 17, 17))]
    assert {"block", "block:2", "block.conv:2"} <= set(names)
    reused = [layer.name for layer in layers(rebuilt("reused")[2], (3, 17, 17))]
    assert [name for name in reused if "relu" in name] == ["relu", "relu:2", "relu:3"]


def test_the_layer_table_is_that_of_the_original(rebuilt: Rebuilt) -> None:
    for name in ("branches", "reused"):
        model, _, again = rebuilt(name)
        own, found = layers(model, (3, 17, 17)), layers(again, (3, 17, 17))
        assert own == [layer for layer in found if layer.name in {one.name for one in own}]


def test_branches_and_fields_are_followed(rebuilt: Rebuilt) -> None:
    found = {layer.name: layer for layer in layers(rebuilt("branches")[2], (3, 17, 17))}
    assert found["block.conv"].inputs == ("left", "right")
    assert found["block.act:2"].inputs == ("block.conv:2", "block")
    field = found["right"].field
    assert field is not None
    assert field.size == (7, 7)


def test_a_copy_shares_nothing_with_its_network(rebuilt: Rebuilt) -> None:
    model, _, again = rebuilt("branches")
    copied = copy.deepcopy(again)
    with torch.no_grad():
        for value in again.parameters():
            value.zero_()
    assert torch.equal(copied(images("branches")), model(images("branches")))


def test_an_output_is_replaced_by_a_hook(rebuilt: Rebuilt) -> None:
    _, _, again = rebuilt("branches")
    with torch.no_grad():
        before = again(images("branches"))
        handle = again.get_submodule("left").register_forward_hook(lambda module, args, output: output * 0)
        changed = again(images("branches"))
        handle.remove()
        assert not torch.equal(before, changed)
        assert torch.equal(before, again(images("branches")))


def test_a_module_that_does_two_things_is_two_modules_with_one_set_of_weights() -> None:
    """A shared layer that is asked for other things at its second call, by the size of what it reads, say."""
    tensor, call = graphs.StoredTensor("float32", (4, 4), True), graphs.Call
    weight = graphs.Stored("fc.weight")
    graph = graphs.Graph(
        image=(1, 2, 2),
        example=(2, 2),
        classes=4,
        tensors={"fc.weight": tensor},
        modules={"fc": graphs.ModuleKind("Odd", chain=False)},
        calls=(
            call("flatten", (), (graphs.Value("image"), 1), (), "flat"),
            call("linear", ("fc",), (graphs.Value("flat"), weight), (), "one"),
            call("linear", ("fc@1",), (graphs.Value("one"), weight), (), "two"),
            call("mul", ("fc@1",), (graphs.Value("two"), 2.0), (), "three"),
        ),
        output="three",
    )
    check(graph)
    built = network(graph)
    assert list(built.state_dict()) == ["fc.weight"]
    with torch.no_grad():
        built.fc.weight.copy_(torch.eye(4) * 3)  # type: ignore[union-attr]
        assert torch.equal(built(torch.ones(1, 1, 2, 2)), torch.full((1, 4), 18.0))


def test_an_image_of_a_size_that_was_taken_for_a_constant_is_refused() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.places = nn.Parameter(torch.rand(3, 5, 6))

        def forward(self, x: Tensor) -> Tensor:
            return (x + self.places).mean((2, 3))

    exported = export(Fixed(), torch.rand(1, 3, 5, 6))
    assert exported.graph.image == (3, 5, 6)
    with pytest.raises(ValueError, match="exported for 5 × 6 pixels"):
        network(exported.graph)(torch.rand(1, 3, 1, 1))
