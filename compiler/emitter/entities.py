"""The first pass over a module: what a BEF file of it refers to, in the order in which it is met.

Operations are visited after the operations of their regions. Attributes, kernels, types and functions keep the order of
their first occurrence; strings are sorted when they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument, Operation, OpResult, Region

from tfrt.compiler.emitter.attributes import array_type, attribute_type
from tfrt.compiler.float_bits import to_bits
from tfrt.compiler.frontend.compiled_modules import COMPILED
from tfrt.compiler.locations import location_of
from tfrt.compiler.printer import attribute_text, type_text
from tfrt.compiler.streams import STREAM_ATTRIBUTE
from tfrt.dialects.shared.ops import blocks_of, operands_of, ops_of, type_of
from tfrt.dialects.shared.symbols import symbols_of
from tfrt.dialects.shared.traits import COST_ATTRIBUTE, MEASURED_COST_ATTRIBUTE
from tfrt.dialects.shared.walking import is_unregistered
from tfrt.executor.bef.format import AttributeType
from tfrt.executor.bef.model import FunctionKind
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError

RETURN = "tfrt.return"

NAME = "tfrt.name"
"""The attribute that names an argument or a result."""

PRODUCER = "tfrt.producer"
"""The attribute of a module that says what compiled it: the tool with its version, the text's name, the passes."""

_HIDDEN = frozenset({COST_ATTRIBUTE, MEASURED_COST_ATTRIBUTE, STREAM_ATTRIBUTE, "op_name__"})
"""Attributes that are not passed to kernels; the last one is where xDSL keeps the name of an unknown op."""


@dataclass(frozen=True, slots=True)
class FunctionEntity:
    """A function to emit; native ones have no region."""

    name: str
    kind: FunctionKind
    argument_types: tuple[Attribute, ...]
    result_types: tuple[Attribute, ...]
    region: Region | None
    argument_names: tuple[str, ...] = ()
    result_names: tuple[str, ...] = ()


@dataclass(slots=True)
class Encoding:
    """What an attribute is to a BEF file.

    Attributes:
        kind: how files hold it (see `attribute_type`).
        identity: a number that attributes have in common which are alike: by value and type, bit for bit, so that 0.0
            and -0.0 differ.
        is_unit: whether it is a symbol in a compiled module, which is passed on as text.
        has_functions: whether other symbols are in it.
        functions: the symbols that it, or its elements, are, where it is nothing but functions; None for other
            attributes.
        types: those of the numbers in it.
        number: its place among the file's attributes, once it has one.
    """

    attribute: Attribute
    kind: int
    identity: int
    is_unit: bool
    has_functions: bool
    functions: tuple[SymbolRefAttr, ...] | None
    types: tuple[Attribute, ...]
    number: int = -1

    @property
    def is_supported(self) -> bool:
        """Whether files can hold it. Kernels are given functions in a list, which has no room for other attributes."""
        return self.kind != AttributeType.UNSUPPORTED and (self.functions is not None or not self.has_functions)


@dataclass(slots=True)
class Entities:
    """What a module's BEF file refers to.

    Attributes:
        attributes: those that the file holds.
        attributes_of: those of the ops that have some, by the op's identity (see `kernel_attributes`).
        strings: all texts.
    """

    module: ModuleOp
    attributes: list[Encoding] = field(default_factory=list)
    kernels: dict[str, int] = field(default_factory=dict)
    types: dict[Attribute, int] = field(default_factory=dict)
    functions: list[FunctionEntity] = field(default_factory=list)
    function_by_name: dict[str, int] = field(default_factory=dict)
    function_by_region: dict[Region, int] = field(default_factory=dict)
    strings: set[str] = field(default_factory=set)
    attributes_of: dict[int, list[tuple[str, Encoding]]] = field(default_factory=dict)
    # Attributes that are one object are found again without comparing what they consist of.
    _same: dict[int, tuple[Attribute, int]] = field(default_factory=dict)
    _encodings: dict[int, Encoding] = field(default_factory=dict)
    _identities: dict[object, int] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)

    def string(self, text: str) -> None:
        self.strings.add(text)

    def type(self, type: Attribute) -> None:
        if id(type) in self._same:
            return
        if type not in self.types:
            self.types[type] = len(self.types)
            self.string(type_text(type))
        self._same[id(type)] = type, self.types[type]

    def type_index(self, type: Attribute) -> int:
        """The number of a type that has been met."""
        found = self._same.get(id(type))
        return self.types[type] if found is None else found[1]

    def encoding(self, attribute: Attribute) -> Encoding:
        """What one of the module's attributes is to the file."""
        found = self._encodings.get(id(attribute))
        if found is None:
            is_array = attribute.__class__ is ArrayAttr
            found = self._array_encoding(attribute) if is_array else self._leaf_encoding(attribute)  # type: ignore[arg-type]
            self._encodings[id(attribute)] = found
        return found

    def _array_encoding(self, array: ArrayAttr[Attribute]) -> Encoding:
        known = self._encodings
        elements = [known.get(id(element)) or self.encoding(element) for element in array.data]
        symbols = tuple([each.attribute for each in elements if each.attribute.__class__ is SymbolRefAttr])
        # Those that are alike are told apart where each gets its place.
        types = {id(type): type for each in elements for type in each.types}
        return Encoding(
            array,
            kind=array_type([each.kind for each in elements]),
            identity=self._identity((ArrayAttr, *[each.identity for each in elements])),
            is_unit=False,
            has_functions=any(each.has_functions for each in elements),
            functions=symbols if symbols and len(symbols) == len(elements) else None,
            types=tuple(types.values()),
        )

    def _leaf_encoding(self, attribute: Attribute) -> Encoding:
        kind = attribute_type(attribute)
        key: object = attribute
        types: tuple[Attribute, ...] = ()
        functions: tuple[SymbolRefAttr, ...] | None = None
        is_unit = False
        match attribute:
            case IntegerAttr():
                types = (attribute.type,)
                key = IntegerAttr, attribute.value.data, self.encoding(attribute.type).identity
            case StringAttr():
                key = StringAttr, attribute.data
            case FloatAttr():
                types = (attribute.type,)
                if kind != AttributeType.UNSUPPORTED:
                    bits = to_bits(attribute.value.data, attribute.type)
                    key = FloatAttr, bits, self.encoding(attribute.type).identity
            case SymbolRefAttr():
                is_unit = is_compilation_unit(self.module, attribute)
                functions = None if is_unit else (attribute,)
        return Encoding(attribute, kind, self._identity(key), is_unit, functions is not None, functions, types)

    def _identity(self, key: object) -> int:
        return self._identities.setdefault(key, len(self._identities))

    def add_attribute(self, encoding: Encoding) -> None:
        """Give an attribute a place in the file, unless it has one: that of the first one like it."""
        if encoding.number < 0:
            encoding.number = self._numbers.setdefault(encoding.identity, len(self.attributes))
            if encoding.number == len(self.attributes):
                self.attributes.append(encoding)

    def function(self, entity: FunctionEntity) -> None:
        self.string(entity.name)
        self.function_by_name[entity.name] = len(self.functions)
        if entity.region is not None:
            self.function_by_region[entity.region] = len(self.functions)
        self.functions.append(entity)


def kernel_name(op: Operation) -> str:
    """The op's name, also where xDSL wraps the op because no dialect defines it."""
    return op.op_name.data if is_unregistered(op) else op.name


def kernel_attributes(op: Operation) -> list[tuple[str, Attribute]]:
    """An op's attributes as BEF sees them: in the order of their names, without what only the compiler reads."""
    if not op.attributes and not op.properties:
        return []
    attributes = (
        {**op.attributes, **op.properties} if op.attributes and op.properties else op.attributes or op.properties
    )
    # No two have one name, so attributes themselves are not compared.
    found = sorted(attributes.items())
    return found if _HIDDEN.isdisjoint(attributes) else [(name, value) for name, value in found if name not in _HIDDEN]


def is_compilation_unit(module: ModuleOp, attribute: Attribute) -> bool:
    """Whether a symbol is in a module marked ``tfrt.compiled``, which is passed on as text."""
    if not isinstance(attribute, SymbolRefAttr):
        return False
    return compiled_module(module, attribute) is not None


def producer_of(module: ModuleOp) -> tuple[str, ...]:
    """What the module says of what compiled it; nothing where it says nothing that a file can hold."""
    match module.attributes.get(PRODUCER):
        case ArrayAttr(data=(StringAttr(data=tool), StringAttr(data=source), StringAttr(data=passes))):
            return tool, source, passes
    return ()


def compiled_module(module: ModuleOp, symbol: SymbolRefAttr) -> ModuleOp | None:
    """The compiled module that holds the function a symbol refers to, or None."""
    if not symbol.nested_references.data:
        return None
    inside = module
    for name in (symbol.root_reference, *symbol.nested_references.data[:-1]):
        found = symbols_of(inside).get(name.data)
        if not isinstance(found, ModuleOp):
            return None
        inside = found
    is_unit = COMPILED in inside.attributes and symbol.nested_references.data[-1].data in symbols_of(inside)
    return inside if is_unit else None


def collect(module: ModuleOp, *, optional_sections: bool) -> Entities:
    """Collect the entities of `module`.

    Raises:
        CompileError: BEF cannot hold it; one diagnostic for each reason.
    """
    entities = Entities(module)
    problems: list[Diagnostic] = []
    references: list[tuple[Operation, SymbolRefAttr]] = []
    for op in _post_order(module):
        problem = _collect_op(op, entities, references, optional_sections)
        if problem is not None:
            problems.append(problem)
    if not problems:
        problems = [
            _error(op, f"function {attribute_text(symbol)} not defined")
            for op, symbol in references
            if symbol.root_reference.data not in entities.function_by_name
        ]
    if problems:
        raise CompileError(tuple(problems))
    return entities


def _post_order(module: ModuleOp) -> Iterator[Operation]:
    """Every op but the module itself, each after those in its regions; not what is in compiled modules."""
    stack: list[tuple[Operation, Iterator[Operation]]] = [(module, _children(module))]
    while stack:
        op, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            if not isinstance(op, ModuleOp):
                yield op
        elif not child.regions:
            yield child
        elif not (isinstance(child, ModuleOp) and COMPILED in child.attributes):
            stack.append((child, _children(child)))


def _children(op: Operation) -> Iterator[Operation]:
    return (child for region in op.regions for block in blocks_of(region) for child in ops_of(block))


def _collect_op(
    op: Operation,
    entities: Entities,
    references: list[tuple[Operation, SymbolRefAttr]],
    optional_sections: bool,
) -> Diagnostic | None:
    if op.name == RETURN:
        block = op.parent_block()
        if block is not None and block.last_op is not op:
            return _error(op, "return op must be at the end of its block")
        return None
    for given in map(type_of, op.results):
        entities.type(given)
    block = op.parent
    for operand in operands_of(op):
        if type(operand) is OpResult and operand.op.parent is block:
            continue
        owner = operand.owner
        if owner is block:
            continue
        if (owner.parent_region() if isinstance(owner, Operation) else owner.parent) is not op.parent_region():
            return _error(op, "BEF executor only supports references to kernels within the current region")
    if type(op) is FuncOp:
        return _name_problem(op, op.sym_name.data) or _collect_function(op, entities)
    attributes = kernel_attributes(op)
    kernel = kernel_name(op)
    for name in (kernel, *[name for name, _ in attributes]):
        if name not in entities.strings and (problem := _name_problem(op, name)) is not None:
            return problem
    if kernel not in entities.kernels:
        entities.kernels[kernel] = len(entities.kernels)
        entities.string(kernel)
    found = [(name, entities.encoding(attribute)) for name, attribute in attributes]
    if found:
        entities.attributes_of[id(op)] = found
    for name, encoding in found:
        if not encoding.is_supported:
            return _error(op, f"BEF files cannot encode the '{name}' attribute")
        functions = encoding.functions
        if functions is not None:
            references += [(op, symbol) for symbol in functions]
            if functions[0] is encoding.attribute:
                continue
        if optional_sections:
            entities.string(name)
            for given in encoding.types:
                entities.type(given)
        if functions is None:
            entities.add_attribute(encoding)
    for region in op.regions:
        problem = _collect_region(op, region, entities)
        if problem is not None:
            return problem
    return None


def _collect_function(op: FuncOp, entities: Entities) -> Diagnostic | None:
    inputs, outputs = tuple(op.function_type.inputs), tuple(op.function_type.outputs)
    name = op.sym_name.data
    if "tfrt.native" in op.attributes:
        for type in (*inputs, *outputs):
            entities.type(type)
        entities.function(FunctionEntity(name, FunctionKind.NATIVE, inputs, outputs, None))
        return None
    if not op.body.blocks:
        return _error(op, "external functions are not allowed")
    last = op.body.blocks[0].last_op
    if last is None or last.name != RETURN:
        return _error(last or op, "all functions need to have a tfrt.return")
    is_sync = "tfrt.sync" in op.attributes
    if is_sync:
        for index, operand in enumerate(last.operands):
            if isinstance(operand, BlockArgument):
                return _error(last, f"return value {index} is an argument in a sync function")
            if operand in last.operands[:index]:
                return _error(last, f"return value {index} is duplicated in a sync function")
    problem = _collect_region(op, op.body, entities, name, FunctionKind.SYNC if is_sync else FunctionKind.ASYNC)
    if problem is None and (op.arg_attrs is not None or op.res_attrs is not None):
        entities.functions[-1] = replace(
            entities.functions[-1],
            argument_names=_names(op.arg_attrs, len(inputs), entities),
            result_names=_names(op.res_attrs, len(outputs), entities),
        )
    return problem


def _names(dictionaries: ArrayAttr[DictionaryAttr] | None, count: int, entities: Entities) -> tuple[str, ...]:
    """The names that dictionaries of attributes give arguments or results; nothing where they give none."""
    given = [] if dictionaries is None else [each.data.get(NAME) for each in dictionaries]
    names = tuple([name.data if isinstance(name, StringAttr) else "" for name in given])
    if not any(names) or len(names) != count:
        return ()
    for name in names:
        entities.string(name)
    return names


def _collect_region(
    op: Operation,
    region: Region,
    entities: Entities,
    name: str = "",
    kind: FunctionKind = FunctionKind.ASYNC,
) -> Diagnostic | None:
    if len(region.blocks) != 1:
        return _error(op, "multi-block regions cannot be emitted to BEF files")
    block = region.blocks[0]
    last = block.last_op
    if last is None or last.name != RETURN:
        return _error(last or op, "all regions need to end with a tfrt.return")
    arguments = tuple(argument.type for argument in block.args)
    for type in arguments:
        entities.type(type)
    entities.function(FunctionEntity(name, kind, arguments, tuple(o.type for o in last.operands), region))
    return None


def _name_problem(op: Operation, name: str) -> Diagnostic | None:
    # Strings end at a zero byte.
    return _error(op, f"BEF files cannot encode the name {name!r}, which has a zero byte") if "\0" in name else None


def _error(op: Operation, message: str) -> Diagnostic:
    return Diagnostic("error", message, location_of(op.location))
