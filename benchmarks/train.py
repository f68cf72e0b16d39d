"""How many times as fast `fit` trains as the loop that tutorials teach.

Both take turns in one process: neither leaves anything running, both use all cores, and the compiler and the
probe of our side are paid once. Flushing denormals, which our side turns on for the process, can only help
the other.
"""

from benchmarks.images import images, source
from benchmarks.pairs import RATE, Row, in_turn
from benchmarks.sessions import KERNEL, Stem, images_per_second, ready
from benchmarks.tutorial import Tutorial
from cnnviz.models.registry import build

_TARGET = {"imagenet": 1.4, "cifar": 2.2}
_STEPS = {"imagenet": 20, "cifar": 5}
_WARM_UP = {"imagenet": 4, "cifar": 1}


def measure(stem: Stem, *, quick: bool) -> list[Row]:
    """One row: images a second of ours and of the tutorial's loop."""
    dataset = images()
    ours = ready(stem)
    model = build(ours.session.config.network, image_shape=dataset.image_shape, classes=len(dataset.classes))
    tutorial = Tutorial(dataset, model, device=ours.session.way.device)
    size = {"steps": _STEPS[stem], "warm_up": _WARM_UP[stem]}
    figures = in_turn(
        lambda: images_per_second(ours.session, **size),
        lambda: tutorial.images_per_second(**size),
        repeats=2 if quick else 5,
    )
    return [
        Row(
            name=f"train {KERNEL[stem]}",
            what=f"fit() on ResNet-18 with {KERNEL[stem].replace('x', '×')} stem, batch 128, crop and flip, against "
            f"the tutorial's loop (PIL, DataLoader with 2 workers, float32, item() every step); {source()}",
            unit=RATE,
            ours=figures[0],
            theirs=figures[1],
            target=_TARGET[stem],
            notes=[*ours.notes, f"turns of {size['steps']} steps after {size['warm_up']} to warm up"],
        )
    ]
