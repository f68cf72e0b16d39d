"""Pickles that would do harm, in files of weights: none of what they ask for may happen."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cnnviz.errors import CheckpointError
from faults.outcome import Outcome, require, tally

_PATIENCE = 30.0

_CALLS: Mapping[str, tuple[str, str, Callable[[str], tuple[Any, ...]]]] = {
    "os.mkdir": ("os", "mkdir", lambda path: (path,)),
    "posix.mkdir": ("posix", "mkdir", lambda path: (path,)),
    "os.makedirs": ("os", "makedirs", lambda path: (path,)),
    "os.system": ("os", "system", lambda path: (f"mkdir {path}",)),
    "posix.system": ("posix", "system", lambda path: (f"mkdir {path}",)),
    "os.popen": ("os", "popen", lambda path: (f"mkdir {path}",)),
    "os.symlink": ("os", "symlink", lambda path: ("/", path)),
    "os.open": ("os", "open", lambda path: (path, os.O_CREAT)),
    "eval": ("builtins", "eval", lambda path: (f"__import__('os').mkdir({path!r})",)),
    "exec": ("builtins", "exec", lambda path: (f"import os; os.mkdir({path!r})",)),
    "open": ("builtins", "open", lambda path: (path, "w")),
    "io.open": ("io", "open", lambda path: (path, "w")),
    "_io.FileIO": ("_io", "FileIO", lambda path: (path, "w")),
    "codecs.open": ("codecs", "open", lambda path: (path, "w")),
    "subprocess.call": ("subprocess", "call", lambda path: (["mkdir", path],)),
    "subprocess.Popen": ("subprocess", "Popen", lambda path: (["mkdir", path],)),
    "subprocess.getoutput": ("subprocess", "getoutput", lambda path: (f"mkdir {path}",)),
    "pty.spawn": ("pty", "spawn", lambda path: (["mkdir", path],)),
    "timeit": ("timeit", "timeit", lambda path: (f"import os; os.mkdir({path!r})",)),
    "runpy": ("runpy", "run_module", lambda path: ("venv", {"sys.argv": [path]}, "__main__")),
    "shutil.copytree": ("shutil", "copytree", lambda path: ("/etc/default", path)),
    "tempfile": ("tempfile", "NamedTemporaryFile", lambda path: ("w", -1, None, None, path)),
    "numpy.save": ("numpy", "save", lambda path: (path, 0)),
    "numpy.memmap": ("numpy", "memmap", lambda path: (path, "u1", "w+", 0, (1,))),
    "torch.save": ("torch", "save", lambda path: (0, path)),
    "sqlite3": ("sqlite3", "connect", lambda path: (path,)),
    "logging": ("logging", "FileHandler", lambda path: (path,)),
    "zipfile": ("zipfile", "ZipFile", lambda path: (path, "w")),
    "cProfile": ("cProfile", "run", lambda path: ("0", path)),
    "os.kill": ("os", "kill", lambda path: (os.getppid(), signal.SIGUSR1)),
}
"""What they ask for: a function by its module and name, and what it would be given to leave something at a path."""


class _Asks:
    """Unpickled, it would call a function."""

    def __init__(self, module: str, name: str, args: tuple[Any, ...]) -> None:
        self._what = module, name, args

    def __reduce__(self) -> tuple[Any, ...]:
        module, name, args = self._what
        return getattr(__import__(module), name), args


_CONTAINERS: Mapping[str, Callable[[Any], Any]] = {
    "alone": lambda one: one,
    "as a weight": lambda one: {"fc.weight": one},
    "as a name": lambda one: {"state_dict": {"fc.weight": one, "fc.bias": 0}},
    "beside the weights": lambda one: {"state_dict": {"fc.weight": [0.0]}, "optimizer": one},
    "in a list": lambda one: [[[one]]],
    "in a tuple": lambda one: ({"a": one},),
}


def run(*, quick: bool) -> Outcome:
    """Each as a plain pickle of any protocol, or as torch.save writes it, in both of its formats."""
    import torch

    torch.set_num_threads(1)
    from cnnviz.models import unpickling  # noqa: F401 that children have it

    random = np.random.default_rng(3)
    with TemporaryDirectory() as folder:
        canary = Path(folder, "canary")
        count = 30 if quick else 500
        return tally(
            "malicious pickles",
            f"{len(_CALLS)} ways to touch the disk or start something, each where weights, names or settings would be, "
            "as pickles of six protocols and as both of PyTorch's formats: refused in one line, and nothing happened",
            ((label, partial(_harmless, raw, canary)) for label, raw in _files(random, canary, count)),
        )


def _files(random: np.random.Generator, canary: Path, count: int) -> Iterator[tuple[str, bytes]]:
    import torch

    for number in range(count):
        call = list(_CALLS)[number % len(_CALLS)]
        module, name, args = _CALLS[call]
        container = list(_CONTAINERS)[int(random.integers(len(_CONTAINERS)))]
        content = _CONTAINERS[container](_Asks(module, name, args(str(canary))))
        form = int(random.integers(8))
        if form < 6:
            raw, how = pickle.dumps(content, protocol=form), f"protocol {form}"
        else:
            file = io.BytesIO()
            torch.save(content, file, _use_new_zipfile_serialization=form == 6)
            raw, how = file.getvalue(), "torch.save" if form == 6 else "torch.save, old"
        yield f"{call} {container}, {how}", raw


def _harmless(raw: bytes, canary: Path) -> None:
    """Read it as the bench's child does: forked from here, where PyTorch is loaded already."""
    source, target = canary.with_name("weights.pt"), canary.with_name("weights.safetensors")
    source.write_bytes(raw)
    said = canary.with_name("said")
    child = os.fork()
    if not child:
        _become_reader(source, target, said)
    until = time.monotonic() + _PATIENCE
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            require(False, "takes too long")
        time.sleep(0.002)
    try:
        require(not os.path.lexists(canary), "it did what the file asked for")
        require(not target.exists(), "something was taken for weights")
        lines = said.read_text().splitlines()
        answer = json.loads(lines[-1]) if lines else {}
        require(answer.get("refused") or answer.get("said"), "it says nothing")
    finally:
        for path in (canary, target):
            with suppress(OSError):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def _become_reader(source: Path, target: Path, said: Path) -> None:
    from cnnviz.models import unpickling

    try:
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.argv = ["unpickling", str(source), str(target)]
        sys.stdout = os.fdopen(1, "w")
        with suppress(SystemExit, CheckpointError):
            unpickling.main()
        sys.stdout.flush()
    finally:
        os._exit(0)
