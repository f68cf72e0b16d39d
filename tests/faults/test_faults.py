"""A sample of what `make faults` tries; the whole of it takes half an hour."""

import pytest

from faults import registry, table
from faults.outcome import Outcome, require, tally

pytestmark = pytest.mark.slow

_QUICK = (
    "corrupt-pictures",
    "strange-pictures",
    "pickles",
    "weight-files",
    "zips",
    "names",
    "leases",
    "clocks",
    "commands",
)
"""Those that take seconds; tests of their own kill workers, race and open pages on damaged folders."""


@pytest.mark.parametrize("name", _QUICK)
def test_all_is_survived(name: str) -> None:
    found = registry.FAULTS[name](quick=True)
    assert found.tried
    assert found.failures == ()


def test_what_is_not_survived_is_counted_and_named() -> None:
    found = tally(
        "two", "one of them fails", [("good", lambda: None), ("bad", lambda: require(False, "why"))]
    )
    assert (found.tried, found.survived, found.failures) == (2, 1, ("bad: Lost: why",))
    written = table.text(
        {"Machine": "this one"}, [found, Outcome("none", "no failure", 3, (), "nothing", 1.0)], ["x: no GPU"]
    )
    assert "| two | 2 | **1** | nothing |" in written
    assert "| none | 3 | 3 | nothing | 1 s |" in written
    assert "- **two, not survived**: bad: Lost: why" in written
    assert "- not tried: x: no GPU" in written


def test_names_are_chosen_by_their_beginning() -> None:
    assert registry.chosen(["picture", "corrupt"]) == ["corrupt-pictures", "picture-bombs"]
    assert registry.chosen([]) == list(registry.FAULTS)
    with pytest.raises(KeyError):
        registry.chosen(["nothing"])
