"""How much of a step's speed `fit` keeps beside the bare arithmetic on one batch that is always the same.

Both train the same network with the same optimiser in the same process, so only what `fit` adds differs:
slicing, augmentation, normalisation, seeds, rates and figures.
"""

import time

from torch import Tensor
from torch.nn import functional

from benchmarks.pairs import RATE, Row, in_turn
from benchmarks.sessions import KERNEL, Stem, images_per_second, ready
from cnnviz.data.batches import training_batch
from cnnviz.train.evaluate import forward
from cnnviz.train.execution import wait
from cnnviz.train.randomness import epoch_order
from cnnviz.train.session import Session

_STEPS = {"imagenet": 10, "cifar": 3}


def measure(stem: Stem, *, quick: bool) -> list[Row]:
    """One row: images a second of `fit` and of the bare step."""
    session = ready(stem).session
    batch = one_batch(session)
    size = {"steps": _STEPS[stem], "warm_up": 1}
    figures = in_turn(
        lambda: images_per_second(session, **size),
        lambda: bare_images_per_second(session, batch, **size),
        repeats=4 if quick else 12,
    )
    return [
        Row(
            name=f"data path {KERNEL[stem]}",
            what="fit()'s step against forward, backward and update on one prepared batch, computed the same way",
            unit=RATE,
            ours=figures[0],
            theirs=figures[1],
            target=0.97,
            notes=[f"turns of {size['steps']} steps after one to warm up"],
        )
    ]


def one_batch(session: Session) -> tuple[Tensor, Tensor]:
    """Inputs, in the memory order that the session computes in, and labels of one batch."""
    order = epoch_order(session.config.seed, 0, len(session.train)).to(session.train.labels.device)
    chosen = order[: session.config.batch_size]
    inputs, labels, _ = training_batch(session.train, chosen, session.normalise, session.config.augmentation)
    return inputs.contiguous(memory_format=session.way.layout), labels


def bare_images_per_second(
    session: Session, batch: tuple[Tensor, Tensor], *, steps: int, warm_up: int
) -> float:
    """Speed of nothing but forward, backward and update on `batch`, after steps that are not counted."""
    session.model.train()
    for _ in range(warm_up):
        _step(session, *batch)
    wait(session.way.device)
    start = time.perf_counter()
    for _ in range(steps):
        _step(session, *batch)
    wait(session.way.device)
    return steps * len(batch[1]) / (time.perf_counter() - start)


def _step(session: Session, inputs: Tensor, labels: Tensor) -> None:
    loss = functional.cross_entropy(forward(session.compiled, inputs, session.way), labels)
    session.scaler.scale(loss).backward()
    session.scaler.step(session.optimiser)
    session.scaler.update()
    session.optimiser.zero_grad(set_to_none=True)
