"""The training loop: a generator of events that knows no files and no pages."""

import resource
import sys
from collections.abc import Iterator
from math import isfinite

import torch
from torch import Tensor, nn

from cnnviz.config import EarlyStopping
from cnnviz.data.batches import training_batch
from cnnviz.errors import CnnvizError
from cnnviz.models.checkpoint import fingerprint
from cnnviz.models.freezing import train_mode
from cnnviz.train.changes import apply_due
from cnnviz.train.evaluate import evaluating, forward
from cnnviz.train.events import ON_REQUEST, EpochEnded, Event, Finished, StepLogged, Tick
from cnnviz.train.execution import wait
from cnnviz.train.loss import cross_entropy
from cnnviz.train.optimisers import set_rates
from cnnviz.train.randomness import epoch_order, seed_step
from cnnviz.train.schedules import Rates, rates
from cnnviz.train.session import Session, Stopwatch

_LOGGED_STEPS = 1000
"""At most about this many steps of a run are logged."""


class Diverged(CnnvizError):
    """The loss is no longer a number."""


def fit(session: Session) -> Iterator[Event]:
    """Train until the configuration says stop. Between two events the session may be saved or left.

    Raises Diverged when the loss is not finite; the session is then of no further use.
    """
    while not session.progress.done:
        yield from _epoch(session)
        yield from _end_of_epoch(session)
    if session.ends_with_best:
        session.model.load_state_dict(session.best_weights)
    yield from _finish(session)


def _epoch(session: Session) -> Iterator[Event]:
    """What is left of the running epoch."""
    config, progress, train = session.config, session.progress, session.train
    per_epoch = session.steps_per_epoch
    every = max(1, -(-per_epoch * config.epochs // _LOGGED_STEPS))
    order = epoch_order(config.seed, progress.epoch, len(train)).to(train.labels.device)
    train_mode(session.model)
    done = progress.step - progress.epoch * per_epoch
    if not done:
        session.tally.zero_()
        progress.epoch_seconds = 0.0
    watch = Stopwatch()
    for number in range(done, per_epoch):
        seed_step(config.seed, progress.step)
        apply_due(session)
        now = _rates(session, progress.step)
        set_rates(session.optimiser, now.learning_rate, now.momentum)
        indices = order[number * config.batch_size : (number + 1) * config.batch_size]
        logged = progress.step % every == 0 or number == per_epoch - 1
        loss, right, norm = update(session, indices, measure=logged)
        progress.step += 1
        if logged:
            mean = loss.item()
            if not isfinite(mean):
                raise Diverged(
                    f"The loss is {mean} at step {progress.step}: lower the learning rate, or clip the gradient."
                )
            progress.gradient_norm = norm.item()
        passed = watch.lap()
        progress.seconds += passed
        progress.epoch_seconds += passed
        if logged:
            progress.energy += session.meter.lap()
            yield StepLogged(
                step=progress.step,
                epoch=progress.step / per_epoch,
                loss=mean,
                accuracy=right.item() / len(indices),
                learning_rate=now.learning_rate,
                gradient_norm=progress.gradient_norm,
            )
        else:
            yield Tick()
        watch.lap()


def _rates(session: Session, step: int) -> Rates:
    config = session.config
    return rates(
        config.schedule,
        peak=session.peak,
        step=step,
        steps_per_epoch=session.steps_per_epoch,
        epochs=config.epochs,
    )


def update(session: Session, indices: Tensor, *, measure: bool) -> tuple[Tensor, Tensor, Tensor]:
    """One update; gives loss, right answers and gradient norm of its batch, still on the device."""
    config, model = session.config, session.model
    inputs, labels, targets = training_batch(
        session.train, indices, session.normalise, config.augmentation, classes=len(session.card.classes)
    )
    whole = len(indices) == config.batch_size
    logits = forward(session.compiled if whole else model, inputs, session.way)
    loss = cross_entropy(
        logits,
        targets,
        softmax_first=config.softmax_before_loss,
        label_smoothing=config.label_smoothing,
    )
    session.scaler.scale(loss).backward()
    norm = _clip(session) if measure or config.clip_norm or config.clip_value else loss
    session.scaler.step(session.optimiser)
    session.scaler.update()
    session.optimiser.zero_grad(set_to_none=True)
    with torch.no_grad():
        loss = loss.detach()
        right = (logits.argmax(1) == labels).sum()
        session.tally[0] += loss * len(indices)
        session.tally[1] += right
    return loss, right, norm


def _clip(session: Session) -> Tensor:
    """The norm of the gradient, which is then clipped as the configuration says: by value, then by norm."""
    config = session.config
    session.scaler.unscale_(session.optimiser)
    parameters = [parameter for parameter in session.model.parameters() if parameter.grad is not None]
    norm = nn.utils.get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
    if config.clip_value:
        nn.utils.clip_grad_value_(parameters, config.clip_value)
    if config.clip_norm:
        nn.utils.clip_grad_norm_(parameters, config.clip_norm)
    return norm


def _end_of_epoch(session: Session) -> Iterator[Event]:
    config, progress = session.config, session.progress
    watch = Stopwatch()
    wait(session.way.device)
    progress.epoch_seconds += watch.lap()
    score = yield from evaluating(
        session.model,
        session.validation,
        session.normalise,
        classes=len(session.card.classes),
        way=session.way,
        softmax_first=session.config.softmax_before_loss,
    )
    seen = min(session.steps_per_epoch * config.batch_size, len(session.train))
    train_loss, train_accuracy = (value / seen for value in session.tally.tolist())
    if not (isfinite(train_loss) and isfinite(score.loss)):
        raise Diverged(
            f"The loss is not a number in epoch {progress.epoch + 1}: lower the learning rate, or clip the gradient."
        )
    progress.epoch += 1
    best = _remember_best(session, score.loss, score.accuracy)
    progress.seconds += watch.lap()
    progress.energy += session.meter.lap()
    learning_rate = _rates(session, progress.step - 1).learning_rate
    apply_due(session)
    progress.done = _reason_to_end(session, train_loss)
    yield EpochEnded(
        epoch=progress.epoch,
        step=progress.step,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        validation_loss=score.loss,
        validation_accuracy=score.accuracy,
        learning_rate=learning_rate,
        gradient_norm=progress.gradient_norm,
        images_per_second=seen / progress.epoch_seconds,
        seconds=progress.seconds,
        memory=memory(session.way.device),
        best=best,
        energy=round(progress.energy),
    )


def _remember_best(session: Session, loss: float, accuracy: float) -> bool:
    progress = session.progress
    watched = (session.config.early_stopping or EarlyStopping()).watch
    value = -loss if watched == "validation_loss" else accuracy
    if progress.best_value is not None and value <= progress.best_value:
        return False
    progress.best_value, progress.best_epoch = value, progress.epoch
    session.best_weights = {name: value.clone() for name, value in session.model.state_dict().items()}
    return True


def _reason_to_end(session: Session, train_loss: float) -> str:
    config, progress = session.config, session.progress
    if config.stop_at_train_loss is not None and train_loss <= config.stop_at_train_loss:
        return "training loss reached"
    if config.early_stopping and progress.epoch - progress.best_epoch >= config.early_stopping.patience:
        return "early stopping"
    if progress.epoch >= config.epochs:
        return "completed"
    return ON_REQUEST if progress.epoch >= session.last_epoch else ""


def _finish(session: Session) -> Iterator[Event]:
    progress = session.progress
    watch = Stopwatch()
    score = yield from evaluating(
        session.model,
        session.test_images(),
        session.normalise,
        classes=len(session.card.classes),
        softmax_first=session.config.softmax_before_loss,
    )
    progress.seconds += watch.lap()
    yield Finished(
        reason=progress.done,
        epoch=session.card_now.epoch,
        best_epoch=progress.best_epoch,
        test_loss=score.loss,
        test_accuracy=score.accuracy,
        test_count=score.count,
        test_accuracy_by_class=score.by_class,
        seconds=progress.seconds,
        weights_sha256=fingerprint(session.model.state_dict()),
    )


def memory(device: str) -> int:
    """Largest memory so far in bytes: of this process, or of the allocator on a GPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
