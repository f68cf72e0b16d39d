"""How well each class is told from the others, read off a confusion matrix."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import sqrt

import numpy as np

from cnnviz.diagnosis.confusion import Counts
from cnnviz.formatting import standard_error


@dataclass(frozen=True)
class ClassScore:
    """One class against the rest; None where there is nothing to divide by. Errors are standard errors."""

    name: str
    support: int
    """Images of this class."""
    predicted: int
    """Images that are taken for it."""
    right: int
    precision: float | None
    """Share of those taken for it that are of it."""
    precision_error: float | None
    recall: float | None
    """Share of those of it that are taken for it: its accuracy."""
    recall_error: float | None
    f1: float | None
    """Harmonic mean of the two."""
    f1_error: float | None


def by_class(counts: Counts, names: Sequence[str]) -> tuple[ClassScore, ...]:
    """A score for each class of a confusion matrix (K, K), truth by guess.

    The errors of precision and recall are binomial, given how many there were to divide by. F1 is 2J / (1 + J)
    of the share J of right ones among all images that are, or are taken for, this class: its error is that of J,
    carried over (delta method).
    """
    found = []
    for number, name in enumerate(names):
        right = int(counts[number, number])
        support, predicted = int(counts[number].sum()), int(counts[:, number].sum())
        either = support + predicted - right
        precision, recall = _share(right, predicted), _share(right, support)
        jaccard = _share(right, either)
        found.append(
            ClassScore(
                name=name,
                support=support,
                predicted=predicted,
                right=right,
                precision=precision,
                precision_error=None if precision is None else standard_error(precision, predicted),
                recall=recall,
                recall_error=None if recall is None else standard_error(recall, support),
                f1=None if jaccard is None else 2 * jaccard / (1 + jaccard),
                f1_error=None
                if jaccard is None
                else 2 / (1 + jaccard) ** 2 * sqrt(jaccard * (1 - jaccard) / either),
            )
        )
    return tuple(found)


def macro_f1(scores: Sequence[ClassScore]) -> float | None:
    """The mean F1 of the classes that occur, as truth or as guess; None where none does."""
    known = [one.f1 for one in scores if one.f1 is not None]
    return float(np.mean(known)) if known else None


def table(scores: Sequence[ClassScore]) -> str:
    """The scores as CSV, a row each."""
    content = io.StringIO()
    rows = csv.DictWriter(content, [field.name for field in fields(ClassScore)])
    rows.writeheader()
    rows.writerows(map(asdict, scores))
    return content.getvalue()


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
