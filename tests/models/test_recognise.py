"""From names and shapes back to the network."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from cnnviz.config import AlexNet, Cnn, Mlp, Network, ResNet18, Torchvision, Vgg11Bn
from cnnviz.config.network import TorchvisionName
from cnnviz.errors import CheckpointError
from cnnviz.models.fit import check, shapes
from cnnviz.models.match import COUNTER
from cnnviz.models.recognise import as_named, recognise
from cnnviz.models.registry import Shape, build

pytestmark = pytest.mark.slow

ALL: tuple[str, ...] = TorchvisionName.__args__  # type: ignore[attr-defined]


@cache
def weights(network: Network, shape: Shape = (224, 224, 3), classes: int = 7) -> dict[str, Tensor]:
    """Names and shapes of a network, without values."""
    return {
        name: torch.empty(size, dtype=torch.int64 if name.endswith(COUNTER) else torch.float32, device="meta")
        for name, size in shapes(network, shape, classes).items()
    }


def loads(found: Any) -> None:
    """The weights go into the network that was recognised, strictly."""
    due = shapes(found.network, found.image_shape, found.classes)
    assert due == {name: tuple(value.shape) for name, value in found.tensors.items()}


@pytest.mark.parametrize("name", ALL)
def test_every_classifier_of_torchvisions(name: str) -> None:
    found = recognise(weights(Torchvision(model=name)))  # type: ignore[arg-type]
    ours = {"resnet18": "resnet18", "alexnet": "alexnet"}
    assert getattr(found.network, "model", ours.get(name)) == name
    assert found.classes == 7
    loads(found)


OURS: list[tuple[Network, Shape]] = [
    (Mlp(), (28, 28, 1)),
    (Mlp(hidden=(7, 5, 3)), (32, 32, 3)),
    (Mlp(hidden=()), (8, 8, 1)),
    (Cnn(), (32, 32, 3)),
    (Cnn(convs=(4, 8), kernel=5, batch_norm="all", pool_after=(1, 2), linear=(12,)), (28, 28, 1)),
    (Cnn(convs=(4, 4, 8, 8), batch_norm="first_of_pair", pool_after=(2, 4)), (32, 32, 3)),
    (Cnn(convs=(4,), pool_after=()), (32, 32, 3)),
    (ResNet18(), (32, 32, 3)),
    (ResNet18(stem="imagenet", head=(50, 20), dropout_fc=0.5), (224, 224, 3)),
    (ResNet18(dropout_conv1=0.1), (32, 32, 1)),
    (Vgg11Bn(), (32, 32, 3)),
    (Vgg11Bn(head=(64, 32)), (64, 64, 3)),
    (Vgg11Bn(head=()), (96, 96, 1)),
    (AlexNet(), (224, 224, 3)),
]


@pytest.mark.parametrize(("network", "shape"), OURS, ids=[f"{n.name}-{i}" for i, (n, _) in enumerate(OURS)])
def test_every_network_of_the_bench(network: Network, shape: Shape) -> None:
    found = recognise(weights(network, shape))
    # Dropout has no weights; whether it was there does not matter to a look.
    plain = {
        key: 0.0 for key in network.model_dump() if key.startswith("dropout") and network.name != "alexnet"
    }
    assert found.network == network.model_copy(update=plain)
    assert (found.classes, found.image_shape) == (7, shape)
    loads(found)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "net.", "module._orig_mod.", "model.net."])
def test_wrappers_before_the_names(prefix: str) -> None:
    found = recognise({prefix + name: value for name, value in weights(ResNet18()).items()})
    assert found.network == ResNet18()
    assert prefix in found.notes[0]
    loads(found)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (lambda name: f"module.{name}", {"n_averaged": torch.tensor(7)}),  # torch.optim.swa_utils
        (lambda name: f"module.module.{name}", {"n_averaged": torch.tensor(7)}),
        (lambda name: f"model.{name}", {"criterion.weight": torch.ones(7)}),  # Lightning
        (lambda name: f"net.{name}", {"loss_fn.weight": torch.ones(7), "val_loss.pos_weight": torch.ones(1)}),
        (lambda name: f"resnet.{name}", {}),
        (
            lambda name: name,
            {"layer1.total_ops": torch.zeros(1), "total_params": torch.zeros(1)},
        ),  # a profiler
    ],
)
def test_what_is_beside_the_weights(names: Any, said: dict[str, Tensor]) -> None:
    for network in (
        ResNet18(),
        Torchvision(model="densenet121"),
        Cnn(convs=(4, 8), pool_after=(1,)),
        Mlp(hidden=(5, 4)),
    ):
        shape = (32, 32, 3)
        found = recognise({names(name): value for name, value in weights(network, shape).items()} | said)
        assert found.network.name == network.name
        for name in said:
            assert f"{name!r}" in " ".join(found.notes)
        loads(found)


def test_of_two_the_averaged_one_is_taken() -> None:
    own = weights(ResNet18())
    both = {f"{who}.{name}": value for who in ("online_model", "ema_model") for name, value in own.items()}
    found = recognise(both | {"initted": torch.tensor(True), "step": torch.tensor(3)})
    assert found.network == ResNet18()
    assert "'ema_model' is taken, the averaged one; 'online_model' is left out" in " ".join(found.notes)


@pytest.mark.parametrize(
    "name", ["resnet50", "mobilenet_v2", "vgg11", "squeezenet1_1", "convnext_tiny", "vit_b_16"]
)
def test_grey_images(name: str) -> None:
    found = recognise(weights(Torchvision(model=name), (224, 224, 1)))  # type: ignore[arg-type]
    assert found.image_shape == (224, 224, 1)
    loads(found)


def test_a_vit_for_images_of_another_size() -> None:
    found = recognise(weights(Torchvision(model="vit_b_16"), (96, 96, 3)))
    assert (found.image_shape, found.fixed_size) == ((96, 96, 3), True)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_auxiliary_heads_are_left_out(name: str) -> None:
    from torchvision.models import get_model

    with torch.device("meta"):
        whole = get_model(name, num_classes=7, aux_logits=True, init_weights=False).state_dict()
    found = recognise(whole)
    assert "auxiliary heads are left out" in " ".join(found.notes)
    loads(found)


def test_older_names_and_counters_that_were_not_there() -> None:
    old = {
        name.replace("norm1", "norm.1").replace("conv2", "conv.2") if "denselayer" in name else name: value
        for name, value in weights(Torchvision(model="densenet121")).items()
        if not name.endswith("num_batches_tracked")
    }
    loads(recognise(old))
    vit = weights(Torchvision(model="vit_b_32"))
    loads(
        recognise(
            {
                name.replace("mlp.0", "mlp.linear_1").replace("mlp.3", "mlp.linear_2"): v
                for name, v in vit.items()
            }
        )
    )


def test_the_resnet_that_many_have_copied() -> None:
    theirs = {
        name.replace("downsample", "shortcut").replace("fc.", "linear."): value
        for name, value in weights(ResNet18()).items()
    }
    assert recognise(theirs).network == ResNet18()


def test_a_chain_of_linear_layers_under_any_names() -> None:
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(784, 30), torch.nn.ReLU(), torch.nn.Linear(30, 10)
    )
    found = recognise(model.state_dict())
    assert found.network == Mlp(hidden=(30,))
    assert found.options == ("activation",)
    ours = build(found.network, image_shape=found.image_shape, classes=10)
    ours.load_state_dict(dict(found.tensors))
    images = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(ours(images), model(images))


def _changed(base: Mapping[str, Tensor], **changes: Tensor | None) -> dict[str, Tensor]:
    found = dict(base)
    for name, value in changes.items():
        key = name.replace("__", ".")
        if value is None:
            del found[key]
        else:
            found[key] = value
    return found


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        (
            lambda: _changed(weights(ResNet18()), layer1__0__conv1__weight=None),
            "Nearest is ResNet-18: it lacks layer1.0.conv1.weight. Name",
        ),
        (
            lambda: _changed(weights(Torchvision(model="resnet34")), conv1__weight=torch.empty(64, 3, 3, 3)),
            "Nearest is resnet34: it has conv1.weight as [64, 3, 3, 3] instead of [64, 3, 7, 7]",
        ),
        (
            lambda: _changed(weights(ResNet18()), temperature=torch.empty(2)),
            "Nearest is ResNet-18: it has 'temperature', which ResNet-18 hasn't. The rest fits",
        ),
        (
            lambda: _changed(weights(Torchvision(model="densenet121")), temperature=torch.empty(2)),
            "has 'temperature', which densenet121 hasn't",
        ),
        (
            lambda: _changed(weights(Cnn(), (32, 32, 3)), temperature=torch.empty(2)),
            "has 'temperature', which CNN hasn't",
        ),
        (
            lambda: _changed(weights(Mlp(), (8, 8, 1)), temperature=torch.empty(2)),
            "has 'temperature', which MLP hasn't",
        ),
        (
            lambda: {
                f"{who}.{name}": value
                for who in ("student", "teacher")
                for name, value in weights(ResNet18()).items()
            },
            "two networks of one kind, 'student' and 'teacher'",
        ),
        (lambda: {"a.weight": torch.empty(2, 3), "b": torch.empty(3)}, "begins with a.weight [2, 3]"),
        (lambda: weights(Torchvision(model="resnet18"), classes=1), "one number"),
        (lambda: {name: v.to(torch.int8) for name, v in weights(ResNet18()).items()}, "quantised"),
        (
            lambda: weights(ResNet18(), (32, 32, 3)) | {"conv1.weight": torch.empty(64, 4, 3, 3)},
            "conv1.weight",
        ),
    ],
)
def test_what_fits_nothing_is_said_in_one_line(tensors: Any, said: str) -> None:
    with pytest.raises(CheckpointError) as error:
        recognise(tensors(), source="my.pt")
    assert said in str(error.value)
    assert str(error.value).startswith("my.pt ")
    assert len(str(error.value).splitlines()) == 1


def test_a_name_that_is_given() -> None:
    own = weights(Torchvision(model="resnet50"))
    assert as_named(own, "resnet50").classes == 7
    with pytest.raises(CheckpointError, match=r"is no resnet34: it has 'layer1\.0\.conv3\.weight'"):
        as_named(own, "resnet34", source="my.pt")
    with pytest.raises(CheckpointError, match="is no mlp"):
        as_named(own, "mlp", source="my.pt")


def test_images_that_a_network_cannot_read() -> None:
    found = recognise(weights(AlexNet()))
    with pytest.raises(CheckpointError, match="63×63"):
        check(found, found.network, (32, 32, 3))
    net = recognise(weights(Cnn(), (32, 32, 3)))
    with pytest.raises(CheckpointError, match=r"fc1.weight as \[7, 2048\] instead of"):
        check(net, net.network, (64, 64, 3))


@pytest.mark.parametrize("name", ["vit_base_patch32_224", "resnet18", "resnet50"])
def test_timms_names_are_understood(name: str) -> None:
    import timm

    torch.manual_seed(0)
    theirs = timm.create_model(name, pretrained=False, num_classes=4).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            if not parameter.any():  # a class token of zeros, say
                parameter.normal_(std=0.02)
    found = recognise(theirs.state_dict())
    assert found.classes == 4
    ours = build(found.network, image_shape=found.image_shape, classes=4).eval()
    ours.load_state_dict(dict(found.tensors))
    images = torch.randn(2, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(ours(images), theirs(images), rtol=1e-4, atol=1e-4)


def test_a_network_of_timms_that_torchvision_has_not_says_how_it_comes_in() -> None:
    import timm

    weights = timm.create_model("mixer_s32_224", pretrained=False, num_classes=4).state_dict()
    with pytest.raises(CheckpointError, match=r"cnnviz\.add\(model, images\)"):
        recognise(weights)
