"""Across the lanes of vectors, in LLVM's intermediate representation: their order, and what they give together."""

from __future__ import annotations

from collections.abc import Sequence

from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate


def transposed(code: Code, vectors: Sequence[str]) -> list[str]:
    """As many vectors as these, which are as many as each has elements: the first elements of all, and so on."""
    assert len(vectors) == code.lanes
    found, half = list(vectors), code.lanes // 2
    orders = []
    for begin in (0, half):
        pairs = [number for lane in range(begin, begin + half) for number in (lane, code.lanes + lane)]
        orders.append(f"<{code.lanes} x i32> <{', '.join(f'i32 {number}' for number in pairs)}>")
    turns = half
    # Each turn rotates the bits of an element's number, rows first, by one.
    while turns:
        found = [
            code.value(f"shufflevector {code.vector} {x}, {code.vector} {y}, {order}")
            for x, y in zip(found[:half], found[half:], strict=True)
            for order in orders
        ]
        turns //= 2
    return found


def from_place(code: Code, vector: str, count: int) -> str:
    """So many of a vector's elements, from that place on; the others are any.

    All of them in a circle would do as well, but LLVM 22 takes the last of several such sums of doubles for that of
    an element with itself.
    """
    order = ", ".join(f"i32 {count + lane if lane < count else 'poison'}" for lane in range(code.lanes))
    return code.value(f"shufflevector {code.vector} {vector}, {code.vector} poison, <{code.lanes} x i32> <{order}>")


def sum_of(code: Code, vector: str) -> str:
    """The sum of a vector's elements, in any order."""
    function = f"llvm.vector.reduce.fadd.{code.suffix}"
    call = code.call(code.element, function, (code.element, code.number(-0.0)), (code.vector, vector))
    return code.value(call.replace("call ", "call reassoc ", 1))


GREATER = "{0} if {0} > {1} else {1}"
"""The greater of two numbers, the second where the first is none: one instruction, other than LLVM's own functions,
which look for what is no number."""


def greatest_of(code: Code, vector: str) -> str:
    """The greatest of a vector's elements, of which none is no number, or all are."""
    count = code.lanes
    while count > 1:
        count //= 2
        vector = evaluate(code, GREATER, [vector, from_place(code, vector, count)])
    return code.first(vector)


def has_unknown(code: Code, x: str) -> str:
    """Whether any element is no number."""
    unknown = code.value(f"fcmp uno {code.vector} {x}, {x}")
    bits = code.value(f"bitcast <{code.lanes} x i1> {unknown} to i{code.lanes}")
    return code.value(f"icmp ne i{code.lanes} {bits}, 0")
