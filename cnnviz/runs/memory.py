"""How a training process keeps the memory that it has used."""

import os

_GLIBC = {
    "hugetlb": 1,  # ask for huge pages
    "mmap_max": 0,  # large blocks come from the heap, not from pages that go back after each use
    "trim_threshold": 1 << 33,  # what was freed stays
    "top_pad": 1 << 26,  # the heap grows by 64 MiB
}


def environment() -> dict[str, str]:
    """Environment for a process that trains: on Linux, glibc then keeps freed memory for the next step.

    Without it each large tensor is mapped, zeroed page by page and unmapped again, every step: tens of thousands
    of page faults. Settings of the user's own are left as they are. Elsewhere it has no effect.
    """
    ours = ":".join(f"glibc.malloc.{name}={value}" for name, value in _GLIBC.items())
    return {"GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", ours)}
