"""Add numbers with a recurrent network that has learnt how from examples.

    python examples/jax/adder/run.py [NUMBER NUMBER]

It was trained on numbers of 11 bits, and reads two numbers bit by bit, the lowest first: `lax.scan` over the bits is a
`stablehlo.while`. Its text, `tensor<?x?x2xf32>`, leaves open how many bits there are and how many sums.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import tfrt

FOLDER = Path(__file__).parent


def bits(numbers: list[tuple[int, int]]) -> np.ndarray:
    """The bits of pairs of numbers, the lowest first, as f32 ``[bits, pairs, 2]``; one more than the largest has."""
    count = max(number.bit_length() for pair in numbers for number in pair) + 1
    return np.array([[[a >> i & 1, b >> i & 1] for a, b in numbers] for i in range(count)], np.float32)


def main(numbers: list[tuple[int, int]]) -> None:
    text = (FOLDER / "add.mlir").read_text(encoding="utf-8")
    add = tfrt.load(tfrt.compile(text, "add.mlir", opt_level=2))["main"]
    arrays = np.load(FOLDER / "weights.npz")
    weights = [arrays[key] for key in arrays.files]

    for (a, b), scores in zip(numbers, add(*weights, bits(numbers)).T, strict=True):
        print(f"{a} + {b} = {sum(1 << i for i, score in enumerate(scores) if score > 0)}")


if __name__ == "__main__":
    given = tuple(int(text) for text in sys.argv[1:3])
    main([given] if len(given) == 2 else [(1, 1), (1969, 57), (123456789, 987654321), (2**60 - 1, 1)])
