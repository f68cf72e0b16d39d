"""The learning-rate range test: what it does at each step, and what it suggests."""

import pytest

from cnnviz.config import RunConfig
from cnnviz.data import catalogue
from cnnviz.progress import finish
from cnnviz.train import range_test
from cnnviz.train.range_test import HIGHEST, LOWEST, RangeTest


def test_each_step_has_a_higher_rate_until_the_loss_grows(tiny_data: str, tiny_config: RunConfig) -> None:
    found = finish(range_test.range_test(tiny_config, catalogue.load(tiny_data), steps=60))
    factors = [after / before for before, after in zip(found.rates, found.rates[1:], strict=False)]
    assert factors == pytest.approx([(HIGHEST / LOWEST) ** (1 / 59)] * len(factors))
    assert found.rates[0] == pytest.approx(LOWEST)
    # At rates that change nothing, the first loss is that of the untrained network: ln 4 for four classes, about.
    assert found.losses[0] == pytest.approx(1.386, abs=0.5)
    assert found.means[0] == pytest.approx(found.losses[0])
    assert found.means[1] == pytest.approx((0.9 * found.losses[0] + found.losses[1]) / 1.9)
    assert found.suggested is not None
    assert 1e-4 < found.suggested < 1
    assert finish(range_test.range_test(tiny_config, catalogue.load(tiny_data), steps=60)) == found


def test_where_the_loss_falls_fastest_is_suggested() -> None:
    rates = tuple(10.0**power for power in range(-9, 3))
    means = (2.3, 2.3, 2.3, 2.29, 2.2, 2.0, 1.2, 0.6, 0.5, 0.6, 2.0, 9.0)
    found = RangeTest(rates, means, means, True)
    assert found.suggested == pytest.approx(1e-3)
    assert found.reason == "The loss falls fastest at 0.001, is lowest at 0.1 and out of hand by 1e+02."
    flat = RangeTest(rates, (2.0,) * 12, (2.0,) * 11 + (1.99,), False)
    assert flat.suggested is None
    assert "fell at no rate" in flat.reason
    calm = RangeTest(rates[:11], means[:11], means[:11], False)
    assert calm.reason == "The loss falls fastest at 0.001, is lowest at 0.1."
