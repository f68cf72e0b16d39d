"""Every method against Captum, called directly on the network itself, which is small enough to be sure of."""

import copy
import itertools
import warnings
from dataclasses import replace
from typing import Any

import captum.attr as captum
import numpy as np
import pytest
import torch
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.config import Cnn, Mlp
from cnnviz.errors import CnnvizError, LayerNotFound, NotFound
from cnnviz.explore.attribution import baselines, copies, options
from cnnviz.explore.attribution.attribute import Attribution, AttributionSetting, attribute
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.attribution.occlusion import window_of
from cnnviz.explore.attribution.superpixels import superpixels
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build
from cnnviz.progress import finish

SIDE = 16
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


def card(network: Any, *, channels: int = 3, side: int = SIDE) -> Card:
    return Card(
        network=network, image_shape=(side, side, channels), classes=("one", "two", "three", "four"),
        mean=MEAN[:channels], std=STD[:channels], data="none", epoch=0, step=0,
    )  # fmt: skip


def settled(network: Any, *, channels: int = 3, side: int = SIDE) -> nn.Module:
    """A network whose batch norm has statistics of its own."""
    model = build(network, image_shape=(side, side, channels), classes=4, seed=3)
    torch.manual_seed(0)
    with torch.no_grad():
        model.train()(torch.randn(8, channels, side, side))
    return model.eval()


def picture(channels: int = 3, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(channels, side, side)).astype(np.float32)


class Residual(nn.Module):
    """What makes hooks stumble: one ReLU for all, in place, a functional one, and a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn, self.relu, self.drop = nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.Dropout(0.5)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        out = self.bn(self.conv2(x))
        out += x
        out = self.relu(out)
        return self.fc(self.drop(functional.relu(out - 0.1, inplace=True).mean((2, 3))))


def residual() -> nn.Module:
    torch.manual_seed(5)
    model = Residual()
    with torch.no_grad():
        model(torch.randn(8, 3, SIDE, SIDE))
    return model.eval()


CNN = Cnn(convs=(5, 6), kernel=3, batch_norm="all", pool_after=(1,), linear=(7,))


@pytest.fixture(scope="module")
def small() -> tuple[nn.Module, Card]:
    return settled(CNN), card(CNN)


def ask(
    found: tuple[nn.Module, Card], method: str, *targets: int, image: np.ndarray | None = None, **how: Any
) -> list[Attribution]:
    setting = AttributionSetting(**{"layer": "act2", **how.pop("setting", {})})
    image = picture() if image is None else image
    return finish(attribute(*found, image, method=method, targets=targets or (2,), setting=setting, **how))


def reference(method: Any, target: int, **how: Any) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = method.attribute(torch.from_numpy(picture())[None], target=target, **how)
    return given.detach()[0].numpy()


def same(first: np.ndarray, second: np.ndarray, tolerance: float = 1e-5) -> None:
    assert first.shape == second.shape
    assert np.abs(second).max() > 0
    np.testing.assert_allclose(first, second, atol=tolerance * np.abs(second).max(), rtol=1e-4)


@pytest.mark.parametrize("target", [0, 3])
@pytest.mark.parametrize(
    ("method", "theirs"),
    [
        ("saliency", captum.Saliency),
        ("input_x_gradient", captum.InputXGradient),
        ("integrated_gradients", captum.IntegratedGradients),
        ("guided_backprop", captum.GuidedBackprop),
        ("deep_lift", captum.DeepLift),
    ],
)
def test_as_captum_has_it(small: Any, method: str, theirs: Any, target: int) -> None:
    same(ask(small, method, target)[0].values, reference(theirs(copy.deepcopy(small[0])), target))


def test_gradcam_and_guided_gradcam_as_captum_has_them(small: Any) -> None:
    model = small[0]
    theirs = captum.LayerGradCam(model, model.act2).attribute(torch.from_numpy(picture())[None], target=1)
    laid = captum.LayerAttribution.interpolate(theirs.detach(), (SIDE, SIDE))[0].numpy()
    same(ask(small, "grad_cam", 1)[0].values, laid)
    positive = ask(small, "grad_cam", 1, options=options.GradCam(positive=True))[0]
    same(positive.values, laid.clip(min=0))
    assert not positive.signed
    for way in ("nearest", "bilinear"):
        found = ask(small, "guided_grad_cam", 1, options=options.GuidedGradCam(upsampling=way))[0].values
        same(found, _guided_grad_cam(model, way))


def _guided_grad_cam(model: nn.Module, way: str) -> np.ndarray:
    twin = copy.deepcopy(model)
    return reference(captum.GuidedGradCam(twin, twin.act2), 1, interpolate_mode=way)


def test_lrp_as_captum_has_it(small: Any) -> None:
    # Captum knows no rule for nn.Flatten: a method of the tensor does the same.
    class Flat(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            parts = list(copy.deepcopy(model).named_children())
            at = [name for name, _ in parts].index("flatten")
            self.before = nn.Sequential(*(part for _, part in parts[:at]))
            self.after = nn.Sequential(*(part for _, part in parts[at + 1 :]))

        def forward(self, x: Tensor) -> Tensor:
            return self.after(self.before(x).flatten(1))

    for epsilon in (1e-9, 0.01):
        network = Flat(small[0])
        for module in network.modules():
            if not list(module.children()) and not isinstance(module, nn.ReLU):
                module.rule = EpsilonRule(epsilon)
        theirs = reference(captum.LRP(network), 2)
        same(ask(small, "lrp", 2, options=options.Lrp(epsilon=epsilon))[0].values, theirs)


@pytest.mark.parametrize(("window", "stride"), [(None, None), (5, 3), (16, 16), (4, 4), (1, 1), (7, 5)])
def test_occlusion_as_captum_has_it(small: Any, window: int | None, stride: int | None) -> None:
    chosen = options.Occlusion(window=window, stride=stride)
    wide, step = window_of((SIDE, SIDE), chosen)
    black = baselines.baseline("black", torch.zeros(1, 3, SIDE, SIDE), mean=MEAN, std=STD)
    theirs = reference(
        captum.Occlusion(small[0]), 1, sliding_window_shapes=(3, wide, wide), strides=(3, step, step), baselines=black
    )  # fmt: skip
    ours = ask(small, "occlusion", 1, options=chosen, setting={"baseline": "black"})[0].values
    np.testing.assert_allclose(ours.repeat(3, axis=0), theirs, atol=1e-5, rtol=1e-3)


def test_feature_ablation_as_captum_has_it(small: Any) -> None:
    labels = superpixels(picture(), 12)
    theirs = reference(captum.FeatureAblation(small[0]), 0, feature_mask=torch.from_numpy(labels)[None, None])
    ours = ask(small, "feature_ablation", 0, options=options.FeatureAblation(regions=12))[0].values
    same(ours.repeat(3, axis=0), theirs)


def test_smoothgrad_as_captum_has_it(small: Any) -> None:
    chosen = options.SmoothGrad(samples=20, noise=0.1, seed=7)
    deviation = 0.1 * float(picture().max() - picture().min())
    torch.manual_seed(7)
    theirs = reference(
        captum.NoiseTunnel(captum.Saliency(small[0])), 1, nt_type="smoothgrad", nt_samples=20, stdevs=deviation
    )  # fmt: skip
    same(ask(small, "smoothgrad", 1, options=chosen)[0].values, theirs)


def test_kernelshap_is_exact_where_all_sets_are_looked_at(small: Any) -> None:
    labels = superpixels(picture(), 6)
    regions = int(labels.max()) + 1
    image = torch.from_numpy(picture())[None]
    worth = {}
    for kept in itertools.product([False, True], repeat=regions):
        mask = torch.from_numpy(np.array(kept)[labels])
        with torch.no_grad():
            worth[kept] = float(small[0](torch.where(mask, image, 0.0))[0, 3])
    exact = np.zeros(regions)
    orders = list(itertools.permutations(range(regions)))
    for order in orders:
        kept = [False] * regions
        for region in order:
            before = worth[tuple(kept)]
            kept[region] = True
            exact[region] += (worth[tuple(kept)] - before) / len(orders)
    ours = ask(small, "kernel_shap", 3, options=options.KernelShap(regions=6, samples=20_000))[0]
    np.testing.assert_allclose(ours.map, exact[labels], atol=1e-5)
    assert ours.superpixels is not None
    np.testing.assert_array_equal(ours.superpixels, labels)
    assert ours.sum == pytest.approx(exact.sum(), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("samples", [8, 50, 20_000])
@pytest.mark.parametrize("regions", [2, 7, 30])
def test_values_of_superpixels_add_up_to_the_difference_of_scores(
    small: Any, samples: int, regions: int
) -> None:
    """However few sets are drawn: each superpixel counts once, not once a pixel."""
    chosen = options.KernelShap(regions=regions, samples=samples)
    found = ask(small, "kernel_shap", 3, options=chosen, setting={"baseline": "black"})[0]
    image = torch.from_numpy(picture())[None]
    black = torch.tensor([-mean / std for mean, std in zip(MEAN, STD, strict=True)]).reshape(1, 3, 1, 1)
    with torch.no_grad():
        whole, nothing = (float(small[0](one)[0, 3]) for one in (image, black.expand_as(image)))
    labels = superpixels(picture(), regions)
    once = sum(float(found.map[labels == label].mean()) for label in range(labels.max() + 1))
    assert once == pytest.approx(whole - nothing, abs=1e-4)
    assert (found.sum, found.expected) == (
        pytest.approx(once, abs=1e-4),
        pytest.approx(whole - nothing, abs=1e-5),
    )
    assert found.missing == pytest.approx(0, abs=1e-4)
    wrong = replace(found, values=found.values + np.where(labels == 1, np.float32(0.5), np.float32(0)))
    assert wrong.missing == pytest.approx(0.5, abs=1e-4)


def test_sampled_kernelshap_and_captums_agree_on_a_linear_network() -> None:
    network = Mlp(hidden=())
    found = settled(network), card(network)
    labels = torch.from_numpy(superpixels(picture(), 9))[None, None]
    torch.manual_seed(0)
    theirs = reference(captum.KernelShap(found[0]), 1, feature_mask=labels, n_samples=120)
    ours = ask(found, "kernel_shap", 1, options=options.KernelShap(regions=9, samples=100))[0].values
    np.testing.assert_allclose(ours.repeat(3, axis=0), theirs, atol=2e-3)
    exact = ask(found, "feature_ablation", 1, options=options.FeatureAblation(regions=9))[0].values
    np.testing.assert_allclose(ours, exact, atol=1e-4)


def test_gradient_shap_comes_near_captums(small: Any) -> None:
    chosen = options.GradientShap(samples=1000, noise=0.01)
    deviation = 0.01 * float(picture().max() - picture().min())
    torch.manual_seed(0)
    state = np.random.get_state()
    np.random.seed(0)
    theirs = reference(
        captum.GradientShap(small[0]), 1, baselines=torch.zeros(1, 3, SIDE, SIDE), n_samples=1000, stdevs=deviation
    )  # fmt: skip
    np.random.set_state(state)
    ours = ask(small, "gradient_shap", 1, options=chosen)[0].values
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.995
    assert np.abs(ours - theirs).max() < 0.15 * np.abs(theirs).max()


@pytest.mark.parametrize("kind", list(baselines.BASELINES))
@pytest.mark.parametrize(
    ("method", "chosen"),
    [("integrated_gradients", options.IntegratedGradients(steps=200)), ("deep_lift", None)],
)
def test_what_should_add_up_does(method: str, chosen: Any, kind: str) -> None:
    # Captum's DeepLift loses a part where max pooling picks another cell than for the baseline.
    network = CNN.model_copy(update={"pool_after": ()})
    model = settled(network)
    whole = torch.from_numpy(picture())[None]
    nothing = baselines.baseline(kind, whole, mean=MEAN, std=STD)
    with torch.no_grad():
        logits, without = model(whole)[0], model(nothing)[0]
    for found in ask((model, card(network)), method, 0, 3, options=chosen, setting={"baseline": kind}):
        assert found.score == pytest.approx(float(logits[found.target]), abs=1e-5)
        assert found.expected == pytest.approx(float((logits - without)[found.target]), abs=1e-5)
        assert found.missing is not None
        assert abs(found.missing) < 1e-3 * max(1, abs(found.expected))
        assert found.sum == pytest.approx(float(found.map.sum()), abs=1e-4)
        assert abs(found.sum) > 1e-3


@pytest.mark.parametrize("method", list(METHODS))
def test_classes_together_are_classes_one_by_one(small: Any, method: str) -> None:
    together = ask(small, method, 3, 0)
    alone = ask(small, method, 3) + ask(small, method, 0)
    for one, two in zip(together, alone, strict=True):
        assert one.target == two.target
        assert one.map.shape == (SIDE, SIDE)
        assert one.values.dtype == np.float32
        np.testing.assert_allclose(one.values, two.values, atol=1e-5)
        assert one.signed or one.values.min() >= 0


@pytest.mark.parametrize("method", list(METHODS))
def test_the_network_is_left_as_it_was(method: str) -> None:
    model, about = residual(), card(CNN)
    model.bn.train()
    model.conv1.weight.grad = torch.ones_like(model.conv1.weight)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    few = METHODS[method].options
    quick = {"samples": 8, "steps": 3, "window": 8, "regions": 3}
    chosen = few(**{key: value for key, value in quick.items() if key in few.model_fields})
    if method == "lrp":  # a difference with a number is nothing that it knows
        chosen = options.Lrp()
    (found,) = ask((model, about), method, 1, options=chosen, setting={"layer": "relu:2"})
    assert np.abs(found.values).max() > 0
    for layer in ("gone", "relu:3"):
        with pytest.raises(LayerNotFound):
            ask((model, about), "grad_cam", setting={"layer": layer})
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert _hooks(model) == 0
    assert [model.bn.training, model.conv1.training, model.training] == [True, False, False]
    assert all(value.requires_grad for value in model.parameters())
    assert torch.equal(model.conv1.weight.grad, torch.ones_like(model.conv1.weight))
    assert model.fc.weight.grad is None
    assert model.relu.inplace
    assert all(
        not hasattr(module, "rule") and not hasattr(module, "activations") for module in model.modules()
    )


def _hooks(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    )


def test_new_weights_are_seen_at_once(small: Any) -> None:
    model = copy.deepcopy(small[0])
    first = ask((model, small[1]), "saliency")[0].values
    ask((model, small[1]), "deep_lift")
    with torch.no_grad():
        model.fc2.weight.mul_(2)
    same(ask((model, small[1]), "saliency")[0].values, 2 * first)
    assert ask((model, small[1]), "deep_lift")[0].missing == pytest.approx(0, abs=1e-4)


def test_a_layer_that_runs_twice_is_looked_at_where_it_was_asked() -> None:
    model = residual()
    first, second = (
        ask((model, card(CNN)), "grad_cam", 1, setting={"layer": layer})[0].values
        for layer in ("relu", "relu:2")
    )
    assert np.abs(first - second).max() > 0
    with torch.no_grad():
        image = torch.from_numpy(picture())[None]
        once = torch.relu(model.conv1(image))
    maps = once.requires_grad_()
    out = torch.relu(model.bn(model.conv2(maps)) + maps)
    logit = model.fc(torch.relu(out - 0.1).mean((2, 3)))[0, 1]
    for found, one in ((first, maps), (second, out)):
        (gradient,) = torch.autograd.grad(logit, one, retain_graph=True)
        same(found, (gradient.mean((2, 3), keepdim=True) * one).sum(1).detach().numpy())


@pytest.mark.parametrize("layer", ["conv1", "bn"])
def test_what_follows_a_layer_may_work_in_place(layer: str) -> None:
    model = residual()
    seen: dict[str, Tensor] = {}
    module = model.get_submodule(layer)
    handle = module.register_forward_hook(
        lambda _, __, output: seen.update(it=output.clone()) or seen["it"] + 0
    )
    logit = model(torch.from_numpy(picture())[None].requires_grad_())[0, 1]
    handle.remove()
    (gradient,) = torch.autograd.grad(logit, seen["it"])
    expected = (gradient.mean((2, 3), keepdim=True) * seen["it"]).sum(1).detach().numpy()
    same(ask((model, card(CNN)), "grad_cam", 1, setting={"layer": layer})[0].values, expected)


def test_reused_and_functional_relus_are_told_apart() -> None:
    model = residual()
    (found,) = ask((model, card(CNN)), "deep_lift", 1, setting={"baseline": "black"})
    assert found.missing == pytest.approx(0, abs=1e-4)
    rebuilt = copies.single_use(model, torch.from_numpy(picture())[None])
    kinds = [type(module).__name__ for module in rebuilt.children()]
    assert kinds.count("ReLU") == 3
    assert kinds.count("Addition_Module") == 1
    assert "Dropout" not in kinds
    assert rebuilt.n1_conv1.weight.data_ptr() == model.conv1.weight.data_ptr()
    own = copies.single_use(model, torch.from_numpy(picture())[None], own_weights=True)
    assert own.n1_conv1.weight.data_ptr() != model.conv1.weight.data_ptr()


def test_grey_images_and_networks_without_maps() -> None:
    network = Mlp(hidden=(9,))
    found = settled(network, channels=1), card(network, channels=1)
    image = picture(1)
    for method, about in METHODS.items():
        if not about.layer:
            (one,) = ask(found, method, 1, image=image, setting={"layer": None})
            assert one.values.shape == (1, SIDE, SIDE)
            assert np.abs(one.values).max() > 0
    with pytest.raises(LayerNotFound):
        ask(found, "grad_cam", 1, image=image, setting={"layer": None})
    with pytest.raises(CnnvizError, match="no maps"):
        ask(found, "grad_cam", 1, image=image, setting={"layer": "fc1"})


def test_what_cannot_be_asked_is_one_line(small: Any) -> None:
    for target in (-1, 4):
        with pytest.raises(CnnvizError, match=f"There is no class {target}: they are numbered 0 to 3"):
            ask(small, "saliency", target)
    with pytest.raises(NotFound, match="No method 'salience'"):
        ask(small, "salience")
    with pytest.raises(NotFound, match="No baseline 'red'"):
        ask(small, "occlusion", setting={"baseline": "red"})
    with pytest.raises(CnnvizError, match="doesn't fit"):
        ask(small, "occlusion", options=options.Occlusion(window=17))
    with pytest.raises(CnnvizError, match="Choose a class"):
        finish(attribute(*small, picture(), method="saliency", targets=[]))


def test_work_can_be_stopped_and_says_how_far_it_is(small: Any) -> None:
    work = attribute(*small, picture(), method="occlusion", targets=[0])
    shares = [next(work).share for _ in range(3)]
    assert shares == sorted(shares)
    assert 0 == shares[0] < shares[2] < 1
    work.close()
    assert _hooks(small[0]) == 0


def test_baselines() -> None:
    image = torch.from_numpy(picture())[None]
    made = {name: baselines.baseline(name, image, mean=MEAN, std=STD, seed=2) for name in baselines.BASELINES}
    assert all(one.shape == image.shape for one in made.values())
    assert not made["mean"].any()
    pixels = {name: one[0].numpy() * np.array(STD)[:, None, None] + np.array(MEAN)[:, None, None]
              for name, one in made.items()}  # fmt: skip
    np.testing.assert_allclose(pixels["black"], 0, atol=1e-6)
    assert 0 <= pixels["noise"].min() < pixels["noise"].max() <= 1
    assert made["blur"].std() < 0.5 * image.std()
    assert float(made["blur"].mean()) == pytest.approx(float(image.mean()), abs=0.05)
    flat = torch.full((1, 1, 9, 5), 3.0)
    torch.testing.assert_close(baselines.baseline("blur", flat, mean=(0,), std=(1,)), flat)
    again = baselines.baseline("noise", image, mean=MEAN, std=STD, seed=2)
    assert torch.equal(again, made["noise"])


def test_superpixels_follow_colours() -> None:
    image = np.zeros((3, 24, 24), np.float32)
    image[:, :, 11:] = 4
    labels = superpixels(image, 16)
    assert sorted(np.unique(labels)) == list(range(labels.max() + 1))
    assert 8 <= labels.max() + 1 <= 16
    assert not set(labels[:, :11].ravel()) & set(labels[:, 11:].ravel())
    assert superpixels(np.zeros((1, 3, 3), np.float32), 400).max() == 8
    assert (superpixels(image, 16) == labels).all()
