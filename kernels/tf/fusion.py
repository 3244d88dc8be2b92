"""What fused ops do after their product or convolution: a bias, and an activation.

They are named as in TensorFlow's ``_FusedMatMul``: ``BiasAdd``, then one of ``Relu``, ``Relu6`` and ``Elu``, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.support.errors import KernelError


def fused_epilogue(op: str, fused_ops: Sequence[str]) -> Callable[..., None]:
    """What the `fused_ops` of `op` do, in place, to rows of its result, given these and the op's fusion inputs.

    Raises:
        KernelError: they are not a bias, alone or with an activation after it.
    """
    if not fused_ops:
        raise KernelError(f"{op} must specify fused operations")
    first, *activation = fused_ops
    if first != "BiasAdd" or len(activation) > 1 or any(name not in _ACTIVATIONS for name in activation):
        raise KernelError("Unsupported fusion type")
    activate = _ACTIVATIONS[activation[0]] if activation else None

    def epilogue(rows: np.ndarray, bias: np.ndarray, *_: np.ndarray) -> None:
        np.add(rows, bias, rows)
        if activate is not None:
            activate(rows)

    return epilogue


def check_bias(op: str, fusion_inputs: Sequence[TensorMetadata], result: TensorMetadata) -> None:
    """Check that the first of the fused ops' inputs is a bias for each innermost row of the result.

    Raises:
        KernelError: it is not.
    """
    if not fusion_inputs:
        raise KernelError(f"{op} with BiasAdd needs a bias tensor")
    bias, inner = fusion_inputs[0], result.shape[-1]
    if bias.rank != 1:
        raise KernelError("Bias tensor must a vector")
    if bias.dtype is not result.dtype:
        raise KernelError(f"expected a tensor of dtype {result.dtype.label}, got {bias.dtype.label}")
    if bias.shape[0] != inner:
        raise KernelError(f"The number of bias elements {bias.shape[0]} doesn't match output inner dimension {inner}")


def _relu(values: np.ndarray) -> None:
    np.maximum(values, values.dtype.type(0), out=values)


def _relu6(values: np.ndarray) -> None:
    np.clip(values, values.dtype.type(0), values.dtype.type(6), out=values)


def _elu(values: np.ndarray) -> None:
    negative = values < 0
    values[negative] = np.exp(values[negative]).astype(values.dtype) - values.dtype.type(1)


_ACTIVATIONS: dict[str, Callable[[np.ndarray], None]] = {"Relu": _relu, "Relu6": _relu6, "Elu": _elu}
