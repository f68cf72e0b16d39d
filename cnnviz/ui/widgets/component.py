"""Components of our own, whose browser code lies in files beside the Python that uses them."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit.components.v2 as components
from streamlit.components.v2.types import ComponentRenderer

from cnnviz.render.colour import BLUE, VERMILION

_COLOURS = f":host {{ --blue: {BLUE}; --vermilion: {VERMILION}; }}\n"
"""For the components' own styles, beside the theme's colours."""
_IMPORTED = re.compile(r'(?<=\bfrom ")\.[^"]+(?=")')


def component(name: str, python_file: str, *, frame: str | None = None) -> ComponentRenderer:
    """What mounts the component of the script that has the name of `python_file`.

    Markup and style have that name too, or `frame`, where several components share them.
    """
    script = Path(python_file).with_suffix(".js")
    look = script.with_name(frame or script.stem)
    return components.component(
        name,
        html=look.with_suffix(".html").read_text("utf-8"),
        css=_COLOURS + look.with_suffix(".css").read_text("utf-8"),
        js=module(script),
    )


def module(script: Path) -> str:
    """A module's text with the modules that it imports inside, as data: addresses.

    Streamlit gives a script to the browser as a text without an address of its own, from which no relative import
    could be found; files by address it serves for installed packages alone.
    """

    def inside(found: re.Match[str]) -> str:
        text = f"{module(script.parent / found[0])}\n//# sourceURL={found[0].rpartition('/')[2]}"
        return "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()

    return _IMPORTED.sub(inside, script.read_text("utf-8"))


def pick(trigger: Mapping[str, Any] | None, stamp: str) -> Any:
    """What was just picked of what is drawn, which has that stamp; None if nothing was.

    Nor does it count what was picked of something else: of what the browser showed before this was drawn.
    """
    return trigger["value"] if trigger is not None and trigger["of"] == stamp else None


def ignore() -> None:
    """Does nothing: a trigger is reported only where it has a callback."""
