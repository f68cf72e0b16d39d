"""Finds an installed Chromium or Chrome, or installs Debian's where it may: `python -m tests.browser.chromium`."""

import os
import shutil
import subprocess
import sys

_NAMES = (
    "chromium-headless-shell",  # a quarter less work than with the windows that nobody sees
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
)  # fmt: skip
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--renderer-process-limit=1",
)  # fmt: skip
SHORT_LIVED = "--js-flags=--no-opt --no-maglev"
"""Pages of tests live too short for what optimising compilers cost."""


def find() -> str | None:
    """The path of a browser; CNNVIZ_CHROMIUM names one that is elsewhere."""
    named = os.environ.get("CNNVIZ_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    return found or (_MAC if os.path.exists(_MAC) else None)  # noqa: PTH110


def main() -> None:
    """Exit quietly if there is a browser at the end, and with one line otherwise."""
    if find():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests …", flush=True)
        for command in (["update", "-qq"], ["install", "-y", "-qq", _NAMES[0]]):
            subprocess.run(["apt-get", *command], check=False, stdout=subprocess.DEVNULL)
    if not find():
        sys.exit(
            "The browser tests need Chromium or Chrome: install one, or set CNNVIZ_CHROMIUM to its path."
        )


if __name__ == "__main__":
    main()
