"""All commands, and the way into them. Each is imported when it is called: some take longer than they work."""

import ast
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from cnnviz import workspace
from cnnviz.cli.answer import Command, Group

COMMANDS: Mapping[str, str] = {
    "app": "start_app:start_app",
    "train": "train:train",
    "runs": "runs:runs",
    "resume": "train:resume",
    "stop": "runs:stop",
    "delete": "runs:delete",
    "change": "change:change",
    "export": "export:export",
    "import": "import_network:import_network",
    "note": "runs:note",
    "compare": "compare:compare",
    "evaluate": "evaluate:evaluate",
    "layers": "layers:layers",
    "activations": "activations:activations",
    "attribute": "attribute:attribute",
    "channel": "channel:channel",
    "index": "index:index",
    "predictions": "predictions:predictions",
    "statistics": "statistics:statistics",
    "robustness": "robustness:robustness",
    "filters": "filters:filters",
    "maximise": "maximise:maximise",
    "diagnose": "diagnose:diagnose",
    "doctor": "doctor:doctor",
    "embedding": "embedding:embedding",
    "recipes": "recipes:recipes",
    "reproduce": "reproduce:reproduce",
    "find-rate": "find_rate:find_rate",
    "models": "models:models",
    "data": "data:data",
    "queue": "queue:queue",
    "report": "report:report",
    "study": "study:study",
}
"""By name: the module of `cnnviz.cli`, and in it the function, or the group of commands."""


class _Bench(Group):
    """The commands by name. The list of them all is read from the sources, without importing any."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return command(cmd_name) if cmd_name in COMMANDS else None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        listing = _Listing(name=self.name, help=self.help, params=self.params)
        listing.rich_markup_mode = self.rich_markup_mode
        Group.format_help(listing, ctx, formatter)


class _Listing(_Bench):
    """What `--help` shows: names and docstrings."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return TyperCommand(cmd_name, help=description(cmd_name))


def command(name: str) -> Any:
    """A command or a group of commands, as Click has it."""
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(f"cnnviz.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name, cls=Command)(found)
    return typer.main.get_command(alone)


def description(name: str) -> str:
    """What a command's docstring says; a group has that of its callback."""
    module, _, attribute = COMMANDS[name].partition(":")
    spec = find_spec(f"cnnviz.cli.{module}")
    assert spec is not None
    assert spec.origin is not None
    functions = [
        node
        for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    ]
    found = next(node for node in functions if _names(node, attribute))
    return ast.get_docstring(found) or ""


def _names(function: ast.FunctionDef, attribute: str) -> bool:
    return function.name == attribute or any(
        ast.unparse(one).startswith(f"{attribute}.callback(") for one in function.decorator_list
    )


app = typer.Typer(
    cls=_Bench, invoke_without_command=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def bench(context: typer.Context) -> None:
    """A lab bench for image classifiers. Without a command, it starts in the browser."""
    if workspace.home() != workspace.ROOT:
        from cnnviz.runs import first_use

        first_use.furnish()
    if context.invoked_subcommand is None:
        command("app")(args=[], prog_name="cnnviz app")


def main() -> None:
    """Run the command that the arguments name, and leave with its exit status."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    app()
