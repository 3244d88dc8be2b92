"""Numerics shared by the kernels of several dialects: functions of plain numpy arrays, without tensors or ops.

Families have folders: `arithmetic` of elements, `chains` of functions in one pass over memory, `convolution`,
`linear_algebra`, `random` numbers, `reductions` and windows, `special` functions; `machine_code` is that of some. What
stands on machine code itself, as `attention` and `contraction` do, and what all need, as `quiet` and `workspaces` are,
is a file here.
"""
