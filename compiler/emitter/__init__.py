"""From IR to BEF: byte for byte what the reference implementation writes for the same program.

`entities` finds out what the module refers to, in the order in which it is met; then the sections are written one by
one, function bodies among them, and put together.

===================  ======================================================================================
`entities.py`        what a module refers to, in the order in which it is met
`attributes.py`      writing attributes
`functions.py`       writing function bodies
`locations.py`       writing locations
===================  ======================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr

from tfrt.compiler.emitter.attributes import AttributeWriter
from tfrt.compiler.emitter.entities import Entities, FunctionEntity, collect, compiled_module, producer_of
from tfrt.compiler.emitter.functions import Sections, write_function
from tfrt.compiler.emitter.locations import LocationWriter
from tfrt.compiler.printer import type_text
from tfrt.compiler.serialized_module import serialized_module
from tfrt.dialects.shared.symbols import shared_symbol_tables
from tfrt.executor.bef.format import HEADER, SECTIONS, SectionId
from tfrt.executor.bef.writer import Writer


@shared_symbol_tables()
def emit(module: ModuleOp, *, optional_sections: bool = True) -> bytes:
    """The BEF file of a verified module.

    Args:
        optional_sections: also write the types and names of attributes and the types of registers, which only
            disassembling needs (and kernels that do not declare how their attributes are stored).

    Raises:
        CompileError: BEF cannot hold the module; one diagnostic for each reason.
    """
    entities = collect(module, optional_sections=optional_sections)
    made_by = producer_of(module)
    for text in made_by:
        entities.string(text)
    strings, string_offsets = _write_strings(entities)
    attributes, attribute_types, attribute_offsets = _write_attributes(module, entities)
    sections = Sections(
        entities=entities,
        string_offsets=string_offsets,
        attribute_offsets=attribute_offsets,
        functions=Writer(),
        locations=LocationWriter(),
        attribute_names=Writer(),
        register_types=Writer(),
    )
    function_index = _write_functions(sections)

    payloads = {
        SectionId.STRINGS: strings,
        SectionId.ATTRIBUTES: attributes,
        SectionId.KERNELS: _names(string_offsets, entities.kernels),
        SectionId.TYPES: _names(string_offsets, map(type_text, entities.types)),
        SectionId.FUNCTION_INDEX: function_index,
        SectionId.FUNCTIONS: sections.functions,
    }
    if sections.locations.known:
        payloads[SectionId.LOCATION_STRINGS] = sections.locations.strings
        payloads[SectionId.LOCATIONS] = sections.locations.locations
    if optional_sections:
        payloads[SectionId.ATTRIBUTE_TYPES] = attribute_types
        payloads[SectionId.ATTRIBUTE_NAMES] = sections.attribute_names
        payloads[SectionId.REGISTER_TYPES] = sections.register_types

    if signature_names := _write_signature_names(entities, string_offsets):
        payloads[SectionId.SIGNATURE_NAMES] = signature_names
    if made_by:
        payloads[SectionId.PRODUCER] = _offsets(string_offsets, made_by)

    out = Writer()
    out.data += HEADER
    for section in SECTIONS:
        if section.id in payloads:
            out.section(section.id, payloads[section.id])
    return out.content()


def _write_strings(entities: Entities) -> tuple[Writer, dict[str, int]]:
    out, offsets = Writer(), {}
    for data, text in sorted((text.encode("utf-8", "surrogateescape"), text) for text in entities.strings):
        offsets[text] = len(out)
        out.data += data + b"\0"
    return out, offsets


def _write_attributes(module: ModuleOp, entities: Entities) -> tuple[Writer, Writer, list[int]]:
    out, types = Writer(), Writer()
    offsets: list[int] = []
    units: dict[SymbolRefAttr, tuple[int, str]] = {}

    def serialize(symbol: SymbolRefAttr) -> tuple[int, str]:
        if symbol not in units:
            unit = compiled_module(module, symbol)
            assert unit is not None
            units[symbol] = (len(units), serialized_module(unit))
        return units[symbol]

    writer = AttributeWriter(out, lambda attribute: entities.encoding(attribute).kind, serialize, out.large)
    types.vbr(len(entities.attributes))
    for encoding in entities.attributes:
        offsets.append(writer.write(encoding.attribute))
        types.vbr(offsets[-1])
        types.vbr(encoding.kind)
    return out, types, offsets


def _write_signature_names(entities: Entities, offsets: dict[str, int]) -> Writer | None:
    """The names of arguments and results, if there are any."""
    if not any(function.argument_names or function.result_names for function in entities.functions):
        return None
    out = Writer()
    out.vbr(len(entities.functions))
    for function in entities.functions:
        if function.region is None:
            continue
        for names in (function.argument_names, function.result_names):
            out.append(_names(offsets, names))
    return out


def _names(offsets: dict[str, int], names: Iterable[str]) -> Writer:
    texts = list(names)
    out = Writer()
    out.vbr(len(texts))
    out.append(_offsets(offsets, texts))
    return out


def _offsets(offsets: dict[str, int], texts: Iterable[str]) -> Writer:
    out = Writer()
    for text in texts:
        out.vbr(offsets[text])
    return out


def _write_functions(sections: Sections) -> Writer:
    """Write all bodies, and the index that says where each starts."""
    entities = sections.entities
    index = Writer()
    index.vbr(len(entities.functions))
    sections.attribute_names.vbr(len(entities.functions))
    sections.register_types.vbr(len(entities.functions))
    for function in entities.functions:
        index.byte(function.kind)
        index.vbr(len(sections.functions))
        _write_signature(sections, index, function)
        if function.region is not None:
            write_function(sections, function)
    return index


def _write_signature(sections: Sections, index: Writer, function: FunctionEntity) -> None:
    index.vbr(sections.string_offsets[function.name])
    for types in (function.argument_types, function.result_types):
        index.vbr(len(types))
        for type in types:
            index.vbr(sections.entities.type_index(type))
