"""The `cpu` dialect: ops of the core runtime as kernels on arrays in the host's memory.

Programs do not write it; `lower-to-cpu` makes it of `corert` programs and `lower-stablehlo` of those of frameworks.
Element types and shapes are the types of values: ``memref<2x3xf32>`` is an array of 2 x 3 floats,
``memref<?x3xf32>`` one of a size that is known when the program runs, -1 in what follows. Since files keep no types of
values, the attributes `arguments` and `metadata` say them again: an array ``[element type, size, size, ...]`` for each
(`metadata`). One file a family of ops, mirrored by `tfrt.kernels.cpu`; `steps` are what chains do.
"""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect

CPU = define_dialect("cpu", __name__)
