from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.data import catalogue
from cnnviz.train.events import EpochEnded, Event, Finished
from cnnviz.train.loop import fit
from cnnviz.train.session import Session, prepare


@pytest.fixture(autouse=True)
def _alike(one_thread: None) -> None:
    """Sums come out the same on every machine."""


@pytest.fixture
def session(tiny_data: str, tiny_config: RunConfig) -> Callable[..., Session]:
    """Makes a session at step 0 of `tiny_config`, some of its values replaced."""
    dataset = catalogue.load(tiny_data)

    def make(config: RunConfig | None = None, **changes: Any) -> Session:
        config = config or tiny_config
        return prepare(config.model_copy(update=changes), dataset)

    return make


@pytest.fixture
def train() -> Callable[[Session], tuple[list[EpochEnded], Finished]]:
    """Trains a session to its end; gives what happened at each epoch's end, and the end."""

    def run(session: Session) -> tuple[list[EpochEnded], Finished]:
        events = list(fit(session))
        assert isinstance(events[-1], Finished)
        return [event for event in events if isinstance(event, EpochEnded)], events[-1]

    return run


@pytest.fixture
def figures() -> Callable[[Event], dict[str, Any]]:
    """An event without what depends on the machine's mood."""

    def plain(event: Event) -> dict[str, Any]:
        moody = {"seconds", "images_per_second", "memory", "energy"}
        values = {key: value for key, value in asdict(event).items() if key not in moody}
        return {"kind": type(event).__name__, **values}

    return plain
