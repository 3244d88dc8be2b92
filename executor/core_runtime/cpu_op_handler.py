"""The CPU op handler: runs ops of an `OpRegistry` on the host, as soon as their inputs are there.

Inputs of a kind that the op does not take are converted to dense tensors. Source of the semantics:
``backends/cpu/lib/core_runtime/cpu_op_handler.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfrt.executor.core_runtime.dispatch import dispatch
from tfrt.executor.core_runtime.op_handler import Invocation, NullOpHandler, Op, OpHandler, Outcome
from tfrt.executor.core_runtime.short_cut import ShortCut, short_cut
from tfrt.executor.declarations.op import OpEntry, OpFlags
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.declarations.op_registry import CPU_OPS, OpRegistry
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.device import HOST_DEVICE, Device
from tfrt.executor.values.tensor import CooHostTensor, DenseHostTensor, ScalarHostTensor, StringHostTensor, to_dense

_NULL = NullOpHandler()


@dataclass(frozen=True, eq=False)
class CpuOpHandler:
    """Runs the ops of `ops` on the host, and asks `fallback` for others.

    Its `name` is ``cpu`` and its `device` the host's CPU, unless it is told otherwise.
    """

    fallback: OpHandler = _NULL
    device: Device = HOST_DEVICE
    ops: OpRegistry = CPU_OPS
    name: str = "cpu"

    def make_op(self, op_name: str) -> Op:
        """The op of that name, from the registry or the fallback."""
        entry = self.ops.get(op_name)
        if entry is None:
            return self.fallback.make_op(op_name)
        return _CpuOp(entry, self.device)


@dataclass(frozen=True, slots=True, eq=False)
class _CpuOp:
    entry: OpEntry
    device: Device

    def __call__(self, invocation: Invocation) -> Outcome:
        return dispatch(self.entry, self.device, _run, invocation)

    def short_cut(self, attrs: OpAttrs, host: HostContext) -> ShortCut | None:
        return short_cut(self.entry, self.device, attrs, host)


def _run(entry: OpEntry, inputs: list[Any], invocation: Invocation, metadata: tuple[Any, ...] | None) -> Sequence[Any]:
    flags = entry.flags
    tensors = tuple([t if type(t) is DenseHostTensor else _accept(t, flags) for t in inputs])
    return entry.run(tensors, invocation.attrs.by_name, invocation.context.host, metadata)


def _accept(tensor: Any, flags: OpFlags) -> Any:
    """The tensor, which is not dense, as the op takes it.

    Raises:
        KernelError: it is of a kind that the op does not take and that cannot be made dense.
    """
    match tensor:
        case ScalarHostTensor():
            return tensor if OpFlags.ALLOWS_SCALAR in flags else to_dense(tensor)
        case CooHostTensor():
            return tensor if OpFlags.ALLOWS_COO in flags else to_dense(tensor)
        case StringHostTensor() if OpFlags.ALLOWS_STRING in flags:
            return tensor
    raise KernelError(f"Cannot implictly convert {tensor.kind} to DenseHost")
