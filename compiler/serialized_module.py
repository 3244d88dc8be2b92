"""A compiled module as the text that goes into a BEF file: MLIR's generic form, character by character.

The differences from `print_module(generic=True)`: values are numbered, whatever their names were, each number once in
the text and the last region first; affine maps and sets are spelled once, as aliases in front; blocks say who their
predecessors are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from itertools import count
from typing import Any

from xdsl.dialects.builtin import AffineMapAttr, AffineSetAttr, ArrayAttr, DictionaryAttr, ModuleOp
from xdsl.ir import Attribute, Block, Data, Region

from tfrt.compiler.printer import MlirPrinter

_ALIAS_NAMES: dict[type[Attribute], str] = {AffineMapAttr: "map", AffineSetAttr: "set"}


def serialized_module(module: ModuleOp) -> str:
    """The text of `module`, without a line break at the end."""
    out = StringIO()
    aliases = _aliases(module)
    for attribute, alias in aliases.items():
        out.write(f"{alias} = ")
        MlirPrinter(stream=out).print_attribute(attribute)
        out.write("\n")
    printer = _SerializingPrinter(stream=out, print_generic_format=True, keep_names=False, aliases=aliases)
    printer.number_values(module)
    printer.print_op(module)
    return out.getvalue()


def _aliases(module: ModuleOp) -> dict[Attribute, str]:
    """A name for every affine map and set, numbered in the order in which they are met; maps before sets."""
    found: dict[Attribute, None] = {}
    for op in module.walk():
        for _, attribute in sorted({**op.properties, **op.attributes}.items()):
            _collect(attribute, found)
    names: dict[Attribute, str] = {}
    for kind, name in _ALIAS_NAMES.items():
        numbers = count()
        for attribute in found:
            if isinstance(attribute, kind):
                number = next(numbers)
                names[attribute] = f"#{name}{number or ''}"
    return names


def _collect(attribute: Attribute, found: dict[Attribute, None]) -> None:
    match attribute:
        case AffineMapAttr() | AffineSetAttr():
            found.setdefault(attribute)
        case ArrayAttr():
            for element in attribute:
                _collect(element, found)
        case DictionaryAttr():
            for element in attribute.data.values():
                _collect(element, found)


@dataclass(eq=False, repr=False)
class _SerializingPrinter(MlirPrinter):
    aliases: Mapping[Attribute, str] = field(default_factory=dict)

    def number_values(self, module: ModuleOp) -> None:
        """Name all values in the order in which MLIR does: a region, then those within it, the last one first."""
        numbers, argument_numbers = count(), count()
        waiting = list(module.regions)
        while waiting:
            region = waiting.pop()
            for block in region.blocks:
                is_entry = block.prev_block is None
                for argument in block.args:
                    self.names[argument] = f"arg{next(argument_numbers)}" if is_entry else f"{next(numbers)}"
                for op in block.ops:
                    if op.results:
                        name = str(next(numbers))
                        names = [name] if len(op.results) == 1 else [f"{name}#{i}" for i in range(len(op.results))]
                        self.names.update(zip(op.results, names, strict=True))
            waiting += [inner for block in region.blocks for op in block.ops for inner in op.regions]

    def print_region(self, region: Region, *args: Any, **kwargs: Any) -> None:
        self._blocks.update((block, f"bb{number}") for number, block in enumerate(region.blocks))
        super().print_region(region, *args, **kwargs)

    def print_block(self, block: Block, print_block_args: bool = True, print_block_terminator: bool = True) -> None:
        if block.prev_block is None:
            super().print_block(block, print_block_args, print_block_terminator)
            return
        self.print_string(f"\n^{self._blocks[block]}")
        if block.args:
            with self.in_parens():
                self.print_list(block.args, self.print_block_argument)
        self.print_string(f":  // {self._predecessors(block)}")
        super().print_block(block, False, print_block_terminator)

    def _predecessors(self, block: Block) -> str:
        names = [f"^{self._blocks[found]}" for found in _predecessors(block)]
        if not names:
            return "no predecessors"
        return f"pred: {names[0]}" if len(names) == 1 else f"{len(names)} preds: {', '.join(names)}"

    def print_attribute(self, attribute: Attribute) -> None:
        alias = self.aliases.get(attribute)
        if alias is not None:
            self.print_string(alias)
        elif attribute.name == "arith.overflow" and isinstance(attribute, Data) and attribute.data:
            # Of all sets of flags MLIR has a space after the commas of this one; xDSL has none.
            self.print_string(f"#arith.overflow<{', '.join(sorted(attribute.data))}>")
        else:
            super().print_attribute(attribute)


def _predecessors(block: Block) -> list[Block]:
    """The blocks that branch to `block`, in their order, each as often as it names it."""
    assert block.parent is not None
    return [
        other
        for other in block.parent.blocks
        if other.last_op is not None
        for successor in other.last_op.successors
        if successor is block
    ]
