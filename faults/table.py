"""The table, for the terminal and for docs/reliability.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from faults.outcome import Outcome

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_NEW = f"""# Reliability

Written by `python -m faults --write`: each fault so many times, and how often the bench came through it.
Survived means: nothing else broke, no traceback, the reason in words, and nothing lost but what the row says.

{_BEGIN}
{_END}
"""
_MOST_SAID = 5


def text(facts: Mapping[str, str], outcomes: Sequence[Outcome], missing: Sequence[str]) -> str:
    """All of it, as Markdown that can be read as it is."""
    lines = [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", "| fault | tried | survived | lost | took |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.name} | {one.tried:,} | {_survived(one)} | {one.lost} | {one.seconds:.0f} s |"
        for one in outcomes
    ]
    lines += ["", *(f"- {one.name}: {'. '.join([one.what, *one.notes])}." for one in outcomes)]
    for one in outcomes:
        lines += [f"- **{one.name}, not survived**: {said}" for said in one.failures[:_MOST_SAID]]
    lines += [f"- not tried: {line}" for line in missing]
    return "\n".join(lines)


def _survived(one: Outcome) -> str:
    return f"{one.survived:,}" if not one.failures else f"**{one.survived:,}**"


def write(path: Path, measured: str) -> None:
    """Put `measured` in place of what stood there before; the rest of the file stays."""
    old = path.read_text(encoding="utf-8") if path.exists() else _NEW
    before, _, rest = old.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{_BEGIN}\n{measured}\n{_END}{after or chr(10)}", encoding="utf-8")
