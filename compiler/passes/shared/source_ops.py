"""Ops of frameworks' dialects as ops of the core runtime: their types, their attributes, and the bodies in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    TupleType,
    UnrankedMemRefType,
    UnrankedTensorType,
    UnregisteredAttr,
    UnregisteredOp,
    i1,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue, TypeAttribute
from xdsl.traits import Commutative

from tfrt.compiler.emitter.attributes import attribute_type, dtype_of
from tfrt.compiler.passes.shared.custom_calls import CUSTOM_CALL, is_identity
from tfrt.dialects.shared.corert_types import ShapeAttr
from tfrt.dialects.shared.interning import array_attribute, integer_attribute, memref_type, once_each, string_attribute
from tfrt.dialects.shared.ops import operands_of
from tfrt.dialects.shared.spelled_attributes import SpelledByWord, Struct
from tfrt.dialects.shared.walking import is_unregistered, ops_in
from tfrt.dialects.stablehlo.attributes import ConvAttr, TokenType
from tfrt.dialects.tf_type import STRING
from tfrt.dialects.tf_type import ShapeAttr as TfShapeAttr
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.bef.format import AttributeType
from tfrt.executor.declarations.op_registry import CPU_OPS

FORWARDING = frozenset(
    (
        "mhlo.copy",
        "sdy.sharding_constraint",
        "stablehlo.optimization_barrier",
    )
)
"""Ops whose results are their operands, on one device."""

_HINTS = frozenset(
    ("device", "indices_are_sorted", "op_name__", "operandSegmentSizes", "precision_config", "resultSegmentSizes")
)
"""Properties that say nothing about results."""


_OBJECTS = frozenset(("tf_type.resource", "tf_type.variant", STRING))
"""Element types of tensors that are no arrays, but one object."""

_IDENTITIES_ON_SCALARS = FORWARDING | {"stablehlo.reshape", "stablehlo.broadcast_in_dim", "stablehlo.broadcast"}


class Unsupported(Exception):
    """An op cannot be lowered.

    Attributes:
        op: that op.
        reason: why, without the op's name.
    """

    def __init__(self, op: Operation, reason: str):
        super().__init__(reason)
        self.op = op
        self.reason = reason


def flat_types(types: Iterable[Attribute]) -> list[Attribute]:
    """The types of the values that stand for values of types of a framework: arrays, chains for tokens, and the
    elements of tuples.

    Raises:
        ValueError: arrays hold no such elements; it says which.
    """
    return [flat for type in types for flat in _flat(type)]


@once_each
def flat_count(type: Attribute) -> int | None:
    """How many values stand for a value of a type; None where arrays hold no such elements."""
    try:
        return len(_flat(type))
    except ValueError:
        return None


@once_each
def _flat(type: Attribute) -> tuple[Attribute, ...]:
    match type:
        case (
            TensorType(element_type=UnregisteredAttr() as held)
            | UnrankedTensorType(element_type=UnregisteredAttr() as held)
        ):
            if held.attr_name.data not in _OBJECTS:
                raise ValueError(f"elements of type '{held}' are not supported")
            return (held,)
        case TensorType():
            if dtype_of(type.element_type) is None:
                raise ValueError(f"elements of type '{type.element_type}' are not supported")
            # A type that is spelled in two ways, as with and without an encoding, is one type of arrays.
            return (memref_type(type.element_type, tuple(type.get_shape())),)
        case UnrankedTensorType():
            if dtype_of(type.element_type) is None:
                raise ValueError(f"elements of type '{type.element_type}' are not supported")
            return (UnrankedMemRefType.from_type(type.element_type),)
        case TokenType():
            return (CHAIN,)
        case TupleType():
            return tuple(flat_types(type.types))
    raise ValueError(f"values of type '{type}' are not supported")


def op_attributes(op: Operation) -> ArrayAttr[Attribute]:
    """What an op's properties say of results, as attributes of an op of the core runtime.

    They have the specification's names. Dimension numbers and the like are one attribute for each field, enumerators
    strings, and matrices of numbers are flat.
    """
    given = op.properties.items()
    if is_unregistered(op):
        # Exporters have them in either dictionary.
        given = {n: a for n, a in (*op.attributes.items(), *given) if not n.startswith("_")}.items()
    if not given:
        return array_attribute(())
    return array_attribute([pair for name, attribute in given for pair in _pairs_of(name)(attribute)])


@lru_cache(maxsize=256)
def _pairs_of(name: str) -> Callable[[Attribute], Sequence[Attribute]]:
    """What spells attributes of that name."""

    def pairs(attribute: Attribute) -> Sequence[Attribute]:
        return [array_attribute([string_attribute(name), value]) for name, value in _pairs(name, attribute)]

    # Values of constants may be large, which nobody should keep.
    return pairs if name == "value" else once_each(pairs)


def _pairs(name: str, attribute: Attribute) -> list[tuple[str, Attribute]]:
    if name in _HINTS:
        return []
    match attribute:
        case SpelledByWord():
            return [(name, string_attribute(attribute.data))]
        case Struct() | ConvAttr():
            data = attribute.data
            return [(each.name, _numbers(getattr(data, each.name))) for each in fields(data)]
        case DenseIntOrFPElementsAttr() if name != "value":
            kind = i1 if attribute.get_element_type() == i1 else i64
            return [(name, _integer_array(attribute.get_values(), kind))]
        case DenseArrayBase() if isinstance(attribute.elt_type, AnyFloat):
            return [(name, ArrayAttr([FloatAttr(v, attribute.elt_type) for v in attribute.get_values()]))]
        case DenseArrayBase():
            kind = i1 if attribute.elt_type == i1 else i64
            return [(name, _integer_array(attribute.get_values(), kind))]
        case DenseIntOrFPElementsAttr() | IntegerAttr() | FloatAttr() | StringAttr():
            return [(name, attribute)]
        case TfShapeAttr():
            return [(name, ShapeAttr.from_body(attribute.data))]
        case ArrayAttr() if attribute_type(attribute) != AttributeType.UNSUPPORTED:
            return [(name, attribute)]
        case TypeAttribute() if dtype_of(attribute) is not None:
            return [(name, attribute)]
    return []


def _numbers(value: Any) -> Attribute:
    return integer_attribute(value) if isinstance(value, int) else _integer_array(value, i64)


def _integer_array(values: Iterable[int], type: IntegerType) -> ArrayAttr[Attribute]:
    return array_attribute(integer_attribute(int(v)) if type == i64 else IntegerAttr(int(v), type) for v in values)


def callee_of(op: Operation) -> str | None:
    """The function that an op of a framework calls, if it is one that does."""
    called = _CALLS.get(op.name)
    if called is None:
        return None
    symbol = op.properties.get(called)
    return symbol.root_reference.data if isinstance(symbol, SymbolRefAttr) else None


_CALLS = {"func.call": "callee", "stablehlo.composite": "decomposition"}
"""Which property says what an op calls."""


def functions_with_effects(functions: dict[str, FuncOp]) -> frozenset[str]:
    """The functions that have effects that can be seen, or call one that does."""
    callers: dict[str, list[str]] = {}
    waiting: list[str] = []
    for name, function in functions.items():
        for op in ops_in(function):
            if not may_have_effects(op.__class__):
                continue
            callee = callee_of(op)
            if callee is not None:
                callers.setdefault(callee, []).append(name)
            if has_effects(op, frozenset()):
                waiting.append(name)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += callers.get(name, ())
    return frozenset(found)


def has_effects(op: Operation, functions: frozenset[str]) -> bool:
    """Whether an op has effects that can be seen, not counting those of ops in it; `functions` are those that have."""
    if not may_have_effects(op.__class__):
        return False
    if op.name.startswith("check.") or callee_of(op) in functions:
        return True
    if is_unregistered(op):
        entry = CPU_OPS.get(op.op_name.data)
        return entry is not None and entry.has_effects
    if is_identity(op):
        return False
    flag = op.properties.get("has_side_effect")
    return isinstance(flag, IntegerAttr) and bool(flag.value.data)


@lru_cache(maxsize=4096)
def may_have_effects(kind: type[Operation]) -> bool:
    """Whether it depends on the op if one of a class has effects."""
    return kind.name.startswith("check.") or kind.name in (*_CALLS, CUSTOM_CALL) or issubclass(kind, UnregisteredOp)


def captured(regions: Iterable[Region]) -> list[SSAValue]:
    """The values that regions use and that are defined outside of each of them, in the order of their first use."""
    found: dict[SSAValue, None] = {}
    for region in regions:
        inside: set[SSAValue] = {value for block in _blocks(region) for value in block.args}
        for op in region.walk():
            inside.update(op.results)
        for op in region.walk():
            found.update(dict.fromkeys(operand for operand in operands_of(op) if operand not in inside))
    return list(found)


def captured_by_bodies(regions: Iterable[Region]) -> list[SSAValue]:
    """The same of regions that become bodies, which have constants of one element themselves, so that it can be told
    what they compute."""
    return [value for value in captured(regions) if _scalar_constant(value) is None]


def _scalar_constant(value: SSAValue) -> Operation | None:
    """The op that makes a constant of one element, if it is one."""
    made = value.owner
    if not isinstance(made, Operation) or made.name != "stablehlo.constant" or not isinstance(value.type, TensorType):
        return None
    return None if value.type.get_num_dims() else made


def _blocks(region: Region) -> Iterable[Block]:
    waiting = [region]
    while waiting:
        for block in waiting.pop().blocks:
            yield block
            for op in block.ops:
                waiting.extend(op.regions)


def body_attribute(region: Region, extra: Sequence[SSAValue], functions: Callable[[str], FuncOp | None]) -> Attribute:
    """A region as a body; see `tfrt.kernels.shared.bodies`.

    Args:
        extra: the values around it that it uses; they become its last inputs.
        functions: finds functions that it calls.

    Raises:
        Unsupported: an op in it does not work element by element.
    """
    block = region.block
    inputs = [*block.args, *extra]
    writer = _Body({value: number for number, value in enumerate(inputs)}, len(inputs), functions)
    results = writer.add(block)
    if not extra and len(inputs) == 2 and len(writer.steps) == 1 and results == [2]:
        op, operands, attributes, _ = writer.steps[0]
        first = block.first_op
        commutes = first is not None and first.has_trait(Commutative)
        if not attributes.data and (operands == [0, 1] or (operands == [1, 0] and commutes)):
            return StringAttr(op)
    return writer.attribute(len(inputs), results)


_Step = tuple[str, list[int], ArrayAttr[Attribute], list[Attribute]]


_MOST_CALLS = 64
"""How deep calls in a body may nest."""


@dataclass
class _Body:
    """Writes the steps of a body.

    Attributes:
        numbers: of values.
        count: how many numbers are taken.
        calls: how many functions are around the block that is being added.
    """

    numbers: dict[SSAValue, int]
    count: int
    functions: Callable[[str], FuncOp | None]
    steps: list[_Step] = field(default_factory=list)
    calls: int = 0

    def add(self, block: Block) -> list[int]:
        """Add the ops of a block; returns the numbers of what it returns."""
        for op in block.ops:
            if op.next_op is None:
                return self._numbers_of(operands_of(op))
            self._add(op)
        raise AssertionError("blocks end in a terminator")

    def _numbers_of(self, values: Iterable[SSAValue]) -> list[int]:
        """The numbers of values; constants from around the region become steps where they are first used."""
        found = []
        for value in values:
            constant = None if value in self.numbers else _scalar_constant(value)
            if constant is not None:
                self._add(constant)
            found.append(self.numbers[value])
        return found

    def attribute(self, inputs: int, results: Sequence[int]) -> Attribute:
        """The body that the steps make up."""
        steps = [
            ArrayAttr([StringAttr(op), _numbers(operands), attributes, ArrayAttr(types)])
            for op, operands, attributes, types in self.steps
        ]
        return ArrayAttr([IntegerAttr(inputs, i64), ArrayAttr(steps), _numbers(results)])

    def _add(self, op: Operation) -> None:
        callee = callee_of(op)
        if callee is not None:
            self._add_called(op, callee)
            return
        if any(not isinstance(r.type, TensorType) or r.type.get_num_dims() for r in op.results):
            raise Unsupported(op, "does not work on single elements, as the region around it does")
        if op.name in _IDENTITIES_ON_SCALARS:
            self.numbers.update(zip(op.results, self._numbers_of(operands_of(op)), strict=False))
            return
        operands, attributes = list(operands_of(op)), op_attributes(op)
        if op.name in ("stablehlo.if", "stablehlo.case", "stablehlo.while"):
            extra = captured_by_bodies(op.regions)
            operands += extra
            attributes = ArrayAttr(self._inner(op, extra))
        elif op.regions:
            raise Unsupported(op, "cannot be in a region that is run on single elements")
        types = [result.type.element_type for result in op.results if isinstance(result.type, TensorType)]
        numbers = self._numbers_of(operands)
        self.steps.append((op.name, numbers, attributes, types))
        self.numbers.update({result: self.count + i for i, result in enumerate(op.results)})
        self.count += len(op.results)

    def _add_called(self, op: Operation, name: str) -> None:
        function = self.functions(name)
        if function is None or not function.body.blocks:
            raise Unsupported(op, f"calls @{name}, which is not defined")
        if self.calls == _MOST_CALLS:
            raise Unsupported(op, f"calls @{name}, which calls itself")
        self.numbers.update(zip(function.body.block.args, self._numbers_of(operands_of(op)), strict=True))
        self.calls += 1
        found = self.add(function.body.block)
        self.calls -= 1
        self.numbers.update(zip(op.results, found, strict=True))

    def _inner(self, op: Operation, extra: Sequence[SSAValue]) -> list[Attribute]:
        bodies = [body_attribute(region, extra, self.functions) for region in op.regions]
        if op.name == "stablehlo.while":
            pairs: list[tuple[str, Attribute]] = [("cond", bodies[0]), ("body", bodies[1])]
        else:
            pairs = [("branches", ArrayAttr(bodies))]
        return [ArrayAttr([StringAttr(name), value]) for name, value in pairs]
