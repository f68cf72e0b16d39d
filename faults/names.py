"""Names from addresses and command lines that are no names, and may want to leave their folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from cnnviz import workspace
from cnnviz.data import catalogue
from cnnviz.errors import CnnvizError
from cnnviz.progress import finish
from cnnviz.runs import control, network_source
from cnnviz.runs import run as runs
from cnnviz.studies import folder as studies
from faults.outcome import Case, Outcome, require, tally
from faults.place import Place, place

_NAMES = (
    "", ".", "..", "/", "//", "../..", "../outside", "../../../../etc/passwd", "/etc/passwd", "a/b", "a/../../b",
    "\\..\\x", "C:\\x", "~", "~root", "$HOME", "$(touch x)", "`touch x`", "x;touch x", "|x", "-rf", "--help", "*", "?",
    "%2e%2e%2f", "a\0b", "\n", "a\nb", "\x1b[2J", "\u202eevil", "\ud800", "é" * 300, "a" * 255, "a" * 5000, ".hidden",
    ".queue", ".lock", "snapshots", "last", "CON", "NUL.txt", "<script>", "![x](http://x)", "None", "0", "-1", "1e999",
    "{}", "[]", "null",
)  # fmt: skip
_PLACES: Mapping[str, Callable[[str], object]] = {
    "a run": runs.find,
    "a run to stop": control.stop,
    "a run to delete": control.delete,
    "a snapshot": lambda name: network_source.source("mine", name),
    "a snapshot's run": lambda name: workspace.snapshot_file(name, "last"),
    "a network": network_source.opened,
    "a data set": lambda name: finish(catalogue.loading(name)),
    "a study": studies.read,
}
"""What is asked for by a name, and how."""


def run(*, quick: bool) -> Outcome:
    """Each name in each place."""
    with place() as here:
        (here.root / "outside").mkdir()
        (here.root / "outside" / "kept").write_text("here")
        cases = list(_cases(here))
        return tally(
            "names that are none",
            f"{len(_NAMES)} strange names (paths, controls, shell, half letters, five thousand letters) for "
            f"{', '.join(_PLACES)}: one line, and no file is touched",
            cases[:: 8 if quick else 1],
        )


def _cases(here: Place) -> Iterator[Case]:
    for where, ask in _PLACES.items():
        for name in _NAMES:
            yield f"{where} called {name[:20]!r}", partial(_refused, here, ask, name)


def _refused(here: Place, ask: Callable[[str], object], name: str) -> None:
    before = {str(path): path.stat().st_mtime_ns for path in here.root.rglob("*") if path.is_file()}
    try:
        found = ask(name)
    except CnnvizError as error:
        require(error.args and str(error), "it says nothing")
    else:
        inside = str(found).startswith(str(here.checkpoints))
        require(inside and ".." not in str(found), f"it was found: {str(found)[:80]}")
    after = {str(path): path.stat().st_mtime_ns for path in here.root.rglob("*") if path.is_file()}
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    require(not {path for path in changed if not path.endswith(".lock")}, f"touched {sorted(changed)[:2]}")
