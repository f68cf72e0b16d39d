"""ImageNet weights, fetched where somebody watches: `torch.hub` tells only a terminal how far it is."""

from __future__ import annotations

import hashlib
import os
import re
from urllib.request import Request, urlopen

from cnnviz.errors import WeightsUnavailable
from cnnviz.models.pretrained import cached_file
from cnnviz.models.torchvision_models import WeightsEnum
from cnnviz.progress import Progress, Work

_PATIENCE = 20.0
_STEP = 1 << 18


def fetch(weights: WeightsEnum) -> Work[None]:
    """Put the file of these weights where torchvision looks for it, unless it is there.

    Whoever closes it leaves nothing behind. Raises WeightsUnavailable, saying which file to put where.
    """
    file = cached_file(weights)
    if file.exists():
        return
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        asked = Request(str(weights.url), headers={"User-Agent": "cnnviz"})  # noqa: S310
        with urlopen(asked, timeout=_PATIENCE) as answer, unfinished.open("wb") as target:  # noqa: S310
            total, done, digest = int(answer.headers.get("Content-Length") or 0), 0, hashlib.sha256()
            while piece := answer.read(_STEP):
                target.write(piece)
                digest.update(piece)
                done += len(piece)
                share = done / total if total else 0.0
                words = f"Downloading {file.name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB"
                yield Progress(share, words)
        wanted = re.search(r"-([0-9a-f]{8,})\.", file.name)
        if (wanted and not digest.hexdigest().startswith(wanted[1])) or (total and done != total):
            raise OSError("it arrived damaged")
        unfinished.replace(file)
    except (OSError, ValueError) as error:
        raise WeightsUnavailable(
            f"The ImageNet weights could not be downloaded ({_reason(error)}). "
            f"Go online once, or put {file.name} into {file.parent}; random weights need no download."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return str(getattr(reason, "strerror", None) or reason).splitlines()[0] if str(reason) else "no answer"
