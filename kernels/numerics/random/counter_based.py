"""Random bits from a key and a counter: Threefry-2x32 of 20 rounds and Philox-4x32 of 10, as XLA uses them.

Source of the algorithms: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC 2011). Which counter gives
which element, and how the counter goes on, is XLA's (``xla/hlo/builder/lib/prng.cc``): the bits are JAX's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_WORD = 1 << 64
_AT_A_TIME = 1 << 13


def three_fry(state: Sequence[int], shape: tuple[int, ...], bits: int) -> tuple[list[int], np.ndarray]:
    """Bits by Threefry from the state, a key and a counter; returns the next state, and the bits.

    Args:
        bits: how many an element has: 64, or up to 32, which take as much work as 32.
    """
    key, counter = state
    if bits == 64:
        count = prod(shape)
        first, second = _three_fry(key, _counters(counter, count))
        return [key, (counter + count) % _WORD], _joined(first, second).reshape(shape)
    axis = _split_axis(shape)
    halves = list(shape) or [2]
    halves[axis] = (halves[axis] + 1) // 2
    count = prod(halves)
    pair = _three_fry(key, _counters(counter, count))
    found = np.stack([half.reshape(halves) for half in pair], axis + 1)
    halves[axis] *= 2
    found = found.reshape(halves)
    state = [key, (counter + count) % _WORD]
    if not shape:
        return state, found[0]
    return state, found[(slice(None),) * axis + (slice(shape[axis]),)]


def philox(state: Sequence[int], shape: tuple[int, ...], bits: int) -> tuple[list[int], np.ndarray]:
    """Bits by Philox from the state, a key and a counter of two words; returns the next state, and the bits.

    Args:
        bits: how many an element has: 64, or up to 32, which take as much work as 32.
    """
    key, low, high = state
    count = prod(shape)
    blocks = -(-count * (2 if bits == 64 else 1) // 4)
    numbers = np.empty((blocks, 4), np.uint32)
    # Some at a time stay in the cache.
    for start in range(0, blocks, _AT_A_TIME):
        some = numbers[start : start + _AT_A_TIME]
        lows = _counters(low, len(some)) + np.uint64(start)
        highs = np.full(len(some), high, np.uint64)
        highs[lows < np.uint64(low)] += np.uint64(1)
        words = _philox(key, [lows & _LOW, lows >> _HALF, highs & _LOW, highs >> _HALF])
        for number, word in enumerate(words):
            some[:, number] = word
    end = low + blocks
    state = [key, end % _WORD, (high + end // _WORD) % _WORD]
    if bits == 64:
        return state, _joined(numbers[:, ::2], numbers[:, 1::2]).reshape(-1)[:count].reshape(shape)
    return state, numbers.reshape(-1)[:count].reshape(shape)


def _counters(first: int, count: int) -> np.ndarray:
    return np.uint64(first) + np.arange(count, dtype=np.uint64)


def _joined(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return low.astype(np.uint64) | (high.astype(np.uint64) << _HALF)


def _split_axis(shape: tuple[int, ...]) -> int:
    """The dimension whose halves come from the two words: the first even one, or the largest."""
    even = [axis for axis, size in enumerate(shape) if size % 2 == 0]
    return even[0] if even else max(range(len(shape)), key=shape.__getitem__, default=0)


_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def _three_fry(key: int, counters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two words of 32 bits for each counter."""
    keys = [np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)]
    keys.append(keys[0] ^ keys[1] ^ np.uint32(0x1BD11BDA))
    x, y = counters.astype(np.uint32), (counters >> _HALF).astype(np.uint32)
    x += keys[0]
    y += keys[1]
    turned = np.empty_like(y)
    for group in range(5):
        for distance in _ROTATIONS[group % 2]:
            x += y
            np.left_shift(y, np.uint32(distance), turned)
            np.right_shift(y, np.uint32(32 - distance), y)
            y |= turned
            y ^= x
        x += keys[(group + 1) % 3]
        y += np.uint32((int(keys[(group + 2) % 3]) + group + 1) & 0xFFFFFFFF)
    return x, y


_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_RAISES = (0x9E3779B9, 0xBB67AE85)


def _philox(key: int, words: list[np.ndarray]) -> list[np.ndarray]:
    """Four words of 32 bits, in 64 each, for each four of a counter."""
    keys = [key & 0xFFFFFFFF, key >> 32]
    a, b, c, d = words
    for _ in range(10):
        first, second = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, c = (second >> _HALF) ^ b ^ np.uint64(keys[0]), (first >> _HALF) ^ d ^ np.uint64(keys[1])
        b, d = second & _LOW, first & _LOW
        keys = [(each + raised) & 0xFFFFFFFF for each, raised in zip(keys, _RAISES, strict=True)]
    return [a, b, c, d]
