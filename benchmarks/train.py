"""How many times as fast `fit` trains as the loop that tutorials teach.

Each has a process of its own, which rests while the other works: what one sets for its process (denormals,
memory, a compiler's helpers) neither helps nor harms the other. Both use all cores.
"""

from benchmarks import tutorial
from benchmarks.images import source
from benchmarks.pairs import RATE, Row, in_turn
from benchmarks.sessions import KERNEL, Stem, images_per_second, ready

_TARGET = {"imagenet": 1.4, "cifar": 2.2}
_STEPS = {"imagenet": 20, "cifar": 5}
_WARM_UP = {"imagenet": 4, "cifar": 1}


def measure(stem: Stem, *, quick: bool) -> list[Row]:
    """One row: images a second of ours and of the tutorial's loop."""
    ours = ready(stem)
    size = {"steps": _STEPS[stem], "warm_up": _WARM_UP[stem]}
    with tutorial.elsewhere(stem, ours.session.way.device, **size) as theirs:
        figures = in_turn(lambda: images_per_second(ours.session, **size), theirs, repeats=2 if quick else 5)
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
