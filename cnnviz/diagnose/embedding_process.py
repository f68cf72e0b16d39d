"""A map made in a process of its own, which can be ended at any moment: scikit-learn's t-SNE can't be asked to stop.

`python -m cnnviz.diagnose.embedding_process ROWS TARGET WANTED`: `WANTED` is JSON. It prints how far it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from cnnviz import workspace
from cnnviz.diagnose import embedding_kept
from cnnviz.diagnose.embedding import embed
from cnnviz.errors import CnnvizError

Progress = tuple[float, str]
_PACE = 0.2
"""Seconds between two looks at how far it is."""
_NICE = 5
"""Pages and trainings come first."""


def making(
    rows: Path, target: Path, *, rows_of: str, of: str, method: str, options: Mapping[str, int], seed: int
) -> Generator[Progress, None, None]:
    """Make the map of the features kept in `rows`, and keep it in `target`: yields how far it is, and what is done.

    Closing the generator ends the process; nothing is kept then. Raises CnnvizError when it fails.
    """
    wanted = {"rows_of": rows_of, "of": of, "method": method, "options": dict(options), "seed": seed}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(rows), str(target), json.dumps(wanted)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=workspace.ROOT,
            # Threads that wait for one another on a busy machine had better sleep.
            env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
        )
        try:
            while process.poll() is None:
                said = _last(log)
                yield float(said.get("share", 0.0)), str(said.get("doing", "Loading"))
                time.sleep(_PACE)
            if process.returncode:
                raise CnnvizError(_last(log).get("error") or _unexpected(process.returncode))
        finally:
            process.kill()
            process.wait()


def _last(log: IO[bytes]) -> dict[str, Any]:
    """The last whole line that is JSON."""
    lines = os.pread(log.fileno(), 1 << 20, 0).split(b"\n")[:-1]
    for line in reversed(lines):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}


def _unexpected(code: int) -> str:
    return f"The map was not finished (its process ended with {code}): free memory, or choose fewer images."


def main() -> None:
    """Make the map that the command line names."""
    os.nice(_NICE)
    rows_file, target = Path(sys.argv[1]), Path(sys.argv[2])
    wanted = json.loads(sys.argv[3])

    def tell(**said: Any) -> None:
        # sys.stdout is held back while t-SNE prints.
        print(json.dumps(said), file=sys.__stdout__, flush=True)

    try:
        rows = embedding_kept.load_rows(rows_file, of=wanted["rows_of"])
        if rows is None:
            raise CnnvizError("The features were removed meanwhile: make the map again.")
        found = embed(
            rows.features,
            method=wanted["method"],
            labels=rows.labels,
            seed=wanted["seed"],
            options=wanted["options"],
            tell=lambda share, doing: tell(share=share, doing=doing),
        )
        embedding_kept.save(target, found, of=wanted["of"])
    except CnnvizError as error:
        tell(error=str(error))
        sys.exit(1)
    except OSError as error:
        tell(error=f"The map can't be kept ({error.strerror}): make room on the disk.")
        sys.exit(1)


if __name__ == "__main__":
    main()
