"""Random numbers from the bits of Philox, as TensorFlow takes them on a CPU.

Source of the semantics: ``tensorflow/core/lib/random/random_distributions.h`` and
``core/kernels/random_op_cpu.h`` of TensorFlow. Uniform numbers are TensorFlow's bit for bit. Normal ones come from the
same bits, but go through numpy's sine, cosine and logarithm: the last digits may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, prod

import numpy as np

from tfrt.kernels.numerics.random.counter_based import philox

State = tuple[int, int, int]
"""Philox's key and the lower and upper half of its counter."""

_WORD = 1 << 64
_SCRAMBLER = 0x02461E293EC8F720
"""The key under which seeds are mixed."""
_LEAST = 1e-7
"""What a uniform number is at least whose logarithm is taken."""
_BOUND = 2
"""Where normal numbers are cut off."""
SKIPPED = 256
"""How many counters are set aside for a number, of which it needs more or less."""


def skipped(state: State, count: int) -> State:
    """The state so many counters further on."""
    key, low, high = state
    low += count
    return key, low % _WORD, (high + low // _WORD) % _WORD


def scrambled(seed: Sequence[int]) -> State:
    """The state that a seed of two numbers stands for."""
    first, second = (number % _WORD for number in seed)
    _, words = philox([_SCRAMBLER, first, second], (4,), 32)
    low, high, third, fourth = map(int, words)
    return low | high << 32, 0, third | fourth << 32


def words(state: State, shape: tuple[int, ...], bits: int = 32) -> np.ndarray:
    """Integers without sign of 32 or 64 bits."""
    return philox(list(state), shape, bits)[1]


def uniform(state: State, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Floats from 0 up to, and without, 1."""
    if dtype == np.float64:
        return _doubles(words(state, shape, 64))
    if dtype == np.float32:
        return _singles(words(state, shape))
    # Of halves, the mantissa are the lowest bits, under the exponent of 1.
    mantissa, one = (10, 0x3C00) if dtype == np.float16 else (7, 0x3F80)
    bits = words(state, shape) & np.uint32((1 << mantissa) - 1) | np.uint32(one)
    found: np.ndarray = (bits.astype(np.uint16).view(dtype).astype(np.float32) - 1).astype(dtype)
    return found


def _singles(bits: np.ndarray) -> np.ndarray:
    found: np.ndarray = (bits & np.uint32(0x7FFFFF) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
    return found


def _doubles(bits: np.ndarray) -> np.ndarray:
    # The first word has the upper bits.
    low, high = bits >> np.uint64(32), bits & np.uint64(0xFFFFF)
    found: np.ndarray = (high << np.uint64(32) | low | np.uint64(0x3FF << 52)).view(np.float64) - 1.0
    return found


def integers(state: State, shape: tuple[int, ...], low: int, high: int, dtype: np.dtype) -> np.ndarray:
    """Integers from `low` up to, and without, `high`."""
    bits = 8 * dtype.itemsize
    unsigned = np.dtype(f"u{dtype.itemsize}")
    found = words(state, shape, bits) % unsigned.type((high - low) % (1 << bits))
    shifted: np.ndarray = (found + unsigned.type(low % (1 << bits))).astype(unsigned).view(dtype)
    return shifted


def normal(state: State, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Floats of mean 0 and standard deviation 1."""
    count = prod(shape)
    is_double = dtype == np.float64
    pairs = -(-count // 2)
    bits = words(state, (pairs, 2), 64 if is_double else 32)
    return _pairs(bits, is_double).reshape(-1)[:count].reshape(shape).astype(dtype)


def _pairs(bits: np.ndarray, is_double: bool) -> np.ndarray:
    """Two normal numbers of two uniform ones each, by Box's and Muller's method."""
    numbers = _doubles(bits) if is_double else _singles(bits)
    kind = numbers.dtype.type

    def rounded(values: np.ndarray) -> np.ndarray:
        return values.astype(numbers.dtype)

    # Functions of single precision are those of double precision, rounded, as the C library's mostly are.
    logarithm = rounded(np.log(np.maximum(numbers[..., 0], kind(_LEAST)).astype(np.float64)))
    radius = np.sqrt(kind(-2) * logarithm)
    angle = rounded(2 * pi * numbers[..., 1].astype(np.float64)).astype(np.float64)
    return np.stack([rounded(np.sin(angle)) * radius, rounded(np.cos(angle)) * radius], -1)


def truncated_normal(state: State, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Like `normal`, without those beyond two standard deviations."""
    count, is_double = prod(shape), dtype == np.float64
    # Each group of numbers draws as many as it takes from counters of its own.
    size = 2 if is_double else 4
    groups = -(-count // size)
    found = np.zeros((groups, size), np.float64 if is_double else np.float32)
    filled = np.zeros(groups, np.int64)
    waiting, at = np.arange(groups), 0
    while waiting.size:
        bits = _at([skipped(state, int(group) * SKIPPED * size // 4 + at) for group in waiting], is_double)
        for number in _pairs(bits, is_double).reshape(len(waiting), -1).T:
            takes = (np.abs(number) < _BOUND) & (filled[waiting] < size)
            found[waiting[takes], filled[waiting[takes]]] = number[takes]
            filled[waiting[takes]] += 1
        waiting, at = waiting[filled[waiting] < size], at + 1
    return found.reshape(-1)[:count].reshape(shape).astype(dtype)


def _at(states: Sequence[State], is_double: bool) -> np.ndarray:
    """The bits at each of some counters."""
    shape = (1, 2) if is_double else (2, 2)
    return np.stack([words(state, shape, 64 if is_double else 32) for state in states])


def shuffled(state: State, count: int) -> np.ndarray:
    """The numbers below `count` in another order."""
    order = np.arange(count)
    drawn = words(state, (max(0, count - 1),)).tolist()
    for place, number in enumerate(drawn):
        other = place + number % (count - place)
        order[place], order[other] = order[other], order[place]
    return order


def categories(state: State, logits: np.ndarray, samples: int) -> np.ndarray:
    """For each row of logarithms of likelihoods, so many draws of a class."""
    draws = _doubles(words(state, (len(logits), samples), 64))
    finite = np.isfinite(logits)
    most = np.max(np.where(finite, logits, -np.inf), 1, keepdims=True, initial=-np.inf)
    weights = np.where(finite, np.exp(np.where(finite, logits - most, 0).astype(np.float64)), 0)
    sums = np.cumsum(weights, 1)
    rows = zip(sums, draws, strict=True)
    return np.array([np.searchsorted(row, drawn * row[-1], "right") for row, drawn in rows], np.int64).reshape(
        len(logits), samples
    )
