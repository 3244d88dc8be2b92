"""Whether the registers of a decoded function are written and read as kernels and their users say."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.model import FunctionRecord, KernelRecord


def check_dataflow(function: FunctionRecord, cursor: Cursor, at: int) -> None:
    """Registers are written once and before they are read, and each read is announced by exactly one user entry.

    Raises:
        BefError: they are not; the trouble is said to be `at` that offset.
    """
    registers = len(function.use_counts)
    kernels = function.kernels
    pseudo = kernels[0]
    if _is_as_emitted(function):
        return
    if pseudo.results != (registers, *range(len(function.argument_types))):
        cursor.fail("the pseudo kernel does not provide the function's arguments", at)
    reads = [0] * (registers + 1)
    written = bytearray(registers + 1)
    for number, kernel in enumerate(kernels):
        for register in kernel.arguments:
            if register >= registers or not written[register]:
                cursor.fail(f"kernel {number} reads register {register} before it is written", at)
            reads[register] += 1
        if number and not kernel.arguments:
            reads[registers] += 1
        for register in kernel.results:
            if register > registers or written[register] or (register == registers and number):
                cursor.fail(f"kernel {number} cannot write register {register}", at)
            written[register] = 1
    if not all(written):
        cursor.fail(f"register {written.index(0)} is never written", at)
    readers, ends = _readers(kernels, reads)
    for number, kernel in enumerate(kernels):
        for register, users in zip(kernel.results, kernel.users, strict=True):
            end = ends[register]
            if sorted(users) != readers[end - reads[register] : end].tolist():
                cursor.fail(f"the users of register {register} of kernel {number} are not its readers", at)
    uses = reads[:registers]
    for register in function.result_registers:
        uses[register] += 1
    if tuple(uses) != function.use_counts:
        wrong = next(r for r, (a, b) in enumerate(zip(uses, function.use_counts, strict=True)) if a != b)
        cursor.fail(f"register {wrong} has {uses[wrong]} uses, not {function.use_counts[wrong]}", at)


def _is_as_emitted(function: FunctionRecord) -> bool:
    """Whether the dataflow is right, of a file with registers and users in the order in which our compiler has them.

    False says nothing.
    """
    pseudo, *kernels = function.kernels
    if pseudo.results != (len(function.use_counts), *range(len(function.argument_types))):
        return False
    # The users of each register that has been written, the last one first, and how many of them have not come yet.
    users = list(pseudo.users[1:])
    left = list(map(len, users))
    for number, kernel in enumerate(kernels, 1):
        for register in kernel.arguments:
            if register >= len(left):
                return False
            left[register] = at = left[register] - 1
            if at < 0 or users[register][at] != number:
                return False
        for register, readers in zip(kernel.results, kernel.users, strict=True):
            if register != len(left):
                return False
            users.append(readers)
            left.append(len(readers))
    without = tuple([number for number, kernel in enumerate(kernels, 1) if not kernel.arguments])
    if any(left) or len(left) != len(function.use_counts) or pseudo.users[0] != without:
        return False
    uses = list(map(len, users))
    for register in function.result_registers:
        uses[register] += 1
    return tuple(uses) == function.use_counts


def _readers(kernels: Sequence[KernelRecord], reads: Sequence[int]) -> tuple[array[int], list[int]]:
    """The kernels that read each register, in one array register by register, and where each register's end in it.

    Args:
        reads: how often each register is read; the last one, the pseudo register, by the kernels without arguments.
    """
    ends = [0, *accumulate(reads[:-1])]
    readers = array("I", bytes(array("I").itemsize * sum(reads)))
    for number, kernel in enumerate(kernels):
        for register in kernel.arguments or ((len(reads) - 1,) if number else ()):
            readers[ends[register]] = number
            ends[register] += 1
    return readers, ends
