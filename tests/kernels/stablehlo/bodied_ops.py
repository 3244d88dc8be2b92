"""Ops with bodies, run as programs run them, and some bodies, as attributes and as functions of integers."""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.values.dtype import DType

I1, I32, F32 = DType.I1, DType.I32, DType.F32


def arrays(op, *operands, **attributes):
    """What an op's array form gives: a tuple of arrays, which agree with the metadata, own their memory, and are what
    is written into `out`."""
    entry = CPU_OPS.get(op)
    known = tuple(TensorMetadata(DType.of(each), each.shape) for each in operands)
    metadata = entry.run_metadata(known, attributes)
    form = entry.arrays(known, attributes, None, metadata)
    before = [each.copy() for each in operands]
    results = form(*operands)
    results = results if isinstance(results, tuple) else (results,)
    assert [(DType.of(each), each.shape) for each in results] == [tuple(each) for each in metadata]
    for i, each in enumerate(results):
        assert not any(np.may_share_memory(each, other) for other in (*operands, *results[:i]))
    if len(results) == 1:
        out = np.empty(metadata[0].shape, metadata[0].dtype.numpy)
        assert form(*operands, out=out) is out
        assert_same(out, results[0])
    for each, old in zip(operands, before, strict=True):
        assert_same(each, old)
    return results


def assert_same(found, expected):
    """Elements are equal, NaN to NaN; numpy knows that only of its own types."""
    np.testing.assert_array_equal(found.astype(np.complex128), np.asarray(expected).astype(np.complex128))


def array(op, *operands, **attributes):
    (found,) = arrays(op, *operands, **attributes)
    return found


def step(op, *operands, gives=I32, **attributes):
    return f"stablehlo.{op}", list(operands), [list(each) for each in attributes.items()], [gives]


def compare(direction, a, b, kind="SIGNED"):
    return step("compare", a, b, gives=I1, comparison_direction=direction, compare_type=kind)


def argument_body(direction, value=F32, number=I32):
    """What JAX writes for argmax (``GT``) and argmin (``LT``)."""
    steps = [
        compare(direction, 0, 2, "FLOAT"),
        compare("NE", 0, 0, "FLOAT"),
        step("or", 4, 5, gives=I1),
        compare("EQ", 0, 2, "FLOAT"),
        compare("LT", 1, 3),
        step("and", 7, 8, gives=I1),
        step("or", 6, 9, gives=I1),
        step("select", 6, 0, 2, gives=value),
        step("select", 10, 1, 3, gives=number),
    ]
    return [4, steps, [11, 12]]


# Associative functions of integers, of which some do not commute: as bodies, and on numbers that wrap around.
AFFINE = [4, [step("multiply", 0, 2), step("multiply", 1, 2), step("add", 5, 3)], [4, 6]]
BODIES = {
    "add": (1, "stablehlo.add", lambda a, b: (a[0] + b[0],)),
    "multiply": (1, "stablehlo.multiply", lambda a, b: (a[0] * b[0],)),
    "maximum": (1, "stablehlo.maximum", lambda a, b: (max(a[0], b[0]),)),
    "xor": (1, "stablehlo.xor", lambda a, b: (a[0] ^ b[0],)),
    "left": (1, [2, [], [0]], lambda a, b: (a[0],)),
    "right": (1, [2, [], [1]], lambda a, b: (b[0],)),
    "affine": (2, AFFINE, lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1])),
    "argmin": (2, argument_body("LT", I32), lambda a, b: min(a, b)),
    "twice": (2, [4, [step("add", 0, 2)], [4, 4]], lambda a, b: (a[0] + b[0], a[0] + b[0])),
}


def wrapped(values):
    return tuple(int(np.int64(each % (1 << 32)).astype(np.int32)) for each in values)


def random_arrays(seed, shape, count):
    return list(np.random.default_rng(seed).integers(-5, 6, (count, *shape)).astype(np.int32))
