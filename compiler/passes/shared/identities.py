"""Identities of scalar arithmetic: ``x + 0``, ``x * 1``, ``x & x`` and the like, exact to the last bit.

Only where the result is there just when the one operand is that is left; others, such as ``x * 0``, are in
`absorption.py`. Zeros keep their signs: ``x + -0.0`` is ``x``, but ``-0.0 + 0.0`` is ``0.0``. Casts there and back
have none, for on the way they round. A product with a power of two stays one: there is no op that shifts, and
shifting is no faster in Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.passes.shared.fold import constant_value, is_returned_by_sync_function
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.dialects.tfrt.chain import NewChainOp

_Find = Callable[[SSAValue, SSAValue], SSAValue | None]


def _neutral(neutral: float, *, either: bool) -> _Find:
    def find(lhs: SSAValue, rhs: SSAValue) -> SSAValue | None:
        if _is(rhs, neutral):
            return lhs
        return rhs if either and _is(lhs, neutral) else None

    return find


def _is(value: SSAValue, number: float) -> bool:
    """Whether a value is that number, and not only equal to it as zeros of both signs are."""
    found = constant_value(value)
    return found is not None and found == number and math.copysign(1, found) == math.copysign(1, number)


def _idempotent(name: str, neutral: float, *, either: bool) -> _Find:
    """``x & x``, ``x & true``, ``x & (x & y)``, ``y & (x & y)`` and ``(x & y) & y``, or the same with minima.

    Not ``(x & y) & x``: where both are errors, it is that of ``x``, and ``x & y`` that of ``y``, the last operand's.
    """

    def find(lhs: SSAValue, rhs: SSAValue) -> SSAValue | None:
        if lhs is rhs or rhs in _operands(lhs, name)[1:]:
            return lhs
        if lhs in _operands(rhs, name)[: 2 if either else 1]:
            return rhs
        return _neutral(neutral, either=either)(lhs, rhs)

    return find


def _operands(value: SSAValue, name: str) -> Sequence[SSAValue]:
    """Those of the op that gives a value, if that is its name."""
    op = value.owner
    return op.operands if isinstance(op, Operation) and name_of(op) == name else ()


def _alias(chain: SSAValue, value: SSAValue) -> SSAValue | None:
    return value if isinstance(chain.owner, NewChainOp) else None


_IDENTITIES: dict[str, _Find] = {
    "tfrt.and.i1": _idempotent("tfrt.and.i1", True, either=True),
    "tfrt.alias.value": _alias,
}
for _suffix in ("i32", "i64"):
    _IDENTITIES[f"tfrt.add.{_suffix}"] = _neutral(0, either=True)
    _IDENTITIES[f"tfrt.minus.{_suffix}"] = _neutral(0, either=False)
    _IDENTITIES[f"tfrt.mul.{_suffix}"] = _neutral(1, either=True)
    _IDENTITIES[f"tfrt.mul_s.{_suffix}"] = _neutral(1, either=True)
    _IDENTITIES[f"tfrt.div.{_suffix}"] = _neutral(1, either=False)
for _suffix in ("f32", "f64"):
    _IDENTITIES[f"tfrt.add.{_suffix}"] = _neutral(-0.0, either=True)
    _IDENTITIES[f"tfrt.multiply.{_suffix}"] = _neutral(1.0, either=True)
    _IDENTITIES[f"tfrt.div.{_suffix}"] = _neutral(1.0, either=False)
    # The minimum of infinity and NaN is infinity, that of NaN and infinity is NaN.
    _IDENTITIES[f"tfrt.minimum.{_suffix}"] = _idempotent(f"tfrt.minimum.{_suffix}", math.inf, either=False)


class Identities(RewritePattern):
    """Replaces an op that gives one of its operands."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        find = _IDENTITIES.get(name_of(op))
        # A remainder, the second result of an integer division, would be there even where the operand is an error.
        if find is None or len(op.operands) != 2 or any(result.uses for result in op.results[1:]):
            return
        found = find(op.operands[0], op.operands[1])
        if found is None or found.type != op.results[0].type or is_returned_by_sync_function(op):
            return
        rewriter.replace(op, [], [found, *(None for _ in op.results[1:])])
