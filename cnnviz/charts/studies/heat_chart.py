"""Two settings of a grid: a cell for each combination."""

from cnnviz.charts.heat_map import heat_map
from cnnviz.charts.studies.drawn import AT, Drawn, Look, by_variant
from cnnviz.charts.studies.findings import Findings


def fits(found: Findings) -> bool:
    """Whether two settings vary in a grid."""
    return found.study.vary.kind == "grid" and len(found.titles) == 2 and bool(found.rows)


def draw(found: Findings, look: Look) -> Drawn:
    """A cell for each combination that has a figure."""
    across, down = found.titles.values()
    cells = [
        {name: row.variant.value(key) for key, name in found.titles.items()}
        | {found.value: row.validation.value if row.validation else None, "seeds": row.finished, AT: at}
        for at, row in enumerate(found.rows)
    ]
    chart = heat_map(
        cells,
        across=across,
        down=down,
        split=None,
        value=found.value,
        style=found.style,
        clicked=by_variant(),
        told=[across, down, found.value, "seeds"],
    )
    return Drawn(chart, f"{found.value} by {across} and {down}", found.means)
