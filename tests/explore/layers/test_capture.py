import copy
import gc
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import resnet18
from torchvision.models.feature_extraction import create_feature_extractor

from cnnviz.errors import LayerNotFound
from cnnviz.explore.activations.activation_maps import channel_maps, layer_maps
from cnnviz.explore.layers import capture as module
from cnnviz.explore.layers.capture import capture, lock_of


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return resnet18(weights=None, num_classes=10)


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).standard_normal((3, 48, 48)).astype(np.float32)


def fingerprint(model):
    """All that looking must not change."""
    return {
        "hooks": [
            [
                list(getattr(part, name))
                for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
            ]
            for part in model.modules()
        ],
        "modes": [part.training for part in model.modules()],
        "gradients": [(value.requires_grad, value.grad) for value in model.parameters()],
        "values": {name: value.clone() for name, value in model.state_dict().items()},
    }


def assert_same(before, after):
    for key in ("hooks", "modes", "gradients"):
        assert before[key] == after[key], key
    for name, value in before["values"].items():
        assert torch.equal(value, after["values"][name]), name


def mixed(model):
    """A copy in a mode of its own: training, but for some parts, some of them frozen, and a user's hook."""
    model = copy.deepcopy(model).train()
    model.layer1.eval()
    model.layer2[0].bn1.eval()
    model.conv1.weight.requires_grad_(False)
    model.fc.register_forward_hook(lambda *_: None)
    return model


class Broken(nn.Module):
    def forward(self, values):
        raise RuntimeError("broken")


def test_activations_are_those_of_torchvisions_feature_extractor(network, image):
    names = {
        "conv1": "conv1",
        "bn1": "bn1",
        "relu": "relu",
        "maxpool": "maxpool",
        "layer1.0.conv1": "layer1.0.conv1",
        "layer1.0.bn2": "layer1.0.bn2",
        "layer1.0.relu": "layer1.0.relu",
        "layer1.0.relu:2": "layer1.0.relu_1",
        "layer1.0": "layer1.0.relu_1",
        "layer2.0.downsample.0": "layer2.0.downsample.0",
        "layer4.1": "layer4.1.relu_1",
        "avgpool": "avgpool",
        "fc": "fc",
    }
    plain = copy.deepcopy(network).eval()
    for part in plain.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False  # in place, the extractor would show what ReLU left of its input
    with torch.no_grad():
        reference = create_feature_extractor(plain, list(set(names.values())))(torch.from_numpy(image)[None])
    seen = layer_maps(network, image, layers=list(names))
    alone = {name: channel_maps(network, image, name) for name in names}
    for name, node in names.items():
        expected = reference[node][0].numpy()
        expected = expected.reshape(len(expected), *(expected.shape[1:] or (1, 1)))
        np.testing.assert_allclose(seen[name], expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(seen[name], alone[name])
        assert seen[name].dtype == np.float32
        assert seen[name].flags["C_CONTIGUOUS"]
    assert seen["bn1"].min() < 0


def test_everything_is_put_back_after_success(network, image):
    model = mixed(network)
    before = fingerprint(model)
    for layers, stop in ((["layer1.0.relu:2"], True), (["conv1", "fc"], False), (None, True), ([], True)):
        with capture(model, layers, stop=stop) as seen:
            assert not any(part.training for part in model.modules())
            seen.run(torch.from_numpy(image)[None])
            assert not any(value.requires_grad or value.grad_fn for value in seen.outputs.values())
        assert_same(before, fingerprint(model))


@pytest.mark.parametrize("where", ["network", "block", "unknown layer", "no such call", "interrupted"])
def test_everything_is_put_back_after_an_exception(network, image, where):
    model = mixed(network)
    if where == "network":
        model.layer2[1] = Broken()
    before = fingerprint(model)
    batch = torch.from_numpy(image)[None]
    if where == "network":
        with pytest.raises(RuntimeError, match="broken"):
            channel_maps(model, image, "fc")
        assert_same(before, fingerprint(model))
        assert channel_maps(model, image, "layer1.1").shape == (64, 12, 12)
    elif where == "block":
        with pytest.raises(ZeroDivisionError), capture(model, ["conv1", "fc"]) as seen:  # noqa: PT012
            seen.run(batch)
            raise ZeroDivisionError
    elif where == "interrupted":
        with pytest.raises(KeyboardInterrupt), capture(model, None):
            raise KeyboardInterrupt
    else:
        name = {"unknown layer": "layer1.0.conv9", "no such call": "conv1:2"}[where]
        with pytest.raises(LayerNotFound, match=r"^No layer .* Did you mean: .*conv1"):
            channel_maps(model, image, name)
    assert_same(before, fingerprint(model))


@pytest.mark.parametrize("name", ["", ":2", "conv1:0", "conv1:x", "conv1:", "CONV1"])
def test_odd_names_are_no_layers(network, image, name):
    with pytest.raises(LayerNotFound):
        channel_maps(network, image, name)


def test_modes_are_put_back_without_asking_the_module():
    class Frozen(nn.BatchNorm2d):
        def train(self, mode=True):
            return super().train(False)

    model = nn.Sequential(nn.Conv2d(1, 1, 1), Frozen(1)).train()
    model[1].training = True
    channel_maps(model, np.zeros((1, 2, 2), np.float32), "1")
    assert model[1].training


def test_the_pass_stops_after_the_last_layer(image):
    ran = []
    first, last = nn.Conv2d(3, 2, 3), nn.Conv2d(2, 2, 3)
    last.register_forward_pre_hook(lambda *_: ran.append("last"))
    model = nn.Sequential(first, nn.ReLU(), last)
    batch = torch.from_numpy(image)[None]
    with capture(model, ["1", "0"]) as seen:
        assert seen.run(batch) is None
        assert list(seen.outputs) == ["0", "1"]
        assert not ran
    with capture(model, ["0"], stop=False) as seen:
        assert seen.run(batch) is not None
        assert ran == ["last"]
    with capture(model, ["0"]) as seen:
        model(batch)
        raise AssertionError("a stopped pass ends the block")
    assert list(seen.outputs) == ["0"]
    assert ran == ["last"]


def test_a_second_run_starts_afresh(network, image):
    with capture(network, ["layer1.0.relu", "layer1.0.relu:2"], stop=False) as seen:
        seen.run(torch.zeros(1, 3, 48, 48))
        blank = seen.outputs["layer1.0.relu:2"]
        seen.run(torch.from_numpy(image)[None])
    assert list(seen.outputs) == ["layer1.0.relu", "layer1.0.relu:2"]
    np.testing.assert_array_equal(
        seen.outputs["layer1.0.relu:2"][0].numpy(), channel_maps(network, image, "layer1.0.relu:2")
    )
    assert not torch.equal(blank, seen.outputs["layer1.0.relu:2"])


def test_one_module_under_two_names():
    shared = nn.ReLU()
    model = nn.Sequential(nn.Linear(3, 4), shared, nn.Linear(4, 4), shared)
    with capture(model, ["1", "1:2"]) as seen:
        seen.run(torch.ones(1, 3))
    assert list(seen.outputs) == ["1", "1:2"]


def test_ten_threads_at_once(network):
    layers = ["conv1", "bn1", "layer1.0.relu:2", "layer1.0", "layer2.0.downsample.0", "layer3.1", "fc"]
    images = [np.random.default_rng(n).standard_normal((3, 16, 16)).astype(np.float32) for n in range(10)]
    jobs = [(n, layers[(n * 3 + turn) % len(layers)]) for n in range(10) for turn in range(4)]
    expected = {job: channel_maps(network, images[job[0]], job[1]) for job in jobs}
    before = fingerprint(network)
    start, wrong = threading.Barrier(10), []

    def look(number):
        start.wait()
        for job in jobs:
            if job[0] != number:
                continue
            try:
                if not np.array_equal(channel_maps(network, images[number], job[1]), expected[job]):
                    wrong.append(job)
            except BaseException as error:
                wrong.append((job, error))

    threads = [threading.Thread(target=look, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert_same(before, fingerprint(network))


def test_locks_go_with_their_networks():
    model = nn.Linear(1, 1)
    assert lock_of(model) is lock_of(model)
    assert lock_of(nn.Linear(1, 1)) is not lock_of(model)
    gc.collect()
    held = len(module._locks)
    del model
    gc.collect()
    assert len(module._locks) == held - 1
