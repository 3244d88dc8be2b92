"""Numerics shared by the kernels of several dialects: functions of plain numpy arrays, without tensors or ops."""
