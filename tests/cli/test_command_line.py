"""What holds for every command."""

import json
import os
import subprocess
import sys
from inspect import cleandoc

import pytest

from cnnviz.cli.app import COMMANDS, command, description
from cnnviz.workspace import ROOT

pytestmark = pytest.mark.slow


def modules_after(*arguments):
    code = (
        "import json, sys\n"
        "from cnnviz.cli import main\n"
        f"sys.argv = ['cnnviz', *{list(arguments)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1])), done.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("runs", "--json"), ("train", "--settings")])
def test_torch_and_streamlit_stay_out_of_commands_that_compute_nothing(bench, arguments):
    modules, shown = modules_after(*arguments)
    assert not modules & {"torch", "torchvision", "streamlit", "altair", "sklearn"}
    assert shown


def test_every_command_has_help_and_all_that_answer_have_json(ask):
    for name in COMMANDS:
        shown = ask(name, "--help")
        assert shown.exit_code == 0
        assert ("--json" in shown.stdout) == (name not in ("app", "report", "study")), name


def test_the_list_says_what_the_commands_say(ask):
    shown = ask("--help").stdout
    for name in COMMANDS:
        assert description(name)
        assert cleandoc(command(name).help) == description(name)
        assert f" {name} " in shown
        assert " ".join(description(name).split()[:3]) in shown


def test_without_a_command_the_app_starts(ask, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: started.append(arguments[1:]))
    serve = ["-m", "cnnviz.ui.shell.serve"]
    ask()
    ask("app", "--port", "8600", "--host", "::1", "--no-browser")
    assert started == [
        [*serve, "--port", "8501", "--host", "127.0.0.1", "--browser"],
        [*serve, "--port", "8600", "--host", "::1"],
    ]
    assert ask("app", "--port", "0").exit_code == 2


def test_unknown_options_and_commands_end_with_status_2(ask):
    for arguments in (
        ["runs", "--nonsense"],
        ["nonsense"],
        ["train", "--set", "epochs"],
        ["models", "--image", "0x3x3"],
    ):
        done = ask(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr


def test_an_error_is_one_line_and_with_json_one_document(ask):
    done = ask("runs", "20260101-nothing")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "No run '20260101-nothing'" in done.stderr
    as_json = ask("runs", "20260101-nothing", "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout) == {"error": done.stderr.strip()}
    assert as_json.stderr == done.stderr


def test_a_reader_that_leaves_is_no_traceback(trained):
    for number in range(300):
        folder = trained.folder.with_name(f"copy-{number}")
        folder.mkdir()
        (folder / "config.json").write_bytes((trained.folder / "config.json").read_bytes())
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "cnnviz", "runs"], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    _, errors = process.communicate(timeout=60)
    assert errors == ""
    assert process.returncode == 1


def test_without_a_terminal_there_are_no_escapes(trained, monkeypatch, shell):
    monkeypatch.setenv("TERM", "xterm-256color")
    for arguments in (["--help"], ["runs", "--nonsense"]):
        out, errors = shell(*arguments).communicate(timeout=60)
        assert "\x1b" not in out + errors


def test_control_characters_of_others_do_not_reach_the_terminal(ask, trained):
    path = trained.folder / "config.json"
    path.write_text(path.read_text().replace('"title": ""', '"title": "a\\u001b[31mb"'))
    shown = ask("runs").stdout
    assert "\x1b" not in shown
    assert "a�[31mb" in shown
