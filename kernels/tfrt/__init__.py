"""Kernels of the `tfrt` dialect, one op family per file."""

from tfrt.kernels.tfrt import arithmetic, chain, constants, control_flow, device, print

__all__ = ["arithmetic", "chain", "constants", "control_flow", "device", "print"]
