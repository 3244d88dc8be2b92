"""Corrupt files: each is refused with a `BefError`, or is fully usable. Nothing crashes, hangs or eats memory.

Every prefix of every reference file, and random mutations of it; ``TFRT_MUTATIONS`` says how many a file. What is
accepted is decoded, disassembled, loaded and run. It runs on kernels that stand in for the real ones, because a
mutated constant may ask a real one to sleep for a century or to write a file: they take whatever operands,
attributes and functions they are given, call the functions, sometimes fail, and cancel the request after a while,
which ends programs that recurse without end. The work queue refuses to wait for a value that nobody is going to
provide, so a file whose records lead the executor to a standstill shows up as a `RuntimeError`.
"""

from __future__ import annotations

import contextlib
import os
import random
import tracemalloc
from pathlib import Path

import pytest

from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef import BefFile, FunctionKind, read_bef
from tfrt.executor.bef.attribute_values import decode
from tfrt.executor.bef.format import SectionId
from tfrt.executor.declarations.annotations import Attributes, Functions, ResultCount
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import KernelRegistry
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import BefError, KernelError, LoadError
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.dtype import DType

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.bef"))
MUTATIONS = int(os.environ.get("TFRT_MUTATIONS", "16"))

MEMORY_FACTOR = 10
MEMORY_FLOOR = 8 * 1024
"""Reading may allocate ten times the file, and what the records of the smallest file take."""

EXTREMES = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
DECLARATIONS = [
    *(Stored(kind, dtype) for kind in ("scalar", "array") for dtype in DType),
    *map(Stored, ("type", "type_array", "shape", "dense", "aggregate")),
]


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to four changes of the kinds that files suffer, or that an attacker would make."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(found) or 1)
        match rng.randrange(8):
            case 0 | 1:
                found[at : at + 1] = [found[at] ^ 1 << rng.randrange(8)] if found else []
            case 2:
                found[at : at + 1] = [rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))]
            case 3:
                found[at:at] = rng.randbytes(rng.choice((1, 1, 4, 8)))
            case 4:
                del found[at : at + rng.choice((1, 1, 4, 8, 64))]
            case 5:
                other = rng.randrange(len(found) or 1)
                found[at : at + 4], found[other : other + 4] = found[other : other + 4], found[at : at + 4]
            case 6:
                word = rng.choice((*EXTREMES, rng.randrange(32)))
                found[at & ~3 : (at & ~3) + 4] = word.to_bytes(4, "little")
            case 7:
                # Changes a file in its later parts, where sections end early.
                if rng.random() < 0.2:
                    del found[at:]
    return bytes(found)


class Standins(KernelRegistry):
    """Kernels that take anything; see the module docstring. One registry is good for one run."""

    LIMIT = 300

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def get(self, name: str) -> Kernel:
        def run(
            *operands: object,
            attributes: Attributes,
            functions: Functions,
            count: ResultCount,
            context: ExecutionContext,
        ) -> tuple[object, ...]:
            self.calls += 1
            if self.calls > self.LIMIT:
                context.cancel()
            if self.calls % 11 == 0:
                raise KernelError("stands in for a failure")
            results: list[object] = []
            for function in functions:
                results += function.execute(context, [self.calls] * len(function.argument_types))
            results += [self.calls] * count
            return tuple(results[:count])

        return Kernel(name, run)


def read(data: bytes) -> BefFile | None:
    """The file, or None where it is refused."""
    tracemalloc.start()
    try:
        return read_unmeasured(data)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak <= MEMORY_FACTOR * len(data) + MEMORY_FLOOR


def read_unmeasured(data: bytes) -> BefFile | None:
    try:
        return read_bef(data)
    except BefError:
        return None


def use(bef: BefFile) -> None:
    """Do with a file whatever can be done with one."""
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
    attempt(disassemble, bef)
    attempt(disassemble, bef, generic=False)
    run(bef)


def attempt(function: object, *arguments: object, **options: object) -> None:
    """Call something that may refuse the file."""
    with contextlib.suppress(BefError):
        function(*arguments, **options)  # type: ignore[operator]


def run(bef: BefFile) -> None:
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
            context = ExecutionContext(host)
            host.wait(function.execute(context, arguments))
            host.quiesce()
            assert registry.calls <= registry.LIMIT + 1


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_files_themselves_are_usable(path):
    bef = read(path.read_bytes())
    assert bef is not None
    use(bef)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_prefixes(path):
    data = path.read_bytes()
    # Counting memory takes ten times as long as reading, and what a file takes grows with it.
    lengths = [n for n in range(len(data)) if (read if n % 8 == 0 else read_unmeasured)(data[:n]) is not None]
    # Only optional sections can be missing at the end: three of them, and two of locations.
    assert len(lengths) <= 5
    for length in lengths[:: len(lengths) - 1]:
        use(read_bef(data[:length]))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_mutations(path):
    data = path.read_bytes()
    for seed in range(MUTATIONS):
        mutated = mutate(data, random.Random(f"{path.stem} {seed}"))
        try:
            bef = read(mutated)
            if bef is not None:
                use(bef)
        except Exception as error:
            error.add_note(f"mutation {seed} of {path.name}: {len(mutated)} bytes")
            raise
