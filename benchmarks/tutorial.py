"""The training loop that most tutorials teach: PIL images, a DataLoader, float32, figures of every step.

`python -m benchmarks.tutorial STEM DEVICE` waits for lines "STEPS WARM_UP", and answers each with its speed.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms

from benchmarks import machine
from benchmarks.images import images
from benchmarks.pairs import Turn
from benchmarks.sessions import Stem, recipe
from cnnviz.data.prepared import Dataset
from cnnviz.models.registry import build
from cnnviz.train.execution import wait
from cnnviz.workspace import ROOT


class PilImages(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """Training images as `torchvision.datasets.CIFAR10` gives them."""

    def __init__(self, dataset: Dataset, transform: Any) -> None:
        self.data = dataset.train_images[:]
        self.targets = dataset.train_labels.tolist()
        self.transform = transform

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.data[index])), self.targets[index]

    def __len__(self) -> int:
        return len(self.targets)


class Tutorial:
    """A network being trained that way."""

    def __init__(
        self, dataset: Dataset, model: nn.Module, *, device: str, batch_size: int = 128, workers: int = 2
    ) -> None:
        size = dataset.image_shape[0]
        transform = transforms.Compose(
            [
                transforms.RandomCrop(size, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
            ]
        )
        pictures = PilImages(dataset, transform)
        self.loader = DataLoader(pictures, batch_size=batch_size, shuffle=True, num_workers=workers)
        self.device = device
        self.model = model.to(device)
        self.criterion = nn.CrossEntropyLoss()
        self.optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)

    def images_per_second(self, *, steps: int, warm_up: int) -> float:
        """Speed over some steps, after others that are not counted.

        The loader's workers live for these steps alone, so that they take no core from the other side. They
        have filled their queue (two batches each) when counting starts, so what is taken from it is made anew.
        """
        self.model.train()
        batches = iter(self.loader)
        self._train(batches, warm_up)
        wait(self.device)
        start = time.perf_counter()
        seen = self._train(batches, steps)
        wait(self.device)
        return seen / (time.perf_counter() - start)

    def _train(self, batches: Any, steps: int) -> int:
        running_loss, correct, total = 0.0, 0, 0
        for _ in range(steps):
            inputs, labels = next(batches)
            inputs, labels = inputs.to(self.device), labels.to(self.device)
            self.optimiser.zero_grad()
            outputs = self.model(inputs)
            loss = self.criterion(outputs, labels)
            loss.backward()
            self.optimiser.step()
            running_loss += loss.item()
            correct += outputs.argmax(1).eq(labels).sum().item()
            total += len(labels)
        return total


@contextmanager
def elsewhere(stem: Stem, device: str, *, steps: int, warm_up: int) -> Iterator[Turn]:
    """A turn of this loop, giving images a second, in a process that lives for the block and rests between turns."""
    command = [sys.executable, "-m", "benchmarks.tutorial", stem, device]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=machine.usual_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        asks, answers = process.stdin, process.stdout
        assert asks
        assert answers

        def turn() -> float:
            print(steps, warm_up, file=asks, flush=True)
            answer = answers.readline()
            if not answer:
                raise RuntimeError(f"The tutorial's loop has failed ({process.wait()}).")
            return float(answer)

        try:
            yield turn
        finally:
            asks.close()  # which ends its loop


def main() -> None:
    """Train when told to, until nobody asks any more."""
    stem, device = sys.argv[1:]
    machine.use_all_cores()
    dataset = images()
    network = recipe("cifar" if stem == "cifar" else "imagenet").network
    model = build(network, image_shape=dataset.image_shape, classes=len(dataset.classes))
    tutorial = Tutorial(dataset, model, device=device)
    for line in sys.stdin:
        steps, warm_up = map(int, line.split())
        print(tutorial.images_per_second(steps=steps, warm_up=warm_up), flush=True)


if __name__ == "__main__":
    main()
