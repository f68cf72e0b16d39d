"""`report`: outlined, written, checked."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.progress import finish
from cnnviz.report import folder, outline
from cnnviz.runs.run import Run
from tests.report.conftest import looked_into, small_cnn

__all__ = ["looked_into", "small_cnn"]


@pytest.mark.slow
def test_outlined_written_and_checked(ask: Any, trained: Run, tmp_path: Path) -> None:
    made = ask("report", "new", "My run", "--run", trained.id, "--author", "Me", "--json")
    assert made.exit_code == 0, made.stderr
    document = json.loads(made.stdout)
    assert (document["id"], document["sections"][-1]) == ("my-run", "Environment")
    there = folder.read("my-run")
    first, *_, last = there.sections
    folder.save("my-run", there.model_copy(update={"sections": (first, last)}), before=there)
    count = len(first.pins) + len(last.pins)
    listed = json.loads(ask("report", "list", "--json").stdout)
    assert [one["id"] for one in listed] == ["my-run"]
    shown = ask("report", "show", "my-run").stdout
    assert f"1. runs {trained.id}" in shown
    file = tmp_path / "report.html"
    done = ask("report", "write", "my-run", "--out", file, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {"report": "my-run", "file": str(file), "bytes": file.stat().st_size}
    assert "Me ·" in file.read_text()
    assert ask("report", "write", "my-run", "--out", file).exit_code == 1  # it is there already
    checked = ask("report", "check", file, "--json")
    assert checked.exit_code == 0, checked.stderr
    assert json.loads(checked.stdout)["hold"] == count
    config = trained.folder / "config.json"
    config.write_text(config.read_text().replace('"batch_size": 32', '"batch_size": 16'))
    failed = ask("report", "check", file)
    assert failed.exit_code == 1
    assert "DIFFERS: it is of other files" in failed.stdout
    assert ask("report", "delete", "my-run").exit_code == 0
    assert json.loads(ask("report", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "X", "--run", "none"), "No run 'none'"),
        (("new", "X", "--run", "a", "--study", "b"), "choose one"),
        (("new", "X", "--experiments", "009"), "No report '009'"),
        (("write", "none"), "No report 'none'"),
        (("check", "none.html"), "can't be read"),
        (("delete", "none"), "No report 'none'"),
    ],
)
def test_what_can_t_be_done_is_said_in_a_line(ask: Any, bench: Any, arguments: Any, words: str) -> None:
    done = ask("report", *arguments)
    assert done.exit_code in (1, 2)
    assert words in done.stderr


def test_the_commands_that_figures_carry_work(ask: Any, looked_into: Run, small_cnn: RunConfig) -> None:
    """Each figure names the command that gives it again."""
    document = finish(outline.of_runs("All", [looked_into.id]))
    commands = dict.fromkeys(pin.figure.command.replace(" --check", "") for pin in document.pins)
    assert len(commands) > 5
    more = {"doctor": " --curves-only", "export": f" --to {looked_into.folder.parent}/curves.csv"}
    for command in commands:
        done = ask(*shlex.split(command + more.get(command.split()[0], "")))
        assert done.exit_code == 0, (command, done.stderr)


def test_an_empty_report_waits_for_pins(ask: Any, bench: Any, tmp_path: Path) -> None:
    assert ask("report", "new", "Empty").exit_code == 0
    assert list(folder.read("empty").pins) == []
    file = tmp_path / "empty.html"
    assert ask("report", "write", "empty", "--out", file).exit_code == 0
    assert ask("report", "check", file).stdout.strip().endswith("0 of 0 figures hold.")


@pytest.mark.parametrize("title", ["", "a" * 300])
def test_a_title_that_is_none_is_one_line(ask: Any, bench: Any, title: str) -> None:
    done = ask("report", "new", title)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("The report's title: string should have at ")
