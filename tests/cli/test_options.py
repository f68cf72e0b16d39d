"""What commands share is said with the same words by all of them."""

from collections import defaultdict
from collections.abc import Iterator

import click

from cnnviz.cli.app import COMMANDS, command

SHARED = ("force", "as_json", "fit", "invert", "seed", "number")


def commands(one: click.Command) -> Iterator[click.Command]:
    """A command, and those of a group."""
    yield one
    for inner in getattr(one, "commands", {}).values():
        yield from commands(inner)


def test_shared_options_have_the_same_words_everywhere() -> None:
    words: dict[str, set[str | None]] = defaultdict(set)
    count = 0
    for each in (each for name in COMMANDS for each in commands(command(name))):
        count += 1
        for parameter in each.params:
            words[str(parameter.name)].add(getattr(parameter, "help", None))
    assert count >= 24
    assert {name: words[name] for name in SHARED if len(words[name]) != 1} == {}
    assert len(words["run"]) == 4  # a run, a run or a file, none for all, and whether anything is run
    assert len(words["snapshot"]) == 3  # one; in place of an epoch of filters; or several to take away
    assert len(words["image"]) == 2  # the size of images of `models`
