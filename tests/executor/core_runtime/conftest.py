"""Ops made for the tests, in a registry of their own, and a core runtime on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpEntry, OpFlags
from tfrt.executor.declarations.op_registry import OpRegistry
from tfrt.executor.values.tensor import DenseHostTensor, StringHostTensor


@dataclass
class Lab:
    """A host, its core runtime, a handler with the test ops, and what happened."""

    host: tfrt.HostContext
    runtime: CoreRuntime
    handler: CpuOpHandler
    diagnostics: list[str] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)

    def run(self, name: str, *arguments: Any, **options: Any) -> Any:
        return self.runtime.execute(name, *arguments, handler=self.handler, **options)


@pytest.fixture(params=["s", "mstd:2"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    diagnostics: list[str] = []
    with tfrt.HostContext(request.param, diagnostic_handler=lambda d: diagnostics.append(d.headline())) as host:
        ops = OpRegistry()
        lab = Lab(host, CoreRuntime.of(host), CpuOpHandler(ops=ops), diagnostics)
        for entry in _ops(lab):
            ops.register(entry)
        yield lab


def _same(a: TensorMetadata, b: TensorMetadata) -> TensorMetadata:
    if a.shape != b.shape:
        raise tfrt.KernelError(f"shapes differ: {list(a.shape)} and {list(b.shape)}")
    return a


def _ops(lab: Lab) -> Iterator[OpEntry]:
    def op(name: str, dispatch: Callable[..., Any], metadata: Any = None, flags: OpFlags = OpFlags.NONE) -> OpEntry:
        return OpEntry(f"t.{name}", dispatch, metadata, flags)

    def add(a: DenseHostTensor, b: DenseHostTensor) -> DenseHostTensor:
        return DenseHostTensor(a.array + b.array, a.dtype)

    def later(a: DenseHostTensor, *, host: tfrt.HostContext) -> tfrt.AsyncValue:
        value = tfrt.AsyncValue()
        host.enqueue(lambda: value.set(a))
        return value

    def fails(a: DenseHostTensor) -> DenseHostTensor:
        raise tfrt.KernelError("op failed")

    def fails_later(a: DenseHostTensor, *, host: tfrt.HostContext) -> tfrt.AsyncValue:
        value = tfrt.AsyncValue()
        host.enqueue(lambda: value.set_error(tfrt.KernelError("op failed later")))
        return value

    def scale(a: DenseHostTensor, *, factor: int, offset: int = 0) -> DenseHostTensor:
        return DenseHostTensor(a.array * factor + offset, a.dtype)

    def split(a: DenseHostTensor, *, metadata: ResultMetadata) -> tuple[DenseHostTensor, DenseHostTensor]:
        assert len(metadata) == 2
        return DenseHostTensor(a.array[:1], a.dtype), DenseHostTensor(a.array[1:], a.dtype)

    def note(a: Any) -> None:
        lab.seen.append(str(a))

    yield op("add", add, _same)
    yield op("add_no_md", add)
    yield op("later", later, lambda a: a)
    yield op("later_no_md", later)
    yield op("fails", fails, lambda a: a)
    yield op("fails_later", fails_later, lambda a: a)
    yield op("scale", scale, lambda a, *, factor: a)
    yield op("split", split, lambda a: (TensorMetadata(a.dtype, (1,)), TensorMetadata(a.dtype, (a.shape[0] - 1,))))
    yield op("note", note, lambda a: (), OpFlags.SIDE_EFFECTS)
    yield op("kind", lambda a: StringHostTensor((), (type(a).__name__,)))
    yield op("kind_scalar", lambda a: StringHostTensor((), (type(a).__name__,)), None, OpFlags.ALLOWS_SCALAR)
    yield op("kind_string", lambda a: StringHostTensor((), (type(a).__name__,)), None, OpFlags.ALLOWS_STRING)
    yield op("wrong_count", lambda a: (a, a), None)
