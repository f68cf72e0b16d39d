"""`app`: the bench in the browser."""

import os
import sys
from typing import Annotated

import typer

PORT = 8501


def start_app(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the browser finds it.")] = PORT,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen at. Any but this machine's own lets others start trainings here."
        ),
    ] = "127.0.0.1",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in the browser at once.")
    ] = True,
) -> None:
    """Start the bench in the browser; so does `cnnviz` alone."""
    arguments = ["--port", str(port), "--host", host, *(["--browser"] if browser else [])]
    sys.stdout.flush()
    # In place of this process, so that Ctrl-C and the exit status are the app's.
    os.execv(sys.executable, [sys.executable, "-m", "cnnviz.ui.shell.serve", *arguments])  # noqa: S606
