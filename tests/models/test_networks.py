import pytest
import torch
import torchvision
from torch import nn

from cnnviz.config import Mlp, ResNet18, Torchvision
from cnnviz.models.first_layer import first_filters
from cnnviz.models.registry import FAMILIES, WithoutRandomWeights, build
from cnnviz.train.estimate import parameter_count

IMAGENET, CIFAR = ResNet18(stem="imagenet"), ResNet18(stem="cifar")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "image_shape", "classes", "expected"),
    [
        (Mlp(), (28, 28, 1), 10, 648_010),  # 784·500+500 + 500·500+500 + 500·10+10
        (Mlp(hidden=()), (28, 28, 1), 10, 7_850),
        (Mlp(hidden=(3,), dropout=0.5), (2, 2, 3), 2, 12 * 3 + 3 + 3 * 2 + 2),
        (IMAGENET, (224, 224, 3), 1000, 11_689_512),  # torchvision's documentation
        (CIFAR, (32, 32, 3), 10, 11_173_962),  # kuangliu/pytorch-cifar
        (CIFAR, (28, 28, 1), 10, 11_173_962 - 2 * 64 * 9),
        (IMAGENET, (64, 64, 1), 2, 11_689_512 - 2 * 64 * 49 - 998 * 513),
    ],
)
def test_parameter_counts(
    network: Mlp | ResNet18, image_shape: tuple[int, int, int], classes: int, expected: int
) -> None:
    assert parameter_count(network, image_shape=image_shape, classes=classes) == expected
    model = build(network, image_shape=image_shape, classes=classes)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


@pytest.mark.parametrize("network", [Mlp(hidden=(5,)), IMAGENET, CIFAR], ids=["mlp", "imagenet", "cifar"])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_of_image(network: Mlp | ResNet18, channels: int) -> None:
    model = None
    for height, width in ((8, 8), (9, 13), (28, 28), (32, 32), (65, 40)):
        if model is None or isinstance(network, Mlp):
            model = build(network, image_shape=(height, width, channels), classes=4).eval()
        with torch.inference_mode():
            assert model(torch.zeros(2, channels, height, width)).shape == (2, 4)


def test_resnet_computes_what_torchvisions_does() -> None:
    ours = build(IMAGENET, image_shape=(64, 64, 3), classes=7).eval()
    theirs = torchvision.models.resnet18(num_classes=7).eval()
    theirs.load_state_dict(ours.state_dict())
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(ours(images), theirs(images), rtol=0, atol=0)


def test_the_cifar_stem_keeps_the_size() -> None:
    model = build(CIFAR, image_shape=(32, 32, 3), classes=10)
    seen = {}
    for name in ("conv1", "layer1", "layer4"):
        getattr(model, name).register_forward_hook(
            lambda _, __, out, name=name: seen.update({name: out.shape[2:]})
        )
    with torch.inference_mode():
        model.eval()(torch.zeros(1, 3, 32, 32))
    assert {name: tuple(size) for name, size in seen.items()} == {
        "conv1": (32, 32),
        "layer1": (32, 32),
        "layer4": (4, 4),
    }


def test_mlp_computes_what_is_written_by_hand() -> None:
    model = build(Mlp(hidden=(6, 5), activation="tanh", dropout=0.5), image_shape=(2, 3, 3), classes=4).eval()
    weights = model.state_dict()
    images = torch.rand(7, 3, 2, 3, generator=torch.Generator().manual_seed(0))
    x = images.reshape(7, 18)
    x = torch.tanh(x @ weights["fc1.weight"].T + weights["fc1.bias"])
    x = torch.tanh(x @ weights["fc2.weight"].T + weights["fc2.bias"])
    expected = x @ weights["fc3.weight"].T + weights["fc3.bias"]
    torch.testing.assert_close(model(images), expected)
    assert sum(isinstance(module, nn.Dropout) and module.p == 0.5 for module in model.modules()) == 2


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("relu", nn.functional.relu),
        ("sigmoid", torch.sigmoid),
        ("tanh", torch.tanh),
        ("gelu", nn.functional.gelu),
        ("mish", nn.functional.mish),
        ("leaky_relu", nn.functional.leaky_relu),
    ],
)
def test_activations(name: str, function: object) -> None:
    model = build(Mlp(hidden=(6,), activation=name), image_shape=(1, 2, 1), classes=2)  # type: ignore[arg-type]
    inputs = torch.linspace(-3, 3, 6)
    torch.testing.assert_close(model.get_submodule("act1")(inputs), function(inputs))  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("network", [Mlp(hidden=(5,)), CIFAR, IMAGENET], ids=["mlp", "cifar", "imagenet"])
def test_first_weights_follow_from_the_seed_alone(network: Mlp | ResNet18) -> None:
    def weights(seed: int) -> list[torch.Tensor]:
        return list(build(network, image_shape=(8, 8, 3), classes=3, seed=seed).state_dict().values())

    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = weights(0)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, weights(0), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, weights(1), strict=True))


def test_counting_allocates_nothing_and_draws_nothing() -> None:
    before = torch.get_rng_state()
    huge = Mlp(hidden=(10**6, 10**6))
    assert (
        parameter_count(huge, image_shape=(1, 1, 1), classes=2) == 2 * 10**6 + 10**12 + 10**6 + 2 * 10**6 + 2
    )
    assert torch.equal(torch.get_rng_state(), before)


def test_first_filters() -> None:
    model = build(Mlp(hidden=(6,)), image_shape=(2, 3, 3), classes=4)
    filters = first_filters(model, image_shape=(2, 3, 3))
    assert filters.shape == (6, 3, 2, 3)
    image = torch.rand(3, 2, 3)
    torch.testing.assert_close(
        (filters * image).sum((1, 2, 3)), model.get_submodule("fc1").weight @ image.flatten()
    )
    resnet = build(CIFAR, image_shape=(8, 8, 1), classes=4)
    assert torch.equal(first_filters(resnet, image_shape=(8, 8, 1)), resnet.get_submodule("conv1").weight)


def test_every_network_of_the_configuration_is_registered() -> None:
    assert set(FAMILIES) == {"mlp", "cnn", "resnet18", "vgg11_bn", "alexnet", "torchvision", "exported"}
    assert all(family.title and family.summary for family in FAMILIES.values())


@pytest.mark.parametrize("model", ["inception_v3", "swin_t", "convnext_tiny"])
def test_weights_that_are_not_drawn_take_no_time(model: str) -> None:
    """Their layers draw until all values lie between bounds."""
    with WithoutRandomWeights():
        network = build(Torchvision(model=model), image_shape=(224, 224, 3), classes=4)
    assert all(bool(weights.isfinite().all()) for weights in network.parameters())
