"""How much of what differs between the runs of a study each of its settings explains, and how sure that is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import mean, variance
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.diagnosis.difference import holm
from cnnviz.diagnosis.noise import CONFIDENCE
from cnnviz.studies.definition import Grid, Study
from cnnviz.studies.results import Row
from cnnviz.studies.search_space import Choices, Search
from cnnviz.studies.variant import text

FEWEST = 8
"""Trials of a search from which on shares mean anything."""
_SHUFFLES = 999
_NONE = 1e-30
"""Variance of seeds that all came out the same."""


@dataclass(frozen=True)
class Share:
    """Part of the variance that a setting explains by itself."""

    key: str
    """The setting."""
    share: float
    """0 to 1, without what noise gives as far as that is known."""
    chance: float | None
    """How often chance alone gives as much (p), corrected for all settings; None where noise is unknown."""

    @property
    def certain(self) -> bool | None:
        """Whether chance gives it in at most one of twenty cases; None where that is unknown."""
        return None if self.chance is None else self.chance <= 1 - CONFIDENCE

    @property
    def words(self) -> str:
        """62 %, more than noise."""
        said = "under 1 %" if 0 < self.share < 0.005 else f"{100 * self.share:.0f} %"
        if self.certain is None:
            return said
        return f"{said}, {'more than' if self.certain else 'within'} noise"


@dataclass(frozen=True)
class Importance:
    """What each setting of a study explains."""

    shares: Sequence[Share]
    """In the order of the study."""
    rest: Mapping[str, float]
    """What no setting explains by itself, by what does."""
    remarks: Sequence[str]
    """On what it rests, a sentence each."""


def importance(rows: Sequence[Row], study: Study) -> Importance | str:
    """The share of each setting, or in a sentence why there is none yet. `rows` are all variants."""
    if isinstance(study.vary, Grid):
        return _of_grid(rows, study.vary)
    if isinstance(study.vary, Search):
        return _of_search(rows, study.vary)
    return "Variants that are listed one by one do not tell what a single setting does: a grid does."


def _of_grid(rows: Sequence[Row], grid: Grid) -> Importance | str:
    """Analysis of variance of a whole grid's means over seeds; shares are ε² (Kelley 1935), chances those of F."""
    from scipy.special import fdtrc

    figures = {tuple(text(row.variant.settings[key]) for key in grid.settings): row.figures for row in rows}
    levels = [[text(value) for value in values] for values in grid.settings.values()]
    cells = list(product(*levels))
    if len(cells) < 2:
        return "Nothing varies."
    if not all(figures.get(cell) for cell in cells):
        return "Importance comes when every variant has a run that has finished."
    means = np.array([mean(figures[cell]) for cell in cells]).reshape([len(one) for one in levels])
    middle, total = float(means.mean()), float(((means - means.mean()) ** 2).sum())
    if not total:
        return "All variants came out the same."
    within = sum(
        variance(figures[cell]) * (len(figures[cell]) - 1) for cell in cells if len(figures[cell]) > 1
    )
    freedom = sum(len(figures[cell]) - 1 for cell in cells)
    # Noise of a cell's mean: the pooled variance of seeds by their number.
    noise = within / freedom * mean(1 / len(figures[cell]) for cell in cells) if freedom else None
    effects = []
    for axis, values in enumerate(levels):
        others = tuple(other for other in range(means.ndim) if other != axis)
        squares = float(((means.mean(axis=others) - middle) ** 2).sum()) * means.size / len(values)
        effects.append((squares, len(values) - 1))
    chances: Sequence[float | None] = [None] * len(effects)
    if noise is not None:
        chances = holm(
            [
                float(fdtrc(own, freedom, squares / own / max(noise, _NONE))) if own and squares else 1.0
                for squares, own in effects
            ]
        )
    shares = [
        Share(key, _share(squares, own, noise, total), chance)
        for key, (squares, own), chance in zip(grid.settings, effects, chances, strict=True)
    ]
    together = total - sum(squares for squares, _ in effects), means.size - 1 - sum(own for _, own in effects)
    rest = {"Their interplay": _share(*together, noise, total)} if together[1] else {}
    remarks = ["Shares are of these values alone: a wider range of a setting makes it more important."]
    if noise is None:
        remarks.append(
            "With one seed each, noise counts as if the settings had made it: two seeds would tell."
        )
    else:
        explained = sum(one.share for one in shares) + sum(rest.values())
        rest["Seeds"] = max(0.0, 1 - explained)
        remarks.append(f"Noise is the spread over seeds ({freedom} degrees of freedom).")
    return Importance(shares, rest, remarks)


def _share(squares: float, freedom: int, noise: float | None, total: float) -> float:
    return min(1.0, max(0.0, squares - freedom * (noise or 0.0)) / total)


def _of_search(rows: Sequence[Row], search: Search) -> Importance | str:
    """First-order Sobol indices, by the neighbours in the order of a setting; chances by shuffling the results.

    Gamboa, Gremaud, Klein, Lagnoux 2022, Global sensitivity analysis: a novel generation of mighty estimators based on
    rank statistics; for choices the same between groups (ε²).
    """
    there = [row for row in rows if row.figures]
    if len(there) < FEWEST:
        return f"Importance comes with {FEWEST} trials that have finished."
    results = np.array([mean(row.figures) for row in there])
    if not results.std():
        return "All trials came out the same."
    random = np.random.default_rng(0)
    shuffled = np.stack([results, *(random.permutation(results) for _ in range(_SHUFFLES))])
    found, chances = [], []
    for key, space in search.settings.items():
        values = [row.variant.settings[key] for row in there]
        measure = _between_groups if isinstance(space, Choices) else _by_neighbours
        told = measure(values, shuffled)
        found.append(min(1.0, max(0.0, float(told[0]))))
        chances.append(float((told >= told[0] - 1e-12).mean()))
    shares = [
        Share(key, share, chance)
        for key, share, chance in zip(search.settings, found, holm(chances), strict=True)
    ]
    remarks = [
        f"Estimated from {len(there)} trials, each setting by itself; chances by shuffling their results.",
        "Shares are of what was tried: TPE tries more where it was better."
        if search.sampler == "tpe"
        else "Shares are of these ranges alone: a wider one makes a setting more important.",
    ]
    if pruned := sum(one.pruned for row in there for one in row.trials):
        remarks.append(f"Of {pruned} that were pruned, only what they came to by then is known.")
    return Importance(shares, {}, remarks)


def _by_neighbours(values: Sequence[Any], results: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share for each row of results (S, N) of the N numbers `values`: (S,)."""
    order = np.argsort(np.array(values, float), kind="stable")
    ordered = results[:, order]
    beside = np.roll(ordered, -1, axis=1)  # the last one's neighbour is the first
    middle = results.mean(axis=1)
    share: NDArray[np.float64] = ((ordered * beside).mean(axis=1) - middle**2) / results.var(axis=1)
    return share


def _between_groups(values: Sequence[Any], results: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `_by_neighbours`, of values that have no order."""
    names = [text(value) for value in values]
    count, total = len(names), results.var(axis=1) * len(names)
    between = np.zeros(len(results))
    middle = results.mean(axis=1)
    for name, size in Counter(names).items():
        group = results[:, [at for at, other in enumerate(names) if other == name]]
        between += size * (group.mean(axis=1) - middle) ** 2
    groups = len(set(names))
    if groups in (1, count):
        return np.zeros(len(results))
    noise = (total - between) / (count - groups)
    share: NDArray[np.float64] = (between - (groups - 1) * noise) / total
    return share
