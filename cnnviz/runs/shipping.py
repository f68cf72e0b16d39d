"""Making a finished run one that comes with cnnviz: `python -m cnnviz.runs.shipping RUN NAME`.

It keeps settings, curves, log and the filters of every epoch; of the weights only the last, in 16 bits.
"""

import shutil
import sys
from typing import TYPE_CHECKING

from cnnviz import workspace
from cnnviz.errors import CnnvizError, RunError
from cnnviz.formatting import accuracy, duration, per_cent, size
from cnnviz.runs.run import SHIPPED, Run, find

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.train.evaluate import Score

_KEPT = ("config.json", "status.json", "metrics.jsonl", "filters.npz", "log.txt")


def ship(run_id: str, name: str) -> Run:
    """The copy of a finished run that is fit to be shipped, under `name`, with a model card.

    Raises RunError for a run that is not finished, or a name that is taken.
    """
    from cnnviz.models import checkpoint

    run = find(run_id)
    if run.status().state != "finished":
        raise RunError(f"The run {run_id} is {run.status().state}: only a finished one is shipped.")
    folder = workspace.run_folder(name)
    try:
        (folder / "snapshots").mkdir(parents=True)
    except FileExistsError:
        raise RunError(f"There is a run {name} already: delete it first.") from None
    for file in _KEPT:
        shutil.copyfile(run.folder / file, folder / file)
    card, weights = checkpoint.read(workspace.snapshot_file(run_id, "last"))
    checkpoint.save(workspace.snapshot_file(name, "last"), weights, card, half=True)
    shipped = Run(name, folder)
    (folder / SHIPPED).write_text(_card(shipped))
    return shipped


def _card(run: Run) -> str:
    from cnnviz.data import catalogue

    metrics, config = run.metrics(), run.config
    started, finished = metrics.started, metrics.finished
    data = catalogue.load(config.data.name)
    here = _score(run, data)
    by_class = "\n".join(
        f"| {name} | {per_cent(share)} |"
        for name, share in zip(data.classes, here.by_class, strict=True)
        if share is not None
    )
    weights = workspace.snapshot_file(run.id, "last").stat().st_size
    way = started["execution"]
    how = ", ".join(
        [way["precision"], way["memory_format"].replace("_", " ")] + ["compiled"] * way["compile"]
    )
    return f"""# {run.title}

{config.network.name}, {started["parameters"]:,} parameters, {size(weights)} in 16 bits. Trained by cnnviz
on {started["train"]:,} images of {data.name}, with {started["validation"]:,} held out for validation.
Data: {data.source}.

**Test accuracy {accuracy(here.accuracy, here.count)}** ({here.count:,} images, ± one standard error; cross-entropy
{here.loss:.4f}), measured with the weights in this folder. Before they were rounded to 16 bits:
{accuracy(finished["test_accuracy"], finished["test_count"])}, {finished["test_loss"]:.4f}.

| class | test accuracy |
|---|---|
{by_class}

**Training.** {finished["epoch"]} epochs in {duration(finished["seconds"])} on {started["device_name"]} ({how}).
All settings are in `config.json`, all figures in `metrics.jsonl`, the first-layer filters of every epoch in
`filters.npz`. Again: `python -m cnnviz train checkpoints/{run.id}/config.json`.

**Use.** For looking inside a network, for teaching and as a start for other trainings. One seed, one run: another
seed gives another figure. It knows its ten classes and nothing else, and will name one of them for any picture.
"""


def _score(run: Run, data: "Dataset") -> "Score":
    """How the shipped weights do on the test images, in float32 on the CPU."""
    import numpy as np
    import torch

    from cnnviz.data.batches import Normalise, on_device
    from cnnviz.models import checkpoint
    from cnnviz.train.evaluate import evaluate

    model, card = checkpoint.load(workspace.snapshot_file(run.id, "last"))
    device = torch.device("cpu")
    numbers = np.arange(len(data.test_labels))
    images = on_device(data.test_images, data.test_labels, numbers, device, card.image_shape[:2])
    normalise = Normalise.of(card.mean, card.std, device)
    return evaluate(model, images, normalise, classes=len(card.classes))


def main() -> None:
    """Ship the run that the command line names."""
    try:
        print(ship(sys.argv[1], sys.argv[2]).folder)
    except CnnvizError as error:
        sys.exit(str(error))
    except IndexError:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
