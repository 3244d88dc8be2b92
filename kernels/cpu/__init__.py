"""Kernels of `cpu`: ops of the core runtime on arrays whose shapes and element types the compiler knows."""
