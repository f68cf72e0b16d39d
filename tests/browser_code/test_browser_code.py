"""Browser code: its own tests, where Node is installed, and what becomes of it on its way to the browser."""

import base64
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import streamlit.components.v2

from cnnviz.ui.widgets.component import component, module, pick
from cnnviz.workspace import ROOT

HERE = Path(__file__).parent
SCRIPTS = sorted(path for path in (ROOT / "cnnviz/ui").rglob("*.js") if "export default" in path.read_text())
INSIDE = re.compile(r'from "data:text/javascript;base64,([A-Za-z0-9+/=]+)"')
NODE = 20


def node() -> str | None:
    """The version of Node, if one is installed that runs the tests."""
    if shutil.which("node") is None:
        return None
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return version if int(version.lstrip("v").partition(".")[0]) >= NODE else None


@pytest.mark.skipif(
    node() is None, reason=f"Node.js {NODE} or newer is not installed: see docs/architecture.md"
)
def test_the_tests_of_the_browser_code_pass() -> None:
    files = sorted(str(path) for path in HERE.glob("*.test.js"))
    done = subprocess.run(["node", "--test", *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"# pass {sum(Path(file).read_text().count('test(') for file in files)}\n" in done.stdout


def everything(text: str) -> list[str]:
    """A module and all that it has inside."""
    return [
        text,
        *(one for found in INSIDE.findall(text) for one in everything(base64.b64decode(found).decode())),
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_has_all_that_it_imports_inside(script: Path) -> None:
    texts = everything(module(script))
    assert len(texts) > 1
    for text in texts:
        assert not re.search(r"""\bfrom ["']\.|\bimport ["']""", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_the_component_of_the_python_beside_it(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str] = {}
    monkeypatch.setattr(streamlit.components.v2, "component", lambda _name, **texts: given.update(texts))
    python = script.with_suffix(".py")
    call = re.search(
        r'^_\w+ = component\("(cnnviz_\w+)", __file__(?:, frame="(\w+)")?\)$', python.read_text(), re.M
    )
    assert call is not None
    component(call[1], str(python), frame=call[2])
    assert given["html"].startswith("<div class=")
    assert "focus-visible" in given["css"] or script.stem == "class_bars"
    assert given["js"] == module(script)


def test_components_have_names_of_their_own() -> None:
    found = re.findall(
        r'component\("(cnnviz_\w+)"', "".join(one.with_suffix(".py").read_text() for one in SCRIPTS)
    )
    assert len(set(found)) == len(SCRIPTS) == 7


def test_no_python_holds_browser_code() -> None:
    for path in (ROOT / "cnnviz").rglob("*.py"):
        assert not re.search(r"=> \{|addEventListener|</div>|</span>|font-size:", path.read_text()), path


def test_the_pins_of_the_tools_name_no_registry() -> None:
    assert "resolved" not in (ROOT / "package-lock.json").read_text()


def test_what_was_picked_of_something_else_does_not_count() -> None:
    assert pick({"of": "12", "value": 0}, "12") == 0
    assert pick({"of": "11", "value": 0}, "12") is None
    assert pick(None, "12") is None
