"""Random numbers that follow from a seed, or from a key and a counter: TensorFlow's own.

Source of the semantics: ``tensorflow/core/ops/stateless_random_ops.cc`` and ``stateless_random_ops_v2.cc`` of
TensorFlow; the numbers are those of `tfrt.kernels.numerics.random.tf_random`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.random import tf_random
from tfrt.kernels.tf.reshaping import sizes

PHILOX = 1
_ALGORITHMS = (PHILOX, 3)
"""Philox, and what TensorFlow chooses itself, which is Philox on a CPU."""

Draw = Callable[[tf_random.State, tuple[int, ...], np.dtype], np.ndarray]

FLOATS: dict[str, Draw] = {
    "RandomNormal": tf_random.normal,
    "RandomUniform": tf_random.uniform,
    "TruncatedNormal": tf_random.truncated_normal,
}
"""What draws floats, by what stateless ops are called."""


def _state(key: np.ndarray, counter: np.ndarray) -> tf_random.State:
    low, high = map(int, counter)
    return int(key[0]), low, high


def _of_seed(seed: np.ndarray) -> tf_random.State:
    return tf_random.scrambled(sizes(seed))


def require_philox(algorithm: np.ndarray) -> None:
    """Raises unless an algorithm's number is one of Philox."""
    if int(algorithm) not in _ALGORITHMS:
        raise KernelError(f"Unsupported algorithm id: {int(algorithm)}", code="INVALID_ARGUMENT")


def drawn_integers(
    state: tf_random.State, shape: tuple[int, ...], low: np.ndarray, high: np.ndarray, op: str
) -> np.ndarray:
    """Integers between bounds.

    Raises:
        KernelError: there are none.
    """
    if low >= high:
        raise KernelError(f"{op}: Need minval < maxval, got {int(low)} >= {int(high)}", code="INVALID_ARGUMENT")
    return tf_random.integers(state, shape, int(low), int(high), low.dtype)


def _stateless(name: str, draw: Draw) -> None:
    @array_op(f"tf.Stateless{name}V2", shaped_by=(0, 3), shape_input=0)
    def by_key(
        shape: TensorMetadata,
        key: TensorMetadata,
        counter: TensorMetadata,
        alg: TensorMetadata,
        *,
        dtype: DType = DType.F32,
    ) -> ArrayForm:
        def run(
            shape: np.ndarray,
            key: np.ndarray,
            counter: np.ndarray,
            algorithm: np.ndarray,
            out: np.ndarray | None = None,
        ) -> np.ndarray:
            require_philox(algorithm)
            return draw(_state(key, counter), sizes(shape), dtype.numpy)

        return run

    @array_op(f"tf.Stateless{name}", shaped_by=(0,), shape_input=0)
    def by_seed(shape: TensorMetadata, seed: TensorMetadata, *, dtype: DType = DType.F32) -> ArrayForm:
        return lambda shape, seed, out=None: draw(_of_seed(seed), sizes(shape), dtype.numpy)


def _words(state: tf_random.State, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return tf_random.words(state, shape, 8 * dtype.itemsize).view(dtype)


for _name, _draw in (*FLOATS.items(), ("RandomUniformFullInt", _words)):
    _stateless(_name, _draw)


@array_op("tf.StatelessRandomUniformIntV2", shaped_by=(0, 3, 4, 5), shape_input=0)
def integers_by_key(
    shape: TensorMetadata,
    key: TensorMetadata,
    counter: TensorMetadata,
    alg: TensorMetadata,
    minval: TensorMetadata,
    maxval: TensorMetadata,
) -> ArrayForm:
    """Integers from `minval` up to, and without, `maxval`."""

    def run(
        shape: np.ndarray,
        key: np.ndarray,
        counter: np.ndarray,
        algorithm: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        require_philox(algorithm)
        return drawn_integers(_state(key, counter), sizes(shape), low, high, "tf.StatelessRandomUniformIntV2")

    return run


@array_op("tf.StatelessRandomUniformInt", shaped_by=(0, 2, 3), shape_input=0)
def integers_by_seed(
    shape: TensorMetadata, seed: TensorMetadata, minval: TensorMetadata, maxval: TensorMetadata
) -> ArrayForm:
    """Integers from `minval` up to, and without, `maxval`."""

    def run(
        shape: np.ndarray, seed: np.ndarray, low: np.ndarray, high: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        return drawn_integers(_of_seed(seed), sizes(shape), low, high, "tf.StatelessRandomUniformInt")

    return run


@array_op("tf.StatelessMultinomial")
def multinomial(
    logits: TensorMetadata, num_samples: TensorMetadata, seed: TensorMetadata, *, output_dtype: DType = DType.I64
) -> ArrayForm:
    """For each row of logarithms of likelihoods, so many draws of a class."""

    def run(logits: np.ndarray, count: np.ndarray, seed: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return tf_random.categories(_of_seed(seed), logits, int(count)).astype(output_dtype.numpy)

    return run


@array_op("tf.StatelessRandomGetAlg")
def get_alg() -> ArrayForm:
    """The number of the algorithm that all ops use."""
    return lambda: np.array(PHILOX, np.int32)


def _key_and_counter(seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    key, low, high = _of_seed(seed)
    return np.array([key], np.uint64), np.array([low, high], np.uint64)


@array_op("tf.StatelessRandomGetKeyCounter", shaped_by=())
def get_key_counter(seed: TensorMetadata) -> ArrayForm:
    """The key and the counter that a seed stands for."""
    return _key_and_counter


@array_op("tf.StatelessRandomGetKeyCounterAlg", shaped_by=())
def get_key_counter_alg(seed: TensorMetadata) -> ArrayForm:
    """The key, the counter and the number of the algorithm that a seed stands for."""
    return lambda seed: (*_key_and_counter(seed), np.array(PHILOX, np.int32))
