"""Ops of StableHLO whose attributes are operands, as programs with unknown sizes call them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.custom_calls import custom_call
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.stablehlo.random import rng_bit_generator
from tfrt.kernels.stablehlo.windows import reduce_window

_NUMBERS = ("window_dimensions", "window_strides", "base_dilations", "window_dilations", "padding")


@custom_call("stablehlo.dynamic_reduce_window", shaped_by=range(-len(_NUMBERS), 0))
def dynamic_reduce_window(
    *operands: TensorMetadata, called_computations: Any, metadata: ResultMetadata, host: HostContext
) -> ArrayForm:
    """`stablehlo.reduce_window` of inputs and initial values; its body is the function that is called.

    Its other attributes are operands, too, in the order of `_NUMBERS`.
    """
    count = 2 * len(metadata)
    (body,) = called_computations

    def run(*arrays: np.ndarray) -> Any:
        given = zip(_NUMBERS, arrays[count:], strict=True)
        numbers: dict[str, Any] = {name: tuple(array.ravel().tolist()) for name, array in given}
        form = reduce_window(*operands[:count], body=body, metadata=metadata, host=host, **numbers)
        return form(*arrays[:count])

    return run


@custom_call("stablehlo.dynamic_rng_bit_generator", shaped_by=(1,))
def dynamic_rng_bit_generator(
    initial_state: TensorMetadata, shape: TensorMetadata, *, rng_algorithm: str, metadata: ResultMetadata
) -> ArrayForm:
    """`stablehlo.rng_bit_generator` of a shape that is the second operand."""

    def run(state: np.ndarray, sizes: np.ndarray) -> Any:
        made = TensorMetadata(metadata[1].dtype, tuple(sizes.tolist()))
        given: Any = (initial_state, made)
        return rng_bit_generator(initial_state, rng_algorithm=rng_algorithm, metadata=given)(state)

    return run


@custom_call("AllocateBuffer")
def allocate_buffer(*, metadata: ResultMetadata) -> ArrayForm:
    """Memory with something in it: zeros."""
    shape, dtype = metadata[0].shape, metadata[0].dtype.numpy
    return lambda: np.zeros(shape, dtype)
