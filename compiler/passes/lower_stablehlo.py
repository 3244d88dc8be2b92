"""`lower-stablehlo`: functions of frameworks' dialects become functions of kernels on arrays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FlatSymbolRefAttr,
    FunctionType,
    IntegerAttr,
    LocationAttr,
    MemRefType,
    ModuleOp,
    StringAttr,
    TensorType,
    TupleType,
    UnrankedMemRefType,
    i1,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.emitter.entities import NAME
from tfrt.compiler.passes.shared.array_ops import elementwise, metadata_of_type
from tfrt.compiler.passes.shared.core_ops import core_op
from tfrt.compiler.passes.shared.custom_calls import is_identity
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.source_functions import ends_in, is_source
from tfrt.compiler.passes.shared.source_ops import (
    FORWARDING,
    Unsupported,
    callee_of,
    captured,
    flat_types,
    functions_with_effects,
    has_effects,
)
from tfrt.compiler.passes.shared.source_patterns import is_everywhere, trip_count
from tfrt.compiler.passes.symbol_dce import functions_of, is_private
from tfrt.compiler.verifier import location_of
from tfrt.dialects.check import CHECK
from tfrt.dialects.chlo import CHLO
from tfrt.dialects.cpu import (
    AfterOp,
    CallInOrderOp,
    CallOp,
    CastOp,
    ConstantOp,
    CopyOp,
    ExecuteOp,
    ItemOp,
    OwnOp,
    VariableOp,
    WeightOp,
    metadata_attribute,
)
from tfrt.dialects.mhlo import MHLO
from tfrt.dialects.nn import NN
from tfrt.dialects.onnx import ONNX
from tfrt.dialects.sdy import SDY
from tfrt.dialects.stablehlo import STABLEHLO
from tfrt.dialects.stablehlo.attributes import TokenType
from tfrt.dialects.tfrt.chain import MergeChainsOp, NewChainOp
from tfrt.dialects.tfrt.constants import CONSTANT_OF_TYPE
from tfrt.dialects.tfrt.control_flow import CallOp as FunctionCallOp
from tfrt.dialects.tfrt.control_flow import CaseOp, CondOp, RepeatI32Op, ReturnOp, WhileOp
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.declarations.finding import CUSTOM_CALL
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError

_SOURCES = frozenset(dialect.name for dialect in (CHECK, CHLO, MHLO, NN, ONNX, SDY, STABLEHLO))

Values = tuple[SSAValue, ...]
"""What stands for a value of a framework: arrays, one unless it is a tuple; a chain for a token."""


@dataclass(frozen=True)
class LowerStablehlo(ModulePass):
    """Turns programs of `stablehlo`, `chlo` and `func` into kernels on arrays and calls, branches and loops of `tfrt`.

    An op becomes the op of the core runtime of its name, run by `cpu.call`; where it works element by element, by
    `cpu.elementwise`, which may be fused. Regions of reductions, sorts and their like become attributes. Branches and
    loops become functions, which take what they use of the values around them. Functions take and give arrays, and
    what a public one gives is memory of its own.

    All that is not supported is reported at once.
    """

    name = "lower-stablehlo"
    anchor = "builtin.module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        every = functions_of(op)
        functions = {name: function for name, function in every.items() if is_source(function)}
        if not functions:
            return
        computations = {name: function for name, function in every.items() if ends_in(function, "stablehlo.return")}
        lowering = _Module(functions, computations, set(every))
        made = lowering.run()
        if lowering.problems:
            raise CompileError(tuple(lowering.problems))
        for inner in list(op.ops):
            is_ours = inner in functions.values() or inner in computations.values()
            if inner.name.partition(".")[0] in _SOURCES or is_ours:
                inner.detach()
                inner.erase()
        op.body.block.add_ops(made)


_Names = tuple[ArrayAttr[DictionaryAttr] | None, ArrayAttr[DictionaryAttr] | None]


@dataclass
class _Task:
    """A function to make.

    Attributes:
        name: of the function.
        visibility: None for a public one.
        arguments: the values of the source that stand for its arguments.
        lower: adds its ops and returns what it gives.
        has_effects: whether it takes a chain last.
        gives_chain: whether it also gives one last, beside what `lower` returns.
        names: what names arguments and results.
    """

    name: str
    visibility: str | None
    arguments: Sequence[SSAValue]
    lower: Callable[[_Function], Sequence[SSAValue]]
    location: LocationAttr
    has_effects: bool
    gives_chain: bool
    names: _Names = (None, None)


class _Module:
    """Lowers all functions, and those that their regions become, one after another.

    Args:
        computations: functions that only custom calls call, on single elements.
        taken: the names that there are.
    """

    def __init__(self, functions: dict[str, FuncOp], computations: dict[str, FuncOp], taken: set[str]):
        self.functions = functions
        self.computations = computations
        self.taken = taken
        self.problems: list[Diagnostic] = []
        self.tasks: deque[_Task | Callable[[], None]] = deque()
        self._effects = functions_with_effects(functions)
        self._inner = {name: name for name, function in functions.items() if is_private(function)}

    def run(self) -> list[Operation]:
        for name, function in self.functions.items():
            self._add_function(name, function, None if not is_private(function) else "private")
        made: list[Operation] = []
        while self.tasks:
            task = self.tasks.popleft()
            if isinstance(task, _Task):
                made.append(self._make(task))
            else:
                task()
        return made

    def have_effects(self, regions: Sequence[Region]) -> bool:
        """Whether regions have effects that can be seen."""
        return any(has_effects(op, self._effects) for region in regions for op in region.walk())

    def calls_with_effects(self, name: str) -> bool:
        return name in self._effects

    def callee(self, name: str) -> str:
        """What is called in a function's place: a public one's results are copied for users, and its effects are its
        own business, so another one of the same body stands in for it."""
        if name not in self._inner:
            self._inner[name] = self.new_name(name, "inner")
            self._add_function(self._inner[name], self.functions[name], "private")
        return self._inner[name]

    def _add_function(self, name: str, function: FuncOp, visibility: str | None) -> None:
        body, has_effects = function.body.block, function.sym_name.data in self._effects
        self.tasks.append(
            _Task(
                name,
                visibility,
                body.args,
                lambda into: into.add_block(body),
                function.location,
                has_effects,
                gives_chain=has_effects,
                names=(None, None) if visibility is not None else _names(function),
            )
        )

    def new_name(self, parent: str, what: str) -> str:
        name = next(n for i in count() if (n := f"{parent}.{what}{i or ''}") not in self.taken)
        self.taken.add(name)
        return name

    def report(self, op: Operation, message: str) -> None:
        """Note what cannot be lowered; once, though conditions of loops are lowered twice."""
        diagnostic = Diagnostic("error", f"'{name_of(op)}' op {message}", location_of(op.location))
        if diagnostic not in self.problems:
            self.problems.append(diagnostic)

    def _make(self, task: _Task) -> FuncOp:
        block = Block()
        into = _Function(self, task.name, block)
        is_public = task.visibility is None
        for argument in task.arguments:
            into.values[argument] = tuple(
                block.insert_arg(type, len(block.args)) for type in into.types([argument], argument.owner)
            )
        if task.has_effects and not is_public:
            into.chain = block.insert_arg(CHAIN, len(block.args))
        elif task.has_effects:
            (into.chain,) = into.insert(NewChainOp.create(result_types=[CHAIN]), task.location)
        results = list(task.lower(into))
        if is_public:
            results = into.owned(results, task.location)
        if task.gives_chain and not (is_public and results):
            assert into.chain is not None
            results.append(into.chain)
        into.insert(ReturnOp.create(operands=results), task.location)
        signature = FunctionType.from_lists([argument.type for argument in block.args], [r.type for r in results])
        visibility = None if task.visibility is None else StringAttr(task.visibility)
        function = FuncOp(task.name, signature, Region([block]), visibility=visibility)
        function.location = task.location
        function.arg_attrs, function.res_attrs = task.names
        return function


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

    def advance(self, into: _Function) -> list[SSAValue]:
        """Add what the body becomes; gives all that the next iteration is given."""
        state, fixed = self._advanced(into)
        return [*state, *fixed, *self.chain_of(into)]

    def _advanced(self, into: _Function) -> tuple[list[SSAValue], list[SSAValue]]:
        return into.add_block(self.body), [value for each in self.extra for value in into.value(each)]

    def chain_of(self, into: _Function) -> list[SSAValue]:
        """The chain that comes after what has been added so far, where the loop has effects."""
        return [into.chain] if self.has_effects and into.chain is not None else []

    def iterate(self, into: _Function) -> list[SSAValue]:
        """Add what the body becomes, and whether the loop goes on after it, which comes last."""
        state, fixed = self._advanced(into)
        # Its effects are the iteration's, too.
        goes_on = self.goes_on(into, state)
        return [*state, *fixed, *self.chain_of(into), goes_on]

    def goes_on(self, into: _Function, state: Sequence[SSAValue]) -> SSAValue:
        """Add what the condition becomes; gives whether the loop goes on with that state."""
        block, rest = self.op.regions[0].block, list(state)
        for argument in block.args:
            size = len(into.types([argument], self.op))
            into.values[argument], rest = tuple(rest[:size]), rest[size:]
        return into.item(into.add_block(block)[0], i1, self.op.location)


@dataclass
class _Function:
    """Adds ops to a function that is being made.

    Attributes:
        values: what stands for values of the source.
        chain: what the next op with effects comes after.
    """

    module: _Module
    name: str
    block: Block
    values: dict[SSAValue, Values] = field(default_factory=dict)
    chain: SSAValue | None = None

    def add_block(self, source: Block) -> list[SSAValue]:
        """Add what the ops of a block become; returns what stands for what it returns."""
        for op in source.ops:
            if op.next_op is None:
                return [value for operand in op.operands for value in self.value(operand)]
            self._add(op)
        raise AssertionError("blocks end in a terminator")

    def value(self, source: SSAValue) -> Values:
        """What stands for a value of the source; constants, and what repeats them, are made wherever they are used."""
        if source not in self.values:
            assert is_everywhere(source) and isinstance(source.owner, Operation)
            self._add(source.owner)
        return self.values[source]

    def insert(self, op: Operation, location: LocationAttr) -> Sequence[SSAValue]:
        op.location = location
        self.block.add_op(op)
        return op.results

    def types(self, values: Sequence[SSAValue], user: object) -> list[Attribute]:
        """The types of what stands for values; a type that cannot be is reported at `user`."""
        try:
            return flat_types(value.type for value in values)
        except ValueError as error:
            if isinstance(user, Operation):
                self.module.report(user, f"has a type that is not supported: {error}")
            else:
                parent = user.parent_op() if isinstance(user, Block) else None
                assert parent is not None
                self.module.report(parent, f"has a type that is not supported: {error}")
            return [CHAIN for _ in values]

    def owned(self, results: Sequence[SSAValue], location: LocationAttr) -> list[SSAValue]:
        """What a public function gives: arrays that nobody else has, once all effects have been."""
        arrays = [result for result in results if isinstance(result.type, MemRefType | UnrankedMemRefType)]
        after = dict(zip(arrays, arrays, strict=True))
        if self.chain is not None and arrays:
            made = AfterOp.create(operands=[self.chain, *after], result_types=[array.type for array in after])
            after = dict(zip(after, self.insert(made, location), strict=True))
        given: list[SSAValue] = []
        for number, result in enumerate(results):
            if result in after:
                # What is given twice is two arrays.
                kind = CopyOp if result in results[:number] else OwnOp
                value = after[result]
                (result,) = self.insert(kind.create(operands=[value], result_types=[value.type]), location)
            given.append(result)
        return given

    def _add(self, op: Operation) -> None:
        try:
            given = self._lowered(op)
        except Unsupported as error:
            self.module.report(error.op, error.reason)
            given = self._missing(op)
        for result in op.results:
            size = len(self.types([result], op))
            self.values[result], given = tuple(given[:size]), given[size:]

    def _missing(self, op: Operation) -> Sequence[SSAValue]:
        """Something in place of the results of an op that has been reported, so that others can be."""
        types = self.types(op.results, op)
        return self.insert(CallOp.create(result_types=types), op.location)

    def _operands(self, op: Operation) -> list[SSAValue]:
        return [value for operand in op.operands for value in self.value(operand)]

    def _lowered(self, op: Operation) -> Sequence[SSAValue]:
        """What an op gives."""
        callee = callee_of(op)
        if callee is not None:
            return self._call(op, callee)
        special = _SPECIAL.get(op.name)
        if special is not None:
            return special(self, op)
        if name_of(op) in FORWARDING or _converts_nothing(op):
            return self._operands(op)
        return self._execute(op)

    def _custom_call(self, op: Operation) -> Sequence[SSAValue]:
        if is_identity(op):
            return self._operands(op)
        return self._execute(op)

    def _execute(self, op: Operation) -> Sequence[SSAValue]:
        """An op of the core runtime."""
        found = core_op(op, self.module.functions | self.module.computations)
        operands = [value for operand in found.operands for value in self.value(operand)]
        return self._execute_as(op, found.entry, operands, found.attributes, self.types(op.results, op))

    def _execute_as(
        self,
        op: Operation,
        entry: OpEntry,
        operands: Sequence[SSAValue],
        attributes: ArrayAttr[Attribute],
        types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        if self.chain is not None and has_effects(op, frozenset()):
            return self._execute_in_order(op, entry, operands, attributes, types)
        if not _is_known(entry, (*types, *(operand.type for operand in operands))):
            return self._execute_unknown(op, entry, operands, attributes, types)
        if _can_be_fused(entry, operands, attributes, types):
            made: Operation = elementwise(entry.name, operands, metadata_of_type(types[0]), op.location)
            return self.insert(made, op.location)
        described = {
            "arguments": metadata_attribute(operand.type for operand in operands),
            "metadata": metadata_attribute(types),
            "op_attrs": attributes,
            "op_name": StringAttr(entry.name),
        }
        more = {"inputs": IntegerAttr(len(operands), i64), "steps": ArrayAttr(list[Attribute]())}
        return self.insert(
            CallOp.create(operands=operands, attributes={**described, **more}, result_types=types), op.location
        )

    def _execute_in_order(
        self,
        op: Operation,
        entry: OpEntry,
        operands: Sequence[SSAValue],
        attributes: ArrayAttr[Attribute],
        types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """An op with effects that can be seen."""
        described = {
            "metadata": metadata_attribute(types),
            "op_attrs": attributes,
            "op_name": StringAttr(entry.name),
        }
        made = CallInOrderOp.create(
            operands=[self.chain, *operands],  # type: ignore[list-item]
            attributes=described,
            result_types=[CHAIN, *types],
        )
        self.chain, *results = self.insert(made, op.location)
        return results

    def _execute_unknown(
        self,
        op: Operation,
        entry: OpEntry,
        operands: Sequence[SSAValue],
        attributes: ArrayAttr[Attribute],
        types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """An op that finds out about its arrays when they come."""
        described = {
            "metadata": metadata_attribute(types),
            "op_attrs": attributes,
            "op_name": StringAttr(entry.name),
        }
        return self.insert(ExecuteOp.create(operands=operands, attributes=described, result_types=types), op.location)

    def _constant(self, op: Operation) -> Sequence[SSAValue]:
        value = op.properties["value"]
        (type,) = self.types(op.results, op)
        assert isinstance(value, DenseIntOrFPElementsAttr)
        return self.insert(ConstantOp.create(attributes={"value": value}, result_types=[type]), op.location)

    def _weight(self, op: Operation) -> Sequence[SSAValue]:
        types = self.types(op.results, op)
        attributes = {"metadata": metadata_attribute(types), "name": op.properties["name"]}
        return self.insert(WeightOp.create(attributes=attributes, result_types=types), op.location)

    def _variable(self, op: Operation) -> Sequence[SSAValue]:
        attributes = {"name": op.properties["name"]}
        made = VariableOp.create(
            operands=self._operands(op), attributes=attributes, result_types=self.types(op.results, op)
        )
        return self.insert(made, op.location)

    def _token(self, op: Operation) -> Sequence[SSAValue]:
        operands = self._operands(op)
        if not operands:
            return self.insert(NewChainOp.create(result_types=[CHAIN]), op.location)
        return self.insert(MergeChainsOp.create(operands=operands, result_types=[CHAIN]), op.location)

    def _tuple(self, op: Operation) -> Sequence[SSAValue]:
        return self._operands(op)

    def _tuple_element(self, op: Operation) -> Sequence[SSAValue]:
        index = op.properties["index"]
        assert isinstance(index, IntegerAttr)
        (tuple_,) = op.operands
        sizes = [len(flat_types([type])) for type in tuple_.type.types]  # type: ignore[attr-defined]
        start = sum(sizes[: index.value.data])
        return self.value(tuple_)[start : start + sizes[index.value.data]]

    def _cast(self, op: Operation) -> Sequence[SSAValue]:
        """What is known more or less of."""
        operands, types = self._operands(op), self.types(op.results, op)
        if [operand.type for operand in operands] == list(types):
            return operands
        return [
            self.insert(CastOp.create(operands=[operand], result_types=[type]), op.location)[0]
            for operand, type in zip(operands, types, strict=True)
        ]

    def _zero_id(self, op: Operation) -> Sequence[SSAValue]:
        (type,) = op.result_types
        assert isinstance(type, TensorType)
        value = DenseIntOrFPElementsAttr.from_list(type, [0])
        return self.insert(
            ConstantOp.create(attributes={"value": value}, result_types=self.types(op.results, op)), op.location
        )

    def _call(self, op: Operation, name: str) -> Sequence[SSAValue]:
        if name not in self.module.functions:
            raise Unsupported(op, f"calls @{name}, which is not a function of this program")
        return self._run(
            op,
            lambda operands, types: FunctionCallOp.create(
                operands=operands,
                attributes={"callee": FlatSymbolRefAttr(self.module.callee(name))},
                result_types=types,
            ),
            self._operands(op),
            self.types(op.results, op),
            has_effects=self.module.calls_with_effects(name),
        )

    def _run(
        self,
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
            return self.insert(make([*first, *operands], list(types)), op.location)
        assert self.chain is not None
        *results, self.chain = self.insert(make([*first, *operands, self.chain], [*types, CHAIN]), op.location)
        return results

    def item(self, value: SSAValue, type: Attribute, location: LocationAttr) -> SSAValue:
        return self.insert(ItemOp.create(operands=[value], result_types=[type]), location)[0]

    def _branch(self, op: Operation) -> Sequence[SSAValue]:
        """`stablehlo.if` and `stablehlo.case`."""
        is_if = op.name == "stablehlo.if"
        extra = _passed(op.regions)
        has_effects = self.module.have_effects(op.regions)
        names = [
            self._outline(
                ("then", "else")[number] if is_if else f"case{number}",
                extra,
                lambda into, region=region: into.add_block(region.block),  # type: ignore[misc]
                op.location,
                has_effects=has_effects,
            )
            for number, region in enumerate(op.regions)
        ]
        (chooser,) = self.value(op.operands[0])
        index = self.item(chooser, i1 if is_if else i32, op.location)
        symbols = [FlatSymbolRefAttr(name) for name in names]

        def make(operands: list[SSAValue], types: list[Attribute]) -> Operation:
            if is_if:
                attributes: dict[str, Attribute] = {"a_true_fn": symbols[0], "b_false_fn": symbols[1]}
                return CondOp.create(operands=operands, attributes=attributes, result_types=types)
            return CaseOp.create(operands=operands, attributes={"branches": ArrayAttr(symbols)}, result_types=types)

        values = [value for each in extra for value in self.value(each)]
        types = self.types(op.results, op)
        return self._run(op, make, values, types, has_effects=has_effects, first=[index])

    def _loop(self, op: Operation) -> Sequence[SSAValue]:
        """`stablehlo.while`: the condition is evaluated here once, and then by the body; where iterations can be
        counted, it is not."""
        extra = _passed(op.regions)
        loop = _Loop(op, extra, self.module.have_effects(op.regions), self.types(op.results, op))
        state = self._operands(op)
        fixed = [value for each in extra for value in self.value(each)]
        trips = None if self.module.have_effects(op.regions[:1]) else trip_count(op)
        if trips is not None:
            results = self._repeat(loop, trips, [*state, *fixed, *loop.chain_of(self)])
        else:
            goes_on = loop.goes_on(self, state)
            carried = [*state, *fixed, *loop.chain_of(self)]
            arguments = [*loop.body.args, *extra]
            name = self._outline("body", arguments, loop.iterate, op.location, has_effects=loop.has_effects, loops=True)
            made = WhileOp.create(
                operands=[goes_on, *carried],
                attributes={"body_fn": FlatSymbolRefAttr(name), "parallel_iterations": IntegerAttr(1, i64)},
                result_types=[value.type for value in carried],
            )
            results = self.insert(made, op.location)
        if loop.has_effects:
            self.chain = results[-1]
        return results[: len(loop.types)]

    def _repeat(self, loop: _Loop, trips: int, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
        location = loop.op.location
        count = CONSTANT_OF_TYPE[i32].create(attributes={"value": IntegerAttr(trips, i32)}, result_types=[i32])
        (number,) = self.insert(count, location)
        types = [value.type for value in carried]
        block = Block(arg_types=types)
        made = RepeatI32Op.create(operands=[number, *carried], result_types=types, regions=[Region([block])])

        def fill() -> None:
            into = _Function(self.module, self.name, block)
            rest = list(block.args)
            for argument in (*loop.body.args, *loop.extra):
                size = len(into.types([argument], loop.op))
                into.values[argument], rest = tuple(rest[:size]), rest[size:]
            into.chain = rest[0] if loop.has_effects else None
            into.insert(ReturnOp.create(operands=loop.advance(into)), location)

        self.module.tasks.append(fill)
        return self.insert(made, location)

    def _outline(
        self,
        what: str,
        arguments: Sequence[SSAValue],
        lower: Callable[[_Function], Sequence[SSAValue]],
        location: LocationAttr,
        *,
        has_effects: bool,
        loops: bool = False,
    ) -> str:
        name = self.module.new_name(self.name, what)
        gives_chain = has_effects and not loops
        self.module.tasks.append(_Task(name, "private", arguments, lower, location, has_effects, gives_chain))
        return name


def _names(function: FuncOp) -> _Names:
    """What names a function's arguments and results, if each becomes one value."""
    types = function.function_type
    named: list[ArrayAttr[DictionaryAttr] | None] = []
    for dictionaries, of in ((function.arg_attrs, types.inputs), (function.res_attrs, types.outputs)):
        if dictionaries is None or any(isinstance(type, TupleType | TokenType) for type in of):
            named.append(None)
            continue
        kept = [DictionaryAttr({NAME: each.data[NAME]} if NAME in each.data else {}) for each in dictionaries]
        named.append(ArrayAttr(kept) if any(each.data for each in kept) else None)
    return named[0], named[1]


def _passed(regions: Sequence[Region]) -> list[SSAValue]:
    """The values around regions that functions made of them have to be given."""
    return [value for value in captured(regions) if not is_everywhere(value)]


def _is_known(entry: OpEntry, types: Sequence[Attribute]) -> bool:
    """Whether a program says enough of an op's operands and results: of ops whose shapes follow from attributes and
    types alone, as StableHLO's do and those of custom calls, sizes may be missing.
    """
    if not all(isinstance(type, MemRefType) for type in types):
        return False
    if entry.name.partition(".")[0] in (*_SOURCES, CUSTOM_CALL):
        return True
    return all(isinstance(type, MemRefType) and type.has_static_shape() for type in types)


def _converts_nothing(op: Operation) -> bool:
    return op.name == "stablehlo.convert" and op.operands[0].type == op.results[0].type


def _can_be_fused(
    entry: OpEntry, operands: Sequence[SSAValue], attributes: ArrayAttr[Attribute], types: Sequence[Attribute]
) -> bool:
    if entry.elementwise is None or attributes.data or len(types) != 1:
        return False
    known = metadata_of_type(types[0])
    if any(size < 0 for size in known.shape) or any(operand.type != types[0] for operand in operands):
        return False
    return entry.elementwise(known.dtype) is not None


_SPECIAL: dict[str, Callable[[_Function, Operation], Sequence[SSAValue]]] = {
    "builtin.unrealized_conversion_cast": _Function._cast,
    "stablehlo.constant": _Function._constant,
    "stablehlo.custom_call": _Function._custom_call,
    "onnx.Weight": _Function._weight,
    "tf.ProgramVariable": _Function._variable,
    "tf.Weight": _Function._weight,
    "stablehlo.create_token": _Function._token,
    "stablehlo.after_all": _Function._token,
    "stablehlo.tuple": _Function._tuple,
    "stablehlo.get_tuple_element": _Function._tuple_element,
    "stablehlo.replica_id": _Function._zero_id,
    "stablehlo.partition_id": _Function._zero_id,
    "stablehlo.if": _Function._branch,
    "stablehlo.case": _Function._branch,
    "stablehlo.while": _Function._loop,
}
