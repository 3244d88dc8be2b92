"""`refine-arguments`: arguments of a program's functions get the shapes that somebody gives."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import (
    FunctionType,
    ModuleOp,
    StringAttr,
    TensorType,
    UnrankedTensorType,
    UnrealizedConversionCastOp,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument
from xdsl.passes import ModulePass

from tfrt.compiler.emitter.entities import NAME
from tfrt.compiler.frontend.builtin_types import scalar_type
from tfrt.compiler.input_shapes import GivenShape, read_shape
from tfrt.compiler.locations import location_of
from tfrt.compiler.passes.shared.shape_inference import Misfit, narrowed
from tfrt.compiler.passes.shared.source_functions import is_source
from tfrt.compiler.passes.symbol_dce import functions_of, is_private, names_in
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError, UsageError

_NAMES = (NAME, "tf._user_specified_name", "tf_saved_model.index_path", "jax.arg_info", "mhlo.parameter_name")
"""The attributes by which frameworks name arguments."""

_ENTRY = "tf.entry_function"
"""The attribute of a function of TensorFlow's that names all of them."""


@dataclass(frozen=True)
class RefineArguments(ModulePass):
    """Gives arguments of a framework's public functions the shapes that are named.

    `refine-shapes` then finds out what follows. An argument is named as in `x=8x28x28`, `main.x=8x?x28` or
    `0=8x28xf32`: by its name, with its function's or without, or its number. A size `?` stays unknown; the element type
    may come last, and is all that there is for a scalar. What is named is looked for in all public functions, without
    its function's name in those that no other one refers to.

    Args:
        shapes: the arguments' shapes, each in quotes.
    """

    name = "refine-arguments"
    anchor = "builtin.module"

    shapes: tuple[str, ...] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = {name: f for name, f in functions_of(op).items() if is_source(f) and not is_private(f)}
        called = {name for other in op.ops for name in names_in(other)}
        wrong: list[Diagnostic] = []
        for text in self.shapes:
            key, shape = read_shape(text)
            found = list(_arguments(key, functions, called))
            if not found:
                raise UsageError(f"no argument is called '{key}'; there are {_listed(functions)}")
            wrong += [problem for each in found if (problem := _refine(each, shape)) is not None]
        if wrong:
            raise CompileError(tuple(wrong))


def _arguments(key: str, functions: Mapping[str, FuncOp], called: Container[str]) -> Iterator[BlockArgument]:
    """The arguments that a key is about; those of functions that others call must be named with the function."""
    for name, function in functions.items():
        for argument in function.body.block.args:
            names = names_of(argument, function)
            if (key in names and name not in called) or (key.startswith(f"{name}.") and key[len(name) + 1 :] in names):
                yield argument


def names_of(argument: BlockArgument, function: FuncOp) -> list[str]:
    """What an argument may be called."""
    number = argument.index
    names = [str(number), f"%arg{number}", f"arg{number}"]
    hint = argument.name_hint
    if hint is not None and not hint.isdecimal():
        names += [f"%{hint}", hint]
    entry = function.attributes.get(_ENTRY)
    inputs = getattr(entry, "data", {}).get("inputs")
    if isinstance(inputs, StringAttr) and number < len(listed := inputs.data.split(",")):
        names.append(listed[number])
    if function.arg_attrs is not None:
        names += [n for key in _NAMES if (n := _text(function.arg_attrs.data[number].data.get(key))) is not None]
    return names


def _text(attribute: Attribute | None) -> str | None:
    """A name; of an index path, its last part."""
    if isinstance(attribute, StringAttr):
        return attribute.data
    parts = getattr(attribute, "data", ())
    return parts[-1].data if parts and isinstance(parts[-1], StringAttr) else None


def _listed(functions: Mapping[str, FuncOp]) -> str:
    """The arguments that there are, each by the last of its names."""
    found = [
        f"{name}.{names_of(argument, function)[-1]}"
        for name, function in functions.items()
        for argument in function.body.block.args
    ]
    return ", ".join(found) if found else "none"


def _refine(argument: BlockArgument, shape: GivenShape) -> Diagnostic | None:
    """Give an argument a shape; what is wrong if it cannot have it."""
    function = argument.block.parent_op()
    assert isinstance(function, FuncOp)
    declared = argument.type
    try:
        if not isinstance(declared, TensorType | UnrankedTensorType):
            raise Misfit
        if shape.element is not None and scalar_type(shape.element) != declared.element_type:
            raise Misfit
        refined = narrowed(declared, shape.sizes)
    except Misfit:
        message = f"argument {argument.index} of @{function.sym_name.data} is of type {declared}, not {shape.text}"
        return Diagnostic("error", message, location_of(function.location))
    if refined != declared:
        _retype(argument, refined, function)
    return None


def _retype(argument: BlockArgument, type: Attribute, function: FuncOp) -> None:
    """Give an argument a type; what uses it has a cast to the one before, so that ops stay valid."""
    block = function.body.block
    assert block.first_op is not None
    cast = UnrealizedConversionCastOp.create(operands=[argument], result_types=[argument.type])
    cast.location = function.location
    argument.replace_all_uses_with(cast.results[0])
    cast.operands = [argument]
    block.insert_op_before(cast, block.first_op)
    # xDSL's own way to change a type makes another value, without a location.
    argument._type = type
    types = [each.type for each in block.args]
    function.function_type = FunctionType.from_lists(types, function.function_type.outputs.data)
