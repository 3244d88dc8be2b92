"""Kernels of the `tfrt` dialect, one op family per file."""

from tfrt.kernels.tfrt import control_flow

__all__ = ["control_flow"]
