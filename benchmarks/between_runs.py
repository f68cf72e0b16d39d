"""How long a slot stays without training between two runs of the queue."""

import time
from itertools import pairwise
from tempfile import TemporaryDirectory

from benchmarks.images import environment
from benchmarks.pairs import SECONDS, Row
from cnnviz.config import Constant, Data, Mlp, RunConfig
from cnnviz.runs import control
from cnnviz.runs.run import Run

_RUNS = 6
_EPOCHS = 400
"""Some ten seconds: longer than a worker takes to start, as most runs are."""
_PATIENCE = 300.0


def measure(*, quick: bool) -> list[Row]:
    """Seconds from the last word of a run to that of the next one, less what the next one spent on training."""
    config = RunConfig(
        data=Data(name="shapes", train=512, validation=128, test=128),
        network=Mlp(hidden=(32,)),
        epochs=_EPOCHS,
        schedule=Constant(),
        precision="fp32",
        memory_format="contiguous",
        compile="off",
    )
    with TemporaryDirectory() as checkpoints, environment(CNNVIZ_CHECKPOINTS=checkpoints):
        count = 4 if quick else _RUNS
        runs = [control.start(config.model_copy(update={"seed": seed})) for seed in range(count)]
        _wait(runs)
        ends = [run.status() for run in runs]
    gaps = [after.updated - before.updated - after.seconds for before, after in pairwise(ends)]
    return [
        Row(
            name="queue: between runs",
            what="from the end of one run to the end of the next, less its training: taking it from the queue, data, "
            "network, first and last snapshot",
            unit=SECONDS,
            ours=gaps[1:],
            at_most=2.0,
            notes=[f"{count} runs of a small MLP of some ten seconds each, one slot; without the first gap"],
        )
    ]


def _wait(runs: list[Run]) -> None:
    until = time.monotonic() + _PATIENCE
    while any(run.status().active for run in runs):
        if time.monotonic() > until:
            raise RuntimeError("The queue does not come to its end.")
        time.sleep(0.2)
    if any(run.status().state != "finished" for run in runs):
        raise RuntimeError("A run of the queue did not finish.")
