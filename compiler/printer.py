"""Printing IR as MLIR text, in MLIR's spellings.

Type spellings are also what a BEF file stores for the types of a function, so `type_text` is part of the
format. Text → IR → text is stable: printing what was parsed from printed text gives the same text.

xDSL's printer does most of the work; `MlirPrinter` overrides it where MLIR differs (numbers, dictionaries,
groups of results) and where names must not clash (values are named a region at a time, before it is printed).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from itertools import count, groupby
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    BFloat16Type,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    Float16Type,
    Float32Type,
    FloatAttr,
    FunctionType,
    FusedLoc,
    IntegerAttr,
    ModuleOp,
    NameLoc,
    NoneAttr,
    StringAttr,
    UnknownLoc,
    f64,
    i1,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument, Operation, Region, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.printer import Printer

from tfrt.compiler.float_bits import unpack
from tfrt.compiler.float_spelling import SpelledFloat, float_text, is_hexadecimal
from tfrt.compiler.locations import RangeEnd, start_of_range
from tfrt.dialects.shared.forms import HandWrittenOp
from tfrt.dialects.shared.interning import once_each
from tfrt.dialects.shared.value_names import value_names
from tfrt.dialects.shared.walking import is_unregistered
from tfrt.dialects.tf_type import StringsAttr

_BARE_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$.]*")

_VISIBILITIES = ("public", "private", "nested")

_LARGEST_LISTED = 100
"""A dense attribute of more elements is printed as a blob of hexadecimal digits."""


def print_module(module: ModuleOp, *, generic: bool = False, locations: bool = False, keep_names: bool = True) -> str:
    """The text of `module`, in custom or generic form, with or without `loc(...)` on every op.

    Values have the names that they had in the source; without `keep_names` they are numbered, as MLIR does.
    """
    out = StringIO()
    printer = MlirPrinter(stream=out, print_generic_format=generic, print_debuginfo=locations, keep_names=keep_names)
    printer.print_op(module)
    return out.getvalue() + "\n"


def attribute_text(attribute: Attribute) -> str:
    """The spelling of an attribute or type."""
    out = StringIO()
    MlirPrinter(stream=out).print_attribute(attribute)
    return out.getvalue()


@once_each
def type_text(type: Attribute) -> str:
    """The spelling of a type, as in `tensor<2x3xi32>`."""
    return attribute_text(type)


@dataclass
class _Scope:
    """The names of the values in a region, which also see those around it.

    A region isolated from above could use the names around it anew, but xDSL's parser refuses that.
    """

    parent: _Scope | None = None
    taken: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)
    argument_numbers: Iterator[int] = field(default_factory=count)
    suffixes: dict[str, Iterator[int]] = field(default_factory=dict)
    conflicts: int = 0
    """How many names of definitions were taken already, around this region and in it."""

    def claim(self, hint: str | None, *, argument: bool = False) -> str:
        """A name that is still free: from `hint`, else `arg` and a number, else a number."""
        if hint is not None:
            candidates = self._variants(hint)
        elif argument:
            candidates = (f"arg{i}" for i in self.argument_numbers)
        else:
            candidates = (str(i) for i in self.numbers)
        name = next(candidate for candidate in candidates if not self._is_taken(candidate))
        self.taken.add(name)
        return name

    def claim_defined(self, name: str) -> str:
        """A name that is still free, from the one that a result has in its op's definition, as MLIR makes it."""
        found = name
        while self._is_taken(found):
            found = f"{name}_{self.conflicts}"
            self.conflicts += 1
        self.taken.add(found)
        return found

    def _variants(self, hint: str) -> Iterator[str]:
        yield hint
        for suffix in self.suffixes.setdefault(hint, count(1)):
            yield f"{hint}_{suffix}"

    def _is_taken(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.taken:
                return True
            scope = scope.parent
        return False


@dataclass(eq=False, repr=False)
class MlirPrinter(Printer):
    """An xDSL printer that writes what MLIR writes; without `keep_names` also the names of values."""

    keep_names: bool = True
    _scopes: list[_Scope] = field(default_factory=lambda: [_Scope()], init=False)

    # Operations

    def print_op(self, op: Operation) -> None:
        self._print_results(op)
        # The arguments of a function are printed, and so named, before its region.
        self._scopes.append(_Scope(self._scopes[-1]))
        if self.print_generic_format or not _has_custom_form(op):
            self._print_generic_op(op)
        else:
            self._print_custom_op(op)
        self._scopes.pop()

    def _print_custom_op(self, op: Operation) -> None:
        name = "module" if isinstance(op, ModuleOp) else op.name
        if isinstance(op.parent_op(), FuncOp):
            # The dialect of what stands directly in a function is known.
            name = name.removeprefix("func.")
        self.print_string(name)
        if isinstance(op, FuncOp):
            self._print_function(op)
        else:
            op.print(self)
        self._print_location(op)

    def _print_generic_op(self, op: Operation) -> None:
        name, attributes = op.name, dict(op.attributes)
        if is_unregistered(op):
            name = op.op_name.data
            attributes.pop("op_name__", None)
        self.print_string_literal(name)
        self.print_operands(op.operands)
        if op.successors:
            with self.in_square_brackets():
                self.print_list(op.successors, self.print_block_name)
        if op.properties:
            self.print_string(" ")
            with self.in_angle_brackets():
                self.print_attr_dict(op.properties)
        self.print_regions(op.regions)
        self.print_op_attributes(attributes)
        self.print_string(" : ")
        self.print_function_type(op.operand_types, op.result_types)
        self._print_location(op)

    def _print_function(self, op: FuncOp) -> None:
        if op.sym_visibility is not None:
            self.print_string(f" {op.sym_visibility.data}")
        self.print_string(" ")
        self.print_symbol_name(op.sym_name.data)
        inputs, outputs = op.function_type.inputs.data, op.function_type.outputs.data
        with self.in_parens():
            if op.body.blocks:
                self.print_list(_with_dictionaries(op.body.blocks[0].args, op.arg_attrs), self._print_argument)
            else:
                self.print_list(_with_dictionaries(inputs, op.arg_attrs), self._print_type_with_attributes)
        if outputs:
            self.print_string(" -> ")
            if op.res_attrs is None:
                self._print_types(outputs)
            else:
                with self.in_parens():
                    self.print_list(_with_dictionaries(outputs, op.res_attrs), self._print_type_with_attributes)
        self.print_op_attributes(op.attributes, print_keyword=True)
        if op.body.blocks:
            self.print_string(" ", indent=0)
            self.print_region(op.body, False, False)

    def _print_argument(self, argument: tuple[BlockArgument, dict[str, Attribute]]) -> None:
        value, attributes = argument
        self.print_ssa_value(value)
        self.print_string(": ")
        self._print_type_with_attributes((value.type, attributes))
        if self.print_debuginfo:
            self.print_string(" ")
            self.print_attribute(value.location)

    def _print_type_with_attributes(self, type: tuple[Attribute, dict[str, Attribute]]) -> None:
        self.print_attribute(type[0])
        self.print_op_attributes(type[1])

    def _print_types(self, types: Sequence[Attribute]) -> None:
        # Without parentheses, the arrow of a function type would be taken for more results.
        if len(types) == 1 and not isinstance(types[0], FunctionType):
            self.print_attribute(types[0])
            return
        with self.in_parens():
            self.print_list(types, self.print_attribute)

    def _print_location(self, op: Operation) -> None:
        if self.print_debuginfo:
            self.print_string(" ")
            self.print_attribute(op.location)

    # Values

    @cached_property
    def names(self) -> dict[SSAValue, str]:
        """The names of values."""
        return value_names(self)

    def _print_results(self, op: Operation) -> None:
        if not op.results:
            return
        self._name_results(op)
        self.print_list([group for _, group in self._groups(op)], self._print_group)
        self.print_string(" = ")

    def _print_group(self, group: Sequence[SSAValue]) -> None:
        name, _, _ = self.names[group[0]].partition("#")
        self.print_string(f"%{name}" if len(group) == 1 else f"%{name}:{len(group)}")

    def print_ssa_value(self, value: SSAValue) -> str:
        if value not in self.names:
            self._name_value(value)
        return super().print_ssa_value(value)

    def print_region(self, region: Region, *args: Any, **kwargs: Any) -> None:
        scope = _Scope(self._scopes[-1], conflicts=self._scopes[-1].conflicts)
        self._scopes.append(scope)
        # Arguments already named are those of a function, or re-declare operands of the region's op.
        scope.taken.update(self.names[arg] for arg in _arguments(region) if arg in self.names)
        for block in region.blocks:
            for argument in block.args:
                if argument not in self.names:
                    self._name_value(argument)
            for op in block.ops:
                self._name_results(op)
        super().print_region(region, *args, **kwargs)
        self._scopes.pop()

    def _name_results(self, op: Operation) -> None:
        for defined, group in self._groups(op):
            if group[0] in self.names:
                continue
            scope = self._scopes[-1]
            if defined is None:
                name = scope.claim(group[0].name_hint if self.keep_names else None)
            else:
                name = scope.claim_defined(defined)
            members = [name] if len(group) == 1 else [f"{name}#{i}" for i in range(len(group))]
            self.names.update(zip(group, members, strict=True))

    def _name_value(self, value: SSAValue) -> None:
        """Name a block argument, or a value whose definition is not part of what is printed."""
        is_entry_argument = isinstance(value, BlockArgument) and value.block.prev_block is None
        hint = value.name_hint if self.keep_names else None
        self.names[value] = self._scopes[-1].claim(hint, argument=is_entry_argument)

    def _groups(self, op: Operation) -> list[tuple[str | None, list[SSAValue]]]:
        """Results declared together, as in `%x:2 = …`, and what the op's definition calls them where that names them.

        They are neighbours that share a name. Without names all of an op's are, but for ops whose definition has
        several results: these have the definition's names in MLIR, unless the generic form is printed.
        """
        if not op.results:
            return []
        if self.keep_names:
            groups = groupby(op.results, key=lambda value: value.name_hint)
            return [(None, list(group)) for _, group in groups]
        if not self.print_generic_format and isinstance(op, IRDLOperation):
            definitions = op.get_irdl_definition().results
            if len(definitions) > 1:
                named = [(name, getattr(op, name)) for name, _ in definitions]
                spread = [
                    (name, [found] if isinstance(found, SSAValue) else list(found or ())) for name, found in named
                ]
                return [(name, group) for name, group in spread if group]
        return [(None, list(op.results))]

    # Attributes

    def print_attribute(self, attribute: Attribute) -> None:
        match attribute:
            case ArrayAttr():
                with self.in_square_brackets():
                    self.print_list(attribute, self._print_element)
            case DenseIntOrFPElementsAttr():
                self._print_dense(attribute)
            case StringsAttr():
                self._print_strings(attribute)
            case DenseArrayBase(elt_type=BFloat16Type() | Float16Type() | Float32Type() as type) if len(attribute):
                self.print_string(f"array<{type.name}: ")
                self.print_list(unpack(attribute.data.data, type), lambda value: self.print_float(value, type))
                self.print_string(">")
            case FusedLoc(metadata=RangeEnd() as end) if (start := start_of_range(attribute)) is not None:
                with self.in_location():
                    self.print_string_literal(start.filename.data)
                    self.print_string(f":{start.line.data}:{start.column.data} to ")
                    line = "" if end.line == start.line else end.line.data
                    self.print_string(f"{line}:{end.column.data}")
            case NameLoc(location=UnknownLoc() | NoneAttr()):
                with self.in_location():
                    self.print_attribute(attribute.desc)
            case _:
                super().print_attribute(attribute)

    def _print_element(self, attribute: Attribute) -> None:
        """Print an element of an array, where the types that literals have by default go without saying."""
        match attribute:
            case IntegerAttr() if attribute.type == i64:
                self.print_int(attribute.value.data)
            case FloatAttr() if attribute.type == f64 and not is_hexadecimal(
                text := float_text(attribute.value.data, f64)
            ):
                self.print_string(text)
            case _:
                self.print_attribute(attribute)

    def _print_dense(self, attribute: DenseIntOrFPElementsAttr) -> None:
        data, length = attribute.data.data, len(attribute)
        splat = length > 0 and data == data[: len(data) // length] * length
        self.print_string("dense")
        with self.in_angle_brackets():
            if splat:
                size = len(data) // length
                self._print_dense_element(unpack(data[:size], attribute.get_element_type())[0], attribute)
            elif length > _LARGEST_LISTED and attribute.get_element_type() != i1:
                self.print_string(f'"0x{data.hex().upper()}"')
            elif length:
                self._print_nested(unpack(data, attribute.get_element_type()), attribute.get_shape(), attribute)
        self.print_string(" : ")
        self.print_attribute(attribute.get_type())

    def _print_strings(self, attribute: StringsAttr) -> None:
        shape, strings = attribute.type.get_shape(), attribute.strings.data
        self.print_string("dense")
        with self.in_angle_brackets():
            if len(strings) == 1:
                self.print_attribute(strings[0])
            elif strings:
                self._print_nested_strings(strings, shape)
        self.print_string(" : ")
        self.print_attribute(attribute.type)

    def _print_nested_strings(self, strings: Sequence[StringAttr], shape: Sequence[int]) -> None:
        size = len(strings) // shape[0]
        rows = [strings[i : i + size] for i in range(0, len(strings), size)]
        with self.in_square_brackets():
            if len(shape) == 1:
                self.print_list(strings, self.print_attribute)
            else:
                self.print_list(rows, lambda row: self._print_nested_strings(row, shape[1:]))

    def _print_nested(self, values: Sequence[Any], shape: Sequence[int], attribute: DenseIntOrFPElementsAttr) -> None:
        """Print `values`, which fill a tensor of this shape, in a list for every dimension."""
        if not shape:
            self._print_dense_element(values[0], attribute)
            return
        size = len(values) // shape[0]
        rows = [values[i : i + size] for i in range(0, len(values), size)]
        with self.in_square_brackets():
            self.print_list(rows, lambda row: self._print_nested(row, shape[1:], attribute))

    def _print_dense_element(self, value: Any, attribute: DenseIntOrFPElementsAttr) -> None:
        type: Any = attribute.get_element_type()
        if isinstance(value, int):
            self.print_int(value, type)
        elif isinstance(value, float):
            self.print_float(value, type)
        else:
            self.print_complex(value, type)

    def print_float(self, value: float, type: AnyFloat) -> None:
        if isinstance(type, SpelledFloat):
            self.print_string(float_text(value, type))
        else:
            super().print_float(value, type)

    def print_attr_dict(self, attr_dict: Mapping[str, Attribute]) -> None:
        super().print_attr_dict(dict(sorted(attr_dict.items())))

    def print_resource_handle(self, dialect: str, handle: str) -> None:
        self.print_identifier_or_string_literal(handle)

    def print_string_literal(self, string: str) -> None:
        # What was not valid UTF-8 in the source is kept as surrogates.
        self.print_bytes_literal(string.encode("utf-8", "surrogateescape"))

    def print_identifier_or_string_literal(self, string: str) -> None:
        if _BARE_IDENTIFIER.fullmatch(string):
            self.print_string(string)
        else:
            self.print_string_literal(string)


def _has_custom_form(op: Operation) -> bool:
    if is_unregistered(op) or type(op).print is Operation.print:
        return False
    if isinstance(op, FuncOp):
        return _fits_function_form(op)
    return not isinstance(op, HandWrittenOp) or op.fits_custom_form()


def _fits_function_form(op: FuncOp) -> bool:
    """Whether the custom form of functions, which reads more into a text than the op's attributes say, spells `op`."""
    if op.sym_visibility is not None and op.sym_visibility.data not in _VISIBILITIES:
        return False
    inputs, outputs = op.function_type.inputs.data, op.function_type.outputs.data
    for dictionaries, types in ((op.arg_attrs, inputs), (op.res_attrs, outputs)):
        if dictionaries is not None and (len(dictionaries) != len(types) or not any(d.data for d in dictionaries)):
            return False
    return True


def _with_dictionaries(
    items: Sequence[Any], dictionaries: ArrayAttr[DictionaryAttr] | None
) -> list[tuple[Any, dict[str, Attribute]]]:
    if dictionaries is None:
        return [(item, {}) for item in items]
    return [(item, dict(dictionary.data)) for item, dictionary in zip(items, dictionaries, strict=True)]


def _arguments(region: Region) -> list[BlockArgument]:
    return [argument for block in region.blocks for argument in block.args]
