"""Every fault by its name, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from faults import commands, folders, kills, leases, names, pickles, pictures, races, zips
from faults import weights as weight_files
from faults.outcome import Outcome

FAULTS: Mapping[str, Callable[..., Outcome]] = {
    "worker-killed": kills.worker,
    "starter-killed": kills.starter,
    "races": races.run,
    "corrupt-pictures": pictures.corrupt,
    "strange-pictures": pictures.strange,
    "picture-bombs": pictures.bombs,
    "pickles": pickles.run,
    "weight-files": weight_files.run,
    "zips": zips.run,
    "names": names.run,
    "leases": leases.run,
    "clocks": leases.clocks,
    "folders": folders.run,
    "commands": commands.run,
}
"""`FAULTS[name](quick=…)` tries it, and gives a row of the table."""


def chosen(wanted: list[str]) -> list[str]:
    """The faults whose names are given or begin with one that is given; all of them for no names.

    Raises KeyError for a name that fits none.
    """
    for name in wanted:
        if not any(known.startswith(name) for known in FAULTS):
            raise KeyError(name)
    return [known for known in FAULTS if not wanted or known.startswith(tuple(wanted))]
