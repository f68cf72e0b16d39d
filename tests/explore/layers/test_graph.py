"""What hangs together with what, on networks whose wiring is known."""

import pytest
import torch
from torch import nn
from torchvision.models import googlenet, mobilenet_v2, resnet18

from cnnviz.explore.layers.graph import nodes
from cnnviz.explore.layers.structure import layer_named, layers


@pytest.fixture(scope="module")
def resnet():
    return layers(resnet18(weights=None, num_classes=10), (3, 32, 32))


def named(found):
    return [node.layer.name for node in found]


def arcs(found):
    return {
        (found[jump].layer.name if jump >= 0 else "image", node.layer.name)
        for node in found
        for jump in node.jumps
    }


def test_closed_blocks_are_one_each_and_say_that_they_branch(resnet):
    found = nodes(resnet)
    assert named(found) == [
        "conv1", "bn1", "relu", "maxpool", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1",
        "layer4.0", "layer4.1", "avgpool", "fc",
    ]  # fmt: skip
    assert [node.branches for node in found] == [False] * 4 + [True] * 8 + [False] * 2
    assert arcs(found) == set()
    assert {node.level for node in found} == {0}


def test_an_opened_block_shows_its_shortcut(resnet):
    found = nodes(resnet, "layer1.1.relu")
    assert named(found)[4:12] == [
        "layer1.0", "layer1.1.conv1", "layer1.1.bn1", "layer1.1.relu", "layer1.1.conv2", "layer1.1.bn2",
        "layer1.1.relu:2", "layer1.1",
    ]  # fmt: skip
    assert arcs(found) == {("layer1.0", "layer1.1.relu:2")}
    assert [node.level for node in found[4:12]] == [0, 1, 1, 1, 1, 1, 1, 1]
    assert found[11].opened
    assert nodes(resnet, "layer1.1") == found


def test_a_shortcut_with_layers_of_its_own(resnet):
    assert arcs(nodes(resnet, "layer2.0")) == {
        ("layer1.1", "layer2.0.downsample.0"),
        ("layer2.0.bn2", "layer2.0.relu:2"),
    }


def test_a_sum_at_the_end_of_a_block():
    listed = layers(mobilenet_v2(weights=None), (3, 32, 32))
    assert layer_named(listed, "features.3").ends == ("features.2", "features.3.conv.3")
    closed = nodes(listed)
    branching = [node.layer.name for node in closed if node.branches]
    assert "features.3" in branching
    assert "features.2" not in branching
    assert ("features.2", "features.3") in arcs(nodes(listed, "features.3"))


def test_four_branches_side_by_side_and_blocks_in_blocks():
    listed = layers(googlenet(weights=None, init_weights=False, aux_logits=False), (3, 64, 64))
    found = nodes(listed, "inception3a.branch2.1.conv")
    assert {node.level for node in found if node.layer.name.startswith("inception3a.branch2.1")} == {2}
    assert {pair for pair in arcs(found) if pair[1] == "inception3a"} == {
        ("inception3a.branch1", "inception3a"),
        ("inception3a.branch2.1", "inception3a"),
        ("inception3a.branch3.1", "inception3a"),
    }


def test_what_changes_nothing_is_passed_over():
    class Skipping(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 4)
            self.dropout = nn.Dropout()
            self.second = nn.Linear(4, 4)
            self.third = nn.Linear(8, 2)

        def forward(self, values):
            kept = self.dropout(self.first(values))
            return self.third(torch.cat([self.second(kept), kept], 1))

    listed = layers(Skipping(), (4,))
    assert layer_named(listed, "third").inputs == ("second", "dropout")
    found = nodes(listed)
    assert named(found) == ["first", "second", "third"]
    assert arcs(found) == {("first", "third")}


def test_the_image_itself_can_come_back():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 3, 1)
            self.second = nn.Conv2d(6, 3, 1)

        def forward(self, image):
            return self.second(torch.cat([image, self.first(image)], 1))

    assert arcs(nodes(layers(Twice(), (3, 4, 4)))) == {("image", "second")}
