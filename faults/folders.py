"""Folders of runs that are damaged, or of another version."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from cnnviz.config import Cnn, Data, RunConfig
from cnnviz.runs.run import Run, every
from cnnviz.runs.summary import summaries
from cnnviz.workspace import ROOT
from faults.outcome import Outcome, require, tally
from faults.place import Place, place
from tests.report.conftest import made

_PAGES = ("home", "runs", "train", "activations", "filters", "compare", "doctor", "studies")
Damage = Callable[[Path], object]


def _write(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def _json(name: str, change: Callable[[Any], Any]) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return damage


def _set(name: str, *keys: str, value: Any) -> Damage:
    def change(content: Any) -> Any:
        inner = content
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        return content

    return _json(name, change)


def _folder_instead(name: str) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / name
        path.unlink(missing_ok=True)
        path.mkdir()

    return damage


def _gone(name: str) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    return damage


def _added(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).open("ab").write(content)


def _cut(name: str, share: float) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / name
        os.truncate(path, int(path.stat().st_size * share))

    return damage


_LAST = "snapshots/last.safetensors"
_FILES = ("config.json", "status.json", "metrics.jsonl", "filters.npz", _LAST)
_DOCUMENTS = ("config.json", "status.json", "notes.json", "changes.json")
KINDS: Mapping[str, Damage] = {
    **{f"{name} empty": _write(name, b"") for name in _FILES},
    **{f"{name} gone": _gone(name) for name in (*_FILES, "snapshots")},
    **{f"{name} of zeros": _write(name, bytes(5000)) for name in _FILES},
    **{f"{name} a folder": _folder_instead(name) for name in _FILES},
    **{f"{name} cut": _cut(name, 0.6) for name in _FILES},
    **{f"{name} a list": _write(name, b"[1, 2]") for name in _DOCUMENTS},
    **{f"{name} deep": _write(name, b"[" * 200_000) for name in _DOCUMENTS},
    "config of a newer version": _set("config.json", "config", "a setting of tomorrow", value=1),
    "config of an unknown network": _set("config.json", "config", "network", value={"name": "resnet99"}),
    "config with epochs below 0": _set("config.json", "config", "epochs", value=-3),
    "config of no data": _set("config.json", "config", "data", value=None),
    "created at the end of time": _set("config.json", "created", value=1e300),
    "title of control characters": _set("config.json", "config", "title", value="\x1b[31m\u202e\x00"),
    "state unknown": _set("status.json", "state", value="exploded"),
    "epoch a text": _set("status.json", "epoch", value="three"),
    "seconds without end": _write("status.json", b'{"state": "finished", "seconds": 1e999, "updated": 1}'),
    "a torn line": _added("metrics.jsonl", b'{"kind": "epoch", "epo'),
    "lines of rubbish": _added("metrics.jsonl", b"\xff\xfe rubbish\n" * 50),
    "a line of ten megabytes": _added("metrics.jsonl", b'{"kind": "' + b"x" * 10**7 + b'"}\n'),
    "an epoch of NaN": _added("metrics.jsonl", b'{"kind": "epoch", "epoch": NaN, "train_loss": NaN}\n'),
    "an epoch of texts": _added("metrics.jsonl", b'{"kind": "epoch", "epoch": "a", "train_loss": []}\n'),
    "weights a pickle": _write(_LAST, b"\x80\x04K\x01."),
    "filters a pickle": _write("filters.npz", b"\x80\x04K\x01."),
    "a lease that is a folder": _folder_instead("lease"),
    "a log of bytes": _write("log.txt", bytes(range(256)) * 100),
    "a link to itself": lambda folder: (folder / "snapshots" / "best.safetensors").symlink_to("best.safetensors"),
}  # fmt: skip


def run(*, quick: bool) -> Outcome:
    """Each beside a run that is well, with the pages that list runs and look into one."""
    kinds = list(KINDS.items())[:: 8 if quick else 1]
    with place() as here:
        config = RunConfig(
            data=Data(name="tiny"), network=Cnn(convs=(4, 5), pool_after=(1,), linear=(6,)), epochs=2
        )
        well = made(config)
        model = made(config, seed=1)
        kept = here.root / "kept"
        shutil.move(model.folder, kept)
        cases = [(name, partial(_looked_at, here, well, kept, damage)) for name, damage in kinds]
        return tally(
            "damaged and newer run folders",
            f"each beside a run that is well, which stays listed; {len(_PAGES)} pages open on the damaged one",
            cases,
        )


def _looked_at(here: Place, well: Run, kept: Path, damage: Damage) -> None:
    from streamlit.testing.v1 import AppTest

    folder = here.checkpoints / kept.name.replace("kept", "20200101-000000-damaged")
    shutil.copytree(kept, folder)
    try:
        damage(folder)
        listed = {one.id for one in summaries()}
        require(well.id in listed, "the run that is well is not listed any more")
        require(well.id in {one.id for one in every()}, "the run that is well is not found any more")
        for page in _PAGES:
            app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
            app.query_params["run"] = folder.name
            app.switch_page(f"pages/{page}.py")
            app.run()
            require(not app.exception, f"{page}: {app.exception[0].message if app.exception else ''}")
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
