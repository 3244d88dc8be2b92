"""Building functions of kernels from those of frameworks' programs.

What an op becomes is for the pass to say, by the `lower` that it gives to a `ProgramBuilder`. Here are the functions
that are being made, the values in them that stand for the source's, chains for what has effects, and what users are
told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, islice

from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    LocationAttr,
    MemRefType,
    StringAttr,
    TupleType,
    UnrankedMemRefType,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tfrt.compiler.emitter.entities import NAME
from tfrt.compiler.locations import location_of
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.source_ops import (
    Unsupported,
    flat_count,
    flat_types,
    functions_with_effects,
    has_effects,
)
from tfrt.compiler.passes.shared.source_values import is_everywhere
from tfrt.compiler.passes.symbol_dce import is_private
from tfrt.dialects.cpu.arrays import AfterOp, CopyOp, ItemOp, OwnOp
from tfrt.dialects.cpu.calls import CallOp
from tfrt.dialects.shared.ops import add_arguments, append_op, operands_of, ops_of, type_of
from tfrt.dialects.stablehlo.attributes import TokenType
from tfrt.dialects.tfrt.chain import NewChainOp
from tfrt.dialects.tfrt.control_flow import ReturnOp
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.support.diagnostics import Diagnostic

Values = tuple[SSAValue, ...]
"""What stands for a value of a framework: arrays, one unless it is a tuple; a chain for a token."""

Names = tuple[ArrayAttr[DictionaryAttr] | None, ArrayAttr[DictionaryAttr] | None]
"""What names a function's arguments and results."""


@dataclass
class Task:
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
    lower: Callable[[FunctionBuilder], Sequence[SSAValue]]
    location: LocationAttr
    has_effects: bool
    gives_chain: bool
    names: Names = (None, None)


class ProgramBuilder:
    """Lowers all functions, and those that their regions become, one after another.

    Attributes:
        functions: those to lower, by name.
        callable_functions: these, and those that only custom calls call, on single elements.
        lower: adds what an op becomes to a function; returns what stands for the op's results, one after the other.
        taken: the names that there are.
        tasks: what is to be made, or to be done, next.
        problems: what cannot be lowered.
    """

    def __init__(
        self,
        functions: dict[str, FuncOp],
        computations: dict[str, FuncOp],
        taken: set[str],
        lower: Callable[[FunctionBuilder, Operation], Sequence[SSAValue]],
    ):
        self.functions = functions
        self.callable_functions = functions | computations
        self.lower = lower
        self.taken = taken
        self.problems: list[Diagnostic] = []
        self.tasks: deque[Task | Callable[[], None]] = deque()
        self._effects = functions_with_effects(functions)
        self._inner = {name: name for name, function in functions.items() if is_private(function)}

    def run(self) -> list[Operation]:
        """The functions that all have become."""
        for name, function in self.functions.items():
            self._add_function(name, function, None if not is_private(function) else "private")
        made: list[Operation] = []
        while self.tasks:
            task = self.tasks.popleft()
            if isinstance(task, Task):
                made.append(self._make(task))
            else:
                task()
        return made

    def have_effects(self, regions: Sequence[Region]) -> bool:
        """Whether regions have effects that can be seen."""
        return any(has_effects(op, self._effects) for region in regions for op in region.walk())

    def calls_with_effects(self, name: str) -> bool:
        """Whether calling a function has."""
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
            Task(
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
        """A name for a function that is made of a part of another."""
        name = next(n for i in count() if (n := f"{parent}.{what}{i or ''}") not in self.taken)
        self.taken.add(name)
        return name

    def report(self, op: Operation, message: str) -> None:
        """Note what cannot be lowered; once, though conditions of loops are lowered twice."""
        diagnostic = Diagnostic("error", f"'{name_of(op)}' op {message}", location_of(op.location))
        if diagnostic not in self.problems:
            self.problems.append(diagnostic)

    def _make(self, task: Task) -> FuncOp:
        block = Block()
        into = FunctionBuilder(self, task.name, block)
        is_public = task.visibility is None
        types = [into.types([argument], argument.owner) for argument in task.arguments]
        flat = [type for of_argument in types for type in of_argument]
        arguments = iter(add_arguments(block, flat, [UNKNOWN_LOC] * len(flat)))
        for argument, of_argument in zip(task.arguments, types, strict=True):
            into.values[argument] = tuple(islice(arguments, len(of_argument)))
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
class FunctionBuilder:
    """Adds ops to a function that is being made.

    Attributes:
        values: what stands for values of the source.
        chain: what the next op with effects comes after.
    """

    program: ProgramBuilder
    name: str
    block: Block
    values: dict[SSAValue, Values] = field(default_factory=dict)
    chain: SSAValue | None = None

    def add_block(self, source: Block) -> list[SSAValue]:
        """Add what the ops of a block become; returns what stands for what it returns."""
        *ops, last = ops_of(source)
        for op in ops:
            self._add(op)
        return self.operands(last)

    def value(self, source: SSAValue) -> Values:
        """What stands for a value of the source; constants, and what repeats them, are made wherever they are used."""
        if source not in self.values:
            assert is_everywhere(source) and isinstance(source.owner, Operation)
            self._add(source.owner)
        return self.values[source]

    def insert(self, op: Operation, location: LocationAttr) -> Sequence[SSAValue]:
        """Add an op at the end; returns its results."""
        op.location = location
        append_op(self.block, op)
        return op.results

    def types(self, values: Sequence[SSAValue], user: object) -> list[Attribute]:
        """The types of what stands for values; a type that cannot be is reported at `user`."""
        try:
            return flat_types(map(type_of, values))
        except ValueError as error:
            if isinstance(user, Operation):
                self.program.report(user, f"has a type that is not supported: {error}")
            else:
                parent = user.parent_op() if isinstance(user, Block) else None
                assert parent is not None
                self.program.report(parent, f"has a type that is not supported: {error}")
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
            given = self.program.lower(self, op)
        except Unsupported as error:
            self.program.report(error.op, error.reason)
            given = self._missing(op)
        for result in op.results:
            size = flat_count(type_of(result))
            if size is None:
                size = len(self.types([result], op))
            self.values[result], given = tuple(given[:size]), given[size:]

    def _missing(self, op: Operation) -> Sequence[SSAValue]:
        """Something in place of the results of an op that has been reported, so that others can be."""
        types = self.types(op.results, op)
        return self.insert(CallOp.create(result_types=types), op.location)

    def operands(self, op: Operation) -> list[SSAValue]:
        """What stands for an op's operands."""
        return [value for operand in operands_of(op) for value in self.value(operand)]

    def item(self, value: SSAValue, type: Attribute, location: LocationAttr) -> SSAValue:
        """The one element of an array."""
        return self.insert(ItemOp.create(operands=[value], result_types=[type]), location)[0]


def _names(function: FuncOp) -> Names:
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
