"""Elementwise ops of MHLO, which exporters call where StableHLO has none: they are CHLO's."""

from __future__ import annotations

from tfrt.executor.declarations.annotations import AnyHost, ResultMetadata
from tfrt.executor.declarations.custom_calls import custom_call
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.errors import KernelError

NAMES = ("acos", "acosh", "asin", "asinh", "atanh", "cosh", "erf", "erf_inv", "erfc", "sinh", "square", "tan")


def _register(name: str) -> None:
    @custom_call(f"mhlo.{name}", metadata=lambda operand: operand)
    def form(operand: TensorMetadata, *, metadata: ResultMetadata, host: AnyHost) -> ArrayForm:
        entry = CPU_OPS.get(f"chlo.{name}")
        if entry is None:
            raise KernelError(f"the CPU has no op 'chlo.{name}'")
        return entry.arrays((operand,), {}, host, metadata)


for _name in NAMES:
    _register(_name)
