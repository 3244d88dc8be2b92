"""Kernels of the `tfrt_test` dialect, of which the runtime's own tests are made, one op family a module."""
