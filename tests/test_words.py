"""Figures as a person reads them."""

import math

import numpy as np
import pytest

from cnnviz.formatting import accuracy, duration, energy, quoted, size, standard_error, whole_number


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "under 1 s"), (0.7, "1 s"), (59.4, "59 s"), (59.6, "1 min"), (200, "3 min 20 s"), (60 * 12 + 5, "12 min"),
        (3599.7, "1 h"), (7500, "2 h 5 min"), (86_400, "24 h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (22_400_000, "22.4 MB"), (3.2e12, "3200.0 GB")]
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


def test_accuracy_says_how_sure_it_is() -> None:
    assert accuracy(0.923, 10_000) == "92.3 % ± 0.3"
    assert accuracy(1.0, 50) == "100.0 % ± 0.0"


def test_the_standard_error_is_that_of_repeated_draws() -> None:
    draws = np.random.default_rng(0).binomial(400, 0.7, size=20_000) / 400
    assert math.isclose(standard_error(0.7, 400), draws.std(), rel_tol=0.03)
    assert standard_error(0.7, 0) == 0


def test_what_is_quoted_is_no_markdown_and_no_longer_than_it_may_be() -> None:
    assert quoted("![x](https://a.b/c.png)") == r"!\[x\](https://a.b/c.png)"
    assert quoted("$x$ *y* `z` :red[w] :smile: _v_") == r"\$x\$ \*y\* \`z\` \:red\[w\] \:smile: \_v\_"
    assert (
        quoted("epoch_0001, layer1.0 (no space left): make room")
        == "epoch_0001, layer1.0 (no space left): make room"
    )
    assert quoted("a" * 100) == "a" * 59 + "…"


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("42", 42), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None),
     ("-1", None), ("²", None), ("٣", None), ("1.0", None), ("", None), (" 1", None)],
)  # fmt: skip
def test_a_whole_number_is_written_in_plain_digits(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_energy_is_written_as_on_a_meter() -> None:
    assert [energy(joules) for joules in (0, 540, 3600, 11_520, 4_500_000)] == [
        "0 J", "540 J", "1.0 Wh", "3.2 Wh", "1.25 kWh",
    ]  # fmt: skip
