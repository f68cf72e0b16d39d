"""Before a study starts: whether each variant can be run, and how long all will take."""

import json
from collections.abc import Callable, Sequence

from cnnviz.config import RunConfig
from cnnviz.data import catalogue, split
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.progress import Progress, Work
from cnnviz.studies.definition import Study, Task, tasks


def check(study: Study) -> None:
    """Nothing, if the data is here and each variant fits together. Loads torch.

    Raises ConfigError that names the variant which does not.
    """
    from cnnviz.train.check import check as check_run

    checked: set[str] = set()
    for task in tasks(study.model_copy(update={"seeds": 1})):
        one = json.dumps(
            task.config.model_dump(mode="json", include={"network", "data", "batch_size", "start", "freeze"})
        )
        if one in checked:
            continue
        checked.add(one)
        try:
            check_run(task.config, catalogue.load(task.config.data.name))
        except CnnvizError as error:
            raise ConfigError(f"{task.variant.name}: {error}") from error


def images_per_second(config: RunConfig) -> float:
    """How fast this machine trains a configuration, measured now. Loads torch."""
    from cnnviz.train.estimate import measure

    dataset = catalogue.load(config.data.name)
    shape, classes = config.data.shape(dataset.image_shape), len(dataset.classes)
    return measure(
        config.network, device=config.device, precision=config.precision, image_shape=shape, classes=classes
    ).images_per_second


def seconds(missing: Sequence[Task], speed: Callable[[RunConfig], float] = images_per_second) -> Work[float]:
    """About how long runs will train, at the `speed` of each network."""
    measured: dict[str, float] = {}
    total = 0.0
    for number, task in enumerate(missing):
        config = task.config
        name = _speed_key(config)
        dataset = catalogue.load(config.data.name)
        if name not in measured:
            yield Progress(number / len(missing), f"Measuring {task.variant.name}")
            measured[name] = speed(config)
        train, _ = split.of_run(dataset, config.data)
        total += len(train) * config.epochs / measured[name]
    return total


def _speed_key(config: RunConfig) -> str:
    """Equal where a step takes as long."""
    network = {
        name: value for name, value in config.network.model_dump(mode="json").items() if "dropout" not in name
    }
    data = config.data
    return json.dumps([network, data.name, data.size, config.device, config.precision])
