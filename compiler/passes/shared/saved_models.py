"""Text of saved models: variables that arguments are bound to, and the names that functions have for users.

Source of the semantics: ``tensorflow/compiler/mlir/tensorflow/ir/tf_saved_model_ops.td`` of TensorFlow. A variable's
first value is in the text, or, where `tfrt-import` wrote it, in the file of weights: an attribute `tfrt.weight` of
``tf_saved_model.global_tensor`` is its name there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FlatSymbolRefAttr,
    FunctionType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    TensorType,
)
from xdsl.dialects.func import FuncOp
from xdsl.dialects.func import ReturnOp as FuncReturnOp
from xdsl.ir import Attribute, Block, Operation, Region

from tfrt.compiler.emitter.entities import NAME
from tfrt.compiler.passes.shared.fact_propagation import new_name, rename
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.dialects.func import CallOp
from tfrt.dialects.stablehlo.shapes import ConstantOp
from tfrt.dialects.tf import VariableOp, WeightOp

_PREFIX = "tf_saved_model."
BOUND = f"{_PREFIX}bound_input"
EXPORTED = f"{_PREFIX}exported_names"
INITIALIZER = f"{_PREFIX}session_initializer"
WEIGHT = "tfrt.weight"

_INDEX = f"{_PREFIX}index_path"


def globals_of(module: ModuleOp) -> dict[str, Operation]:
    """The module's global tensors and assets by symbol."""
    found: dict[str, Operation] = {}
    for op in module.ops:
        symbol = attribute_of(op, "sym_name")
        if name_of(op).startswith(_PREFIX) and isinstance(symbol, StringAttr):
            found[symbol.data] = op
    return found


def attribute_of(op: Operation, name: str) -> Attribute | None:
    """An attribute, in whichever dictionary an exporter has put it."""
    return op.properties.get(name, op.attributes.get(name))


def bound_arguments(function: FuncOp) -> dict[int, str]:
    """The arguments that are bound to what a module has, and to which symbols."""
    found: dict[int, str] = {}
    for place, attributes in enumerate(function.arg_attrs or ()):
        symbol = attributes.data.get(BOUND)
        if isinstance(symbol, SymbolRefAttr):
            found[place] = symbol.root_reference.data
    return found


def bind(function: FuncOp, bound: Mapping[int, str], known: Mapping[str, Operation]) -> None:
    """Take bound arguments from a function, which has the program's variables, or their values, instead."""
    block = function.body.block
    for place, symbol in bound.items():
        argument, tensor = block.args[place], known[symbol]
        made = _initial(tensor)
        if not _is_value(argument.type):
            name = StringAttr(_variable_name(tensor))
            variable = VariableOp.create(
                operands=[op.results[0] for op in made], properties={"name": name}, result_types=[argument.type]
            )
            made = [*made, variable]
        for op in made:
            op.location = argument.location
        if block.first_op is not None:
            block.insert_ops_before(made, block.first_op)
        argument.replace_all_uses_with(made[-1].results[0])
    for place in sorted(bound, reverse=True):
        block.erase_arg(block.args[place])
    function.function_type = FunctionType.from_lists([a.type for a in block.args], function.function_type.outputs.data)
    if function.arg_attrs is not None:
        kept = [each for place, each in enumerate(function.arg_attrs) if place not in bound]
        function.arg_attrs = ArrayAttr(kept)


def _is_value(type: Attribute) -> bool:
    return isinstance(type, TensorType) and not type.element_type.name.startswith("builtin.unregistered")


def _initial(tensor: Operation) -> list[Operation]:
    """The op that gives a variable's first value; none where it has none."""
    weight, type, value = (attribute_of(tensor, name) for name in (WEIGHT, "type", "value"))
    if isinstance(weight, StringAttr) and isinstance(type, TensorType):
        return [WeightOp.create(properties={"name": weight}, result_types=[type])]
    if isinstance(value, DenseIntOrFPElementsAttr):
        return [ConstantOp.create(properties={"value": value}, result_types=[value.get_type()])]
    return []


_IDLE = frozenset(("func.return", "stablehlo.constant", "tf.ProgramVariable", "tf.Weight"))
"""What does nothing by itself."""


def first_values(function: FuncOp) -> dict[str, Operation] | None:
    """The ops whose results a function assigns to variables, by variable; None where it does more than that."""
    found: dict[str, Operation] = {}
    for op in function.body.block.ops:
        if name_of(op) in _IDLE:
            continue
        makers = [operand.owner for operand in op.operands]
        if name_of(op) != "tf.AssignVariableOp" or not isinstance(makers[0], VariableOp):
            return None
        value = makers[1]
        if not isinstance(value, ConstantOp | WeightOp):
            return None
        found[makers[0].variable_name.data] = value
    return found


def give_first_values(module: ModuleOp, values: Mapping[str, Operation]) -> None:
    """Give a module's variables first values."""
    for op in list(module.walk()):
        value = values.get(op.variable_name.data) if isinstance(op, VariableOp) and op.initial is None else None
        if value is not None:
            made = value.clone()
            made.location = op.location
            assert op.parent is not None
            op.parent.insert_op_before(made, op)
            op.operands = [made.results[0]]


def _variable_name(tensor: Operation) -> str:
    """What a variable is called: what users know it by, or its symbol."""
    names = exported_names(tensor)
    symbol = attribute_of(tensor, "sym_name")
    assert isinstance(symbol, StringAttr)
    return names[0] if names else symbol.data


def exported_names(op: Operation) -> list[str]:
    """The names by which users know what an op defines."""
    names = op.attributes.get(EXPORTED, op.properties.get(EXPORTED))
    return [name.data for name in names if isinstance(name, StringAttr)] if isinstance(names, ArrayAttr) else []


def name_arguments(function: FuncOp) -> None:
    """Give arguments and results the names that they have in a signature."""
    function.arg_attrs = _named(function.arg_attrs)
    function.res_attrs = _named(function.res_attrs)


def _named(dictionaries: ArrayAttr[DictionaryAttr] | None) -> ArrayAttr[DictionaryAttr] | None:
    if dictionaries is None:
        return None
    names = [_name(each) for each in dictionaries]
    given = [name for name in names if name]
    if not given or len(set(given)) != len(given):
        return dictionaries
    return ArrayAttr(
        [
            DictionaryAttr({NAME: StringAttr(name), **each.data}) if name else each
            for name, each in zip(names, dictionaries, strict=True)
        ]
    )


def _name(attributes: DictionaryAttr) -> str:
    path = attributes.data.get(_INDEX)
    last = path.data[-1] if isinstance(path, ArrayAttr) and path.data else None
    if isinstance(last, StringAttr):
        return last.data
    said = attributes.data.get("tf._user_specified_name")
    return said.data if isinstance(said, StringAttr) else ""


def export(module: ModuleOp) -> None:
    """Have functions under the names that users know them by, beside their own."""
    functions = functions_of(module)
    taken = set(functions)
    for name, function in functions.items():
        names = [other for other in exported_names(function) if other not in taken]
        if not names:
            continue
        taken.update(names)
        inner = new_name(name, taken)
        wrappers = [_wrapper(function, other, inner) for other in (name, *names)]
        rename(function, inner)
        function.arg_attrs = function.res_attrs = None
        for call in module.walk():
            if isinstance(call, CallOp) and call.callee.root_reference.data == name:
                call.callee = FlatSymbolRefAttr(inner)
        module.body.block.insert_ops_before(wrappers, function)


def _wrapper(function: FuncOp, name: str, callee: str) -> FuncOp:
    """A public function that does what `function`, which is called `callee`, does."""
    types = function.function_type
    block = Block(arg_types=types.inputs.data)
    call = CallOp.create(
        operands=block.args, properties={"callee": FlatSymbolRefAttr(callee)}, result_types=types.outputs.data
    )
    ops: Sequence[Operation] = (call, FuncReturnOp(*call.results))
    for op in ops:
        op.location = function.location
    block.add_ops(ops)
    made = FuncOp(name, types, Region([block]))
    made.location = function.location
    made.arg_attrs, made.res_attrs = function.arg_attrs, function.res_attrs
    return made
