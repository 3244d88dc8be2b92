"""What the functions and regions that an op runs take and give.

An op's class declares it, with the traits `RunsFunctions` and `RunsRegions`; verification checks every op that has one.
Types are described in terms of the op's own: ``takes=(i32, i32, OperandsFrom(3))`` are two integers, then whatever the
fourth operand and those after it are; ``gives=(RESULTS, i1)`` is a value for each result, then a boolean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ArrayAttr, FunctionType
from xdsl.ir import Attribute, Operation
from xdsl.traits import OpTrait

from tfrt.dialects.shared.traits import RedeclaresOperands
from tfrt.dialects.shared.verification import fail, lookup_function, terminator_of


@dataclass(frozen=True)
class OperandsFrom:
    """A value of the type of each operand from this position on."""

    first: int


@dataclass(frozen=True)
class Results:
    """A value of the type of each result of the op."""


@dataclass(frozen=True)
class AnyValue:
    """One value, of any type."""


OPERANDS, RESULTS, ANY_VALUE = OperandsFrom(0), Results(), AnyValue()

Types = tuple[Attribute | OperandsFrom | Results | AnyValue, ...]
"""The types of several values, as one op of a class has them."""


@dataclass(frozen=True)
class Words:
    """What is said of an op that does not fit. ``{name}`` and ``{what}`` stand for the function and its role.

    Attributes:
        given: said in place of `operand_types` where what does not fit is not an operand, but is given to the function
            by the op itself.
    """

    operand_count: str = "incorrect number of operands for {what} '{name}': it takes {taken}, but is given {given}"
    operand_types: str = "operand type mismatch for {what} '{name}': it takes {taken}, but is given {given}"
    result_count: str = "incorrect number of results for {what} '{name}': it gives {taken}, but {given} expected"
    result_types: str = "result type mismatch for {what} '{name}': it gives {taken}, but {given} is expected"
    given: str | None = None


CALLEE = Words(
    "incorrect number of operands for callee",
    "operand type mismatch",
    "incorrect number of results for callee",
    "result type mismatch",
)

BRANCH = Words(
    "incorrect number of operands for {what} function",
    "operand type mismatch for {what} function",
    "incorrect number of results for {what} function",
    "result type mismatch for {what} function",
)


@dataclass(frozen=True)
class Runs:
    """Functions that an op runs.

    Attributes:
        attribute: names the function, or is an array of such names.
        what: what messages call it.
        takes, gives: the types of its arguments and of its results.
        may_give_nothing: whether it may as well have no results at all.
        is_sync: whether it must be a synchronous function.
        words: how messages are put.
    """

    attribute: str
    what: str = "callee"
    takes: Types = (OPERANDS,)
    gives: Types = (RESULTS,)
    may_give_nothing: bool = False
    is_sync: bool = False
    words: Words = field(default=Words())


@dataclass(frozen=True)
class Carries:
    """The operands of a loop from one position on, which have the types of its results.

    Each iteration is given what the one before has given.
    """

    first: int
    count_message: str = "incorrect number of operands"
    type_message: str = "operand/result type mismatch"

    def check(self, op: Operation) -> None:
        operands = op.operand_types[self.first :]
        if len(operands) != len(op.result_types):
            fail(op, self.count_message)
        if tuple(operands) != tuple(op.result_types):
            fail(op, self.type_message)


class RunsFunctions(OpTrait):
    """The op runs functions, whose types must fit it."""

    def __init__(self, *functions: Runs, carries: Carries | None = None):
        self.functions = functions
        self.carries = carries

    def verify(self, op: Operation) -> None:
        if self.carries is not None:
            self.carries.check(op)
        for runs in self.functions:
            for reference in _references(op, runs.attribute):
                function = lookup_function(op, reference, runs.attribute)
                _check_function(op, runs, function.sym_name.data, function.function_type)
                if runs.is_sync and "tfrt.sync" not in function.attributes:
                    fail(op, f"cannot run '{function.sym_name.data}', which is not synchronous: mark it 'tfrt.sync'")


class RunsRegions(OpTrait):
    """The op runs its regions, which take what they re-declare and end in a `tfrt.return` of what they give.

    Args:
        names: what messages call the block of each region, if they tell them apart.
        gives: the types of what is returned.
        may_give_nothing: whether a region may as well return nothing.
        carries: for loops, the operands that become results.
        no_return: what is said where a region does not return.
        other_count: what is said of the op where a region returns another number of values; without it, the return
            is said not to fit.
    """

    def __init__(
        self,
        *names: str,
        gives: Types = (RESULTS,),
        may_give_nothing: bool = False,
        carries: Carries | None = None,
        no_return: str = "expected tfrt.return in body",
        other_count: str | None = None,
    ):
        self.names = names
        self.gives = gives
        self.may_give_nothing = may_give_nothing
        self.carries = carries
        self.no_return = no_return
        self.other_count = other_count

    def verify(self, op: Operation) -> None:
        if self.carries is not None:
            self.carries.check(op)
        trait = op.get_trait(RedeclaresOperands)
        assert trait is not None
        taken = tuple(value.type for value in trait.operands_of(op))
        for number, region in enumerate(op.regions):
            if len(region.block.args) != len(taken):
                name = f"'{self.names[number]}'" if self.names else "its"
                fail(op, f"incorrect number of arguments to {name} block")
        if any(tuple(region.block.arg_types) != taken for region in op.regions):
            fail(op, "operand/argument type mismatch")
        wanted = types_of(self.gives, op)
        for region in op.regions:
            end = terminator_of(op, region, self.no_return)
            returned = tuple(end.operand_types)
            if _fits(returned, wanted) or (self.may_give_nothing and not returned):
                continue
            if self.other_count is not None:
                fail(op, self.other_count)
            fail(end, f"operand types don't match '{op.name}' result")


def _references(op: Operation, attribute: str) -> Iterator[Attribute | None]:
    """The symbols in an attribute of `op`."""
    value = op.get_attr_or_prop(attribute)
    if not isinstance(value, ArrayAttr):
        yield value
        return
    if not value.data:
        fail(op, f"requires at least one function in '{attribute}'")
    yield from value


def _check_function(op: Operation, runs: Runs, name: str, function: FunctionType) -> None:
    inputs, outputs, words = function.inputs.data, function.outputs.data, runs.words
    given = types_of(runs.takes, op)
    wanted = types_of(runs.gives, op)

    def refuse(message: str, taken: object, given: object) -> None:
        fail(op, message.format(what=runs.what, name=name, taken=taken, given=given))

    if len(inputs) != len(given):
        refuse(words.operand_count, len(inputs), len(given))
    by_op = next((i for i, part in enumerate(runs.takes) if isinstance(part, OperandsFrom)), len(runs.takes))
    if words.given is not None and not _fits(inputs[:by_op], given[:by_op]):
        refuse(words.given, _list(inputs), _list(given))
    if not _fits(inputs, given):
        refuse(words.operand_types, _list(inputs), _list(given))
    if runs.may_give_nothing and not outputs:
        return
    if len(outputs) != len(wanted):
        verb = "is" if len(wanted) == 1 else "are"
        refuse(words.result_count, len(outputs), f"{len(wanted)} {verb}")
    if not _fits(outputs, wanted):
        refuse(words.result_types, _list(outputs), _list(wanted))


def types_of(types: Types, op: Operation) -> list[Attribute | None]:
    """The types for one op; None stands for any."""
    found: list[Attribute | None] = []
    for part in types:
        match part:
            case OperandsFrom(first):
                found += op.operand_types[first:]
            case Results():
                found += op.result_types
            case AnyValue():
                found.append(None)
            case _:
                found.append(part)
    return found


def _fits(actual: Sequence[Attribute], wanted: Sequence[Attribute | None]) -> bool:
    return len(actual) == len(wanted) and all(w is None or a == w for a, w in zip(actual, wanted, strict=True))


def _list(types: Sequence[Attribute | None]) -> str:
    return f"({', '.join('any' if type is None else str(type) for type in types)})"
