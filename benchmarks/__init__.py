"""Measures the speed targets on this machine: `make bench`, or `python -m benchmarks --help`."""
