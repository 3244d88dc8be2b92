"""The kernel that runs iterations of a loop all at once, as machine code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_attrs import read_metadata
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.machine_code import CannotAssemble, can_see_arrays, is_available, processor
from tfrt.executor.values.attributes import I64Array, TypedAggregate
from tfrt.kernels.cpu.iterations import Form, Iteration, iteration_of
from tfrt.kernels.numerics.machine_code.blocks import crew_of
from tfrt.kernels.numerics.machine_code.loop import assembled
from tfrt.kernels.numerics.packed import is_constant
from tfrt.kernels.numerics.workspaces import aligned

AFTER = 1 << 14
"""How many iterations have run before machine code is made of them, where the host does not ask for it at once."""

_MOST_WORK = 1 << 27
"""Multiplications, and elements of chains, that are done without a break."""

_MANY_ITERATIONS = 32
"""For so many iterations a matrix is worth being put in order that may be another one in the next call."""

_LEAST_ITERATIONS = 3
"""Fewer are not worth a call."""


@kernel("cpu.iterate", pure=True, prepares=True, overwrites=True)
def iterate(
    *,
    arguments: TypedAggregate,
    body: TypedAggregate,
    gives: I64Array,
    host: HostContext,
    context: ExecutionContext,
) -> Callable[..., tuple[Any, ...]]:
    """Runs all iterations as machine code, or none where there is none, the state is not as the program says, or
    neither the host has asked for it nor many iterations have run. It ends where the request is cancelled."""
    if host.native is False or not is_available():
        return lambda count, *operands, context: (count, *operands[: len(gives)])
    kinds = read_metadata(arguments)
    made: dict[tuple[object, ...], _Native | None] = {}
    spent = 0

    def run(count: int, *operands: Any, context: ExecutionContext) -> tuple[Any, ...]:
        nonlocal spent
        spent += max(0, count)
        if count >= _LEAST_ITERATIONS and (host.native is True or spent > AFTER):
            forms, is_long = tuple(map(_form_of, operands)), count >= _MANY_ITERATIONS
            if (forms, is_long) not in made:
                made[forms, is_long] = _native(body, kinds, forms, gives, host, is_long=is_long)
            native = made[forms, is_long]
            found = None if native is None else native.run(count, operands, context)
            if found is not None:
                return found
        return (count, *operands[: len(gives)])

    return run


def _form_of(operand: Any) -> Form:
    if not isinstance(operand, np.ndarray):
        return Form.NUMBER
    return Form.CONSTANT if is_constant(operand) else Form.ARRAY


@dataclass(frozen=True, slots=True)
class _Native:
    """A loop as machine code.

    Attributes:
        kinds: those of the operands.
        copied: the operands that are copied first, for it writes to them.
        crew: what it is given before arrays where threads share some of it: the crew's words.
    """

    code: Callable[..., None]
    iteration: Iteration
    kinds: Sequence[TensorMetadata]
    copied: frozenset[int]
    crew: tuple[np.ndarray, ...]

    def run(self, count: int, operands: Sequence[Any], context: ExecutionContext) -> tuple[Any, ...] | None:
        """How many iterations are left, and the state; None where operands are other ones than it was made for."""
        iteration, copied = self.iteration, self.copied
        loop, written = iteration.loop, iteration.written
        arrays: list[np.ndarray] = []
        places: list[int] = []
        given = list(operands)
        for number, (operand, known) in enumerate(zip(operands, self.kinds, strict=True)):
            if loop.arguments[number]:
                places.append(number)
                continue
            if operand.shape != known.shape or operand.dtype != known.dtype.numpy:
                return None
            if number in copied:
                given[number] = operand.copy()
            elif not operand.flags.c_contiguous or (number in written and not operand.flags.writeable):
                return None
            arrays.append(given[number])
        for number, find in iteration.finds:
            packed = None if find is None else find(operands[number])
            if find is not None and packed is None:
                return None
            arrays.append(operands[number] if packed is None else packed.made)
        numbers = np.array([operands[place] for place in places], np.int64)
        room, most = aligned(loop.room), max(1, _MOST_WORK // max(1, iteration.work))
        while count > 0 and context.cancellation is None:
            self.code(*self.crew, *arrays, room, numbers, min(count, most))
            count -= min(count, most)
        for place, number in zip(places, numbers.tolist(), strict=True):
            given[place] = bool(number) if loop.arguments[place] == 1 else number
        return (count, *given[: len(loop.gives)])


def _native(
    body: Any,
    kinds: Sequence[TensorMetadata],
    forms: Sequence[Form],
    gives: Sequence[int],
    host: HostContext,
    *,
    is_long: bool,
) -> _Native | None:
    try:
        if not (processor().fuses and can_see_arrays()):
            raise CannotAssemble("this processor, or Python, is not like those it is written for")
        found = iteration_of(body, kinds, forms, gives, host, is_long=is_long)
        code, copied = assembled(found.loop), frozenset(place for place, _ in found.loop.copies)
        crew: tuple[np.ndarray, ...] = ()
        if found.loop.is_shared:
            threads = host.single(crew_of)
            threads.start()
            crew = (threads.words,)
        return _Native(code, found, kinds, copied, crew)
    except (CannotAssemble, NotImplementedError, KernelError) as error:
        # What is wrong with a kernel is told where the loop calls it.
        logging.getLogger("tfrt").info("no machine code for a loop: %s", error)
        return None
