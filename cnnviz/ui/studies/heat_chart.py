"""Two settings of a grid: a cell for each combination."""

from cnnviz.charts.heat_map import heat_map
from cnnviz.studies.results import Row
from cnnviz.ui.studies import chart_selection
from cnnviz.ui.studies.findings import Findings


def fits(found: Findings) -> bool:
    """Whether two settings vary in a grid."""
    return found.study.vary.kind == "grid" and len(found.titles) == 2


def show(found: Findings) -> Row | None:
    """Draw it; the variant that is chosen by a click."""
    across, down = found.titles.values()
    cells = [
        {name: row.variant.value(key) for key, name in found.titles.items()}
        | {found.value: row.validation.value if row.validation else None, "seeds": row.finished}
        for row in found.rows
    ]
    chart = heat_map(
        cells, across=across, down=down, split=None, value=found.value, style=found.style, select=True
    )
    wanted = chart_selection.draw(chart, "heat", found, width="content")
    return next(
        (
            row
            for row, cell in zip(found.rows, cells, strict=True)
            if wanted and all(cell[name] == wanted.get(name) for name in (across, down))
        ),
        None,
    )
