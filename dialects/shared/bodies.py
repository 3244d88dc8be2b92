"""The functions and regions that an op runs.

An op's class declares how it runs them, with the traits `RunsFunctions` and `RunsRegions`, in the words of its kernel:
`tfrt.executor.declarations.runs`. Verification checks every op that has one, and passes ask `control_of` what is a
branch or a loop. A test compares what ops and their kernels say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from xdsl.dialects.builtin import ArrayAttr, FunctionType, SymbolRefAttr
from xdsl.ir import Attribute, Operation
from xdsl.traits import OpTrait

from tfrt.dialects.shared.verification import fail, lookup_function, terminator_of
from tfrt.executor.declarations.runs import ANY, RUNS, Control, Runs, expand


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
class Function:
    """A function that an op runs.

    Attributes:
        attribute: names the function, or is an array of such names.
        what: what messages call it.
        words: how messages are put.
        runs: how the op runs it, where its `Control` does not say so.
    """

    attribute: str
    what: str = "callee"
    words: Words = field(default=Words())
    runs: Runs = RUNS[Control.CALL]


class RunsFunctions(OpTrait):
    """The op runs functions, whose types must fit it.

    Args:
        control: which, and how often, for ops that do nothing else.
    """

    def __init__(self, *functions: Function, control: Control | None = None):
        self.functions = functions
        self.control = control

    def runs(self, function: Function) -> Runs:
        """How one of them is run."""
        return function.runs if self.control is None else RUNS[self.control]

    def verify(self, op: Operation) -> None:
        for function in self.functions:
            _check_carried(op, self.runs(function))
        for function in self.functions:
            runs = self.runs(function)
            for reference in _references(op, function.attribute):
                found = lookup_function(op, reference, function.attribute)
                _check_function(op, function, runs, found.sym_name.data, found.function_type)
                if runs.is_sync and "tfrt.sync" not in found.attributes:
                    fail(op, f"cannot run '{found.sym_name.data}', which is not synchronous: mark it 'tfrt.sync'")


class RunsRegions(OpTrait):
    """The op runs its regions, which take what they re-declare and end in a `tfrt.return` of what they give.

    Args:
        names: what messages call the block of each region, if they tell them apart.
        control: which region, and how often, for ops that do nothing else.
        runs: how the op runs them, where `control` does not say so.
        no_return: what is said where a region does not return.
        other_count: what is said of the op where a region returns another number of values; without it, the return
            is said not to fit.
    """

    def __init__(
        self,
        *names: str,
        control: Control | None = None,
        runs: Runs = RUNS[Control.CALL],
        no_return: str = "expected tfrt.return in body",
        other_count: str | None = None,
    ):
        self.names = names
        self.control = control
        self.runs = runs if control is None else RUNS[control]
        self.no_return = no_return
        self.other_count = other_count

    def verify(self, op: Operation) -> None:
        _check_carried(op, self.runs)
        taken = taken_types(op, self.runs)
        for number, region in enumerate(op.regions):
            if len(region.block.args) != len(taken):
                name = f"'{self.names[number]}'" if self.names else "its"
                fail(op, f"incorrect number of arguments to {name} block")
        if any(not _fits(region.block.arg_types, taken) for region in op.regions):
            fail(op, "operand/argument type mismatch")
        wanted = given_types(op, self.runs)
        for region in op.regions:
            end = terminator_of(op, region, self.no_return)
            returned = tuple(end.operand_types)
            if _fits(returned, wanted) or (self.runs.or_nothing and not returned):
                continue
            if self.other_count is not None:
                fail(op, self.other_count)
            fail(end, f"operand types don't match '{op.name}' result")


Type = Attribute | str
"""A type, as it is or as MLIR spells it."""


def taken_types(op: Operation, runs: Runs) -> tuple[Type, ...]:
    """The types of what a function takes that `op` runs."""
    return expand(runs.takes, op.operand_types[runs.skips :])


def given_types(op: Operation, runs: Runs) -> tuple[Type, ...]:
    """The types of what a function returns that `op` runs."""
    return expand(runs.gives, op.result_types)


def control_of(op: Operation | None) -> Control | None:
    """What `op` is, if all it does is to run functions or regions."""
    trait = None if op is None else _trait_of(type(op))
    return None if trait is None else trait.control


@cache
def _trait_of(op_class: type[Operation]) -> RunsRegions | RunsFunctions | None:
    # Passes ask for it at every op.
    return op_class.get_trait(RunsRegions) or op_class.get_trait(RunsFunctions)


def runs_code(op_class: type[Operation]) -> bool:
    """Whether all that ops of a class do is to run functions or regions."""
    return _trait_of(op_class) is not None


def functions_run_by(op: Operation) -> list[str]:
    """The names of the functions that `op`, which verifies, runs."""
    trait = _trait_of(type(op))
    if not isinstance(trait, RunsFunctions):
        return []
    found = [reference for f in trait.functions for reference in _references(op, f.attribute)]
    return [reference.root_reference.data for reference in found if isinstance(reference, SymbolRefAttr)]


def runs_of(op: Operation) -> list[Runs]:
    """How `op` runs its functions, where arrays of them count once, or its regions."""
    trait = _trait_of(type(op))
    if isinstance(trait, RunsFunctions):
        return [trait.runs(function) for function in trait.functions]
    return [] if trait is None else [trait.runs] * len(op.regions)


class HasFunctionForm(OpTrait):
    """There is an op that does the same with functions as this one with regions.

    Args:
        op_class: that op.
        attributes: those that name the functions, in the order of the regions.
    """

    def __init__(self, op_class: type[Operation], *attributes: str):
        self.op_class = op_class
        self.attributes = attributes

    def with_functions(self, op: Operation, functions: Sequence[Attribute]) -> Operation:
        """What does the same as `op` with these functions in place of its regions."""
        attributes = {**op.attributes, **dict(zip(self.attributes, functions, strict=True))}
        return self.op_class.create(operands=op.operands, result_types=op.result_types, attributes=attributes)


def _check_carried(op: Operation, runs: Runs) -> None:
    """Each iteration of a loop is given what the one before has given."""
    if runs.carries:
        operands = op.operand_types[runs.skips :]
        if len(operands) != len(op.result_types):
            fail(op, "incorrect number of operands")
        if tuple(operands) != tuple(op.result_types):
            fail(op, "operand/result type mismatch")


def _references(op: Operation, attribute: str) -> Iterator[Attribute | None]:
    """The symbols in an attribute of `op`."""
    value = op.get_attr_or_prop(attribute)
    if not isinstance(value, ArrayAttr):
        yield value
        return
    if not value.data:
        fail(op, f"requires at least one function in '{attribute}'")
    yield from value


def _check_function(op: Operation, function: Function, runs: Runs, name: str, type: FunctionType) -> None:
    inputs, outputs, words = type.inputs.data, type.outputs.data, function.words
    given = taken_types(op, runs)
    wanted = given_types(op, runs)

    def refuse(message: str, taken: object, given: object) -> None:
        fail(op, message.format(what=function.what, name=name, taken=taken, given=given))

    if len(inputs) != len(given):
        refuse(words.operand_count, len(inputs), len(given))
    by_op = runs.takes.index(...) if ... in runs.takes else len(runs.takes)
    if words.given is not None and not _fits(inputs[:by_op], given[:by_op]):
        refuse(words.given, _list(inputs), _list(given))
    if not _fits(inputs, given):
        refuse(words.operand_types, _list(inputs), _list(given))
    if runs.or_nothing and not outputs:
        return
    if len(outputs) != len(wanted):
        verb = "is" if len(wanted) == 1 else "are"
        refuse(words.result_count, len(outputs), f"{len(wanted)} {verb}")
    if not _fits(outputs, wanted):
        refuse(words.result_types, _list(outputs), _list(wanted))


def _fits(actual: Sequence[Attribute], wanted: Sequence[Type]) -> bool:
    return len(actual) == len(wanted) and all(
        w == ANY or (str(a) == w if isinstance(w, str) else a == w) for a, w in zip(actual, wanted, strict=True)
    )


def _list(types: Sequence[Type]) -> str:
    return f"({', '.join(map(str, types))})"
