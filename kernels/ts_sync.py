"""Kernels of `ts_sync`: the kernels of `ts` under their names for synchronous functions."""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.kernels import ts

kernel("ts_sync.build_shape")(ts.build_shape)
kernel("ts_sync.build_partial_shape")(ts.build_partial_shape)
kernel("ts_sync.get_num_elements")(ts.get_num_elements)
kernel("ts_sync.to_shape")(ts.to_shape)
kernel("ts_sync.to_partial_shape")(ts.to_partial_shape)
