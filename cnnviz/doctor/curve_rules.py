"""What a run's curves tell: fit, learning rate, gradient, a softmax too many. Thresholds are rules of thumb."""

from __future__ import annotations

from itertools import pairwise
from math import e, isfinite, log
from statistics import median

from cnnviz.doctor.facts import Facts
from cnnviz.doctor.finding import Evidence, Finding, Remedy
from cnnviz.formatting import decimal, per_cent, standard_error

_FEW = 3


def curves(facts: Facts) -> Evidence:
    """The run's curves, as evidence."""
    return Evidence("Its curves", "train", {"run": facts.run})


def needs_epochs(facts: Facts, count: int = _FEW) -> str | None:
    """Why too few epochs say nothing; None if there are enough."""
    known = len(facts.epochs)
    return None if known >= count else f"it has {known} whole epochs, and {count} are needed"


def overfitting(facts: Facts) -> Finding | None:
    """Validation loss 10 % above its best while training loss fell on; or 10 points between the accuracies."""
    first, last = facts.epochs[0], facts.epochs[-1]
    best = min(facts.epochs, key=lambda line: line.validation_loss)
    rise = last.validation_loss / max(best.validation_loss, 1e-12) - 1
    gap = last.train_accuracy - last.validation_accuracy
    error = standard_error(last.validation_accuracy, facts.validation)
    wide = max(0.1, 3 * error)
    rising = rise > 0.1 and last.train_loss < best.train_loss
    if not rising and gap <= wide:
        return None
    if rising:
        since = best.epoch
        words = (
            f"Since epoch {since} validation loss has risen by {per_cent(rise, digits=0)} "
            f"({best.validation_loss:.3f} to {last.validation_loss:.3f}) while training loss fell on "
            f"({best.train_loss:.3f} to {last.train_loss:.3f})."
        )
    else:
        apart = [line for line in facts.epochs if line.train_accuracy - line.validation_accuracy <= wide]
        since = (apart[-1].epoch if apart else first.epoch - 1) + 1
        words = f"Since epoch {since} training is more than {100 * wide:.0f} points ahead of validation."
    return Finding(
        title=f"Overfitting since epoch {since}",
        words=f"{words} Now it is right on {per_cent(last.train_accuracy)} of training and "
        f"{per_cent(last.validation_accuracy, error)} of {facts.validation:,} validation images.",
        severity="serious" if gap > wide else "mild",
        figures={"since_epoch": since, "validation_loss_rise": rise, "accuracy_gap": gap},
        evidence=(curves(facts),),
        remedies=(
            Remedy("Stop there, and keep the best epoch.", {"early_stopping.patience": 5}, "002-2b"),
            Remedy("Show it more varied images: augmentation.", {}, "002-3.1"),
            Remedy("Regularise: dropout or weight decay.", {}, "000-1"),
        ),
    )


def underfitting(facts: Facts) -> Finding | None:
    """Right on less than 85 % of its own training images, and no better there than on validation."""
    last = facts.epochs[-1]
    train, validation = last.train_accuracy, last.validation_accuracy
    near = max(0.05, 2 * standard_error(validation, facts.validation))
    if train >= 0.85 or train - validation > near:
        return None
    tail = facts.epochs[-max(2, len(facts.epochs) // 4) :]
    gain = tail[-1].validation_loss / max(tail[0].validation_loss, 1e-12) - 1
    falling = gain < -0.03
    how = (
        f"Validation loss still fell by {per_cent(-gain, digits=0)} over the last {len(tail)} epochs: "
        "it ended too soon."
        if falling
        else f"Over the last {len(tail)} epochs validation loss changed by {decimal(100 * gain, '+.0f')} %: "
        "more of the same brings little."
    )
    longer = Remedy("Train longer.", {"epochs": 2 * facts.config.epochs})
    larger = Remedy("Take a larger network, or less dropout and weight decay.", {}, "003-1a")
    return Finding(
        title="Underfitting",
        words=f"It is right on only {per_cent(train)} of its own training images, "
        f"{per_cent(validation)} of validation. {how}",
        severity="mild",
        figures={"train_accuracy": train, "validation_accuracy": validation, "last_change": gain},
        evidence=(curves(facts),),
        remedies=(longer, larger) if falling else (larger, longer),
    )


def rate_too_high(facts: Facts) -> Finding | None:
    """The loss was not finite, or jumped to twice that of guessing."""
    rate = facts.config.optimiser.learning_rate
    diverged = facts.state == "failed" and facts.reason.startswith("The loss is")
    start = max(facts.blind, facts.steps[0].loss if facts.steps else 0.0)
    worst = max(facts.steps, key=lambda line: line.loss, default=None)
    jumped = worst is not None and worst.loss > 2 * start
    if not diverged and not jumped:
        return None
    if diverged:
        words = facts.reason.partition(": ")[0] + "."
    else:
        assert worst is not None
        at, loss = worst.step, worst.loss
        words = f"At step {at:,} the loss of a batch was {loss:.3g}; guessing gives {facts.blind:.3g}."
    last = facts.epochs[-1] if facts.epochs else None
    learnt = last is not None and last.train_accuracy > facts.chance + 0.3
    dead = _dead_share(facts)
    if dead:
        words += f" {per_cent(dead, digits=0)} of its ReLU channels are dead, which large steps do."
    return Finding(
        title="The learning rate is too high",
        words=f"{words} The highest learning rate was {rate:g}.",
        severity="mild" if learnt and not diverged else "serious",
        figures={
            "learning_rate": rate,
            "worst_loss": worst.loss if worst else None,
            "worst_gradient_norm": max((line.gradient_norm for line in facts.steps), default=None),
            "dead_share": dead,
        },
        evidence=(curves(facts),),
        remedies=(
            Remedy("A tenth of it.", {"optimiser.learning_rate": rate / 10}, "000-2.2"),
            Remedy("Clip the gradient.", {"clip_norm": 1.0}),
        ),
    )


def rate_too_low(facts: Facts) -> Finding | None:
    """Loss fell by less than a quarter, as fast at the end as in the middle, and validation with it."""
    losses = [line.train_loss for line in facts.epochs]
    start = losses[0]
    fallen = 1 - losses[-1] / start
    half = losses[(len(losses) - 1) // 2]
    late, early = half - losses[-1], start - half
    steady = all(after < before for before, after in pairwise(losses))
    validation = facts.epochs[0].validation_loss - facts.epochs[-1].validation_loss
    together = validation > 0.5 * (losses[0] - losses[-1])
    if not (0 < fallen < 0.25 and steady and late > 0.5 * early and together) or softmax_twice(facts):
        return None
    norms = [line.gradient_norm for line in facts.steps]
    rate = facts.config.optimiser.learning_rate
    return Finding(
        title="The learning rate is too low",
        words=f"After {len(losses)} epochs training loss has fallen by only {per_cent(fallen)} "
        f"({start:.3f} to {losses[-1]:.3f}), as fast at the end as before, at a learning rate of {rate:g}"
        + (f"; the gradient is as long as ever ({norms[0]:.2g} to {norms[-1]:.2g})." if norms else "."),
        severity="serious",
        figures={"learning_rate": rate, "loss_fallen": fallen},
        evidence=(curves(facts),),
        remedies=(Remedy("Ten times as much.", {"optimiser.learning_rate": 10 * rate}, "000-2.2"),),
    )


def exploding(facts: Facts) -> Finding | None:
    """A gradient that was not finite, or longer than 10 and than 50 times the usual."""
    norms = [line.gradient_norm for line in facts.steps]
    usual = median([norm for norm in norms if isfinite(norm)] or [0.0])
    worst = max(
        facts.steps,
        key=lambda line: float("inf") if not isfinite(line.gradient_norm) else line.gradient_norm,
    )
    norm = worst.gradient_norm
    if isfinite(norm) and not (norm > 10 and norm > 50 * usual):
        return None
    clipped = facts.config.clip_norm or facts.config.clip_value
    return Finding(
        title="Exploding gradients",
        words=f"At step {worst.step:,} the gradient was {norm:.3g} long; usually it is {usual:.3g}."
        + (" It was clipped." if clipped else ""),
        severity="mild" if clipped else "serious",
        figures={"worst": norm, "usual": usual, "step": worst.step},
        evidence=(curves(facts),),
        remedies=(
            Remedy("Clip the gradient.", {"clip_norm": 1.0}, "000-2.2"),
            Remedy(
                "Lower the learning rate.",
                {"optimiser.learning_rate": facts.config.optimiser.learning_rate / 10},
            ),
        ),
    )


def softmax_twice(facts: Facts) -> Finding | None:
    """The setting says so; or validation loss is what probabilities taken for logits give at that accuracy."""
    floor = log(1 + (len(facts.classes) - 1) / e)
    setting = facts.config.softmax_before_loss
    last = facts.epochs[-1] if facts.epochs else None
    hugs = False
    if last is not None and facts.config.label_smoothing <= 0.3:
        loss, accuracy = last.validation_loss, last.validation_accuracy
        least = min(line.validation_loss for line in facts.epochs)
        # A sure answer costs the floor where it is right, 1 more where it is wrong.
        hugs = (
            least >= floor - 1e-3
            and last.train_loss >= floor - 1e-3  # which an overfit network has long passed
            and abs(loss - floor - (1 - accuracy)) < 0.1
            and accuracy > max(0.5, 2 * facts.chance)
        )
    if not setting and not hugs:
        return None
    seen = (
        f" Validation loss ended at {last.validation_loss:.4f} with {per_cent(last.validation_accuracy)} right."
        if last is not None
        else ""
    )
    why = (
        "The setting softmax_before_loss is on: the loss takes probabilities for logits."
        if setting
        else "The loss looks as if it took probabilities for logits: it is high although most is right."
    )
    return Finding(
        title="Softmax is applied twice",
        words=f"{why} With {len(facts.classes)} classes it can't fall below ln(1 + {len(facts.classes) - 1}/e) = "
        f"{floor:.4f}, and its gradient fades long before.{seen}",
        severity="serious",
        figures={
            "floor": floor,
            "validation_loss": last.validation_loss if last else None,
            "validation_accuracy": last.validation_accuracy if last else None,
            "setting": setting,
        },
        evidence=(curves(facts),),
        remedies=(Remedy("Give the loss the logits.", {"softmax_before_loss": False}, "000-2.1"),),
    )


def _dead_share(facts: Facts) -> float | None:
    if facts.inside is None or not facts.inside.rectifiers:
        return None
    found = facts.inside.rectifiers
    return sum(one.dead for one in found) / sum(one.channels for one in found)
