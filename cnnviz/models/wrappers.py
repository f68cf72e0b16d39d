"""What wrappers and training scripts leave around the weights of a network: prefixes, counters, losses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from cnnviz.errors import CheckpointError

_PREFIXES = (
    "module.",
    "_orig_mod.",
    "net.",
    "model.",
    "network.",
    "backbone.",
    "ema_model.",
    "encoder.model.",
)
_MOSTLY = 0.8
"""Share of the names that a wrapper's prefix has to stand before."""
_COUNTERS = {"n_averaged", "num_updates", "initted", "step", "total_ops", "total_params"}
"""Of averaging and of profilers: numbers, no weights."""
_LOSS = re.compile(r"(criterion|loss|loss_\w+|\w+_(loss|criterion)|metrics?)", re.IGNORECASE)
_AVERAGED = re.compile(r"ema|swa|averaged?", re.IGNORECASE)


def unwrap(tensors: Mapping[str, Tensor], *, source: str) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The weights under the network's own names, and what was left out, a sentence each.

    Raises CheckpointError where the file holds two networks of one kind, and neither is the other's average.
    """
    own, aside, prefix = dict(tensors), list[str](), ""
    notes: list[str] = []
    while True:
        plain = {name: value for name, value in own.items() if not _is_aside(name)}
        if plain and len(plain) < len(own):
            aside += [name for name in own if name not in plain]
            own = plain
        if twin := _averaged_twin(own, source):
            kept, left = twin
            notes.append(f"Of its two networks {kept!r} is taken, the averaged one; {left!r} is left out.")
            own = {
                name.removeprefix(f"{kept}."): value
                for name, value in own.items()
                if name.startswith(f"{kept}.")
            }
            continue
        found = next((one for one in (*_PREFIXES, _shared(own)) if one and _wraps(one, own)), "")
        if not found:
            break
        own = {name.removeprefix(found): value for name, value in own.items()}
        prefix += found
    if prefix:
        notes.append(f"{prefix!r} before the names is a wrapper's, and left out.")
    if aside:
        names = ", ".join(map(repr, aside[:3])) + (f" and {len(aside) - 3:,} more" if len(aside) > 3 else "")
        notes.append(f"{names} is left out: a counter or a loss, no part of the network.")
    return own, tuple(notes)


def _is_aside(name: str) -> bool:
    first, _, _ = name.partition(".")
    return name.rpartition(".")[2] in _COUNTERS or ("." in name and _LOSS.fullmatch(first) is not None)


def _wraps(prefix: str, own: Mapping[str, Tensor]) -> bool:
    inside = [name for name in own if name.startswith(prefix)]
    stripped = {name.removeprefix(prefix) for name in inside}
    clash = any(name in stripped for name in own if not name.startswith(prefix))
    return len(inside) >= max(1, _MOSTLY * len(own)) and not clash and "" not in stripped


def _shared(own: Mapping[str, Tensor]) -> str:
    """The first part that all names share, if it can't be a layer of its own."""
    first = {name.partition(".")[0] for name in own}
    if len(first) != 1 or not all(name.count(".") > 1 for name in own):
        return ""
    return f"{first.pop()}."


def _averaged_twin(own: Mapping[str, Tensor], source: str) -> tuple[str, str] | None:
    """Names of two networks of the same weights, the averaged one first; None if the file holds no two."""
    groups: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, value in own.items():
        first, _, rest = name.partition(".")
        groups.setdefault(first, {})[rest] = tuple(value.shape)
    if len(groups) != 2:
        return None
    (one, its), (other, theirs) = groups.items()
    if its != theirs or not all("." in rest for rest in its):
        return None
    averaged = [name for name in (one, other) if _AVERAGED.search(name)]
    if len(averaged) != 1:
        raise CheckpointError(
            f"{source} holds two networks of one kind, {one!r} and {other!r}: save the weights of one alone."
        )
    return averaged[0], other if averaged[0] == one else one
