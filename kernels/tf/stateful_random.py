"""Random numbers that go on from call to call, from seeds that the program says: TensorFlow's own. Where it says none
(both are 0), nobody can know them.

In programs, an op takes a variable last, which says how many counters are used up; `lower-tf` adds it. Without one, as
an eager caller calls it, it starts anew each time.
Source of the semantics: ``tensorflow/core/ops/random_ops.cc`` and ``core/util/guarded_philox_random.h`` of TensorFlow.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.variable import Variable
from tfrt.kernels.numerics.random import tf_random
from tfrt.kernels.tf.reshaping import sizes
from tfrt.kernels.tf.stateless_random import FLOATS, Draw, drawn_integers, require_philox
from tfrt.kernels.tf.variables import EFFECTS

Reserve = Callable[[tuple[Variable, ...], int], tf_random.State]


def _reserving(seed: int, seed2: int) -> Reserve:
    """A function that sets counters aside, and gives the state that begins with them."""
    is_seeded = bool(seed or seed2)

    def reserve(place: tuple[Variable, ...], count: int) -> tf_random.State:
        start = (seed, 0, seed2) if is_seeded else (secrets.randbits(64), 0, secrets.randbits(64))
        words = np.array([number % (1 << 64) for number in start], np.uint64)
        if place:
            words = place[0].update(lambda at: _further(at, count), words)
        key, low, high = map(int, words)
        return key, low, high

    return reserve


def _further(words: np.ndarray, count: int) -> np.ndarray:
    key, low, high = map(int, words)
    return np.array(tf_random.skipped((key, low, high), count), np.uint64)


def _random(name: str, draw: Draw) -> None:
    @array_op(name, flags=EFFECTS, shape_input=0)
    def form(
        shape: TensorMetadata, *place: TensorMetadata, seed: int = 0, seed2: int = 0, dtype: DType = DType.F32
    ) -> ArrayForm:
        reserve = _reserving(seed, seed2)

        def run(shape: np.ndarray, *place: Variable) -> np.ndarray:
            wanted = sizes(shape)
            return draw(reserve(place, int(np.prod(wanted)) * tf_random.SKIPPED), wanted, dtype.numpy)

        return run


_random("tf.RandomStandardNormal", FLOATS["RandomNormal"])
_random("tf.RandomUniform", FLOATS["RandomUniform"])
_random("tf.TruncatedNormal", FLOATS["TruncatedNormal"])


@array_op("tf.RandomUniformInt", flags=EFFECTS, shape_input=0)
def uniform_int(
    shape: TensorMetadata,
    minval: TensorMetadata,
    maxval: TensorMetadata,
    *place: TensorMetadata,
    seed: int = 0,
    seed2: int = 0,
) -> ArrayForm:
    """Integers from `minval` up to, and without, `maxval`."""
    reserve = _reserving(seed, seed2)

    def run(shape: np.ndarray, low: np.ndarray, high: np.ndarray, *place: Variable) -> np.ndarray:
        wanted = sizes(shape)
        state = reserve(place, int(np.prod(wanted)) * tf_random.SKIPPED)
        return drawn_integers(state, wanted, low, high, "tf.RandomUniformInt")

    return run


@array_op("tf.RandomShuffle", flags=EFFECTS)
def shuffle(value: TensorMetadata, *place: TensorMetadata, seed: int = 0, seed2: int = 0) -> ArrayForm:
    """The slices of a tensor along its first dimension, in another order."""
    reserve = _reserving(seed, seed2)

    def run(x: np.ndarray, *place: Variable) -> np.ndarray:
        count = x.shape[0] if x.ndim else 0
        if count < 2:
            return x.copy()
        found: np.ndarray = x[tf_random.shuffled(reserve(place, -(-(count - 1) // 4)), count)]
        return found

    return run


@array_op("tf.Multinomial", flags=EFFECTS)
def multinomial(
    logits: TensorMetadata,
    num_samples: TensorMetadata,
    *place: TensorMetadata,
    seed: int = 0,
    seed2: int = 0,
    output_dtype: DType = DType.I64,
) -> ArrayForm:
    """For each row of logarithms of likelihoods, so many draws of a class."""
    reserve = _reserving(seed, seed2)

    def run(logits: np.ndarray, count: np.ndarray, *place: Any) -> np.ndarray:
        samples = int(count)
        # Two words a draw, and those of a row begin a counter.
        used = len(logits) * 2 * 4 * -(-samples // 4) * tf_random.SKIPPED
        return tf_random.categories(reserve(place, used), logits, samples).astype(output_dtype.numpy)

    return run


@array_op("tf.RngReadAndSkip", flags=EFFECTS)
def read_and_skip(handle: TensorMetadata, alg: TensorMetadata, delta: TensorMetadata) -> ArrayForm:
    """What a generator's variable has held, a counter and a key; it holds a counter `delta` numbers further on then."""

    def run(variable: Variable, algorithm: np.ndarray, delta: np.ndarray) -> np.ndarray:
        require_philox(algorithm)

        def further(held: np.ndarray) -> np.ndarray:
            low, high, key = (number % (1 << 64) for number in sizes(held))
            key, low, high = tf_random.skipped((key, low, high), int(delta) * tf_random.SKIPPED)
            return np.array([low, high, key], np.uint64).view(np.int64)

        return variable.update(further)

    return run
