"""What is known of all values of a framework's program, from what is known of the arguments of its functions.

Functions are looked into anew for each kind of arguments that they are called with, as copies. Of loops and branches
that holds which is true of every iteration and of each branch; of a branch on a constant only that one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from xdsl.dialects.builtin import IntegerAttr, StringAttr, TensorType, UnrankedTensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from tfrt.compiler.locations import location_of
from tfrt.compiler.passes.shared.core_ops import core_op
from tfrt.compiler.passes.shared.custom_calls import is_identity, shape_operands_of
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.shape_inference import (
    Fact,
    Misfit,
    constant_fact,
    infer,
    is_static,
    joined,
    narrowed,
    shape_of,
)
from tfrt.compiler.passes.shared.source_ops import FORWARDING, Unsupported, callee_of
from tfrt.executor.support.diagnostics import Diagnostic

CONSTANTS = frozenset(("arith.constant", "stablehlo.constant", "tf.Const"))
"""Ops that are constants."""

CASTS = FORWARDING | {"builtin.unrealized_conversion_cast"}
"""Ops whose results are their operands."""

_BRANCHES = frozenset(("stablehlo.if", "stablehlo.case"))
_LOOP = "stablehlo.while"

_MOST_KINDS = 32
"""For how many kinds of arguments a function is copied."""

_MOST_PASSED = 16
"""How many elements a constant may have that makes a kind of arguments."""


@dataclass
class Special:
    """A copy of a function, for one kind of arguments."""

    function: FuncOp
    results: list[Fact]


@dataclass
class Propagation:
    """Finds out what is known.

    Attributes:
        functions: the program's functions by name.
        recursive: those that call themselves, perhaps through others; they are left as they are.
        facts: what is known of values, for those that were come by.
        calls: which copy each call calls.
        taken: which region of a branch on a constant is taken.
        problems: ops that surely run and cannot.
    """

    functions: dict[str, FuncOp]
    recursive: frozenset[str]
    facts: dict[SSAValue, Fact] = field(default_factory=dict)
    calls: dict[Operation, Special] = field(default_factory=dict)
    taken: dict[Operation, int] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    _specials: dict[str, dict[object, Special]] = field(default_factory=dict)
    _is_sure: bool = True

    def fact(self, value: SSAValue) -> Fact:
        """What is known of a value."""
        return self.facts.get(value) or Fact(value.type)

    def function(self, function: FuncOp, arguments: Sequence[Fact] = ()) -> list[Fact]:
        """Look into a function whose arguments are as declared, or as is said; gives what is known of its results."""
        return self.block(function.body.block, arguments)

    def block(self, block: Block, arguments: Sequence[Fact] = ()) -> list[Fact]:
        """Likewise a block; gives what is known of what its last op takes."""
        self.facts.update(zip(block.args, arguments, strict=False))
        for op in block.ops:
            if op.next_op is None:
                return [self.fact(operand) for operand in op.operands]
            try:
                found = self._op(op)
            except Misfit as misfit:
                found = None
                if self._is_sure and self._is_refined(op):
                    self._report(op, str(misfit))
            except Unsupported:
                # It is reported when the program is lowered.
                found = None
            self.facts.update(zip(op.results, found or map(Fact, op.result_types), strict=True))
        raise AssertionError("blocks end in a terminator")

    def _is_refined(self, op: Operation) -> bool:
        """Whether more is known of an op's operands than the program says, whose own mistakes are not looked for."""
        return any(self.fact(operand).type != operand.type for operand in op.operands)

    def _report(self, op: Operation, message: str) -> None:
        shapes = ", ".join(str(self.fact(operand).type) for operand in op.operands)
        said = f"'{name_of(op)}' op cannot be run on {shapes or 'nothing'}: {message}"
        if op.name == "builtin.unrealized_conversion_cast":
            said = f"a value of type {shapes} is given where the program says {op.result_types[0]}"
        diagnostic = Diagnostic("error", said, location_of(op.location))
        if diagnostic not in self.problems:
            self.problems.append(diagnostic)

    def _op(self, op: Operation) -> list[Fact] | None:
        """What is known of an op's results; None where it is no more than is declared."""
        callee, name = callee_of(op), name_of(op)
        if callee is not None:
            return self._call(op, callee)
        if name in CONSTANTS:
            return [fact_of_constant(op)]
        if name in CASTS or is_identity(op):
            return [self._narrow(self.fact(o), r) for o, r in zip(op.operands, op.results, strict=True)]
        if op.name in _BRANCHES:
            return self._branch(op)
        if op.name == _LOOP:
            return self._loop(op)
        if not op.results or not all(isinstance(type, _TENSORS) for type in op.result_types):
            return None
        if name == "stablehlo.get_dimension_size":
            return self._dimension_size(op)
        if (numbers := shape_operands_of(op)) is not None:
            shapes = [self.fact(op.operands[number]).value for number in numbers]
            return [
                Fact(type if shape is None else narrowed(type, shape.tolist()))
                for type, shape in zip(op.result_types, shapes, strict=True)
            ]
        core = core_op(op, self.functions)
        inputs = [self.fact(operand) for operand in core.operands]
        is_new = any(fact.type != operand.type for fact, operand in zip(inputs, core.operands, strict=True))
        has_values = any(fact.value is not None or fact.outline is not None for fact in inputs)
        if not is_new and not has_values and all(map(is_static, op.result_types)) and not core.entry.shape_only:
            return None
        return infer(op, core, inputs)

    def _narrow(self, fact: Fact, result: SSAValue) -> Fact:
        """A fact of a value as one of what is made of it by a cast."""
        shape = shape_of(fact.type)
        type = result.type if shape is None else narrowed(result.type, shape)
        same_elements = getattr(fact.type, "element_type", None) == getattr(type, "element_type", None)
        return Fact(type, fact.value if same_elements else None, fact.outline)

    def _dimension_size(self, op: Operation) -> list[Fact] | None:
        """A size may be known where others are not."""
        dimension, shape = op.properties.get("dimension"), shape_of(self.fact(op.operands[0]).type)
        if not isinstance(dimension, IntegerAttr) or shape is None or shape[dimension.value.data] < 0:
            return None
        return [Fact(op.result_types[0], np.array(shape[dimension.value.data], np.int32))]

    def _call(self, op: Operation, name: str) -> list[Fact] | None:
        callee = self.functions.get(name)
        self.calls.pop(op, None)
        if callee is None or name in self.recursive or len(callee.body.blocks) != 1:
            return None
        arguments = [
            self._narrow(self.fact(operand), argument)
            for operand, argument in zip(op.operands, callee.body.block.args, strict=True)
        ]
        arguments = [fact if _is_passed(fact) else Fact(fact.type, outline=fact.outline) for fact in arguments]
        specials = self._specials.setdefault(name, {})
        key = (self._is_sure, *[fact.key for fact in arguments])
        if key not in specials:
            if len(specials) >= _MOST_KINDS:
                return None
            copied = callee.clone()
            specials[key] = Special(copied, self.function(copied, arguments))
        self.calls[op] = specials[key]
        return [self._narrow(fact, result) for fact, result in zip(specials[key].results, op.results, strict=True)]

    def _branch(self, op: Operation) -> list[Fact]:
        chosen = self.fact(op.operands[0]).value
        self.taken.pop(op, None)
        if chosen is not None:
            self.taken[op] = number = _region(op, int(chosen.item()))
            return self._given(op, self.block(op.regions[number].block))
        return self._given(op, *[self._unsure(region.block) for region in op.regions])

    def _given(self, op: Operation, *facts: list[Fact]) -> list[Fact]:
        """What holds for an op's results, of which each list says what they may be."""
        found, *others = facts
        for other in others:
            found = [joined(a, b) for a, b in zip(found, other, strict=True)]
        return [self._narrow(fact, result) for fact, result in zip(found, op.results, strict=True)]

    def _loop(self, op: Operation) -> list[Fact]:
        condition, body = (region.block for region in op.regions)
        state = self._given(op, [self.fact(operand) for operand in op.operands])
        while True:
            self.facts.update(zip(condition.args, state, strict=True))
            self.facts.update(zip(body.args, state, strict=True))
            self._unsure(condition)
            after = self._given(op, state, self._unsure(body))
            if all(a.says_as_much_as(b) for a, b in zip(after, state, strict=True)):
                return state
            state = after

    def _unsure(self, block: Block) -> list[Fact]:
        """Look into a block that may not run."""
        before, self._is_sure = self._is_sure, False
        found = self.block(block)
        self._is_sure = before
        return found


def fact_of_constant(op: Operation) -> Fact:
    """What is known of the result of one of `CONSTANTS`."""
    return constant_fact(op.properties.get("value", op.attributes.get("value")), op.result_types[0])


_TENSORS = (TensorType, UnrankedTensorType)


def _is_passed(fact: Fact) -> bool:
    """Whether a copy of a function is made for an argument that is just this constant."""
    return fact.value is not None and fact.value.size <= _MOST_PASSED and fact.value.dtype.kind in "biu"


def _region(op: Operation, chosen: int) -> int:
    """The region that a branch takes."""
    if op.name == "stablehlo.if":
        return 0 if chosen else 1
    return chosen if 0 <= chosen < len(op.regions) else len(op.regions) - 1


def new_name(name: str, taken: set[str]) -> str:
    """A name for a copy of a function, which is taken then."""
    found = next(n for i in count() if (n := f"{name}.{i}") not in taken)
    taken.add(found)
    return found


def rename(function: FuncOp, name: str) -> None:
    """Give a function another name, under which only its module finds it."""
    function.sym_name = StringAttr(name)
    function.sym_visibility = StringAttr("private")
