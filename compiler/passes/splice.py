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

from tfrt.compiler.passes.purity import arguments_behind, arguments_of, cannot_fail, is_pure


def can_splice(body: Block, operands: Sequence[SSAValue]) -> bool:
    """Whether `body` may stand in place of an op that runs it on `operands`."""
    # The last one that is an error is what the op's results are.
    fallible = [number for number, operand in enumerate(operands) if not cannot_fail(operand)][::-1]
    behind = arguments_behind(body)
    end = body.last_op
    assert end is not None
    if any([n for n in arguments_of(result, body, behind) if n in fallible] != fallible for result in end.operands):
        return False
    return all(op is end or is_pure(op) or set(fallible) <= set(behind[op]) for op in body.ops)


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
