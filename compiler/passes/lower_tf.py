"""`lower-tf`: TensorFlow's graphs become functions with StableHLO's branches and loops, around TensorFlow's ops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    ModuleOp,
    StringAttr,
    TensorType,
    UnrankedTensorType,
    UnregisteredAttr,
    UnregisteredOp,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation
from xdsl.passes import ModulePass

from tfrt.compiler.locations import location_of
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.replacing import cast, insert, replace, replace_by
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
from tfrt.compiler.passes.shared.tf_attributes import derive
from tfrt.compiler.passes.shared.tf_control_flow import ControlFlow
from tfrt.compiler.passes.shared.tf_variables import is_resource, make_constant
from tfrt.compiler.passes.symbol_dce import functions_of, is_private
from tfrt.dialects.shared.ops import ops_of
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

    def __post_init__(self) -> None:
        self.control_flow = ControlFlow(self.functions, self.bound, self.report)

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
            function = self.control_flow.found(op, symbol)
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
        for op in ops_of(block):
            name = name_of(op)
            rewrite = _REWRITES.get(name)
            if name in _FORWARDED:
                replace(op, op.operands[: len(op.results)])
            elif rewrite is not None:
                rewrite(self, op)
            elif name.startswith("tf.") and not is_supported(name):
                self.report(op, "is not supported")
            elif name not in _TAKING_STRINGS and any(_is_string(value.type) for value in (*op.operands, *op.results)):
                if name.startswith("tf."):
                    self.report(op, "is not supported: its tensors hold strings")
            else:
                derive(op, name)
                if name in SEEDED:
                    self._keep_state(op, name)
        last = block.last_op
        if last is not None and last.name == "func.return":
            last.operands = [
                cast(value, type, last)
                for value, type in zip(last.operands, function.function_type.outputs, strict=True)
            ]

    def report(self, op: Operation, message: str) -> None:
        self.problems.append(Diagnostic("error", f"'{name_of(op)}' op {message}", location_of(op.location)))

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
                replace(island, values, but_last=True)
            elif island.next_op is not None:
                self._refuse(island)
        last = graph.body.block.last_op
        assert last is not None
        fetched = [value for value in last.operands if not isinstance(value.type, ControlType)]
        if not self.problems:
            replace(graph, fetched)

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
            replace_by(op, made)
            return
        if not isinstance(value, DenseIntOrFPElementsAttr):
            self.report(op, f"has a value that is not supported: {value}")
            return
        replace_by(op, ConstantOp.create(properties={"value": value}, result_types=[value.get_type()]))

    def _handle(self, op: Operation) -> None:
        """The variable of a name; one of its own where there is no name."""
        said = [attribute_of(op, name) for name in ("shared_name", "container")]
        name, container = [each.data if isinstance(each, StringAttr) else "" for each in said]
        if not name or name == _ANONYMOUS:
            name = f"variable.{self.variables}"
            self.variables += 1
        properties = {"name": StringAttr(f"{container}/{name}" if container else name)}
        replace_by(op, VariableOp.create(properties=properties, result_types=op.result_types))

    def _keep_state(self, op: Operation, name: str) -> None:
        """Give an op that goes on from call to call a variable for where it is."""
        number = f"{name}.{self.variables}"
        self.variables += 1
        handle = TensorType(_RESOURCE, [])
        made = VariableOp.create(properties={"name": StringAttr(number)}, result_types=[handle])
        insert(made, op)
        op.operands = [*op.operands, made.result]

    def _convert(self, op: Operation) -> None:
        """A conversion; handles are what they are."""
        if is_resource(op.operands[0].type):
            replace(op, [cast(op.operands[0], op.results[0].type, op)])
        else:
            derive(op, name_of(op))

    def _nothing(self, op: Operation) -> None:
        replace(op, ())


def _control_flow(rewrite: Callable[[ControlFlow, Operation], None]) -> Callable[[_Lowering, Operation], None]:
    return lambda lowering, op: rewrite(lowering.control_flow, op)


_REWRITES: dict[str, Callable[[_Lowering, Operation], None]] = {
    "arith.constant": _Lowering._constant,
    "tf.Case": _control_flow(ControlFlow.case),
    "tf.Cast": _Lowering._convert,
    "tf.Const": _Lowering._constant,
    "tf.If": _control_flow(ControlFlow.branch),
    "tf.LegacyCall": _control_flow(ControlFlow.call),
    "tf.NoOp": _Lowering._nothing,
    "tf.PartitionedCall": _control_flow(ControlFlow.call),
    "tf.StatefulPartitionedCall": _control_flow(ControlFlow.call),
    "tf.StatelessCase": _control_flow(ControlFlow.case),
    "tf.StatelessIf": _control_flow(ControlFlow.branch),
    "tf.StatelessWhile": _control_flow(ControlFlow.loop),
    "tf.VarHandleOp": _Lowering._handle,
    "tf.While": _control_flow(ControlFlow.loop),
}
