"""Checks of a map, each against a plain loop, a formula or Captum."""

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from cnnviz.config import Mlp
from cnnviz.explore.attribution import applicability, baselines, options
from cnnviz.explore.attribution.attribute import AttributionSetting, attribute, attribution_request
from cnnviz.explore.attribution.checks import checks
from cnnviz.explore.attribution.deletion_insertion import curves
from cnnviz.explore.attribution.faithfulness import infidelity, max_sensitivity
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.attribution.randomisation import cascade, rank_correlation
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.explore.attribution.warnings import oddities
from cnnviz.explore.layers.structure import layers
from cnnviz.progress import finish
from tests.explore.attribution.test_methods import CNN, SIDE, ask, card, picture, residual, settled


def end(work):
    """What a generator ends with; its shares have to grow."""
    shares = []
    while True:
        try:
            shares.append(next(work).share)
        except StopIteration as last:
            assert shares == sorted(shares)
            assert all(0 <= one <= 1 for one in shares)
            return last.value


def question(baseline: str = "blur", model: nn.Module | None = None) -> AttributionRequest:
    setting = AttributionSetting(baseline=baseline)
    return attribution_request(
        model or settled(CNN),
        card(CNN),
        picture(),
        method="integrated_gradients",
        targets=[2],
        setting=setting,
    )


def test_curves_are_those_of_a_plain_loop() -> None:
    asks = question()
    random = np.random.default_rng(3)
    values = random.normal(size=(SIDE, SIDE)).astype(np.float32)
    nothing = question("mean").baseline
    found = end(curves(asks, values, nothing=nothing, steps=10))
    order = sorted(range(SIDE * SIDE), key=lambda place: -values.ravel()[place])
    for curve, start, then in (
        (found.deletion, asks.image, nothing),
        (found.insertion, asks.baseline, asks.image),
    ):
        expected = []
        for step in range(11):
            count = round(step / 10 * SIDE * SIDE)
            mixed = start.clone()
            for place in order[:count]:
                row, column = divmod(place, SIDE)
                mixed[0, :, row, column] = then[0, :, row, column]
            with torch.no_grad():
                expected.append(float(torch.softmax(asks.network(mixed), 1)[0, 2]))
        np.testing.assert_allclose(curve.probabilities, expected, atol=1e-6)
        assert curve.area == pytest.approx(np.trapezoid(expected, curve.shares), abs=1e-6)
        assert (curve.shares[0], curve.shares[-1]) == (0, 1)
    assert found.deletion_at_random.probabilities[0] == pytest.approx(found.deletion.probabilities[0])
    assert found.deletion_at_random.area != found.deletion.area


def test_a_right_map_is_better_than_chance() -> None:
    class Corner(nn.Module):
        def forward(self, x):
            light = x[:, :, :4, :4].mean((1, 2, 3))
            return torch.stack([-4 * light, 4 * light], 1)

    image = np.ones((3, SIDE, SIDE), np.float32)
    setting = AttributionSetting(baseline="mean")
    asks = attribution_request(Corner(), card(CNN), image, method="saliency", targets=[1], setting=setting)
    values = np.zeros((SIDE, SIDE), np.float32)
    values[:4, :4] = 1
    right = end(curves(asks, values, nothing=asks.baseline))
    wrong = end(curves(asks, -values, nothing=asks.baseline))
    assert right.deletion.area < right.deletion_at_random.area < wrong.deletion.area
    assert right.insertion.area > right.insertion_at_random.area > wrong.insertion.area
    # The map that tells exactly what the corner is worth foretells everything.
    faithful = end(infidelity(asks, values[None]))
    assert faithful == pytest.approx(0, abs=1e-5)
    assert end(infidelity(asks, 7 * values[None])) == pytest.approx(0, abs=1e-5)
    assert end(infidelity(asks, np.roll(values, 8)[None])) > 0.5


def test_sensitivity_is_the_largest_change_of_the_map() -> None:
    image = picture()
    turns = []

    def explain(values):
        turns.append(float(np.abs(values - image).max()))
        return values.sum(0, keepdims=True) * 2

    known = image.sum(0, keepdims=True) * 2
    found = end(max_sensitivity(explain, image, known, radius=0.1, draws=5))
    assert len(turns) == 5
    assert 0.09 < max(turns) <= 0.1 + 1e-6
    generator = torch.Generator().manual_seed(0)
    changes = []
    for _ in range(5):
        noise = (torch.rand((1, 3, SIDE, SIDE), generator=generator) * 2 - 1) * 0.1
        changes.append(float(2 * noise.sum(1).norm() / np.linalg.norm(known)))
    assert found == pytest.approx(max(changes), rel=1e-4)
    assert end(max_sensitivity(lambda values: known, image, known)) == 0


def test_sensitivity_of_a_map_with_a_value_a_colour_is_relative_to_all_of_it() -> None:
    image = picture()
    weights = np.array([0.1, 1.0, 3.0], np.float32)[:, None, None]
    found = end(max_sensitivity(lambda values: values * weights, image, image * weights, radius=0.1, draws=5))
    generator = torch.Generator().manual_seed(0)
    changes = []
    for _ in range(5):
        noise = ((torch.rand((1, 3, SIDE, SIDE), generator=generator) * 2 - 1) * 0.1).numpy()[0]
        changes.append(np.linalg.norm(noise * weights) / np.linalg.norm(image * weights))
    assert found == pytest.approx(max(changes), rel=1e-4)


def test_infidelity_is_that_of_a_plain_loop() -> None:
    asks = question("mean")
    values = ask((asks.network, card(CNN)), "integrated_gradients", 2)[0].values
    found = end(infidelity(asks, values, draws=60, seed=4))
    random, masks = np.random.default_rng(4), []
    for _ in range(60):
        high, wide = (max(1, round(SIDE * random.uniform(0.25, 0.5))) for _ in range(2))
        top, left = random.integers(SIDE - high + 1), random.integers(SIDE - wide + 1)
        mask = np.zeros((SIDE, SIDE), np.float32)
        mask[top : top + high, left : left + wide] = 1
        masks.append(mask)
    foretold = np.array([(values * mask).sum() for mask in masks])
    with torch.no_grad():
        logits = [float(asks.network(asks.image * torch.from_numpy(1 - mask))[0, 2]) for mask in masks]
        lost = float(asks.network(asks.image)[0, 2]) - np.array(logits)
    scale = (foretold * lost).mean() / (foretold**2).mean()
    assert found == pytest.approx(((scale * foretold - lost) ** 2).mean() / (lost**2).mean(), rel=1e-3)
    one_value = values.sum(0, keepdims=True)
    assert end(infidelity(asks, one_value, draws=60, seed=4)) == pytest.approx(found, rel=1e-3)


@pytest.mark.parametrize("ties", [False, True])
def test_ranks_are_scipys(ties: bool) -> None:
    random = np.random.default_rng(0)
    one, two = (random.normal(size=(9, 9)).round(0 if ties else 6).astype(np.float32) for _ in range(2))
    expected = scipy.stats.spearmanr(one.ravel(), two.ravel()).statistic
    assert rank_correlation(one, two) == pytest.approx(expected, abs=1e-9)
    assert rank_correlation(one, one) == pytest.approx(1)
    assert np.isnan(rank_correlation(one, np.ones_like(one)))


def test_layers_are_destroyed_from_the_last_one_on_a_copy() -> None:
    model = residual()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    seen = []

    def explain(broken: nn.Module) -> np.ndarray:
        assert broken is not model
        seen.append(
            [name for name, value in broken.state_dict().items() if not torch.equal(value, before[name])]
        )
        return picture()[0] if len(seen) < 2 else -picture()[1]

    found = end(cascade(model, layers(model, (3, SIDE, SIDE)), explain, picture()[0], steps=9))
    assert [one.layer for one in found] == ["fc", "conv2", "conv1"]
    assert [one.layers for one in found] == [1, 2, 3]
    assert [set(names) for names in seen] == [
        {"fc.weight", "fc.bias"},
        {"fc.weight", "fc.bias", "conv2.weight"},
        {"fc.weight", "fc.bias", "conv2.weight", "conv1.weight", "conv1.bias"},
    ]
    assert found[0].correlation == pytest.approx(1)
    assert found[1].correlation == pytest.approx(
        scipy.stats.spearmanr(np.abs(picture()[0]).ravel(), np.abs(picture()[1]).ravel()).statistic
    )
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    original = before["fc.weight"].numpy()
    (last, *_) = end(
        cascade(
            model,
            layers(model, (3, SIDE, SIDE)),
            lambda one: one.fc.weight.detach().numpy(),
            original,
            steps=1,
        )
    )
    assert last.map.std() == pytest.approx(float(original.std()), rel=0.5)
    assert not np.isin(last.map, original).any()


@pytest.mark.parametrize("method", ["grad_cam", "saliency", "occlusion"])
def test_all_checks_of_a_map(method: str) -> None:
    model = settled(CNN)
    setting, chosen = AttributionSetting(layer="act2"), METHODS[method].options()
    (found,) = ask((model, card(CNN)), method, 1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    done = end(checks(model, card(CNN), picture(), found, options=chosen, setting=setting))
    again = end(checks(model, card(CNN), picture(), found, options=chosen, setting=setting))
    assert done.curves.deletion.area == again.curves.deletion.area
    assert (done.sensitivity, done.infidelity) == (again.sensitivity, again.infidelity)
    assert done.sensitivity > 0
    # Petsiuk et al. 2018: pixels are deleted to the mean colour, and inserted into a blurred image.
    image = torch.from_numpy(picture())[None]
    with torch.no_grad():
        ends = {
            name: float(torch.softmax(model(batch), 1)[0, 1])
            for name, batch in (
                ("image", image), ("mean", torch.zeros_like(image)),
                ("blur", baselines.baseline("blur", image, mean=card(CNN).mean, std=card(CNN).std)),
            )
        }  # fmt: skip
    assert len({round(end, 4) for end in ends.values()}) == 3
    for deletion, insertion in (
        (done.curves.deletion, done.curves.insertion),
        (done.curves.deletion_at_random, done.curves.insertion_at_random),
    ):
        shares = [*deletion.probabilities[[0, -1]], *insertion.probabilities[[0, -1]]]
        assert shares == pytest.approx([ends["image"], ends["mean"], ends["blur"], ends["image"]], abs=1e-5)
    assert 0 <= done.infidelity <= 1.001
    assert [one.layer for one in done.destroyed] == ["fc2", "fc1", "conv2", "conv1"]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_maps_that_cannot_be_read_are_told_of() -> None:
    values = np.random.default_rng(0).normal(size=(20, 20)).astype(np.float32)
    assert oddities(values, score=1) == []
    assert oddities(values * 1e-9, score=1)[0].startswith("Blank")
    assert oddities(values * 1e-9, score=0.0)[0].startswith("Blank")
    assert oddities(np.ones_like(values), score=1)[0].startswith("Saturated: 100 %")
    spiky = values * 0.001
    spiky[3, 4] = 9
    assert oddities(spiky, score=1)[0].startswith("Spiky")
    spiky[0, 0] = np.nan
    assert oddities(spiky, score=1) == ["1 of 400 values are not finite."]


def test_methods_are_probed() -> None:
    model = settled(CNN)
    assert set(applicability.reasons(model, card(CNN), (3, SIDE, SIDE)).values()) == {""}

    mlp = Mlp(hidden=(9,), activation="gelu")
    why = applicability.reasons(settled(mlp), card(mlp), (3, SIDE, SIDE))
    assert "No layer has maps" in why["grad_cam"]
    assert "No layer has maps" in why["guided_grad_cam"]
    assert "has none" in why["guided_backprop"]
    assert "add up to" in why["deep_lift"]
    assert why["lrp"] == "It has no rule for GELU."
    assert not why["saliency"]

    why = applicability.reasons(residual(), card(CNN), (3, SIDE, SIDE))
    assert why["deep_lift"] == why["guided_backprop"] == ""
    assert why["lrp"] == "It has no rule for mean, sub."


def test_code_that_cannot_be_traced_is_told_of() -> None:
    class Choosy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu, self.fc = nn.ReLU(), nn.Linear(3, 4)

        def forward(self, x):
            x = self.relu(x)
            return self.fc(x.mean((2, 3)) if x.sum() > 0 else -x.mean((2, 3)))

    why = applicability.reasons(Choosy(), card(CNN), (3, SIDE, SIDE))
    for method in ("deep_lift", "lrp", "guided_backprop"):
        assert "can't be traced" in why[method]
    assert not why["integrated_gradients"]
    work = attribute(
        Choosy(), card(CNN), picture(), method="occlusion", targets=[0], options=options.Occlusion()
    )
    assert finish(work)[0].values.shape == (1, SIDE, SIDE)
