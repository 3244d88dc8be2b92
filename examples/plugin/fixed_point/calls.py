"""What programs of frameworks call by name: ``stablehlo.custom_call @fixed_round(...)``."""

import numpy as np

import tfrt
from fixed_point.kernels import from_fixed, to_fixed


@tfrt.custom_call("fixed_round", metadata=lambda x: x)
def fixed_round(x: tfrt.TensorMetadata, *, scale: float = 1.0):
    """Floats rounded to fixed-point numbers, times a factor."""
    if x.dtype is not tfrt.DType.F32:
        raise tfrt.KernelError(f"fixed_round takes f32, not {x.dtype.label}")
    return lambda array, out=None: np.multiply(from_fixed(to_fixed(array)), np.float32(scale), out)
