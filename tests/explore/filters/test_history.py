import math

import numpy as np
import pytest
import torch

from cnnviz.config import Cnn, Data, Mlp, RunConfig
from cnnviz.config.transfer import CheckpointStart
from cnnviz.errors import NotFound
from cnnviz.explore.filters.history import History, by_epoch
from cnnviz.explore.filters.movement import moved
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import Card
from cnnviz.models.first_layer import first_filters
from cnnviz.models.registry import build

NETWORK = Cnn(convs=(4, 6), pool_after=(1, 2), batch_norm="all")
CONFIG = RunConfig(data=Data(name="none"), network=NETWORK, seed=5)
SHAPE = (8, 8, 3)


def weights_after(epoch, network=NETWORK):
    """As a training from seed 5 might have left them: moved by a tenth of noise an epoch."""
    model = build(network, image_shape=SHAPE, classes=2, seed=5)
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.1 * epoch * torch.randn(value.shape, generator=noise))
    return model


def write(folder, name, epoch, *, step=None, network=NETWORK):
    card = Card(
        network=network, image_shape=SHAPE, classes=("one", "two"), mean=(0.5,) * 3, std=(0.5,) * 3,
        data="none", epoch=epoch, step=10 * epoch if step is None else step,
    )  # fmt: skip
    path = folder / f"{name}.safetensors"
    checkpoint.save(path, weights_after(epoch, network).state_dict(), card)
    return path


def kept(*epochs, network=NETWORK, most=100):
    filters = [first_filters(weights_after(epoch, network), image_shape=SHAPE)[:most] for epoch in epochs]
    return np.array(epochs, np.int64), np.stack([one.half().numpy() for one in filters])


def epochs_of(*files):
    return by_epoch({path: checkpoint.read(path)[0] for path in files})


NOTHING = np.zeros(0, np.int64), np.zeros((0, 0, 1, 1, 1), np.float16)


def test_the_snapshot_of_each_whole_epoch(tmp_path):
    files = {
        "epoch_0000": write(tmp_path, "epoch_0000", 0),
        "epoch_0001": write(tmp_path, "epoch_0001", 1),
        "best": write(tmp_path, "best", 3),
        "last": write(tmp_path, "last", 4),
    }
    found = epochs_of(*list(files.values())[::-1])
    assert list(found) == [0, 1, 3, 4]
    assert {epoch: path.stem for epoch, path in found.items()} == {
        0: "epoch_0000", 1: "epoch_0001", 3: "best", 4: "last",
    }  # fmt: skip
    write(tmp_path, "last", 4, step=43)  # in the middle of epoch 5
    assert list(epochs_of(*files.values())) == [0, 1, 3]
    assert list(epochs_of(files["last"])) == [4]
    write(tmp_path, "last", 1)
    assert epochs_of(*files.values())[1].stem == "epoch_0001"


def test_the_first_layer_has_every_epoch_and_others_their_snapshots(tmp_path):
    files = [write(tmp_path, "epoch_0000", 0), write(tmp_path, "last", 3)]
    found = History(CONFIG, files, *kept(0, 1, 2, 3))
    first, second = found.layers
    assert (found.epochs(first), found.epochs(second)) == ([0, 1, 2, 3], [0, 3])
    assert not any(found.drawn_again(layer, 0) for layer in found.layers)
    for epoch in (0, 1, 2, 3):
        model = weights_after(epoch)
        given = found.filters(first, epoch)
        np.testing.assert_allclose(given.weights, model.conv1.weight.detach(), atol=2e-3)
        assert (given.bias is None) == (epoch in (1, 2))
    given = found.filters(second, 3)
    np.testing.assert_array_equal(given.weights, weights_after(3).conv2.weight.detach())
    assert given.batch_norm is not None
    with pytest.raises(NotFound, match="No epoch '2'"):
        found.filters(second, 2)


def test_untrained_weights_are_drawn_again_where_that_gives_the_same(tmp_path):
    last = [write(tmp_path, "last", 3)]
    found = History(CONFIG, last, *kept(0, 1, 2, 3))
    first, second = found.layers
    assert found.epochs(second) == [0, 3]
    np.testing.assert_array_equal(found.filters(second, 0).weights, weights_after(0).conv2.weight.detach())
    assert found.drawn_again(second, 0)
    assert not found.drawn_again(first, 0)
    assert not found.drawn_again(second, 3)

    other_seed = CONFIG.model_copy(update={"seed": 6})
    pretrained = CONFIG.model_copy(update={"start": CheckpointStart(run="other")})
    for config, filters in (
        (other_seed, kept(0, 3)),
        (pretrained, kept(0, 3)),
        (CONFIG, kept(1, 3)),
        (None, kept(0)),
    ):
        assert History(config, last, *filters).epochs(second) == [3], config


def test_of_a_linear_layer_the_first_units_are_kept(tmp_path):
    network = Mlp(hidden=(9,))
    config = CONFIG.model_copy(update={"network": network})
    files = [write(tmp_path, "last", 2, network=network)]
    found = History(config, files, *kept(0, 1, 2, network=network, most=4))
    (layer,) = found.layers
    assert found.epochs(layer) == [0, 1, 2]
    given = found.filters(layer, 2)
    assert (layer.count, len(given.weights), len(given.bias)) == (9, 4, 4)
    assert len(History(config, files, *NOTHING).filters(layer, 2).weights) == 9


def test_before_the_first_snapshot_there_is_the_first_layer_alone():
    found = History(CONFIG, [], *kept(0))
    (layer,) = found.layers
    assert (layer.name, layer.first, layer.colour, found.epochs(layer)) == ("first layer", True, True, [0])
    assert found.filters(layer, 0).weights.shape == (4, 3, 3, 3)
    assert found.whole_epochs == []
    assert History(CONFIG, [], *NOTHING).layers == []


def test_a_damaged_snapshot_is_left_out_and_told_of(tmp_path):
    files = [write(tmp_path, "epoch_0001", 1), write(tmp_path, "last", 3)]
    files[1].write_bytes(files[1].read_bytes()[:-200])
    found = History(CONFIG, files, *NOTHING)
    assert list(found.files) == [1]
    assert found.damaged == [
        "last.safetensors is damaged or cut off: copy it again, or use another snapshot of the run."
    ]


def test_how_far_weights_have_gone():
    start, now = np.array([3.0, 4.0]), np.array([-8.0, 6.0])
    found = moved("conv", start, now)
    assert (found.rotation, found.norm) == (pytest.approx(1), pytest.approx(10))
    assert found.distance == pytest.approx(math.sqrt(11**2 + 2**2) / 5)
    still = moved("conv", start, 3 * start)  # longer, but not turned
    assert (still.rotation, still.distance) == (pytest.approx(0), pytest.approx(2))
    assert math.isnan(moved("conv", start, 0 * start).rotation)
    assert math.isnan(moved("conv", start, np.array([1, math.nan])).distance)


def test_movement_of_all_layers_is_that_of_plain_sums(tmp_path):
    files = [write(tmp_path, "epoch_0000", 0), write(tmp_path, "last", 3)]
    found = History(CONFIG, files, *kept(0, 1, 2, 3))
    assert found.whole_epochs == [0, 3]
    assert [(one.rotation, one.distance) for one in found.moved(0)] == [(pytest.approx(0, abs=1e-12), 0)] * 2
    start, end = (
        weights_after(0).conv2.weight.flatten().tolist(),
        weights_after(3).conv2.weight.flatten().tolist(),
    )
    apart = math.sqrt(sum((a - b) ** 2 for a, b in zip(start, end, strict=True)))
    length = math.sqrt(sum(a * a for a in start))
    first, second = found.moved(3)
    assert (first.layer, second.layer) == ("conv1", "conv2")
    assert second.distance == pytest.approx(apart / length)
