"""Make the examples again: train their networks with JAX, and write them as StableHLO, which they run without it.

    python examples/jax/make.py [NAME ...]

Needs JAX and scikit-learn (``pip install 'tfrt[make-examples]'``), and some minutes. With names, only these examples.
"""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("digits", "trainer", "adder", "writer")


def main(names: list[str]) -> None:
    for name in names or NAMES:
        print(name)
        import_module(f"{name}.model").make()


if __name__ == "__main__":
    main(sys.argv[1:])
