"""The table, for the terminal and for `docs/benchmarks.md`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import QUIET
from benchmarks.pairs import Row, Unit, spread

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_HEAD = ("benchmark", "ours", "against", "ratio (lowest..highest)", "target", "met", "cores busy before")
_NEW = f"""# Benchmarks

Written by `python -m benchmarks --write`: both ways of every pair in turn (A B A B …), in one run on one machine.
A ratio is how many times as fast ours is, pair by pair; the median counts. Measure on a quiet machine.

{_BEGIN}
{_END}
"""


@dataclass
class Report:
    """What was measured in one run."""

    facts: dict[str, str]
    """About the machine and the run, by what they are."""
    rows: list[tuple[Row, float]] = field(default_factory=list)
    """Each with the cores that other processes kept busy just before it."""
    missing: list[str] = field(default_factory=list)
    """Benchmarks without a figure, and why."""

    @property
    def text(self) -> str:
        """All of it, as Markdown that can be read as it is."""
        facts = [f"- {name}: {value}" for name, value in self.facts.items()]
        noisy = [row.name for row, busy in self.rows if busy > QUIET]
        if noisy:
            facts.append(f"- **The machine was not quiet** (see the last column): {', '.join(noisy)}")
        table = _table([_HEAD, *(_cells(row, busy) for row, busy in self.rows)])
        about = [f"- {row.name}: {'. '.join([row.what, *row.notes])}." for row, _ in self.rows]
        missing = [f"- not measured: {line}" for line in self.missing]
        return "\n".join([*facts, "", *table, "", *about, *missing])


def write(path: Path, text: str) -> None:
    """Put `text` in place of what was measured before; the rest of the file stays."""
    old = path.read_text(encoding="utf-8") if path.exists() else _NEW
    before, _, rest = old.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after or chr(10)}", encoding="utf-8")


def _cells(row: Row, busy: float) -> tuple[str, ...]:
    ratio = row.ratio
    return (
        row.name,
        _figure(row.ours, row.unit),
        _figure(row.theirs, row.unit) if row.theirs else "",
        f"{ratio.median:.3g} ({ratio.low:.3g}..{ratio.high:.3g})" if ratio else "",
        _promise(row),
        {True: "yes", False: "**no**", None: ""}[row.met],
        f"{busy:.2f}",
    )


def _promise(row: Row) -> str:
    if row.at_most is not None:
        return f"≤ {row.at_most:g} {row.unit.name}"
    return f"≥ {row.target:g}" if row.target else "for information"


def _figure(figures: Sequence[float], unit: Unit) -> str:
    found = spread(figures)
    digits = 0 if found.median >= 100 else 1
    return f"{found.median:,.{digits}f} {unit.name} ({found.low:,.{digits}f}..{found.high:,.{digits}f})"


def _table(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    head, *rows = (f"| {' | '.join(cells)} |" for cells in padded)
    return [head, f"| {' | '.join(rule)} |", *rows]
