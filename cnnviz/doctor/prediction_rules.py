"""What answers and data tell: a class that is never named, images in two splits, labels without sense."""

from __future__ import annotations

from cnnviz.doctor.curve_rules import curves, needs_epochs
from cnnviz.doctor.facts import Facts
from cnnviz.doctor.finding import Evidence, Finding, Remedy
from cnnviz.formatting import per_cent, standard_error

_ENOUGH = 5
"""Images of a class, of which at least one should be taken for it."""


def needs_answers(facts: Facts) -> str | None:
    """Why it was not asked about images; None if it was."""
    if facts.inside is not None and facts.inside.answers is not None:
        return None
    return facts.why_not.get("inside", "the network was not asked about any images")


def needs_shared(facts: Facts) -> str | None:
    """Why splits were not compared; None if they were."""
    return facts.why_not.get("shared", "the splits were not compared") if facts.shared is None else None


def absent(facts: Facts) -> Finding | None:
    """A class without a single training image."""
    assert facts.inside is not None
    missing = [number for number, images in enumerate(facts.inside.labels) if not images]
    if not missing:
        return None
    names = ", ".join(facts.classes[number] for number in missing[:6]) + (", …" if len(missing) > 6 else "")
    on_test = facts.inside.on_test
    it = "it" if len(missing) == 1 else "them"
    told = "No test image is of it, either." if len(missing) == 1 else "No test image is of them, either."
    if on_test is not None:
        right = sum(on_test.guesses[number] for number in missing)
        taken = f"{right or 'none'} {'are' if right > 1 else 'is'} taken for {it}"
        told = f"Of {sum(on_test.support):,} test images of {it}, {taken}."
    return Finding(
        title=f"Not in training: {names}",
        words=f"None of {sum(facts.inside.labels):,} training images is of "
        f"{'this class' if len(missing) == 1 else f'these {len(missing)} classes'}: "
        f"what is never seen is not learnt. {told}",
        severity="serious",
        figures={
            facts.classes[number]: {"training images": 0, "test images": on_test.support[number] if on_test else 0}
            for number in missing
        },
        evidence=(
            Evidence("Its training images", "data", {"data": facts.config.data.name}),
            Evidence(
                f"Test images of {facts.classes[missing[0]]}", "diagnosis",
                facts.link | {"split": "test", "view": "confusion", "confused": f"{missing[0]}."},
            ),
        ),
        remedies=(
            Remedy("Add training images of it, or leave the class out."),
        ),
    )  # fmt: skip


def needs_labels_counted(facts: Facts) -> str | None:
    """Why training labels were not counted; None if they were."""
    if facts.inside is not None and facts.inside.labels:
        return None
    return facts.why_not.get("inside", "the training labels were not counted")


def never_predicted(facts: Facts) -> Finding | None:
    """A class with five images or more, none of any class taken for it."""
    assert facts.inside is not None
    answers = facts.inside.answers
    assert answers is not None
    never = [n for n, guesses in enumerate(answers.guesses) if not guesses and answers.support[n] >= _ENOUGH]
    if not never:
        return None
    names = ", ".join(facts.classes[number] for number in never[:6]) + (", …" if len(never) > 6 else "")
    return Finding(
        title=f"Never predicted: {names}",
        words=f"Of {sum(answers.support):,} {answers.split} images, {sum(answers.support[n] for n in never):,} are of "
        f"{'this class' if len(never) == 1 else f'these {len(never)} classes'}, and none at all is taken for "
        f"{'it' if len(never) == 1 else 'them'}.",
        severity="serious",
        figures={facts.classes[n]: {"images": answers.support[n], "predicted": 0} for n in never},
        evidence=(
            Evidence(
                f"Images of {facts.classes[never[0]]}", "diagnosis",
                facts.link | {"split": answers.split, "view": "confusion", "confused": f"{never[0]}."},
            ),
            Evidence("Its training images", "data", {"data": facts.config.data.name}),
        ),
        remedies=(
            Remedy("Look whether the class has enough training images, and the right labels."),
            Remedy("Train longer: rare classes come last.", {"epochs": 2 * facts.config.epochs}),
        ),
    )  # fmt: skip


def leakage(facts: Facts) -> Finding | None:
    """Images that are, pixel by pixel, in two splits."""
    assert facts.shared is not None
    found = [one for one in facts.shared if one.places]
    if not found:
        return None
    parts = [
        f"{len(one.places):,} of {one.of:,} {one.split} images are in {one.other}, too"
        + (f" ({one.differing:,} with another label)" if one.differing else "")
        for one in found
    ]
    share = max(len(one.places) / one.of for one in found)
    prefix = {"test": "test", "validation": "train", "training": "train"}
    return Finding(
        title="Images in two splits",
        words=f"{'; '.join(parts)}. What is known by heart is no test: "
        f"accuracy there can be too high by up to {per_cent(share, digits=2)}.",
        severity="serious" if share > 0.005 else "mild",
        figures={
            f"{one.split} in {one.other}": {"images": len(one.places), "of": one.of, "other_label": one.differing}
            for one in found
        },
        evidence=tuple(
            Evidence(
                f"{one.split.capitalize()} image {one.places[0]:,} and {one.other} image {one.others[0]:,}",
                "compare",
                facts.link
                | {"with": "image", "image": f"{prefix[one.split]}.{one.places[0]}",
                   "image_b": f"{prefix[one.other]}.{one.others[0]}"},
            )
            for one in found
        ),
        remedies=(Remedy("Take them out of one of the two, and measure again."),),
    )  # fmt: skip


def shuffled_labels(facts: Facts) -> Finding | None:
    """Learnt by heart with validation at chance; or nothing learnt at all, at the loss of guessing."""
    last = facts.epochs[-1]
    train, validation = last.train_accuracy, last.validation_accuracy
    chance = _commonest(facts)
    blind = validation <= chance + 3 * standard_error(chance, facts.validation)
    heart = train > chance + 0.2
    near = abs(last.train_loss / facts.blind - 1) < 0.05 and not facts.config.softmax_before_loss
    if not blind or not (heart or near):
        return None
    words = (
        f"It is right on {per_cent(train)} of training and on {per_cent(validation)} of "
        f"{facts.validation:,} validation images, "
        f"where guessing gives {per_cent(chance)}: "
        + (
            "it learns images by heart, as if labels had nothing to do with them."
            if heart
            else "after all these epochs its loss is that of guessing. Shuffled labels look like this; "
            "so do a dead network and a learning rate that is far off."
        )
    )
    return Finding(
        title="Labels look shuffled" if heart else "Nothing is learnt: are the labels right?",
        words=words,
        severity="serious" if heart else "mild",
        figures={"train_accuracy": train, "validation_accuracy": validation, "chance": chance},
        evidence=(
            Evidence("Training images with their labels", "data", {"data": facts.config.data.name}),
            curves(facts),
        ),
        remedies=(
            Remedy("Look at training images beside their labels; import the data again if they don't fit."),
        ),
    )


def needs_labels(facts: Facts) -> str | None:
    return needs_epochs(facts)


def _commonest(facts: Facts) -> float:
    """Share of the commonest class, where it is known: guessing it is right so often."""
    answers = facts.inside.answers if facts.inside else None
    total = sum(answers.support) if answers else 0
    return max(facts.chance, max(answers.support) / total) if answers and total else facts.chance
