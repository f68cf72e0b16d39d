"""Which weights of a training are kept, and how often the disk is bothered."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from cnnviz import atomic
from cnnviz.errors import CheckpointError
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import Card
from cnnviz.models.first_layer import first_filters
from cnnviz.train.execution import Execution
from cnnviz.train.session import Session

_SHARE = 100
"""Saving takes at most one part in this many of the time …"""
_EVERY = 15.0
"""… and happens at most once in this many seconds."""
_MOST_FILTERS = 100


class KeptWeights:
    """The `snapshots` folder and `filters.npz` of one run, written as its training goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "snapshots"
        self.folder.mkdir(exist_ok=True)
        self._filters_file = folder / "filters.npz"
        self._filters: dict[int, npt.NDArray[np.float16]] = {}
        self._best_epoch = -1
        self._next = 0.0
        self._digests: dict[Path, str] = {}
        self._put_last: tuple[Mapping[str, Tensor], Card, Path] | None = None

    def keep_epoch(
        self, epoch: int, weights: Mapping[str, Tensor], card: Card, filters: npt.NDArray[np.float16]
    ) -> None:
        """Note the filters of this epoch; keep all weights of epochs 0, 1, 2, 4, 8, …

        Where `write` is given the same mapping next, its values may not change in between.
        """
        self._filters[epoch] = filters
        if epoch & (epoch - 1) == 0:
            self._put(f"epoch_{epoch:04d}.safetensors", weights, card)

    @property
    def due(self) -> bool:
        """Whether it is time to save again."""
        return time.monotonic() >= self._next

    def write(
        self,
        epoch: int,
        weights: Mapping[str, Tensor],
        card: Card,
        *,
        best: tuple[Mapping[str, Tensor], Card] | None = None,
        state: Callable[[], bytes] | None = None,
    ) -> None:
        """Write best, last, filters and, where the run can go on, the `state` for it.

        Raises OSError when the disk is full; the files there are whole, old or new.
        """
        start = time.monotonic()
        epochs = sorted(one for one in self._filters if one <= epoch)
        _write_filters(self._filters_file, epochs, [self._filters[one] for one in epochs])
        if best is not None and best[1].epoch != self._best_epoch:
            self._put("best.safetensors", *best)
            self._best_epoch = best[1].epoch
        if state is not None:
            atomic.replace(self.folder / "last.state", state())
        self._put("last.safetensors", weights, card)
        self._put_last = None  # before anyone changes what the mapping holds
        now = time.monotonic()
        self._next = now + max(_EVERY, _SHARE * (now - start))

    def _put(self, name: str, weights: Mapping[str, Tensor], card: Card) -> None:
        """Write a checkpoint; what this process has written under another name is only given this one too."""
        path = self.folder / name
        if self._put_last and self._put_last[0] is weights and self._put_last[1] == card:
            with suppress(OSError):
                atomic.link(path, self._put_last[2])
                self._digests[path] = self._digests[self._put_last[2]]
                return
        digest = checkpoint.fingerprint(weights) + card.model_dump_json()
        for same in [other for other, one in self._digests.items() if one == digest]:
            with suppress(OSError):  # it was deleted, or the file system has no second names
                atomic.link(path, same)
                break
        else:
            checkpoint.save(path, weights, card)
        self._digests[path] = digest
        self._put_last = weights, card, path


class Snapshots(KeptWeights):
    """Those of a training of the bench, which can be taken up again."""

    def keep(self, session: Session) -> None:
        """Note the filters of this epoch; keep all weights of epochs 0, 1, 2, 4, 8, …"""
        filters = filters_of(session.model, session.card)
        self.keep_epoch(session.progress.epoch, session.model.state_dict(), session.card_now, filters)

    def save(self, session: Session, *, resumable: bool = True) -> None:
        """Write best, last, filters and, where the run can go on, the state for it.

        Without `resumable` an older state stays where it is; `forget` removes it.
        Raises OSError when the disk is full; the files there are whole, old or new.
        """
        best = (session.best_weights, session.best_card) if session.best_weights else None
        self.write(
            session.progress.epoch,
            session.model.state_dict(),
            session.card_now,
            best=best,
            state=(lambda: _state(session)) if resumable else None,
        )

    def forget(self) -> None:
        """Remove the state of a training that is over."""
        with suppress(OSError):
            (self.folder / "last.state").unlink(missing_ok=True)

    def execution(self) -> Execution | None:
        """How the saved training was computed; None where nothing can be resumed.

        Raises CheckpointError when the state is damaged.
        """
        path = self.folder / "last.state"
        if not path.exists():
            return None
        with _reading(path) as file:
            return Execution(**json.loads(file.metadata()["state"])["execution"])

    def resume(self, session: Session) -> None:
        """Take `session` to where the saved training was.

        Raises CheckpointError when the state is damaged.
        """
        with _reading(self.folder / "last.state") as file:
            values = json.loads(file.metadata()["state"])
            session.restore({name: file.get_tensor(name) for name in file.keys()}, values)  # noqa: SIM118
        self._filters = self._saved_filters(session)

    def _saved_filters(self, session: Session) -> dict[int, npt.NDArray[np.float16]]:
        """Filters of each epoch; without their file, of those epochs whose weights were kept."""
        try:
            with np.load(self._filters_file) as saved:
                return dict(zip(saved["epochs"].tolist(), saved["filters"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            filters = {}
            for path in self.folder.glob("epoch_*.safetensors"):
                with suppress(CheckpointError):
                    model, card = checkpoint.load(path)
                    filters[card.epoch] = filters_of(model, session.card)
            return filters


def _state(session: Session) -> bytes:
    tensors, values = session.state()
    whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    return safetensors.torch.save(whole, metadata={"state": json.dumps(values)})


def filters_of(model: nn.Module, card: Card) -> npt.NDArray[np.float16]:
    """Weights of the first layer, at most a hundred filters: (F, C, H, W)."""
    filters = first_filters(model, image_shape=card.image_shape)[:_MOST_FILTERS]
    return filters.half().cpu().numpy()


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path.name} is damaged, so the run can't go on: start it again.") from error


def _write_filters(path: Path, epochs: list[int], filters: list[npt.NDArray[np.float16]]) -> None:
    """`filters.npz`: epochs int64 (E,), filters float16 (E, F, C, H, W)."""
    content = BytesIO()
    np.savez(content, epochs=np.array(epochs), filters=np.array(filters))
    atomic.replace(path, content.getbuffer())
