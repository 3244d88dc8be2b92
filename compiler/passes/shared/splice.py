"""Replacing an op by the body of what it would run.

An op whose operand is an error does not run, nor does anything inside it; and all its results are errors. Once its body
stands in its place, that holds only for what depends on the operand. So a body may be spliced in only where nobody can
tell: each operand either cannot fail, or everything in the body that is not pure, and every result, needs it; and
where several are errors, every result is the one that the op's would be.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter
from xdsl.rewriter import InsertPoint

from tfrt.compiler.passes.shared.purity import Infallible, cannot_fail, is_pure


def can_splice(body: Block, operands: Sequence[SSAValue], known: Infallible | None = None) -> bool:
    """Whether `body` may stand in place of an op that runs it on `operands`; `known` is as in `cannot_fail`."""
    # The last one that is an error is what the op's results are.
    fallible = [n for n, operand in enumerate(operands) if not cannot_fail(operand, known=known)][::-1]
    if not fallible:
        return True
    end = body.last_op
    assert end is not None
    wanted = [body.args[number] for number in fallible]
    if any(not _fails_as(result, wanted, body) for result in end.operands):
        return False
    needed = _needed(body, fallible)
    everything = (1 << len(fallible)) - 1
    return all(op is end or needed[op] == everything or is_pure(op) for op in body.ops)


def _fails_as(value: SSAValue, wanted: Sequence[SSAValue], body: Block) -> bool:
    """Whether a value is not there without these arguments of `body`, and the first of them that is an error counts.

    An op passes on its last operand's error, so going back from the last operand finds arguments in that order.
    """
    numbers = {argument: number for number, argument in enumerate(wanted)}
    waiting, seen, found = [value], set[SSAValue](), 0
    while waiting and found < len(wanted):
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        if isinstance(at.owner, Operation):
            if at.owner.parent is body:
                waiting.extend(at.owner.operands)
        elif at in numbers:
            if numbers[at] != found:
                return False
            found += 1
    return found == len(wanted)


def _needed(body: Block, numbers: Sequence[int]) -> dict[Operation, int]:
    """For each op of `body`, which of these arguments of it the op does not run without, as bits."""
    bits: dict[SSAValue, int] = {body.args[number]: 1 << bit for bit, number in enumerate(numbers)}
    needed: dict[Operation, int] = {}
    for op in body.ops:
        found = 0
        for operand in op.operands:
            found |= bits.get(operand, 0)
        needed[op] = found
        bits.update(dict.fromkeys(op.results, found))
    return needed


def splice(op: Operation, body: Block, operands: Sequence[SSAValue], rewriter: PatternRewriter) -> None:
    """Put `body`, which nothing else needs, in place of `op`, with `operands` for its arguments."""
    rewriter.replace(op, [], insert_body(op, body, operands, rewriter))


def insert_body(op: Operation, body: Block, operands: Sequence[SSAValue], rewriter: PatternRewriter) -> list[SSAValue]:
    """Put `body`, which nothing else needs, before `op`, with `operands` for its arguments; gives its results."""
    end = body.last_op
    assert end is not None
    # What the body returns may be one of its arguments.
    results = [operands[r.index] if isinstance(r, BlockArgument) and r.block is body else r for r in end.operands]
    rewriter.erase(end)
    rewriter.inline_block(body, InsertPoint.before(op), operands)
    return results
