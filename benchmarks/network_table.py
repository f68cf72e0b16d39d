"""docs/networks.md, from what was found out of each network."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cnnviz.explore.attribution.methods import METHODS

_FIGURE = re.compile(r"-?\b\d+(\.\d+)?(e[-+]?\d+)?\b(?!D)")
"""Numbers, which tell networks apart where nothing else does."""
_ALL_THE_SAME = ("switched off", "index", "statistics", "embedding", "shaken", "drawn")
"""What has no figure that tells networks apart."""


def text(rows: Sequence[Mapping[str, Any]]) -> str:
    """docs/networks.md."""
    sound = [row for row in rows if not _failures(row)]
    lines = [
        "# Networks of others",
        "",
        "What the bench makes of networks that nobody here wrote: torchvision's classifiers, and one network of each "
        "of timm's families, with random weights, through `cnnviz.add`. Written by `python -m benchmarks.networks`.",
        "",
        f"{len(rows)} networks; with {len(sound)} everything works that their operations allow.",
        "",
        "*Logits*: of three images, beside the original's. *Other size*: the same for larger images. *Modules*: how "
        "many give what the original's give, to the last bit, of those that run, some of which only pass on what they "
        "are given, and are not exported. *Cells*: kinds of layers of which one "
        "number was worked out from what it is made of. *Attribution*: methods that can be asked; why the others can't "
        f"stands below. *Rest*: {', '.join(_ALL_THE_SAME)}.",
        "",
        "| network | pixels | exported in | parameters | logits | other size | layers | modules | cells | filters | "
        "attribution | rest |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
        "## Attribution: what can't be asked",
        "",
        *(f"- {why}" for why in _grouped(rows)),
    ]
    return "\n".join(lines) + "\n"


def _failures(row: Mapping[str, Any]) -> list[str]:
    said = [value for value in row.values() if isinstance(value, str)]
    return [one for one in (*said, *row.get("attribution", {}).values()) if one.startswith("FAILS")]


def _line(row: Mapping[str, Any]) -> str:
    if "import" in row:
        return f"| {row['name']} | {row.get('side', '')} | {row['import']} |" + " |" * 9
    asked = row["attribution"]
    cells = [
        row["name"],
        row["side"],
        f"{row['seconds']:.0f} s",
        f"{row['parameters']:,}",
        *(row[key] for key in ("logits", "other size", "layers", "maps", "cells", "filters")),
        f"{sum(not why for why in asked.values())} of {len(asked)}",
        "; ".join(f"{key}: {row[key]}" for key in _ALL_THE_SAME if row[key].startswith("FAILS")) or "all",
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def _grouped(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each reason once, with the methods and the networks that it is about."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        asked = row.get("attribution", {})
        reasons_of = {name: _FIGURE.sub("…", said) for name, said in asked.items()}
        for why in dict.fromkeys(filter(None, reasons_of.values())):
            methods = ", ".join(METHODS[name].title for name, said in reasons_of.items() if said == why)
            found.setdefault((methods, why), []).append(row["name"])
    return [f"{methods}: {why} ({', '.join(names)})" for (methods, why), names in sorted(found.items())]
