"""The command line: the same calls as the pages. Torch is loaded only by the commands that compute."""

from cnnviz.cli.app import main

__all__ = ["main"]
