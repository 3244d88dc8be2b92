"""`lower-tf`: TensorFlow's graphs become functions with StableHLO's branches and loops, around TensorFlow's ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FlatSymbolRefAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnrankedTensorType,
    UnrealizedConversionCastOp,
    UnregisteredAttr,
    UnregisteredOp,
    i1,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.saved_models import (
    INITIALIZER,
    attribute_of,
    bind,
    bound_arguments,
    export,
    first_values,
    give_first_values,
    globals_of,
    name_arguments,
)
from tfrt.compiler.passes.shared.tf_variables import is_resource, make_constant
from tfrt.compiler.passes.symbol_dce import functions_of, is_private
from tfrt.compiler.verifier import location_of
from tfrt.dialects.func import CallOp
from tfrt.dialects.stablehlo.control_flow import CaseOp, IfOp, ReturnOp, WhileOp
from tfrt.dialects.stablehlo.shapes import ConstantOp
from tfrt.dialects.tf import VariableOp
from tfrt.dialects.tf_executor import DATAFLOW, FUNCTIONAL, ControlType, GraphOp, IslandOp
from tfrt.dialects.tf_type import STRING, ShapeAttr, StringsAttr
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError

_FORWARDED = frozenset(
    (
        "tf.EnsureShape",
        "tf.Identity",
        "tf.IdentityN",
        "tf.PlaceholderWithDefault",
        "tf.PreventGradient",
        "tf.Snapshot",
        "tf.StopGradient",
    )
)
"""Ops that give what they are given."""

_TAKING_STRINGS = frozenset(
    ("builtin.unrealized_conversion_cast", "tf.Assert", "tf.Print", "tf.PrintV2", "tf.StringFormat", "tf.Strings")
)
"""Ops whose tensors may hold strings, beside those that only hand values on."""

_RANDOM = (
    "tf.RandomStandardNormal",
    "tf.RandomUniform",
    "tf.StatelessRandomNormal",
    "tf.StatelessRandomNormalV2",
    "tf.StatelessRandomUniform",
    "tf.StatelessRandomUniformFullInt",
    "tf.StatelessRandomUniformFullIntV2",
    "tf.StatelessRandomUniformV2",
    "tf.StatelessTruncatedNormal",
    "tf.StatelessTruncatedNormalV2",
    "tf.TruncatedNormal",
)
"""Ops that give random numbers of a type that they say."""

SEEDED = frozenset(
    (
        "tf.Multinomial",
        "tf.RandomShuffle",
        "tf.RandomStandardNormal",
        "tf.RandomUniform",
        "tf.RandomUniformInt",
        "tf.TruncatedNormal",
    )
)
"""Ops whose random numbers go on from call to call: they take a variable last."""

_RESOURCE = UnregisteredAttr.with_name_and_type("tf_type.resource", True)("tf_type.resource", True, False, "")

_ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"
"""TensorFlow's name for variables that are found by no name."""


def _is_string(type: Attribute) -> bool:
    element = type.element_type if isinstance(type, TensorType | UnrankedTensorType) else None
    return isinstance(element, UnregisteredAttr) and element.attr_name.data == STRING


@dataclass(frozen=True)
class LowerTf(ModulePass):
    """Turns TensorFlow's graphs into functions of `func`.

    Islands become what is in them, in the order that their tokens ask for. `tf.Const` becomes a constant, `tf.If`,
    `tf.Case`, `tf.While` and calls become those of `stablehlo` and `func`, and what only hands values on goes away.
    Other ops of `tf` stay: they are ops of the core runtime.

    Arguments that are bound to global tensors of a saved model are the program's variables, as what `tf.VarHandleOp`
    gives is; variables with a first value that no op of the program changes are constants. Functions that a saved model
    exports are there under those names, too.

    All that is not supported is reported at once, each op with the name of its node.
    """

    name = "lower-tf"
    anchor = "builtin.module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = functions_of(op)
        lowering = _Lowering(functions, [])
        for function in functions.values():
            lowering.bind(function, globals_of(op))
        for function in functions.values():
            lowering.require_arrays(function)
            for block in function.body.blocks:
                lowering.lower(block, function)
        for initializer in [inner for inner in op.ops if name_of(inner) == INITIALIZER]:
            lowering.initialize(initializer, op)
        if lowering.problems:
            raise CompileError(tuple(lowering.problems))
        for inner in list(op.ops):
            if name_of(inner).startswith("tf_saved_model."):
                inner.detach()
                inner.erase()
        make_constant(op)
        export(op)


def lowered_names() -> frozenset[str]:
    """The ops of `tf` that this pass makes something else of."""
    return frozenset(name for name in (*_FORWARDED, *_REWRITES) if name.startswith("tf."))


def is_supported(name: str) -> bool:
    """Whether an op of `tf` can be in programs."""
    return (
        name in _FORWARDED
        or name in _REWRITES
        or name in ("tf.ProgramVariable", "tf.Weight")
        or CPU_OPS.get(name) is not None
    )


@dataclass
class _Lowering:
    functions: dict[str, FuncOp]
    problems: list[Diagnostic]
    bound: dict[str, frozenset[int]] = field(default_factory=dict)
    variables: int = 0

    def bind(self, function: FuncOp, known: dict[str, Operation]) -> None:
        """Give a function the program's variables in the place of arguments that are bound to them."""
        bound = bound_arguments(function)
        name = function.sym_name.data
        for place, symbol in bound.items():
            tensor = known.get(symbol)
            if tensor is None:
                self.report(function, f"has argument {place} bound to @{symbol}, which is not defined")
            elif name_of(tensor) != "tf_saved_model.global_tensor":
                self.report(tensor, f"is not supported: function @{name} reads a file beside the model")
        if not self.problems and function.body.blocks:
            bind(function, bound, known)
            name_arguments(function)
            self.bound[name] = frozenset(bound)

    def require_arrays(self, function: FuncOp) -> None:
        """Report a function for users that takes or gives strings."""
        types = function.function_type
        if not is_private(function) and any(map(_is_string, (*types.inputs, *types.outputs))):
            name = function.sym_name.data
            self.report(function, f"is not supported: @{name} takes or gives strings")

    def initialize(self, op: Operation, module: ModuleOp) -> None:
        """Have variables the first values that functions give them which would run before all others; report those that
        do more than that."""
        symbols = attribute_of(op, "initializers")
        for symbol in symbols if isinstance(symbols, ArrayAttr) else ():
            function = self._found(op, symbol)
            if function is None:
                continue
            values = first_values(function)
            if values is None:
                self.report(op, f"is not supported: {symbol} would have to run before all else")
            else:
                function.detach()
                give_first_values(module, values)

    def lower(self, block: Block, function: FuncOp) -> None:
        for graph in [op for op in block.ops if isinstance(op, GraphOp)]:
            self._flatten(graph)
        for op in list(block.ops):
            name = name_of(op)
            rewrite = _REWRITES.get(name)
            if name in _FORWARDED:
                _replace(op, op.operands[: len(op.results)])
            elif rewrite is not None:
                rewrite(self, op)
            elif name.startswith("tf.") and not is_supported(name):
                self.report(op, "is not supported")
            elif name not in _TAKING_STRINGS and any(_is_string(value.type) for value in (*op.operands, *op.results)):
                if name.startswith("tf."):
                    self.report(op, "is not supported: its tensors hold strings")
            else:
                _derive(op, name)
                if name in SEEDED:
                    self._keep_state(op, name)
        last = block.last_op
        if last is not None and last.name == "func.return":
            last.operands = [
                self.cast(value, type, last)
                for value, type in zip(last.operands, function.function_type.outputs, strict=True)
            ]

    def report(self, op: Operation, message: str) -> None:
        self.problems.append(Diagnostic("error", f"'{name_of(op)}' op {message}", location_of(op.location)))

    def cast(self, value: SSAValue, type: Attribute, before: Operation) -> SSAValue:
        """The value as one of another type, in front of an op."""
        if value.type == type:
            return value
        made = UnrealizedConversionCastOp.create(operands=[value], result_types=[type])
        made.location = before.location
        assert before.parent is not None
        before.parent.insert_op_before(made, before)
        return made.results[0]

    def _flatten(self, graph: GraphOp) -> None:
        block = graph.parent
        assert block is not None
        for island in list(graph.body.block.ops):
            if isinstance(island, IslandOp):
                for op in list(island.body.block.ops):
                    if op.next_op is None:
                        values = list(op.operands)
                        op.detach()
                        break
                    op.detach()
                    block.insert_op_before(op, graph)
                _replace(island, values, but_last=True)
            elif island.next_op is not None:
                self._refuse(island)
        last = graph.body.block.last_op
        assert last is not None
        fetched = [value for value in last.operands if not isinstance(value.type, ControlType)]
        if not self.problems:
            _replace(graph, fetched)

    def _refuse(self, op: Operation) -> None:
        name = name_of(op).removeprefix("tf_executor.")
        reason = "is not supported"
        if name in DATAFLOW:
            reason += f": {FUNCTIONAL}"
        self.report(op, reason)

    def _constant(self, op: Operation) -> None:
        value = op.properties.get("value", op.attributes.get("value"))
        if isinstance(value, StringsAttr):
            made = UnregisteredOp.with_name("tf.Strings").create(
                properties={
                    "strings": value.strings,
                    "shape": ShapeAttr.new("x".join(map(str, value.type.get_shape()))),
                },
                result_types=[value.type],
            )
            _replace_by(op, made)
            return
        if not isinstance(value, DenseIntOrFPElementsAttr):
            self.report(op, f"has a value that is not supported: {value}")
            return
        _replace_by(op, ConstantOp.create(properties={"value": value}, result_types=[value.get_type()]))

    def _handle(self, op: Operation) -> None:
        """The variable of a name; one of its own where there is no name."""
        said = [attribute_of(op, name) for name in ("shared_name", "container")]
        name, container = [each.data if isinstance(each, StringAttr) else "" for each in said]
        if not name or name == _ANONYMOUS:
            name = f"variable.{self.variables}"
            self.variables += 1
        properties = {"name": StringAttr(f"{container}/{name}" if container else name)}
        _replace_by(op, VariableOp.create(properties=properties, result_types=op.result_types))

    def _keep_state(self, op: Operation, name: str) -> None:
        """Give an op that goes on from call to call a variable for where it is."""
        number = f"{name}.{self.variables}"
        self.variables += 1
        handle = TensorType(_RESOURCE, [])
        made = VariableOp.create(properties={"name": StringAttr(number)}, result_types=[handle])
        made.location = op.location
        assert op.parent is not None
        op.parent.insert_op_before(made, op)
        op.operands = [*op.operands, made.result]

    def _convert(self, op: Operation) -> None:
        """A conversion; handles are what they are."""
        if is_resource(op.operands[0].type):
            _replace(op, [self.cast(op.operands[0], op.results[0].type, op)])
        else:
            _derive(op, name_of(op))

    def _nothing(self, op: Operation) -> None:
        _replace(op, ())

    def _call(self, op: Operation) -> None:
        callee = self._function(op, "f")
        if callee is None:
            return
        inputs, outputs = callee.function_type.inputs.data, callee.function_type.outputs.data
        given = self._unbound(callee, op.operands)
        operands = [self.cast(value, type, op) for value, type in zip(given, inputs, strict=False)]
        made = CallOp.create(
            operands=operands, properties={"callee": FlatSymbolRefAttr(callee.sym_name.data)}, result_types=outputs
        )
        self._replace_with_casts(op, made)

    def _unbound(self, function: FuncOp, operands: Sequence[SSAValue]) -> list[SSAValue]:
        """What a function still takes of operands."""
        bound = self.bound.get(function.sym_name.data, frozenset())
        return [value for place, value in enumerate(operands) if place not in bound]

    def _if(self, op: Operation) -> None:
        branches = [self._function(op, name) for name in ("then_branch", "else_branch")]
        self._branch(op, branches, i1, IfOp)

    def _case(self, op: Operation) -> None:
        symbols = op.properties.get("branches", op.attributes.get("branches"))
        branches = [self._found(op, symbol) for symbol in symbols] if isinstance(symbols, ArrayAttr) else []
        self._branch(op, branches, i32, CaseOp)

    def _branch(
        self, op: Operation, branches: Sequence[FuncOp | None], type: IntegerType, made_of: type[IfOp | CaseOp]
    ) -> None:
        if None in branches:
            return
        chooser, *operands = op.operands
        chooser = self._chooser(chooser, type, op)
        regions = [Region([self._calling(branch, operands, op)]) for branch in branches if branch is not None]
        made = made_of.create(operands=[chooser], result_types=op.result_types, regions=regions)
        _replace_by(op, made)

    def _chooser(self, value: SSAValue, type: IntegerType, op: Operation) -> SSAValue:
        """What a branch is chosen by; of other types than truth values, whether it is not zero, or not empty."""
        element = value.type.element_type if isinstance(value.type, TensorType | UnrankedTensorType) else None
        scalar = TensorType(type, [])
        if element == type:
            return self.cast(value, scalar, op)
        name = "tf.ToBool" if type == i1 else "tf.Cast"
        made = UnregisteredOp.with_name(name).create(
            operands=[value], result_types=[scalar], properties={} if type == i1 else {"DstT": i32}
        )
        made.location = op.location
        assert op.parent is not None
        op.parent.insert_op_before(made, op)
        return made.results[0]

    def _calling(self, function: FuncOp, operands: Sequence[SSAValue], op: Operation) -> Block:
        """A block that gives what a function does on some values, as `op`'s results."""
        block = Block()
        given = self._add_call(block, function, operands, op)
        results = [_add_cast(block, v, t, op) for v, t in zip(given, op.result_types, strict=True)]
        _add(block, ReturnOp.create(operands=results), op)
        return block

    def _add_call(
        self, block: Block, function: FuncOp, operands: Sequence[SSAValue], op: Operation
    ) -> Sequence[SSAValue]:
        types = function.function_type
        given = self._unbound(function, operands)
        values = [_add_cast(block, value, type, op) for value, type in zip(given, types.inputs, strict=True)]
        symbol = FlatSymbolRefAttr(function.sym_name.data)
        return _add(
            block, CallOp.create(operands=values, properties={"callee": symbol}, result_types=types.outputs.data), op
        )

    def _while(self, op: Operation) -> None:
        condition, body = self._function(op, "cond"), self._function(op, "body")
        if condition is None or body is None:
            return
        types = op.result_types
        operands = [self.cast(value, type, op) for value, type in zip(op.operands, types, strict=True)]
        asked, advanced = Block(arg_types=types), Block(arg_types=types)
        (goes_on,) = self._add_call(asked, condition, asked.args, op)
        last = ReturnOp.create(operands=[goes_on])
        _add(asked, last, op)
        last.operands = [self._chooser(goes_on, i1, last)]
        given = self._add_call(advanced, body, advanced.args, op)
        results = [_add_cast(advanced, value, type, op) for value, type in zip(given, types, strict=True)]
        _add(advanced, ReturnOp.create(operands=results), op)
        made = WhileOp.create(operands=operands, result_types=types, regions=[Region([asked]), Region([advanced])])
        _replace_by(op, made)

    def _function(self, op: Operation, name: str) -> FuncOp | None:
        return self._found(op, op.properties.get(name, op.attributes.get(name)))

    def _found(self, op: Operation, symbol: Attribute | None) -> FuncOp | None:
        found = self.functions.get(symbol.root_reference.data) if isinstance(symbol, SymbolRefAttr) else None
        if found is None:
            self.report(op, f"refers to {symbol}, which is not a function of this program")
        return found

    def _replace_with_casts(self, op: Operation, made: Operation) -> None:
        assert op.parent is not None
        made.location = op.location
        op.parent.insert_op_before(made, op)
        _replace(op, [self.cast(value, type, op) for value, type in zip(made.results, op.result_types, strict=True)])


def _derive(op: Operation, name: str) -> None:
    """Spell out what exporters leave to the types and the number of results."""
    attribute, number = _ELEMENT_TYPES.get(name, ("", 0))
    if attribute and number < len(op.results):
        type = op.results[number].type
        if isinstance(type, TensorType | UnrankedTensorType):
            op.attributes[attribute] = type.element_type
    count = _COUNTS.get(name)
    if count is not None:
        op.attributes[count] = IntegerAttr(len(op.results), i64)


_ELEMENT_TYPES: dict[str, tuple[str, int]] = {
    "tf.ArgMax": ("output_type", 0),
    "tf.ArgMin": ("output_type", 0),
    "tf.Bitcast": ("type", 0),
    "tf.Cast": ("DstT", 0),
    "tf.Empty": ("dtype", 0),
    "tf.HistogramFixedWidth": ("dtype", 0),
    "tf.ListDiff": ("out_idx", 1),
    "tf.LowerBound": ("out_type", 0),
    "tf.Lu": ("output_idx_type", 1),
    "tf.MaxPoolWithArgmax": ("Targmax", 1),
    **dict.fromkeys(_RANDOM, ("dtype", 0)),
    "tf.Multinomial": ("output_dtype", 0),
    "tf.Shape": ("out_type", 0),
    "tf.ShapeN": ("out_type", 0),
    "tf.Size": ("out_type", 0),
    "tf.StatelessMultinomial": ("output_dtype", 0),
    "tf.Unique": ("out_idx", 1),
    "tf.UniqueWithCounts": ("out_idx", 1),
    "tf.UpperBound": ("out_type", 0),
}
"""The attributes that are the element type of a result, and of which."""

_COUNTS: dict[str, str] = {
    "tf.DynamicPartition": "num_partitions",
    "tf.Split": "num_split",
    "tf.Unpack": "num",
}
"""The attributes that are the number of results."""


def _add(block: Block, op: Operation, source: Operation) -> Sequence[SSAValue]:
    op.location = source.location
    block.add_op(op)
    return op.results


def _add_cast(block: Block, value: SSAValue, type: Attribute, source: Operation) -> SSAValue:
    if value.type == type:
        return value
    return _add(block, UnrealizedConversionCastOp.create(operands=[value], result_types=[type]), source)[0]


def _replace_by(op: Operation, made: Operation) -> None:
    assert op.parent is not None
    made.location = op.location
    op.parent.insert_op_before(made, op)
    _replace(op, made.results)


def _replace(op: Operation, values: Sequence[SSAValue], *, but_last: bool = False) -> None:
    """Put values in place of an op's results; the last result may be a token, which orders what is in order already."""
    results = op.results[:-1] if but_last else op.results
    for old, new in zip(results, values, strict=True):
        old.replace_all_uses_with(new)
    if but_last:
        for use in list(op.results[-1].uses):
            user = use.operation
            user.operands = [operand for operand in user.operands if operand is not op.results[-1]]
    op.detach()
    op.erase()


_REWRITES: dict[str, Callable[[_Lowering, Operation], None]] = {
    "arith.constant": _Lowering._constant,
    "tf.Case": _Lowering._case,
    "tf.Cast": _Lowering._convert,
    "tf.Const": _Lowering._constant,
    "tf.If": _Lowering._if,
    "tf.LegacyCall": _Lowering._call,
    "tf.NoOp": _Lowering._nothing,
    "tf.PartitionedCall": _Lowering._call,
    "tf.StatefulPartitionedCall": _Lowering._call,
    "tf.StatelessCase": _Lowering._case,
    "tf.StatelessIf": _Lowering._if,
    "tf.StatelessWhile": _Lowering._while,
    "tf.VarHandleOp": _Lowering._handle,
    "tf.While": _Lowering._while,
}
