"""The training itself, from its settings and a folder of arrays."""

# The script that reproduces a run is made of this file's source and of what it calls: see `script`.

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnviz.data.batches import Images, Normalise, input_batches, on_device, training_batch
from cnnviz.data.split import for_test, of_run
from cnnviz.models.checkpoint import fingerprint
from cnnviz.train.changes import apply_due
from cnnviz.train.evaluate import batch_size, forward
from cnnviz.train.execution import Execution
from cnnviz.train.loss import cross_entropy
from cnnviz.train.optimisers import OPTIMISERS, set_rates
from cnnviz.train.randomness import epoch_order, seed_step
from cnnviz.train.schedules import SCHEDULES, At
from cnnviz.train.session import statistics


def reproduce(settings: dict[str, Any], build: Callable[..., nn.Module], folder: Path) -> tuple[float, str]:
    """Train as the run did; gives test accuracy and the fingerprint of the weights, and prints both."""
    run = json.loads(json.dumps(settings), object_hook=lambda values: SimpleNamespace(**values))
    torch.set_flush_denormal(True)
    if run.threads:
        torch.set_num_threads(run.threads)  # sums are added up in an order that depends on it
    dataset = load(folder)
    way = Execution(**vars(run.execution))
    model, normalise = train(run, way, dataset, build)
    device = torch.device(way.device)
    size = shape_of(run.config, dataset)[:2]
    numbers = for_test(dataset, run.config.data)
    images = on_device(dataset.test_images, dataset.test_labels, numbers, device, size)
    loss, accuracy = evaluate(model, images, normalise, run.config, Execution(way.device))
    weights = fingerprint(model.state_dict())
    print(f"test loss {loss:.6f}, accuracy {accuracy:.4%} of {len(images):,} images; weights {weights}")
    if run.recorded:
        same = "the same" if run.recorded.weights_sha256 == weights else "not the same"
        print(f"The run had accuracy {run.recorded.test_accuracy:.4%}; its weights are {same}.")
    return accuracy, weights


def load(folder: Path) -> Any:
    """The prepared data set in a folder: arrays of images, uint8 (N, H, W, C), and of labels, int64 (N,)."""
    about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    names = ("train_images", "train_labels", "test_images", "test_labels")
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names}
    return SimpleNamespace(
        classes=about["classes"],
        own_validation=about.get("own_validation", 0),
        image_shape=arrays["train_images"].shape[1:],
        **arrays,
    )


def shape_of(config: Any, dataset: Any) -> tuple[int, int, int]:
    """Height, width and channels of what the network reads."""
    height, width, channels = dataset.image_shape
    side = config.data.size
    return (side, side, channels) if side else (height, width, channels)


def train(
    run: Any, way: Execution, dataset: Any, build: Callable[..., nn.Module]
) -> tuple[nn.Module, Normalise]:
    """The trained network, and what normalises its images."""
    config, device, shape = run.config, torch.device(way.device), shape_of(run.config, dataset)
    numbers, held_out = of_run(dataset, config.data)
    normalise = Normalise.of(*statistics(config, dataset, numbers), device)
    images, labels = dataset.train_images, dataset.train_labels
    training = on_device(images, labels, numbers, device, shape[:2])
    validation = on_device(images, labels, held_out, device, shape[:2])
    torch.manual_seed(config.seed)
    model = way.arrange(build(config.network, image_shape=shape, classes=len(dataset.classes)))
    common = {"lr": config.optimiser.learning_rate, "weight_decay": config.optimiser.weight_decay}
    whole, rest = divmod(len(training), config.batch_size)
    session: Any = SimpleNamespace(
        config=config,
        way=way,
        training=training,
        normalise=normalise,
        classes=len(dataset.classes),
        model=model,
        optimiser=OPTIMISERS[config.optimiser.name](config.optimiser, list(model.parameters()), common),
        peak=config.optimiser.learning_rate,
        last_epoch=config.epochs,
        changes=run.changes,
        progress=SimpleNamespace(step=0),
        steps_per_epoch=whole + (rest > 1) or 1,  # batch norm can't use a batch of one
    )
    best = SimpleNamespace(value=None, epoch=0, weights={})
    for epoch in range(1, config.epochs + 1):
        train_loss, train_accuracy = train_epoch(session, epoch)
        loss, accuracy = evaluate(model, validation, normalise, config, way)
        print(
            f"epoch {epoch}: loss {train_loss:.4f}, accuracy {train_accuracy:.2%}; "
            f"validation loss {loss:.4f}, accuracy {accuracy:.2%}"
        )
        stopping = config.early_stopping
        value = accuracy if stopping and stopping.watch == "validation_accuracy" else -loss
        if best.value is None or value > best.value:
            weights = {name: one.clone() for name, one in model.state_dict().items()}
            best = SimpleNamespace(value=value, epoch=epoch, weights=weights)
        apply_due(session)
        if config.stop_at_train_loss is not None and train_loss <= config.stop_at_train_loss:
            break
        if stopping and epoch - best.epoch >= stopping.patience:
            if stopping.restore_best:
                model.load_state_dict(best.weights)
            break
        if epoch >= session.last_epoch:
            break
    return model, normalise


def train_epoch(session: Any, epoch: int) -> tuple[float, float]:
    """Loss and accuracy of an epoch (from 1), averaged over its batches as they came."""
    config, model, optimiser = session.config, session.model, session.optimiser
    count, size = len(session.training), config.batch_size
    order = epoch_order(config.seed, epoch - 1, count).to(session.way.device)
    tally = torch.zeros(2, device=session.way.device)
    model.train()
    for number in range(session.steps_per_epoch):
        seed_step(config.seed, session.progress.step)
        apply_due(session)
        at = At(session.progress.step, session.steps_per_epoch, config.epochs)
        rates = SCHEDULES[config.schedule.name](config.schedule, session.peak, at)
        set_rates(optimiser, rates.learning_rate, rates.momentum)
        picked = order[number * size : (number + 1) * size]
        inputs, labels, targets = training_batch(
            session.training, picked, session.normalise, config.augmentation, classes=session.classes
        )
        logits = forward(model, inputs, session.way)
        loss = cross_entropy(
            logits,
            targets,
            softmax_first=config.softmax_before_loss,
            label_smoothing=config.label_smoothing,
        )
        loss.backward()
        if config.clip_value:
            nn.utils.clip_grad_value_(model.parameters(), config.clip_value)
        if config.clip_norm:
            nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        with torch.no_grad():
            tally[0] += loss.detach() * len(picked)
            tally[1] += (logits.argmax(1) == labels).sum()
        session.progress.step += 1
    seen = min(session.steps_per_epoch * size, count)
    loss_sum, right = tally.tolist()
    return loss_sum / seen, right / seen


def evaluate(
    model: nn.Module, images: Images, normalise: Normalise, config: Any, way: Execution
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    model.eval()
    losses: list[Tensor] = []
    right = 0
    for here, inputs in input_batches(images, normalise, batch_size=batch_size(images)):
        with torch.inference_mode():
            labels = images.labels[here]
            logits = forward(model, inputs, way)
            losses.append(
                cross_entropy(logits, labels, softmax_first=config.softmax_before_loss, reduction="sum")
            )
            right += int((logits.argmax(1) == labels).sum())
    return torch.stack(losses).cpu().double().sum().item() / len(images), right / len(images)
