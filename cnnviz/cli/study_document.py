"""A study as a JSON document, and as a table."""

from collections.abc import Mapping
from typing import Any

from cnnviz.cli.answer import table
from cnnviz.cli.difference_document import difference
from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.formatting import decimal, per_cent
from cnnviz.studies.importance import Importance, importance
from cnnviz.studies.progress import Progress
from cnnviz.studies.results import Mean, Row, beside_first, best, listed, rows


def summary(now: Progress) -> dict[str, Any]:
    """How far a study is."""
    return {
        "id": now.id,
        "title": now.study.title,
        "state": now.state,
        "runs": len(now.trials),
        "finished": now.finished,
        "pruned": now.pruned,
        "under_way": len(now.under_way),
    }


def document(now: Progress) -> dict[str, Any]:
    """All about a study."""
    found = rows(now)
    first = best(found, now)
    return summary(now) | {
        "study": now.study.model_dump(mode="json"),
        "variants": [
            {
                "name": row.variant.name,
                "settings": dict(row.variant.settings),
                "seeds": row.finished,
                "validation": _mean(row.validation),
                "test": _mean(row.test),
                "seconds": _mean(row.seconds),
                "beside_first": difference(told) if told else None,
                "runs": [
                    {
                        "seed": one.task.config.seed,
                        "run": one.run.id if one.run else None,
                        "state": one.status.state if one.status else None,
                        "reason": one.status.reason if one.status else "",
                        "pruned": one.pruned,
                    }
                    for one in row.trials
                ],
            }
            for row, told in zip(found, [None, *beside_first(found, now)], strict=False)
        ],
        "best": first.variant.name if first else None,
        "importance": _importance(importance(found, now.study)),
    }


def _importance(told: Importance | str) -> dict[str, Any]:
    if isinstance(told, str):
        return {"settings": [], "remarks": [told]}
    return {
        "settings": [
            {"setting": one.key, "share": one.share, "chance": one.chance, "certain": one.certain}
            for one in told.shares
        ],
        "rest": dict(told.rest),
        "remarks": list(told.remarks),
    }


def _mean(mean: Mean | None) -> Mapping[str, Any] | None:
    if mean is None:
        return None
    return {
        "mean": mean.value,
        "standard_error": mean.standard_error,
        "interval": mean.interval,
        "seeds": mean.seeds,
    }


def text(now: Progress) -> str:
    """A table of the variants, validation beside test."""
    found = listed(now)
    share = now.study.objective == "validation_accuracy"
    words, titles = now.study.words, now.study.titles
    lines = [["VARIANT", "SEEDS", "VALIDATION" if share else "VALIDATION LOSS", "TEST"]]
    lines += [
        [
            words(row.variant),
            _seeds(row),
            _figure(row.validation, share=share),
            _figure(row.test) + _pruned(row),
        ]
        for row in found
    ]
    first = best(found, now)
    pruned = f", {now.pruned:,} of them pruned" if now.pruned else ""
    said = [
        f"{now.study.title}: {now.state}, {now.finished:,} of {len(now.trials):,} runs finished{pruned}.",
        table(lines),
    ]
    told = [
        [f"  {words(row.variant)}", one.words]
        for row, one in zip(found[1:], beside_first(found, now), strict=True)
        if one
    ]
    if told:
        said.append(f"Compared with {words(found[0].variant)}, the first, on validation images:")
        said.append(table(told))
        if len(told) > 1:
            said.append("They hold for all comparisons together (Holm).")
    if first:
        said.append(f"Best on validation images: {words(first.variant)}. Means ± standard error over seeds.")
    if sum(row.test is not None for row in found) > 1:
        said.append(CHOOSING)
    shares = importance(found, now.study)
    if isinstance(shares, Importance):
        said.append("Of the variance between runs:")
        lines = [[f"  {titles[one.key]}", one.words] for one in shares.shares]
        lines += [[f"  {name}", f"{100 * one:.0f} %"] for name, one in shares.rest.items()]
        said += [table(lines), *shares.remarks]
    return "\n".join(said)


def _seeds(row: Row) -> str:
    return f"{row.finished}/{len(row.trials)}"


def _pruned(row: Row) -> str:
    epochs = [one.status.epoch for one in row.trials if one.pruned and one.status]
    return f"  pruned after epoch {epochs[0]}" if epochs else ""


def _figure(mean: Mean | None, *, share: bool = True) -> str:
    if mean is None:
        return "–"
    if share:
        return per_cent(mean.value, mean.standard_error)
    error = "" if mean.standard_error is None else f" ± {mean.standard_error:.4f}"
    return decimal(mean.value, ".4f") + error
