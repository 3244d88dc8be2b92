"""Programs made of other programs' records: kernels that read other registers, run other functions, stand elsewhere.

`rewire` changes the records of a valid file so that they stay valid: registers are written before they are read, and
users and counts are as the reader wants them. So what comes out says something that nobody meant, in good form.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.executor.bef.records import connect, encode
from tfrt.executor.bef import BefFile, FunctionKind, FunctionRecord

Change = Callable[[random.Random, BefFile, FunctionRecord, int], "FunctionRecord | None"]
"""A change of a function at one of its kernels, or None where there is nothing to change."""

LIKELY = 0.8
"""How often what is put in a place has the type of what was there."""


def rewire(bef: BefFile, rng: random.Random) -> bytes:
    """A file with one to four changes, some without the registers' types."""
    functions = list(bef.functions)
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        for _ in range(20):
            function = rng.choice(functions)
            if function.kind is FunctionKind.NATIVE or len(function.kernels) < 2:
                continue
            kernel = rng.randrange(1, len(function.kernels))
            changed = rng.choice(CHANGES)(rng, bef, function, kernel)
            if changed is not None:
                functions[function.index] = connect(changed)
                break
    # Without them, nothing says that what a function is given is of the type that it takes.
    return encode(bef, functions, keeps_types=rng.random() < LIKELY)


def _with_kernel(function: FunctionRecord, number: int, **changes: object) -> FunctionRecord:
    kernels = list(function.kernels)
    kernels[number] = kernels[number]._replace(**changes)  # type: ignore[arg-type]
    return replace(function, kernels=tuple(kernels))


def _written_before(function: FunctionRecord, number: int) -> list[int]:
    arguments = range(len(function.argument_types))
    return [*arguments, *(r for kernel in function.kernels[1:number] for r in kernel.results)]


def _one_like(rng: random.Random, function: FunctionRecord, register: int, among: Sequence[int]) -> int | None:
    types = function.register_types
    alike = [r for r in among if types is not None and types[r] == types[register] and r != register]
    return rng.choice(alike if alike and rng.random() < LIKELY else among) if among else None


def _operand(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    arguments = list(function.kernels[number].arguments)
    if not arguments:
        return None
    at = rng.randrange(len(arguments))
    found = _one_like(rng, function, arguments[at], _written_before(function, number))
    assert found is not None
    arguments[at] = found
    return _with_kernel(function, number, arguments=tuple(arguments))


def _operands(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    """One more or one fewer."""
    arguments = list(function.kernels[number].arguments)
    before = _written_before(function, number)
    if arguments and rng.random() < 0.5:
        del arguments[rng.randrange(len(arguments))]
    elif before:
        arguments.insert(rng.randrange(len(arguments) + 1), rng.choice(before))
    return _with_kernel(function, number, arguments=tuple(arguments))


def _result(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    """What the function returns; it must be of the type that the function states."""
    results = list(function.result_registers)
    if not results or function.register_types is None:
        return None
    at = rng.randrange(len(results))
    alike = [r for r, type in enumerate(function.register_types) if type == function.result_types[at]]
    results[at] = rng.choice(alike)
    return replace(function, result_registers=tuple(results))


def _callee(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    callees = list(function.kernels[number].functions)
    if not callees:
        return None
    at = rng.randrange(len(callees))
    old = bef.functions[callees[at]]
    alike = [
        f.index
        for f in bef.functions
        if (f.argument_types, f.result_types) == (old.argument_types, old.result_types) and f is not old
    ]
    callees[at] = rng.choice(alike) if alike and rng.random() < LIKELY else rng.randrange(len(bef.functions))
    return _with_kernel(function, number, functions=tuple(callees))


def _name(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    """Another kernel of the file in this place, one that is alike elsewhere."""
    kernel = function.kernels[number]
    alike = {
        other.name
        for f in bef.functions
        for other in f.kernels[1:]
        if (len(other.arguments), len(other.results), len(other.attributes), len(other.functions))
        == (len(kernel.arguments), len(kernel.results), len(kernel.attributes), len(kernel.functions))
    }
    names = sorted(alike) if alike and rng.random() < LIKELY else list(bef.kernel_names)
    return _with_kernel(function, number, name=rng.choice(names))


def _attributes(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    """Those of another kernel, usually of the same name."""
    kernel = function.kernels[number]
    others = [o for f in bef.functions for o in f.kernels[1:] if len(o.attributes) == len(kernel.attributes)]
    alike = [o for o in others if o.name == kernel.name]
    other = rng.choice(alike if alike and rng.random() < LIKELY else others or [kernel])
    return _with_kernel(function, number, attributes=other.attributes)


def _stream(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    return _with_kernel(function, number, stream=rng.choice((0, 1, 2, rng.randrange(2**32))))


def _order(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    """The kernel before the one before it, if it does not read its results."""
    if number < 2 or not set(function.kernels[number].arguments).isdisjoint(function.kernels[number - 1].results):
        return None
    kernels, names = list(function.kernels), list(function.attribute_names or ())
    for listed in (kernels, names):
        if listed:
            listed[number - 1 : number + 1] = [listed[number], listed[number - 1]]
    return replace(function, kernels=tuple(kernels), attribute_names=tuple(names) if names else None)


def _kind(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    other = FunctionKind.SYNC if function.kind is FunctionKind.ASYNC else FunctionKind.ASYNC
    return replace(function, kind=other)


def _visitor(rng: random.Random, bef: BefFile, function: FunctionRecord, number: int) -> FunctionRecord | None:
    """A kernel of another function, in front of this one, with operands of this function."""
    host = rng.choice([f for f in bef.functions if len(f.kernels) > 1])
    at = rng.randrange(1, len(host.kernels))
    kernel, types = host.kernels[at], function.register_types
    if types is None or host.register_types is None:
        return None
    before = _written_before(function, number)
    arguments = []
    for register in kernel.arguments:
        alike = [r for r in before if types[r] == host.register_types[register]]
        if not alike:
            return None
        arguments.append(rng.choice(alike))
    first = len(function.use_counts)
    added = tuple(range(first, first + len(kernel.results)))
    visitor = kernel._replace(arguments=tuple(arguments), results=added)
    registers = first + len(added)
    pseudo, *kernels = function.kernels
    # The pseudo register's number is the number of registers.
    pseudo = pseudo._replace(results=(registers, *pseudo.results[1:]))
    kernels.insert(number - 1, visitor)
    listed = function.attribute_names
    names = host.attribute_names[at] if host.attribute_names else ()
    return replace(
        function,
        kernels=(pseudo, *kernels),
        use_counts=(0,) * registers,
        register_types=types + tuple([host.register_types[r] for r in kernel.results]),
        attribute_names=None if listed is None else (*listed[:number], names, *listed[number:]),
    )


CHANGES: Sequence[Change] = (
    _operand,
    _operand,
    _operands,
    _result,
    _callee,
    _callee,
    _name,
    _name,
    _attributes,
    _stream,
    _order,
    _kind,
    _visitor,
    _visitor,
)
