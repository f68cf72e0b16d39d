"""Every command with arguments that are wrong: one line, a status that is not 0, and nothing else on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import chdir
from functools import partial
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from faults.outcome import Case, Outcome, require, tally
from faults.place import place

_NONSENSE = ("nothing-of-this-name", "../../etc/passwd", " ", "\u202e", "a" * 300)
_ANYTHING = (("report", "new"),)
"""Commands that take any words of a sensible length: a title."""
_STARTS = ("app",)
"""Commands that would go on for ever where their arguments are right after all."""


def run(*, quick: bool) -> Outcome:
    """Unknown options, missing and surplus arguments, values of the wrong kind, things that are not there."""
    with place() as here, chdir(here.root):  # some write where they are called
        cases = list(_cases())
        return tally(
            "commands with wrong arguments",
            "every command with unknown options, values of another kind, arguments too many or missing, and names of "
            "nothing, as text and with --json: a status that is not 0, no traceback, and on stdout nothing but JSON",
            cases[:: 12 if quick else 1],
        )


def _cases() -> Iterator[Case]:
    from cnnviz.cli.app import app

    for path, command in _commands(get_command(app), ()):
        for arguments in _wrong(path, command):
            yield " ".join((*path, *arguments))[:80], partial(_fails_well, [*path, *arguments])


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        if path and path[0] not in _STARTS:
            yield path, command
        return
    context = command.make_context("cnnviz", [], resilient_parsing=True)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from _commands(found, (*path, name))


def _wrong(path: tuple[str, ...], command: Any) -> Iterator[list[str]]:
    options = [one for one in command.params if one.param_type_name == "option" and not one.is_flag]
    positional = [one for one in command.params if one.param_type_name == "argument"]
    as_json = ["--json"] if any("--json" in one.opts for one in command.params) else []
    some = ["nothing"] * sum(1 for one in positional if one.required)
    yield [*some, "--no-such-option", *as_json]
    if not any(one.nargs == -1 for one in positional):
        yield [*some, *["too", "many"] * 3, *as_json]
    for one in options:
        yield [*some, *as_json, one.opts[0]]
        if one.bare_type in (int, float):
            for value in ("x", "1.5x", ""):
                yield [*some, *as_json, one.opts[0], value]
    if some:
        yield as_json
        for name in _NONSENSE if path not in _ANYTHING else ("", "a" * 300):
            yield [*[name] * len(some), *as_json]


def _fails_well(arguments: Sequence[str]) -> None:
    from cnnviz.cli.app import app

    done = CliRunner().invoke(app, list(arguments), prog_name="cnnviz")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    require(done.exit_code != 0, "it says that all is well")
    require("Traceback" not in done.stderr, "a traceback")
    require(done.stderr.strip(), "no reason")
    if "--json" in arguments:
        require(not done.stdout.strip() or isinstance(json.loads(done.stdout), dict), "text on stdout")
    else:
        require(not done.stdout.strip(), "text on stdout")
