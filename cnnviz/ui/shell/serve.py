"""Starts the app: `python -m cnnviz.ui.shell.serve --port 8501`. Says plainly when it can't."""

import argparse
import errno
import json
import os
import socket
import sys
from contextlib import suppress

from cnnviz import atomic, workspace
from cnnviz.errors import CnnvizError
from cnnviz.runs import first_use
from cnnviz.ui.shell import preload

_OTHER_PORT = "cnnviz app --port {}" if workspace.INSTALLED else "make app PORT={}"


def main() -> None:
    """Run Streamlit on the given port, unless something else listens there."""
    parser = argparse.ArgumentParser(description="Start cnnviz in the browser.")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--browser", action="store_true", help="open it in the browser")
    options = parser.parse_args()
    port, host = options.port, options.host
    try:
        first_use.furnish()
    except CnnvizError as error:
        sys.exit(str(error))
    if not 0 < port < 1 << 16:
        sys.exit(f"{port} is not a port: choose 1024 to 65535.")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        sys.exit(f"{host} is no address of this machine: leave out --host.")
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            sys.exit(f"{host} is no address of this machine: leave out --host.")
        sys.exit(f"Port {port} can't be used ({error.strerror}): try {_OTHER_PORT.format(port + 1)}")
    print(f"cnnviz is at http://{host}:{port} (stop it with Ctrl-C)", flush=True)
    _say_where(host, port)
    os.chdir(workspace.ROOT)
    # Here, and not in a process of its own: the modules of the first page are loaded while the server starts.
    from streamlit.web import bootstrap, cli  # noqa: F401

    preload.start()
    chosen = {
        "server.port": port,
        "server.address": host,
        "server.headless": not options.browser,
        "server.showEmailPrompt": False,
    }
    settings = [f"--{name}={str(value).lower()}" for name, value in chosen.items()]
    cli.main(["run", "app.py", *settings], prog_name="streamlit")


def _say_where(host: str, port: int) -> None:
    """Let scripts find this app."""
    with suppress(OSError):
        workspace.checkpoints_root().mkdir(parents=True, exist_ok=True)
        atomic.replace(workspace.app_file(), json.dumps({"host": host, "port": port}).encode())


if __name__ == "__main__":
    main()
