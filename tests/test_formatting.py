"""Figures as a person reads them."""

import pytest

from cnnviz.formatting import accuracy, standard_error


@pytest.mark.parametrize(
    ("share", "count", "error"), [(0.5, 100, 0.05), (0.9, 9, 0.1), (1.0, 50, 0.0), (0.3, 0, 0.0)]
)
def test_the_standard_error_of_a_share_is_the_binomial_one(share: float, count: int, error: float) -> None:
    assert standard_error(share, count) == pytest.approx(error)


def test_an_accuracy_says_how_sure_it_is() -> None:
    assert accuracy(0.9, 9) == "90.0 % ± 10.0"
    assert accuracy(0.9, 0) == "90.0 %"
    assert accuracy(None, 9) == "–"
