"""`python -m faults [--quick] [--write] [name …]`: breaks things on purpose, and prints what was survived."""

import argparse
import sys
import time
import traceback

from benchmarks import machine
from cnnviz.workspace import ROOT
from faults import table
from faults.outcome import Outcome, Unavailable
from faults.registry import FAULTS, chosen


def main() -> int:
    """0, or 1 if something was not survived or could not be tried."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__.partition(": ")[2])
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(FAULTS)}, or how they begin")
    parser.add_argument("--quick", action="store_true", help="a sample of each")
    parser.add_argument("--write", action="store_true", help="update docs/reliability.md; takes all faults")
    options = parser.parse_args()
    if options.write and (options.names or options.quick):
        parser.error("--write takes a whole run: leave out names and --quick")
    try:
        names = chosen(options.names)
    except KeyError as error:
        parser.error(f"no fault {error}: choose from {', '.join(FAULTS)}")
    outcomes: list[Outcome] = []
    missing: list[str] = []
    start = time.monotonic()
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            outcomes.append(FAULTS[name](quick=options.quick))
        except Unavailable as reason:
            missing.append(f"{name}: {reason}")
        except Exception as error:  # the others are tried all the same
            traceback.print_exc()
            missing.append(f"{name}: {type(error).__name__}, see above")
    facts = machine.facts()
    facts["Date"] = time.strftime("%Y-%m-%d %H:%M %Z") + (", with --quick" if options.quick else "")
    facts["Took"] = f"{(time.monotonic() - start) / 60:.0f} min"
    measured = table.text(facts, outcomes, missing)
    print(f"\n{measured}")
    if options.write:
        table.write(ROOT / "docs" / "reliability.md", measured)
    return 1 if missing or any(one.failures for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
