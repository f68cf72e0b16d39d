"""Weights out of a .pt file, in a process of its own that may fail: `python -m cnnviz.models.unpickling IN OUT`.

PyTorch's restricted unpickler runs no code from a file, but a file of 2 kB can ask it for terabytes. So it works
here, with little memory, and hands on a safetensors file. What went wrong is the last line printed, as JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnviz.errors import CheckpointError

AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "swa_state_dict", "ema")
"""Under these keys training scripts put averages of the weights over the last steps, which are what is used."""
WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "module",
    "shadow",
)
"""Under these keys they put the weights, among optimiser, epoch and so on."""
MOST_TENSORS = 20_000
_OTHER_ARCHIVES = (
    ("a TorchScript archive (torch.jit.save)", "torch.jit.load(FILE).state_dict()", "/constants.pkl"),
    ("an exported program (torch.export)", "torch.export.load(FILE).state_dict", "/archive_format"),
    (
        "an exported program of an older PyTorch",
        "torch.export.load(FILE).state_dict",
        "/serialized_exported_program.json",
    ),
)
"""Zips that PyTorch writes and that hold code: what they are, how to get the weights, and a file in them."""
_SPARE = 1_500_000_000
"""Bytes that a small file may take: the unpickler's own, and PyTorch's threads."""


class Refused(Exception):
    """What is wrong with the file, to be read after its name."""


def convert(source: Path, target: Path) -> tuple[str, ...]:
    """Write the tensors of the state dict in `source` to `target`, under the names that they have there.

    Of an exported program the graph goes into the header.
    Gives what was left out, a sentence each. Raises Refused, or CheckpointError for an exported program.
    """
    import safetensors.torch
    import torch

    from cnnviz.models.exported import archive
    from cnnviz.models.exported.graph import HEADER

    _bound_memory(source.stat().st_size)
    if archive.is_exported(source):
        graph, weights = archive.read(source)
        safetensors.torch.save_file(weights, target, metadata={HEADER: graph.text})
        return ()
    content = _load(source)
    found = state_dict_in(content)
    if found is None:
        raise Refused(
            "holds no weights by name: save them with torch.save(model.state_dict(), FILE) or as .safetensors."
        )
    tensors: dict[str, torch.Tensor] = {}
    total = 0
    for name, value in found.items():
        if value.is_quantized or value.layout != torch.strided:
            raise Refused(f"holds quantised or sparse weights ({name!r}): save them as plain floats.")
        bytes_needed = value.numel() * value.element_size()
        total += bytes_needed
        # A view can claim any shape over a storage of one number.
        if bytes_needed > value.untyped_storage().nbytes() or total > 2 * source.stat().st_size:
            raise Refused("claims more weights than it holds: it is damaged, or made to do harm.")
        tensors[name] = value.detach().contiguous().clone()
    safetensors.torch.save_file(tensors, target)
    return _beside(content)


def _beside(content: Any) -> tuple[str, ...]:
    """Which weights were taken, where there are averaged ones and others."""
    averaged = next((key for key in AVERAGED if state_dict_in(content.get(key))), None)
    others = [key for key in WRAPPERS if state_dict_in(content.get(key))]
    if averaged is None or not others:
        return ()
    return (f"The averaged weights ({averaged!r}) are taken; {others[0]!r} is left out.",)


def state_dict_in(content: Any, *, depth: int = 3) -> dict[str, Any] | None:
    """The tensors by name in what a checkpoint file held, under the usual wrappers; None if there are none."""
    import torch

    if not isinstance(content, Mapping):
        return None
    if len(content) > MOST_TENSORS:
        raise Refused(f"holds more than {MOST_TENSORS:,} tensors: no network here has so many.")
    if depth:
        for key in (*AVERAGED, *WRAPPERS):
            inner = state_dict_in(content.get(key), depth=depth - 1)
            if inner:
                return inner
    found = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    return found or None


def _load(source: Path) -> Any:
    import torch

    zipped = zipfile.is_zipfile(source)
    if zipped:
        _check_zip(source)
    try:
        with torch.serialization.safe_globals(list(_harmless())):
            return torch.load(source, map_location="cpu", weights_only=True, mmap=zipped)
    except MemoryError:
        raise Refused(
            "asks for more memory than its size explains: it is damaged, or made to do harm."
        ) from None
    except Exception as error:  # the unpickler raises whatever the bytes led it to
        raise Refused(_reason(str(error))) from None


def _check_zip(source: Path) -> None:
    """Raise Refused for what torch.save does not write: packed members, or more than the file holds."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Refused("is damaged or cut off: copy it again.") from None
    for kind, remedy, ending in _OTHER_ARCHIVES:
        if any(f"/{member.filename}".endswith(ending) for member in members):
            raise Refused(f"is {kind}, which holds code: save its weights alone, torch.save({remedy}, OUT).")
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    size = sum(member.file_size for member in members)
    if packed or len(members) > 10 * MOST_TENSORS or size > source.stat().st_size:
        raise Refused(
            "is a packed zip, which torch.save does not write: unpack it, or save the weights anew."
        )


def _harmless() -> Iterator[Any]:
    """What training scripts put beside the weights, and what cannot do anything when it is made."""
    import numpy as np

    yield argparse.Namespace
    number = np.float64(0).__reduce__()[0]  # the function that makes a NumPy number, under its old name too
    yield from (number, (number, "numpy.core.multiarray.scalar"))
    yield np.dtype
    yield from (np.dtypes.Float64DType, np.dtypes.Float32DType, np.dtypes.Int64DType, np.dtypes.BoolDType)


def _reason(message: str) -> str:
    wanted = re.search(r"GLOBAL ([\w.]+)", message)
    if wanted:
        name = wanted[1]
        kind = name.rpartition(".")[2]
        what = f"a whole pickled model ({name})" if kind[:1].isupper() else f"Python objects ({name})"
        return (
            f"holds {what}, which could run code and is never unpickled: "
            "save its weights alone, torch.save(model.state_dict(), FILE)."
        )
    if "allocate" in message or "memory" in message.lower():
        return "asks for more memory than its size explains: it is damaged, or made to do harm."
    return (
        "is damaged, cut off or no file of weights: save it again with torch.save(model.state_dict(), FILE)."
    )


def _bound_memory(size: int) -> None:
    """Let this process take little more memory than the file's size explains, where the system can."""
    with suppress(ImportError, OSError, ValueError, AttributeError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + 5 * size + _SPARE
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Convert, and say how it went."""
    try:
        notes = convert(Path(sys.argv[1]), Path(sys.argv[2]))
        print(json.dumps({"ok": True, "notes": notes}))
    except Refused as refusal:
        print(json.dumps({"refused": str(refusal)}))
    except CheckpointError as refusal:
        print(json.dumps({"said": str(refusal)}))
    except OSError as error:
        print(json.dumps({"refused": f"can't be read or copied ({error.strerror}): make room on the disk."}))
    except (MemoryError, RuntimeError) as error:
        print(json.dumps({"refused": _reason(str(error) or "memory")}))


if __name__ == "__main__":
    main()
