"""What is worth telling about the pictures of an import: unreadable, repeated, suspiciously plain."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from cnnviz.data.images import Picture

_PLAIN, _USUAL = 0.85, 0.4


@dataclass
class Notes:
    """Counts while pictures are read; as text, a clause for each kind that was seen."""

    unreadable: int = 0
    repeated: int = 0
    """Pictures that are in an earlier split too, exactly."""
    _splits: dict[bytes, str] = field(default_factory=dict)
    _shares: list[tuple[float, str]] = field(default_factory=list)

    def add(self, picture: Picture, *, split: str, name: str) -> None:
        """Nothing; the picture, uint8 (H, W, C), is counted."""
        digest = hashlib.sha256(picture.tobytes()).digest()
        self.repeated += self._splits.setdefault(digest, split) != split
        self._shares.append((_commonest_share(picture), name))

    def placeholders(self) -> list[str]:
        """Names of pictures of nearly one colour, among others that are not ('image not found', say)."""
        shares = [share for share, _ in self._shares]
        if not shares or np.median(shares) > _USUAL:
            return []
        return [name for share, name in self._shares if share > _PLAIN]

    def __str__(self) -> str:
        parts = []
        if self.unreadable:
            parts.append(f"{self.unreadable:,} unreadable left out")
        if self.repeated:
            parts.append(f"{self.repeated:,} in two splits")
        if suspects := self.placeholders():
            more = ", …" if len(suspects) > 3 else ""
            parts.append(f"perhaps a placeholder: {', '.join(suspects[:3])}{more}")
        return "; ".join(parts)


def _commonest_share(picture: Picture) -> float:
    # 32 levels a channel, so that compression noise does not tell one colour from itself.
    levels = (picture >> 3).astype(np.int64).reshape(-1, picture.shape[2])
    codes = levels @ (32 ** np.arange(picture.shape[2]))
    return float(np.bincount(codes).max() / len(codes))
