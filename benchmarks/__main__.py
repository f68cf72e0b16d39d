"""`python -m benchmarks [--quick] [--write] [name …]`: measures, and prints one table."""

import argparse
import os
import sys
import time
import traceback

import torch

from benchmarks import machine, report
from benchmarks.images import source
from benchmarks.pairs import Unavailable
from benchmarks.registry import BENCHMARKS, chosen
from cnnviz.runs import memory
from cnnviz.workspace import ROOT


def main() -> int:
    """0, or 1 if something could not be measured. A missed target is a result, not a failure."""
    if any(os.environ.get(name) != value for name, value in memory.environment().items()):
        # As control does for a worker; it takes effect when a process starts.
        os.execve(sys.executable, [*sys.orig_argv], os.environ | memory.environment())  # noqa: S606
    torch.set_flush_denormal(True)  # as the worker does
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition(": ")[2])
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(BENCHMARKS)}, or how they begin")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument(
        "--write", action="store_true", help="update docs/benchmarks.md; takes all benchmarks"
    )
    options = parser.parse_args()
    if options.write and options.names:
        parser.error("--write takes a whole run, of one machine at one time: leave out the names")
    try:
        names = chosen(options.names)
    except KeyError as error:
        parser.error(f"no benchmark {error}: choose from {', '.join(BENCHMARKS)}")
    measured = run(names, quick=options.quick)
    print(f"\n{measured.text}")
    if options.write:
        report.write(ROOT / "docs" / "benchmarks.md", measured.text)
    return 1 if measured.missing else 0


def run(names: list[str], *, quick: bool) -> report.Report:
    """What these benchmarks give."""
    machine.use_all_cores()
    facts = machine.facts()
    facts["Date"] = time.strftime("%Y-%m-%d %H:%M %Z") + (", with --quick" if quick else "")
    facts["Data"] = source()
    before, start = machine.load(), time.monotonic()
    measured = report.Report(facts)
    for name in names:
        busy = machine.busy_cores()
        print(f"{name} … ({busy:.2f} cores busy before)", file=sys.stderr, flush=True)
        try:
            measured.rows += [(row, busy) for row in BENCHMARKS[name](quick=quick)]
        except Unavailable as reason:
            measured.missing.append(f"{name}: {reason}")
        except Exception as error:  # the others are measured all the same
            traceback.print_exc()
            measured.missing.append(f"{name}: {type(error).__name__}, see above")
    facts["Load average (1, 5, 15 min)"] = (
        f"{before} before, {machine.load()} after (this run alone makes up to {machine.cores()})"
    )
    facts["Took"] = f"{(time.monotonic() - start) / 60:.0f} min"
    return measured


if __name__ == "__main__":
    sys.exit(main())
