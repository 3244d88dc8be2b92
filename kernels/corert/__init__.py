"""Kernels of the `corert` dialect: programs on the core runtime, one family a module."""
