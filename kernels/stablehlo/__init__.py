"""Ops of `stablehlo`: array forms, which run eagerly, in programs, and in the bodies of reductions and their like.

One module for each family, as in ``tfrt.dialects.stablehlo``. Attributes have the specification's names; where a
result's type does not follow from the operands, eager callers give `dtype` or `shape`, too.
"""
