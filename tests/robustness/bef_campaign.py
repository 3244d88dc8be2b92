"""Any bytes are refused with section and offset, or are a program that all tools can handle and that runs to an end.

What is accepted is decoded, shown, described, loaded and run: on kernels that take anything, and some on the real
ones; and some of what is shown as text is compiled again. Reading allocates at most ten times the file.
"""

from __future__ import annotations

import contextlib
import io
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

from tests.executor.bef.bounded_runs import SAMPLES, Budget, Impatient, Kernels, Standins
from tests.robustness import bef_inputs
from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef import BefFile, FunctionKind, functions, read_bef
from tfrt.executor.bef.attribute_values import decode
from tfrt.executor.bef.format import HEADER, SectionId
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import BefError, CompileError, KernelError, LoadError
from tfrt.executor.tools import bef_info
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.dtype import DType

MEMORY_FACTOR = 10
MEMORY_FLOOR = 8 * 1024
"""Reading may allocate ten times the file, and what the records of the smallest file take."""

DECLARATIONS = [
    *(Stored(kind, dtype) for kind in ("scalar", "array") for dtype in DType),
    *map(Stored, ("type", "type_array", "shape", "dense", "aggregate", "typed_aggregate")),
]

ACCEPTED, REFUSED = "accepted", "refused"


class BefCampaign:
    """Files by number, or given ones.

    Args:
        measured: of how many files the memory of one is measured, which takes as long as reading it several times.
        run: of how many files one is run, where it is accepted.
        used: of how many one is used in all ways.
        files: the cases, instead of made ones.
    """

    suffix = ".bef"

    def __init__(self, measured: str, run: str, used: str, *files: str):
        self.totals: Counter[str] = Counter()
        self.measured, self.run, self.used = int(measured), int(run), int(used)
        self.files = files

    def make(self, number: int) -> bytes:
        return Path(self.files[number]).read_bytes() if self.files else bef_inputs.make(number)

    def check(self, case: bytes, number: int) -> str:
        bef = read(case) if number % self.measured == 0 else read_unmeasured(case)
        if bef is None:
            if number % self.run == 0:
                check_together(case, None)
            return REFUSED
        if number % self.run == 0:
            run(bef)
            check_together(case, bef)
        if number % self.used == 0:
            use(bef, len(case))
        return ACCEPTED


def read(data: bytes) -> BefFile | None:
    """The file, or None where it is refused."""
    tracemalloc.start()
    try:
        return read_unmeasured(data)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak <= MEMORY_FACTOR * len(data) + MEMORY_FLOOR, f"{peak} bytes for a file of {len(data)}"


def read_unmeasured(data: bytes) -> BefFile | None:
    try:
        return read_bef(data)
    except BefError as error:
        assert error.offset is not None and 0 <= error.offset <= len(data), error
        # In front of the first section there is none.
        assert error.section is not None or error.offset < len(HEADER), error
        return None


def check_together(data: bytes, expected: BefFile | None) -> None:
    """Whether a file means the same, and is refused with the same words, where functions are checked all together."""
    with mock.patch.object(functions, "LEAST_BYTES", 0):
        found = read_unmeasured(data)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert list(found.functions) == list(expected.functions)


def use(bef: BefFile, size: int) -> None:
    """Do with a file of `size` bytes whatever can be done with one."""
    decode_all(bef)
    tell(bef, size)
    run(bef)
    for options in TIERS:
        run_real(bef, **options)
    translate_back(bef)


def decode_all(bef: BefFile) -> None:
    """Decode each attribute as each kind there is, and each location."""
    attributes = {at for function in bef.functions for kernel in function.kernels for at in kernel.attributes}
    for at in attributes:
        for stored in (Stored("any"), *DECLARATIONS):
            attempt(bef.attribute, at, stored)
            # As though the file recorded no types.
            attempt(decode, bef.section(SectionId.ATTRIBUTES), at, stored, None)
    for function in bef.functions:
        attempt(bef.location, function.location)
        for kernel in function.kernels:
            attempt(bef.location, kernel.location)


def attempt(function: object, *arguments: object, **options: object) -> None:
    """Call something that may refuse the file."""
    with contextlib.suppress(BefError):
        function(*arguments, **options)  # type: ignore[operator]


def run(bef: BefFile) -> None:
    """Run it on kernels that take anything, tasks in any order."""
    registry = Standins()
    with HostContext("seeded:0", registry=registry) as host:
        try:
            program = Program(bef, host)
        except LoadError:
            # It asks for native functions.
            assert any(function.kind is FunctionKind.NATIVE for function in bef.functions)
            return
        for function in program.all_functions:
            registry.calls = 0
            arguments = [0] * len(function.argument_types)
            # A synchronous function without results raises what has failed.
            with contextlib.suppress(KernelError):
                host.wait(function.execute(ExecutionContext(host), arguments))
            host.quiesce()
            assert registry.calls <= registry.LIMIT + 1


def tell(bef: BefFile, size: int) -> None:
    """What `bef-info` says of a file, and what it is as text."""
    attempt(disassemble, bef)
    attempt(disassemble, bef, generic=False)
    found = bef_info.describe(bef, size)
    assert list(bef_info._lines(found, "f.bef"))
    bef_info.verify(bef)


TIERS: tuple[dict[str, Any], ...] = ({"plans": False}, {"plan_threshold": 0})


def run_real(bef: BefFile, **options: Any) -> None:
    """Run it on the real kernels, in a request that is cancelled after a while."""
    host = HostContext(Impatient(), registry=Kernels(), native=False, out=io.StringIO(), files=False, **options)
    with host:
        try:
            program = Program(bef, host)
        except LoadError:
            return
        for function in program.all_functions:
            arguments = [SAMPLES.get(type) for type in function.argument_types]
            if None not in arguments:
                with contextlib.suppress(KernelError):
                    host.wait(function.execute(Budget(host), arguments))
                host.quiesce()


def translate_back(bef: BefFile) -> None:
    """Compile what it is as text: a program, or one with mistakes that are told."""
    try:
        text = disassemble(bef)
    except BefError:
        return
    with contextlib.suppress(CompileError):
        read_bef(compile(text, "f.mlir"))
