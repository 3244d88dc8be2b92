"""Random numbers: fresh ones, and bits that follow from a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import require
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.carriers import is_integer
from tfrt.kernels.numerics.random import counter_based

Sizes = tuple[int, ...]

_ALGORITHMS: dict[str, tuple[Callable[..., tuple[list[int], np.ndarray]], Sizes]] = {
    "DEFAULT": (counter_based.philox, (2, 3)),
    "THREE_FRY": (counter_based.three_fry, (2,)),
    "PHILOX": (counter_based.philox, (2, 3)),
}
"""What makes bits, and how many words a state may have. ``DEFAULT`` is Philox, as on XLA's CPU."""


def _bits_metadata(
    initial_state: TensorMetadata, *, rng_algorithm: str, shape: Sizes, dtype: DType
) -> tuple[TensorMetadata, TensorMetadata]:
    _check_state(initial_state, rng_algorithm)
    return initial_state, TensorMetadata(dtype, tuple(shape))


def _check_state(state: TensorMetadata, algorithm: str) -> None:
    require(
        algorithm in _ALGORITHMS,
        "I1",
        f"expects rng_algorithm to be one of {', '.join(_ALGORITHMS)}, but got {algorithm}",
    )
    sizes = _ALGORITHMS[algorithm][1]
    words = state.element_count * state.dtype.numpy.itemsize / 8
    wanted = " or ".join(map(str, sizes))
    require(
        state.rank == 1 and words in sizes,
        "C2",
        f"expects a state of {wanted} elements of ui64 for {algorithm}, but got {list(state.shape)} of"
        f" {state.dtype.mlir}",
    )


@array_op("stablehlo.rng_bit_generator", metadata=_bits_metadata)
def rng_bit_generator(initial_state: TensorMetadata, *, rng_algorithm: str, metadata: ResultMetadata) -> ArrayForm:
    """The state after them, and random bits of the type and shape of the second result."""
    _check_state(initial_state, rng_algorithm)
    generate = _ALGORITHMS[rng_algorithm][0]
    shape, dtype = metadata[1].shape, metadata[1].dtype.numpy
    bits = 8 * dtype.itemsize
    unsigned = np.dtype(f"u{dtype.itemsize}")
    pads = rng_algorithm != "THREE_FRY"

    def run(state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        words = np.ascontiguousarray(state).view(np.uint64).tolist()
        # Where a counter of Philox has one word, XLA takes the key for the other.
        given = [*words, words[0]] if pads and len(words) == 2 else words
        following, found = generate(given, shape, bits)
        after = np.array(following[: len(words)], np.uint64).view(state.dtype)
        found = np.asarray(found).astype(unsigned)
        return after, found.astype(dtype) if is_integer(dtype) else found.view(dtype)

    return run


def _check_distribution(a: TensorMetadata, b: TensorMetadata, distribution: str) -> None:
    require(
        distribution in ("UNIFORM", "NORMAL"),
        "I4",
        f"expects rng_distribution to be UNIFORM or NORMAL, but got {distribution}",
    )
    require(
        a.dtype is b.dtype, "C1", f"expects operands of one element type, but got {a.dtype.mlir} and {b.dtype.mlir}"
    )
    require(
        distribution == "UNIFORM" or not _is_whole(a.dtype.numpy),
        "C2",
        f"expects floats for NORMAL, but got {a.dtype.mlir}",
    )


def _is_whole(dtype: np.dtype) -> bool:
    return dtype == np.bool_ or is_integer(dtype)


@array_op("stablehlo.rng", shaped_by=(2,))
def rng(a: TensorMetadata, b: TensorMetadata, shape: TensorMetadata, *, rng_distribution: str) -> ArrayForm:
    """Numbers that nobody can know beforehand.

    They are ``UNIFORM`` between `a` and `b`, which is not among them, or ``NORMAL`` with the mean `a` and the standard
    deviation `b`.
    """
    _check_distribution(a, b, rng_distribution)
    dtype = a.dtype.numpy
    source = np.random.default_rng()

    def run(low: np.ndarray, high: np.ndarray, sizes: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        wanted = tuple(sizes.tolist())
        found = np.asarray(_drawn(source, rng_distribution, low, high, wanted, dtype)).astype(dtype, copy=False)
        if out is None:
            return found
        out[...] = found
        return out

    return run


def _drawn(
    source: np.random.Generator, distribution: str, low: Any, high: Any, shape: Sizes, dtype: np.dtype
) -> np.ndarray:
    if distribution == "NORMAL":
        return np.asarray(source.normal(float(low), float(high), shape))
    if _is_whole(dtype):
        wide = np.uint64 if dtype.kind == "u" else np.int64
        return source.integers(int(low), max(int(low) + 1, int(high)), shape, wide)
    found = (source.random(shape) * (float(high) - float(low)) + float(low)).astype(dtype)
    # Rounding may reach the end.
    return np.where(found < high, found, np.nextafter(high, low))
