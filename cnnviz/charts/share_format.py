"""Shares in charts, written as `formatting.per_cent` writes them: 92.3 %."""

import altair as alt

_LOCALE = {
    "number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": " %"}
}


@alt.theme.register("cnnviz", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    return {"config": {"locale": _LOCALE}}  # type: ignore[typeddict-item]


def share_format(digits: int | None = None) -> str:
    """Of an axis, a text or a tooltip; without digits, as many as tell its ticks apart."""
    return "%" if digits is None else f".{digits}%"
