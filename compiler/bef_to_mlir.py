"""From BEF back to IR and MLIR text.

What a BEF file does not say is made up so that compiling the text gives the same bytes again:

* names of attributes that refer to functions: from the op's definition, else ``callee``, or ``function0``,
  ``function1``, … where there are several; an array of functions leaves its name among the strings that nothing else
  refers to;
* costs: an op that must state one says 1. A function whose streams do not follow from that states them, in
  the attribute `tfrt.compiler.streams.STREAM_ATTRIBUTE` of each of its ops.

Without the optional sections attributes are called ``attr0``, ``attr1``, … and are all the same number, and registers
that are neither arguments nor results of a function have the type ``none``, as in the reference implementation: such
a text shows the structure, and does not compile back into the same file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    BytesAttr,
    CallSiteLoc,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FileLineColLoc,
    FunctionType,
    FusedLoc,
    IntAttr,
    IntegerAttr,
    IntegerType,
    LocationAttr,
    ModuleOp,
    NameLoc,
    NoneType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    UnknownLoc,
    UnregisteredOp,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue, TypeAttribute

from tfrt.compiler.emitter.entities import NAME, PRODUCER
from tfrt.compiler.float_bits import float_attribute, unpack
from tfrt.compiler.locations import fuse, parts_of
from tfrt.compiler.printer import print_module, type_text
from tfrt.compiler.streams import STREAM_ATTRIBUTE, Streams, analyse_streams
from tfrt.compiler.verifier import verify
from tfrt.dialects import context as dialect_context
from tfrt.dialects.shared.corert_types import ShapeAttr
from tfrt.dialects.shared.traits import COST_ATTRIBUTE, AttributeCost
from tfrt.dialects.shared.walking import is_defined
from tfrt.dialects.tfrt.control_flow import ReturnOp
from tfrt.executor.bef import BefFile, FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.bef.attribute_values import CompilationUnit, aggregate_elements, decode
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import ARRAY_BIT, AttributeType, SectionId
from tfrt.executor.support.errors import BefError, CompileError
from tfrt.executor.support.location import CallSiteLocation, FileLineCol, FusedLocation, Location, NameLocation
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.dtype import DType

_UNKNOWN_ATTRIBUTE = IntegerAttr(0xDEADBEEF - (1 << 32), i32)
"""The reference's stand-in for an attribute of unknown type."""


def _named(names: Sequence[str]) -> ArrayAttr[DictionaryAttr] | None:
    """Dictionaries of attributes that give arguments or results their names."""
    if not names:
        return None
    return ArrayAttr([DictionaryAttr({NAME: StringAttr(name)} if name else {}) for name in names])


def disassemble(bef: BefFile, *, generic: bool = True, locations: bool = True) -> str:
    """MLIR text of `bef`. Custom forms need valid ops: a program with others is printed in generic form.

    Raises:
        BefError: an attribute or a type of the file has no MLIR spelling.
    """
    try:
        module = to_module(bef)
        return print_module(module, generic=generic or bool(verify(module)), locations=locations)
    except RecursionError:
        raise BefError("the program is nested too deeply to be shown as text") from None


def is_complete(bef: BefFile) -> bool:
    """Whether the file has the sections that are needed to get its program back."""
    return bef.attribute_types is not None and bef.has(SectionId.ATTRIBUTE_NAMES) and bef.has(SectionId.REGISTER_TYPES)


def to_module(bef: BefFile) -> ModuleOp:
    """The IR of `bef`, which need not be valid.

    Raises:
        BefError: an attribute or a type of the file has no MLIR spelling, or regions do not form a tree.
    """
    return _Disassembler(bef).module()


class _Disassembler:
    def __init__(self, bef: BefFile):
        self.bef = bef
        self.context = dialect_context(allow_unregistered=True)
        self.types = _parse_types(bef.types)
        self.attributes: dict[int, Attribute] = {}
        self.units: dict[int, CompilationUnit] = {}
        self.array_names = bef.unreferenced_strings() if bef.has(SectionId.ATTRIBUTE_NAMES) else []
        self.used = {i for f in bef.functions for k in f.kernels for i in k.functions}
        self.placed: set[int] = set()

    def module(self) -> ModuleOp:
        functions = [self.function(record) for record in self.bef.functions if not self.is_region(record)]
        # As in the reference implementation, the module that was met last comes first.
        texts = dict.fromkeys(self.units[number].module for number in sorted(self.units))
        units = [_parse_unit(text) for text in reversed(texts)]
        return ModuleOp([*units, *functions], self.module_attributes())

    def module_attributes(self) -> dict[str, Attribute]:
        producer = self.bef.producer
        if producer is None:
            return {}
        return {PRODUCER: ArrayAttr(map(StringAttr, (producer.tool, producer.source, producer.passes)))}

    def is_region(self, record: FunctionRecord) -> bool:
        return not record.name and record.index in self.used

    def function(self, record: FunctionRecord) -> FuncOp:
        signature = FunctionType.from_lists(
            [self.types[t] for t in record.argument_types], [self.types[t] for t in record.result_types]
        )
        if record.kind is FunctionKind.NATIVE:
            function = FuncOp(record.name, signature, Region(), "private")
            function.attributes["tfrt.native"] = UnitAttr()
            return function
        function = FuncOp(
            record.name,
            signature,
            self.region(record),
            arg_attrs=_named(record.argument_names),
            res_attrs=_named(record.result_names),
        )
        if record.kind is FunctionKind.SYNC:
            function.attributes["tfrt.sync"] = UnitAttr()
        function.location = self.location(record.location)
        return function

    def region(self, record: FunctionRecord) -> Region:
        if record.index in self.placed:
            raise BefError(f"function {record.index} is the region of several ops")
        self.placed.add(record.index)
        types = self.register_types(record)
        pseudo, *kernels = record.kernels
        block = Block(arg_types=[types[r] for r in pseudo.results[1:]])
        registers: dict[int, SSAValue] = dict(zip(pseudo.results[1:], block.args, strict=True))
        for number, kernel in enumerate(kernels, 1):
            names = None if record.attribute_names is None else record.attribute_names[number]
            op = self.operation(kernel, names, [registers[r] for r in kernel.arguments], types)
            block.add_op(op)
            registers.update(zip(kernel.results, op.results, strict=True))
        block.add_op(
            ReturnOp.create(
                operands=[registers[r] for r in record.result_registers],
            )
        )
        self.state_streams(block, record)
        return Region(block)

    def register_types(self, record: FunctionRecord) -> list[Attribute]:
        if record.register_types is not None:
            return [self.types[t] for t in record.register_types]
        types: list[Attribute] = [NoneType()] * len(record.use_counts)
        for register, type in zip(record.kernels[0].results[1:], record.argument_types, strict=True):
            types[register] = self.types[type]
        for register, type in zip(record.result_registers, record.result_types, strict=True):
            types[register] = self.types[type]
        return types

    def operation(
        self,
        kernel: KernelRecord,
        names: Sequence[str] | None,
        operands: Sequence[SSAValue],
        types: Sequence[Attribute],
    ) -> Operation:
        op_class = self.context.get_optional_op(kernel.name) or UnregisteredOp.with_name(kernel.name)
        names = [f"attr{i}" for i in range(len(kernel.attributes))] if names is None else names
        attributes = {name: self.attribute(at) for name, at in zip(names, kernel.attributes, strict=True)}
        if len(attributes) < len(names):
            message = f"'{kernel.name}' has several attributes of one name"
            raise BefError(message, section=SectionId.ATTRIBUTE_NAMES.title)
        symbols = [self.bef.functions[i] for i in kernel.functions]
        regions = [self.region(f) for f in symbols if self.is_region(f)]
        self.add_symbols(attributes, op_class, [f.name for f in symbols if not self.is_region(f)])
        if _must_state_cost(op_class):
            attributes[COST_ATTRIBUTE] = IntegerAttr(1, i64)
        op = op_class.create(
            operands=operands,
            result_types=[types[r] for r in kernel.results],
            attributes=attributes,
            regions=regions,
        )
        op.location = self.location(kernel.location)
        return op

    def add_symbols(self, attributes: dict[str, Attribute], op_class: type[Operation], names: list[str]) -> None:
        """Add attributes that refer to the named functions, so that these come in this order."""
        if not names:
            return
        references = [SymbolRefAttr(name) for name in names]
        declared = _symbol_attributes(op_class, attributes)
        arrays = [name for name in self.array_names if name not in attributes]
        if len(declared) == len(names):
            attributes.update(zip(declared, references, strict=True))
        elif len(declared) == 1:
            attributes[declared[0]] = ArrayAttr(references)
            self.array_names = [name for name in self.array_names if name != declared[0]]
        elif arrays and (len(names) > 1 or not self.has_longer_lists()):
            attributes[arrays[0]] = ArrayAttr(references)
            self.array_names.remove(arrays[0])
        elif len(names) == 1 and "callee" not in attributes:
            attributes["callee"] = references[0]
        else:
            width = len(str(len(names)))
            attributes.update((f"function{i:0{width}}", reference) for i, reference in enumerate(references))

    def has_longer_lists(self) -> bool:
        """Whether some op refers to several functions by name: then an array is more likely there."""
        return any(
            sum(not self.is_region(self.bef.functions[i]) for i in kernel.functions) > 1
            for function in self.bef.functions
            for kernel in function.kernels
        )

    def state_streams(self, block: Block, record: FunctionRecord) -> None:
        """Where the streams of the file do not follow from the ops, state them."""
        ops = list(block.ops)
        root, *streams = (kernel.stream for kernel in record.kernels)
        stated = Streams(root, dict(zip(ops, [*streams, root], strict=True)))
        derived = analyse_streams(block)
        if derived.root == root and all(derived.by_op[op] == stated.by_op[op] for op in ops[:-1]):
            return
        for op in ops:
            op.attributes[STREAM_ATTRIBUTE] = IntegerAttr(stated.by_op[op], i64)

    def location(self, offset: int) -> LocationAttr:
        return _location(self.bef.location(offset))

    def attribute(self, offset: int) -> Attribute:
        found = self.attributes.get(offset)
        if found is None:
            found = self.attributes[offset] = self.read_attribute(offset)
        return found

    def read_attribute(self, offset: int) -> Attribute:
        types = self.bef.attribute_types
        if types is None:
            return _UNKNOWN_ATTRIBUTE
        section = self.bef.section(SectionId.ATTRIBUTES)
        type = types.get(offset)
        if type is None:
            section.fail("the type of an attribute is not recorded", section.position + offset)
        at = Cursor(section.data, section.position + offset, section.end, section.section)
        return self.convert(at, type, 0)

    def convert(self, at: Cursor, attribute: int, depth: int) -> Attribute:
        """The attribute at the cursor, which is of type `attribute`."""
        if attribute == AttributeType.AGGREGATE:
            elements = aggregate_elements(at, depth)
            return ArrayAttr(self.convert(element, kind, depth + 1) for element, kind in elements)
        value = decode(at, 0, Stored("any"), attribute)
        type = _float_type(attribute & ~ARRAY_BIT)
        if type is not None:
            # Python's floats do not keep all bits of other types' NaNs.
            start = at.position + (4 if attribute & ARRAY_BIT else 0)
            count = len(value) if attribute & ARRAY_BIT else 1
            numbers = [
                float_attribute(v, type) for v in unpack(bytes(at.data[start : start + count * type.size]), type)
            ]
            return ArrayAttr(numbers) if attribute & ARRAY_BIT else numbers[0]
        if attribute & ARRAY_BIT:
            return ArrayAttr(_scalar(item, attribute & ~ARRAY_BIT) for item in value)
        match attribute:
            case AttributeType.SHAPE:
                return ShapeAttr.of(None if value is None else [-1 if d is None else d for d in value])
            case AttributeType.DENSE:
                return _dense(value, DType(at.data[at.position + 1]))
            case AttributeType.SYMBOL_REF:
                self.units[value.number] = value
                return SymbolRefAttr(value.symbol[0], value.symbol[1:])
        return _scalar(value, attribute)


def _scalar(value: object, attribute: int) -> Attribute:
    if attribute == AttributeType.TYPE:
        assert isinstance(value, DType)
        return _element_type(value)
    if attribute == DType.STRING:
        assert isinstance(value, str)
        return StringAttr(value)
    type = _element_type(DType(attribute))
    assert isinstance(value, int) and isinstance(type, IntegerType)
    return IntegerAttr(-1 if value is True else int(value), type)


def _float_type(attribute: int) -> AnyFloat | None:
    """The type of a floating-point attribute; None for attributes of other kinds."""
    if attribute not in tuple(DType) or attribute == DType.STRING:
        return None
    type = _element_type(DType(attribute))
    return type if isinstance(type, AnyFloat) else None


def _dense(value: object, dtype: DType) -> Attribute:
    import numpy as np

    assert isinstance(value, np.ndarray)
    type: Any = TensorType(_element_type(dtype), value.shape)
    data = value.tobytes()
    if dtype is DType.I1:
        # In memory, IR spells a true element with all bits set.
        data = bytes(-byte & 0xFF for byte in data)
    return DenseIntOrFPElementsAttr(type, BytesAttr(data))


def _location(location: Location) -> LocationAttr:
    match location:
        case FileLineCol(filename, line, column):
            return FileLineColLoc(StringAttr(filename), IntAttr(line), IntAttr(column))
        case NameLocation(name, child):
            return NameLoc(StringAttr(name), _location(child))
        case CallSiteLocation(callee, caller):
            return CallSiteLoc(_location(callee), _location(caller))
        case FusedLocation(locations):
            return _fused(tuple(map(_location, locations)))
    return UnknownLoc()


def _fused(parts: tuple[LocationAttr, ...]) -> LocationAttr:
    """A location that is read back as `parts`, even where these are what fusing would simplify."""
    plain = fuse(parts)
    if isinstance(plain, FusedLoc) and parts_of(plain) == parts:
        return plain
    # Parts of a location with metadata stay as they are, and BEF has no metadata.
    inner = [
        part.metadata.data for part in parts if isinstance(part, FusedLoc) and isinstance(part.metadata, StringAttr)
    ]
    return FusedLoc(ArrayAttr(parts), StringAttr(max(inner, default="") + "'"))


_ELEMENT_TYPES: dict[DType, Attribute] = {}


def _element_type(dtype: DType) -> Attribute:
    if not _ELEMENT_TYPES:
        types = _parse_types(tuple(d.mlir for d in DType))
        _ELEMENT_TYPES.update((d, types[d.mlir]) for d in DType)
    return _ELEMENT_TYPES[dtype]


def _parse_types(spellings: Sequence[str]) -> dict[str, Attribute]:
    """Types by their spelling, all read in one go."""
    from tfrt.compiler.frontend.pipeline import read_module

    text = f'"types"() {{types = [{", ".join(spellings)}]}} : () -> ()'
    try:
        module = read_module(text, "types", allow_unregistered=True, verified=False)
        listed = next(iter(module.ops)).attributes["types"]
        assert isinstance(listed, ArrayAttr)
        # What is printed as it was spelled is a type, and no text that happens to fit in between.
        if [type_text(type) for type in listed if isinstance(type, TypeAttribute)] == list(spellings):
            return dict(zip(spellings, listed, strict=True))
    except CompileError:
        pass
    if len(spellings) == 1:
        raise BefError(f"{spellings[0]!r} is not a type", section=SectionId.TYPES.title)
    # One of them is wrong; find out which.
    return {spelling: _parse_types((spelling,))[spelling] for spelling in spellings}


def _parse_unit(text: str) -> ModuleOp:
    from tfrt.compiler.frontend.pipeline import read_module

    try:
        return read_module(text, "compilation unit", allow_unregistered=True, verified=False)
    except CompileError as error:
        raise BefError(f"a compilation unit is not MLIR: {error}") from error


def _must_state_cost(op_class: type[Operation]) -> bool:
    return any(isinstance(trait, AttributeCost) for trait in op_class.traits.traits) if op_class.traits else False


def _symbol_attributes(op_class: type[Operation], given: dict[str, Attribute]) -> list[str]:
    """The attributes that an op's definition has beside those that are given, by name."""
    if not is_defined(op_class) or op_class is UnregisteredOp or issubclass(op_class, UnregisteredOp):
        return []
    definition = op_class.get_irdl_definition()
    return sorted(name for name in definition.attributes if name not in given and name != COST_ATTRIBUTE)
