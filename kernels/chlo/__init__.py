"""Ops of `chlo`: array forms, which run eagerly, in programs, and in bodies; see `tfrt.kernels.stablehlo`."""
