"""How fast VelociPy is, as ratios to what is possible by hand: see README.md, or `python -m benchmarks --help`."""
