"""Kernels of the `tfrt` dialect, one op family a module; each is imported when an op of it is first needed."""
