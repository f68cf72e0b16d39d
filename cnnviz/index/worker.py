"""The process that looks through a test set: `python -m cnnviz.index.worker FOLDER LEASE RUN SNAPSHOT IMAGES`."""

import time
from pathlib import Path

from cnnviz import workspace
from cnnviz.errors import DataError, RunError
from cnnviz.index import store
from cnnviz.runs import job

_NICE = 5
"""Pages and trainings come first."""


class Indexer(job.Job):
    """One index in the making."""

    room = "make room, then look through the images again"
    smaller = "close what else is running, then look through the images again"

    def __init__(self, folder: Path, descriptor: int, arguments: list[str]) -> None:
        super().__init__(folder, descriptor)
        self.run_id, self.snapshot, self.images = *arguments[:2], int(arguments[2])

    def do(self) -> None:
        """Look through the images, and store what was found."""
        import numpy as np
        import torch

        from cnnviz.data import catalogue
        from cnnviz.explore.channels.excitation import excitations
        from cnnviz.models import checkpoint
        from cnnviz.runs.run import find

        data = catalogue.load(find(self.run_id).config.data.name)
        artifact = store.artifact(self.run_id, self.snapshot, data.name)
        model, card = checkpoint.load(workspace.snapshot_file(self.run_id, self.snapshot))
        if (data.classes, data.image_shape[2]) != (card.classes, card.image_shape[2]):
            raise DataError(
                f"The data set {data.name!r} here is another one than the network was trained on: put that in its "
                "place, then look through it again."
            )
        model.to(memory_format=torch.channels_last)
        numbers = np.arange(min(self.images, len(data.test_labels)))
        self.tell(durable=False, state="running", reason="", steps=len(numbers))
        found = self.finish(excitations(model, card, data.test_images, data.test_labels, numbers=numbers))
        self.tell(durable=False, reason="Writing.", step=len(numbers), seconds_left=None)
        if store.artifact(self.run_id, self.snapshot, data.name).mark != artifact.mark:
            raise RunError(
                f"The training has written {self.snapshot!r} anew meanwhile: look through it when the run has ended, "
                "or through a snapshot of an epoch."
            )
        artifact.save(store.Index(len(numbers), found))
        self.tell(durable=False, state="finished", reason="", seconds=time.monotonic() - self.began)


def main() -> None:
    """Look through what the command line names."""
    job.main(Indexer, nice=_NICE)


if __name__ == "__main__":
    main()
