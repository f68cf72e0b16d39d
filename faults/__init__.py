"""What happens when things go wrong, by count: `python -m faults`, or `make faults`. See docs/reliability.md."""
