"""What calls, branches and loops of frameworks' programs become: functions that are called, chosen and repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, FlatSymbolRefAttr, IntegerAttr, LocationAttr, i1, i32, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tfrt.compiler.passes.shared.function_builder import FunctionBuilder, Task
from tfrt.compiler.passes.shared.source_ops import Unsupported, captured
from tfrt.compiler.passes.shared.source_values import is_everywhere, trip_count
from tfrt.dialects.tfrt.constants import CONSTANT_OF_TYPE
from tfrt.dialects.tfrt.control_flow import CallOp as FunctionCallOp
from tfrt.dialects.tfrt.control_flow import CaseOp, CondOp, RepeatI32Op, ReturnOp, WhileOp
from tfrt.dialects.tfrt.types import CHAIN


@dataclass
class _Loop:
    """A `stablehlo.while`.

    Attributes:
        extra: the values around it that its regions use.
        types: those of its state.
    """

    op: Operation
    extra: Sequence[SSAValue]
    has_effects: bool
    types: Sequence[Attribute]

    @property
    def body(self) -> Block:
        return self.op.regions[1].block

    def advance(self, into: FunctionBuilder) -> list[SSAValue]:
        """Add what the body becomes; gives all that the next iteration is given."""
        state, fixed = self._advanced(into)
        return [*state, *fixed, *self.chain_of(into)]

    def _advanced(self, into: FunctionBuilder) -> tuple[list[SSAValue], list[SSAValue]]:
        return into.add_block(self.body), [value for each in self.extra for value in into.value(each)]

    def chain_of(self, into: FunctionBuilder) -> list[SSAValue]:
        """The chain that comes after what has been added so far, where the loop has effects."""
        return [into.chain] if self.has_effects and into.chain is not None else []

    def iterate(self, into: FunctionBuilder) -> list[SSAValue]:
        """Add what the body becomes, and whether the loop goes on after it, which comes last."""
        state, fixed = self._advanced(into)
        # Its effects are the iteration's, too.
        goes_on = self.goes_on(into, state)
        return [*state, *fixed, *self.chain_of(into), goes_on]

    def goes_on(self, into: FunctionBuilder, state: Sequence[SSAValue]) -> SSAValue:
        """Add what the condition becomes; gives whether the loop goes on with that state."""
        block, rest = self.op.regions[0].block, list(state)
        for argument in block.args:
            size = len(into.types([argument], self.op))
            into.values[argument], rest = tuple(rest[:size]), rest[size:]
        return into.item(into.add_block(block)[0], i1, self.op.location)


def call(into: FunctionBuilder, op: Operation, name: str) -> Sequence[SSAValue]:
    """A call of a function of the program."""
    if name not in into.program.functions:
        raise Unsupported(op, f"calls @{name}, which is not a function of this program")
    return _run(
        into,
        op,
        lambda operands, types: FunctionCallOp.create(
            operands=operands,
            attributes={"callee": FlatSymbolRefAttr(into.program.callee(name))},
            result_types=types,
        ),
        into.operands(op),
        into.types(op.results, op),
        has_effects=into.program.calls_with_effects(name),
    )


def _run(
    into: FunctionBuilder,
    op: Operation,
    make: Callable[[list[SSAValue], list[Attribute]], Operation],
    operands: Sequence[SSAValue],
    types: Sequence[Attribute],
    *,
    has_effects: bool,
    first: Sequence[SSAValue] = (),
) -> Sequence[SSAValue]:
    """Run functions, which take and give chains, too, if they have effects; `first` is not passed on to them."""
    if not has_effects:
        return into.insert(make([*first, *operands], list(types)), op.location)
    assert into.chain is not None
    *results, into.chain = into.insert(make([*first, *operands, into.chain], [*types, CHAIN]), op.location)
    return results


def branch(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """`stablehlo.if` and `stablehlo.case`."""
    is_if = op.name == "stablehlo.if"
    extra = _passed(op.regions)
    has_effects = into.program.have_effects(op.regions)
    names = [
        _outline(
            into,
            ("then", "else")[number] if is_if else f"case{number}",
            extra,
            _running(region),
            op.location,
            has_effects=has_effects,
        )
        for number, region in enumerate(op.regions)
    ]
    (chooser,) = into.value(op.operands[0])
    index = into.item(chooser, i1 if is_if else i32, op.location)
    symbols = [FlatSymbolRefAttr(name) for name in names]

    def make(operands: list[SSAValue], types: list[Attribute]) -> Operation:
        if is_if:
            attributes: dict[str, Attribute] = {"a_true_fn": symbols[0], "b_false_fn": symbols[1]}
            return CondOp.create(operands=operands, attributes=attributes, result_types=types)
        return CaseOp.create(operands=operands, attributes={"branches": ArrayAttr(symbols)}, result_types=types)

    values = [value for each in extra for value in into.value(each)]
    types = into.types(op.results, op)
    return _run(into, op, make, values, types, has_effects=has_effects, first=[index])


def while_loop(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """`stablehlo.while`: the condition is evaluated here once, and then by the body; where iterations can be
    counted, it is not."""
    extra = _passed(op.regions)
    loop = _Loop(op, extra, into.program.have_effects(op.regions), into.types(op.results, op))
    state = into.operands(op)
    fixed = [value for each in extra for value in into.value(each)]
    trips = None if into.program.have_effects(op.regions[:1]) else trip_count(op)
    if trips is not None:
        results = _repeat(into, loop, trips, [*state, *fixed, *loop.chain_of(into)])
    else:
        goes_on = loop.goes_on(into, state)
        carried = [*state, *fixed, *loop.chain_of(into)]
        arguments = [*loop.body.args, *extra]
        name = _outline(into, "body", arguments, loop.iterate, op.location, has_effects=loop.has_effects, loops=True)
        made = WhileOp.create(
            operands=[goes_on, *carried],
            attributes={"body_fn": FlatSymbolRefAttr(name), "parallel_iterations": IntegerAttr(1, i64)},
            result_types=[value.type for value in carried],
        )
        results = into.insert(made, op.location)
    if loop.has_effects:
        into.chain = results[-1]
    return results[: len(loop.types)]


def _repeat(into: FunctionBuilder, loop: _Loop, trips: int, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
    location = loop.op.location
    count = CONSTANT_OF_TYPE[i32].create(attributes={"value": IntegerAttr(trips, i32)}, result_types=[i32])
    (number,) = into.insert(count, location)
    types = [value.type for value in carried]
    block = Block(arg_types=types)
    made = RepeatI32Op.create(operands=[number, *carried], result_types=types, regions=[Region([block])])

    def fill() -> None:
        inner = FunctionBuilder(into.program, into.name, block)
        rest = list(block.args)
        for argument in (*loop.body.args, *loop.extra):
            size = len(inner.types([argument], loop.op))
            inner.values[argument], rest = tuple(rest[:size]), rest[size:]
        inner.chain = rest[0] if loop.has_effects else None
        inner.insert(ReturnOp.create(operands=loop.advance(inner)), location)

    into.program.tasks.append(fill)
    return into.insert(made, location)


def _outline(
    into: FunctionBuilder,
    what: str,
    arguments: Sequence[SSAValue],
    lower: Callable[[FunctionBuilder], Sequence[SSAValue]],
    location: LocationAttr,
    *,
    has_effects: bool,
    loops: bool = False,
) -> str:
    name = into.program.new_name(into.name, what)
    gives_chain = has_effects and not loops
    into.program.tasks.append(Task(name, "private", arguments, lower, location, has_effects, gives_chain))
    return name


def _running(region: Region) -> Callable[[FunctionBuilder], Sequence[SSAValue]]:
    """What a function does that is made of a region."""
    return lambda inner: inner.add_block(region.block)


def _passed(regions: Sequence[Region]) -> list[SSAValue]:
    """The values around regions that functions made of them have to be given."""
    return [value for value in captured(regions) if not is_everywhere(value)]
