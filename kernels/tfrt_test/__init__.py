"""Kernels of the `tfrt_test` dialect, one family per file: the runtime's own tests are made of them."""

from tfrt.kernels.tfrt_test import (
    async_,
    atomic,
    benchmark,
    debug,
    errors,
    native_functions,
    strings,
    sync_functions,
    tensor_types,
    tensors,
    values,
)

__all__ = [
    "async_",
    "atomic",
    "benchmark",
    "debug",
    "errors",
    "native_functions",
    "strings",
    "sync_functions",
    "tensor_types",
    "tensors",
    "values",
]
