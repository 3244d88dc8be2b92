"""Kernels that take arrays out of tensors of the core runtime, put them in, and make memory for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NoReturn

import numpy as np

from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.op_attrs import read_metadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.prepared import Prepared, Scribe
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import I64, Dense, I64Array, String, TypedAggregate
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.device import HOST_DEVICE
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.executor.values.variable import Variable
from tfrt.executor.values.weights import Weights
from tfrt.kernels.corert.known_metadata import when_there
from tfrt.kernels.numerics.copying import copied
from tfrt.kernels.numerics.workspaces import Reused, aligned

_ARRAY: Callable[[DenseHostTensor], np.ndarray] = attrgetter("array")
_METADATA = attrgetter("metadata")

_MOST_KEPT = 1 << 24
"""How many bytes of an arena are kept for the next call."""


@kernel("cpu.arrays", pure=True, prepares=True)
def arrays(*, metadata: TypedAggregate, host: HostContext) -> Callable[..., Any]:
    known = read_metadata(metadata)
    context = ExecutionContext(host)

    def take(handler: Any, *handles: TensorHandle) -> Any:
        if type(handler) is not CpuOpHandler or handler.ops is not CPU_OPS:
            _refuse(handler)
        if tuple(map(_METADATA, handles)) == known:
            found = [handle.tensor.array for handle in handles if type(handle.tensor) is DenseHostTensor]
            if len(found) == len(known):
                return tuple(found)
        return tuple(when_there(handle, wanted, context, _ARRAY) for handle, wanted in zip(handles, known, strict=True))

    return take if len(known) != 1 else lambda handler, handle: take(handler, handle)[0]


@kernel("cpu.constant", constant=True)
def constant(*, value: Dense) -> np.ndarray:
    return value


@kernel("cpu.weight", constant=True)
def weight(*, metadata: TypedAggregate, name: String, weights: Weights) -> np.ndarray:
    (known,) = read_metadata(metadata)
    return weights.get(name, known.dtype, known.shape)


@kernel("cpu.variable", pure=True, prepares=True)
def variable(*, name: String, resources: ResourceContext) -> Callable[..., Any]:
    def find(*initial: np.ndarray) -> Variable:
        return resources.get_or_create(name, lambda: Variable(name, *initial))

    return find


@kernel("cpu.arena", pure=True, prepares=True)
def arena(*, metadata: TypedAggregate, offsets: I64Array, size: I64, host: HostContext) -> Callable[..., Any]:
    views = zip(read_metadata(metadata), offsets, strict=True)
    layout = [(known.shape, known.dtype.numpy, offset) for known, offset in views]
    # Layers that follow one another are alike: one array serves for all of the same place, type and shape.
    different = list(dict.fromkeys(layout))
    places = [different.index(view) for view in layout]

    # Towards a limit nothing is to count that nobody uses, nor room for alignment.
    is_limited = host.memory is not None

    def make() -> list[np.ndarray]:
        memory = np.empty(size, np.uint8) if is_limited else aligned(size)
        return [memory, *(np.ndarray(shape, dtype, memory, offset) for shape, dtype, offset in different)]

    find: Callable[[], Sequence[np.ndarray]] = make if is_limited or size > _MOST_KEPT else Reused(make)
    if len(layout) == 1:
        return lambda: find()[1]
    choose = itemgetter(*(place + 1 for place in places))
    return lambda: choose(find())


@kernel("cpu.handle", pure=True, prepares=True)
def handle(*, metadata: TypedAggregate, host: HostContext) -> Callable[..., Any]:
    (known,) = read_metadata(metadata)
    dtype = known.dtype

    def make(handler: Any, array: np.ndarray) -> TensorHandle:
        if type(handler) is not CpuOpHandler or handler.ops is not CPU_OPS:
            _refuse(handler)
        return TensorHandle(host, HOST_DEVICE, DenseHostTensor(array, dtype), known)

    return make


@kernel("cpu.item", pure=True)
def item(array: np.ndarray) -> Any:
    return array.item()


@kernel("cpu.own", pure=True, prepares=True)
def own() -> Prepared:
    return Prepared(_own, is_new=False, write=_write_own)


def _own(array: np.ndarray) -> np.ndarray:
    flags = array.flags
    # `carray` is that it is contiguous, aligned, and may be written to.
    return array if flags.carray and flags.owndata else copied(array)


def _write_own(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
    (array,) = operands
    flags = f"{result}_flags"
    return [
        f"{flags} = {array}.flags",
        f"{result} = {array} if {flags}.carray and {flags}.owndata else {scribe.constant(copied, 'copied')}({array})",
        f"del {flags}",
    ]


@kernel("cpu.copy", pure=True)
def copy(array: np.ndarray) -> np.ndarray:
    return copied(array)


@kernel("cpu.cast", pure=True)
def cast(array: Any) -> Any:
    return array


@kernel("cpu.settled", pure=True)
def settled(array: np.ndarray, *others: Any) -> np.ndarray:
    return array


@kernel("cpu.after")
def after(chain: Chain, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return arrays


def _refuse(handler: Any) -> NoReturn:
    name = getattr(handler, "name", type(handler).__name__)
    raise KernelError(
        f"the program was compiled for the CPU's op handler, not for '{name}': compile it with -O0, or without the "
        "pass lower-to-cpu"
    )
