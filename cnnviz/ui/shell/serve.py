"""Starts the app: `python -m cnnviz.ui.shell.serve --port 8501`. Says plainly when it can't."""

import argparse
import os
import socket
import sys

from cnnviz import workspace
from cnnviz.ui.shell import preload

_ADDRESS = "127.0.0.1"


def main() -> None:
    """Run Streamlit on the given port, unless something else listens there."""
    parser = argparse.ArgumentParser(prog="make app", description="Start cnnviz in the browser.")
    parser.add_argument("--port", type=int, default=8501)
    port = parser.parse_args().port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_ADDRESS, port))
        except OverflowError:
            sys.exit(f"{port} is not a port: choose 1024 to 65535, with PORT=…")
        except OSError as error:
            sys.exit(f"Port {port} can't be used ({error.strerror}): try make app PORT={port + 1}")
    print(f"cnnviz is at http://{_ADDRESS}:{port} (stop it with Ctrl-C)", flush=True)
    os.chdir(workspace.ROOT)
    # Here, and not in a process of its own: the modules of the first page are loaded while the server starts.
    from streamlit.web import bootstrap, cli  # noqa: F401

    preload.start()
    cli.main(
        ["run", "app.py", "--server.port", str(port), "--server.address", _ADDRESS], prog_name="streamlit"
    )


if __name__ == "__main__":
    main()
