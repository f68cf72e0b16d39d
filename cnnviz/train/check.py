"""What would stop a run at once, said before it is started."""

from cnnviz import workspace
from cnnviz.config import CheckpointStart, RunConfig
from cnnviz.data import split
from cnnviz.data.prepared import Dataset
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models.freezing import freeze
from cnnviz.models.registry import outline
from cnnviz.train.estimate import parameter_count


def check(config: RunConfig, dataset: Dataset) -> int:
    """Number of parameters of a run that fits together; nothing is allocated or computed.

    Raises ConfigError for splits and batches that the data does not have, a network that can't read the images (with
    the layer), a freeze that chooses nothing; CheckpointError for a start that is not there.
    """
    train, _ = split.of_run(dataset, config.data)
    split.for_test(dataset, config.data)
    if config.batch_size > len(train):
        raise ConfigError(
            f"The batch size ({config.batch_size:,}) is larger than the training set ({len(train):,} images): "
            "make it smaller."
        )
    shape, classes = config.data.shape(dataset.image_shape), len(dataset.classes)
    count = parameter_count(config.network, image_shape=shape, classes=classes)
    freeze(outline(config.network, image_shape=shape, classes=classes), config.freeze)
    match config.start:
        case CheckpointStart(run=run, snapshot=snapshot):
            if not workspace.snapshot_file(run, snapshot).exists():
                raise CheckpointError(f"There is no snapshot {snapshot!r} of a run {run!r} to start from.")
    return count
