"""What the network itself tells: dead ReLUs, a gradient that does not arrive, batch norm over too few images."""

from __future__ import annotations

from cnnviz.doctor.facts import Facts
from cnnviz.doctor.finding import Evidence, Finding, Remedy

_TINY = 8
"""Images of which a mean and a variance say little."""


def needs_inside(facts: Facts) -> str | None:
    """Why the network was not looked into; None if it was."""
    return facts.why_not.get("inside", "the network was not looked into") if facts.inside is None else None


def needs_rectifiers(facts: Facts) -> str | None:
    if facts.inside is not None and not facts.inside.rectifiers:
        return "the network has no ReLU"
    return needs_inside(facts)


def needs_gradients(facts: Facts) -> str | None:
    if facts.inside is not None and len(facts.inside.gradients) < 3:
        return "fewer than three layers have weights"
    return needs_inside(facts)


def dead_relus(facts: Facts) -> Finding | None:
    """More than a fifth of a layer's channels 0 everywhere, for all images."""
    assert facts.inside is not None
    dead = [one for one in facts.inside.rectifiers if one.dead > 0.2 * one.channels]
    if not dead:
        return None
    worst = max(dead, key=lambda one: one.dead / one.channels)
    listed = ", ".join(f"{one.layer} {one.dead} of {one.channels}" for one in dead[:6])
    return Finding(
        title=f"Dead ReLUs in {worst.layer}" + (f" and {len(dead) - 1} more" if len(dead) > 1 else ""),
        words=f"These channels are 0 in every cell for all {facts.inside.images:,} training images that were looked "
        f"at, and get no gradient: {listed}{', …' if len(dead) > 6 else ''}.",
        severity="serious" if worst.dead > worst.channels / 2 else "mild",
        figures={one.layer: {"dead": one.dead, "channels": one.channels} for one in dead},
        evidence=(
            Evidence(f"The maps of {worst.layer}", "activations", facts.link | {"layer": worst.layer}),
            Evidence("All layers", "statistics", facts.link),
        ),
        remedies=(
            Remedy(
                "Lower the learning rate: a large step can push a unit where nothing excites it.",
                {"optimiser.learning_rate": facts.config.optimiser.learning_rate / 3},
            ),
            Remedy(
                "An activation that never is flat, or batch norm before it.",
                {"network.activation": "leaky_relu"},
                "003-1e",
            ),
        ),
    )


def vanishing(facts: Facts) -> Finding | None:
    """The first layer's gradient, in units of its weights, under a thousandth of the last one's; or none at all."""
    assert facts.inside is not None
    found = facts.inside.gradients
    first, last = found[0], found[-1]
    most = max(one.relative for one in found)
    if first.relative >= 1e-3 * last.relative and most > 0:
        return None
    share = first.relative / last.relative if last.relative else 0.0
    arrives = f"{share:.1g} of what the last layer, {last.layer}, gets" if share else "nothing"
    silent = next((one.layer for one in reversed(found) if one.relative == 0), None)
    return Finding(
        title="Vanishing gradients",
        words=f"The first layer, {first.layer}, gets {arrives} (gradient in units of the weights, mean over "
        f"{facts.inside.images:,} training images)"
        + (f"; none at all arrives at {silent} and before." if silent else "."),
        severity="serious",
        figures={one.layer: one.relative for one in found},
        evidence=(
            Evidence("Its filters through time", "filters", {"run": facts.run}),
            Evidence("All layers", "statistics", facts.link),
        ),
        remedies=(
            Remedy("ReLU in place of sigmoid or tanh.", {"network.activation": "relu"}, "003-1b"),
            Remedy("Batch norm after each layer.", {"network.batch_norm": "all"}, "003-1e"),
        ),
    )


def tiny_batches(facts: Facts) -> Finding | None:
    """Batch norm in batches, or in a last batch, of fewer than eight images."""
    assert facts.inside is not None
    size = facts.config.batch_size
    rest = facts.train % size if facts.train else 0
    tiny_last = 1 < rest < _TINY and rest < size
    if not facts.inside.batch_norms or (size >= _TINY and not tiny_last):
        return None
    which = (
        f"Batches hold {size} images"
        if size < _TINY
        else f"The last batch of every epoch holds {rest} images instead of {size}"
    )
    return Finding(
        title="Batch norm with a tiny batch" if size < _TINY else "Batch norm with a tiny last batch",
        words=f"{which}: the means and variances that {facts.inside.batch_norms} batch norm layers take of them "
        "are mostly noise.",
        severity="serious" if size < 4 else "mild",
        figures={"batch_size": size, "last_batch": rest or size, "batch_norms": facts.inside.batch_norms},
        evidence=(Evidence("Its curves", "train", {"run": facts.run}),),
        remedies=(
            Remedy("Larger batches.", {"batch_size": 64}, "003-1e")
            if size < _TINY
            else Remedy("Leave those images out.", {"data.train": facts.train - rest}, "001-2"),
        ),
    )
