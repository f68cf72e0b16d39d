"""Settings changed while a network trains: each at its step, so that a repetition comes to the same weights."""

from collections.abc import Callable, Mapping

from torch import nn

from cnnviz.config.change import Change
from cnnviz.registry import entry
from cnnviz.train.session import Session


def apply_due(session: Session) -> None:
    """Apply the changes whose step has come, in their order, and leave those that are still to come."""
    while session.changes and session.changes[0].step <= session.progress.step:
        change = session.changes.pop(0)
        entry("setting that can be changed", change.setting, EFFECTS)(session, change)


def _learning_rate(session: Session, change: Change) -> None:
    session.peak = change.value


def _weight_decay(session: Session, change: Change) -> None:
    for group in session.optimiser.param_groups:
        group["weight_decay"] = change.value


def _dropout(session: Session, change: Change) -> None:
    for module in session.model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = change.value


def _last_epoch(session: Session, change: Change) -> None:
    session.last_epoch = int(change.value)


EFFECTS: Mapping[str, Callable[[Session, Change], None]] = {
    "learning_rate": _learning_rate,
    "weight_decay": _weight_decay,
    "dropout": _dropout,
    "last_epoch": _last_epoch,
}
"""`EFFECTS[change.setting](session, change)`: what a change does to a training."""
