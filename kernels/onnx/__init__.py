"""Operators of ONNX as functions of arrays, for programs in which types are not known and for those operators that
StableHLO has no equal of.

Source of the semantics: ``docs/Operators.md`` of ONNX, from opset 13 on. Inputs and attributes have its names and
defaults. An input that is left out is None. See `tfrt.kernels.shared.operators` for what all of them share.
"""
