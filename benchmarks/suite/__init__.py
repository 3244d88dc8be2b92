"""The programs that `benchmarks/run.py` times, one family a module."""
