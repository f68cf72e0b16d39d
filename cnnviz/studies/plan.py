"""Before a study starts: whether each variant can be run, and how long all will take."""

import json
from collections.abc import Sequence
from typing import Protocol

from cnnviz.config import RunConfig
from cnnviz.data import catalogue, split
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.progress import Progress, Work
from cnnviz.studies.definition import Study, Task, tasks


class Machine(Protocol):
    """What is known of a machine, and of the data on it."""

    def images(self, config: RunConfig) -> int:
        """Training images of a run."""

    def images_per_second(self, config: RunConfig) -> float:
        """Of training."""


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


class ThisMachine:
    """How fast this machine trains, measured when it is asked. Loads torch."""

    def images(self, config: RunConfig) -> int:
        """Training images of a run."""
        train, _ = split.of_run(catalogue.load(config.data.name), config.data)
        return len(train)

    def images_per_second(self, config: RunConfig) -> float:
        """Of training."""
        from cnnviz.train.estimate import measure

        dataset = catalogue.load(config.data.name)
        shape, classes = config.data.shape(dataset.image_shape), len(dataset.classes)
        return measure(
            config.network,
            device=config.device,
            precision=config.precision,
            image_shape=shape,
            classes=classes,
        ).images_per_second


def seconds(missing: Sequence[Task], machine: Machine) -> Work[float]:
    """About how long runs will train on this machine; each network is measured once."""
    speeds: dict[str, float] = {}
    total = 0.0
    for number, task in enumerate(missing):
        name = _speed_key(task.config)
        if name not in speeds:
            yield Progress(number / len(missing), f"Measuring {task.config.title}")
            speeds[name] = machine.images_per_second(task.config)
        total += machine.images(task.config) * task.config.epochs / speeds[name]
    return total


def _speed_key(config: RunConfig) -> str:
    """Equal where a step takes as long."""
    network = {
        name: value for name, value in config.network.model_dump(mode="json").items() if "dropout" not in name
    }
    data = config.data
    return json.dumps([network, data.name, data.size, config.device, config.precision])
