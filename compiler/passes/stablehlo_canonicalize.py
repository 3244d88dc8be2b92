"""`stablehlo-canonicalize`: rewrites of frameworks' programs that always pay off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import prod
from typing import NamedTuple

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, TensorType, i1
from xdsl.ir import Attribute, Block, Operation, OpResult
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator, Pure

from tfrt.compiler.locations import MergedLocations
from tfrt.compiler.passes.shared.array_ops import metadata_of_type
from tfrt.compiler.passes.shared.source_insertion import new_like
from tfrt.compiler.passes.shared.source_ops import (
    Unsupported,
    body_attribute,
    captured_by_bodies,
    flat_types,
    functions_with_effects,
    has_effects,
    may_have_effects,
    op_attributes,
)
from tfrt.compiler.passes.shared.source_patterns import PATTERNS, Replacement, transpose_of_ones
from tfrt.compiler.passes.shared.source_values import sizes_of_type
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.compiler.runtime_values import dense_attribute, dense_value, typed_values
from tfrt.dialects.shared.interning import Identities
from tfrt.dialects.shared.ops import blocks_of, erase_op, is_used, operands_of, ops_of, replace_op, result_of, type_of
from tfrt.dialects.shared.walking import has_trait, ops_in
from tfrt.dialects.stablehlo.reductions import ReduceOp
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.declarations.op_registry import CPU_OPS

_SOURCES = ("chlo", "mhlo", "nn", "sdy", "stablehlo")


@dataclass(frozen=True)
class StablehloCanonicalize(ModulePass):
    """Simplifies ops of `stablehlo` and `chlo`: views of views, conversions that undo each other, neutral elements,
    transposed operands and results of products; computes ops on small constants; merges what is alike, and drops what
    nobody uses.

    Products of rows and what has more dimensions than a matrix become those of a matrix, and a bias is added before
    their columns are several dimensions. Such sums may be taken in another order; all else stays the same, bit for bit.

    Args:
        limit: the most elements that a computed constant may have; masks of booleans may have more.
        last: whether transposes that only move dimensions of size 1 become reshapes, for which no pass after it looks.
    """

    name = "stablehlo-canonicalize"

    limit: int = 256
    last: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        blocks = [block for region in op.regions for block in region.blocks]
        identities = Identities()
        # Each before those in it that are left then.
        for block in blocks:
            regions = [region for each in self._simplify(block, identities) if each.parent for region in each.regions]
            blocks += [inner for region in regions for inner in blocks_of(region)]
        effects = cache(lambda: functions_with_effects(functions_of(op)))
        for block in reversed(blocks):
            _erase_unused(block, effects)

    def _simplify(self, block: Block, identities: Identities) -> list[Operation]:
        """Simplify the ops of a block; gives those that have regions."""
        merging = _Merging(identities)
        holders: list[Operation] = []
        for op in ops_of(block):
            if op.regions:
                holders.append(op)
            kind = _kind_of(op.__class__)
            if not kind.is_source:
                continue
            while (simpler := self._simpler(op, kind, merging)) is not None:
                made = simpler[0].op if simpler and type(simpler[0]) is OpResult else None
                is_new = made is not None and made.next_op is op
                replace_op(op, simpler)
                if made is None or not is_new:
                    break
                op, kind = made, _kind_of(made.__class__)
            else:
                if kind.is_merged:
                    merging.merge(op)
        merging.locations.settle()
        return holders

    def _simpler(self, op: Operation, kind: _Kind, merging: _Merging) -> Replacement:
        if self.last and kind.moves_dimensions and (found := transpose_of_ones(op)) is not None:
            return found
        found = kind.pattern(op) if kind.pattern is not None else None
        return self._computed(op, merging) if found is None and kind.is_computed else found

    def _computed(self, op: Operation, merging: _Merging) -> Replacement:
        """The constant that an op on constants gives; what only makes one, or repeats it, costs less as it is."""
        if not operands_of(op) or len(op.results) != 1 or op.regions or not _is_on_constants(op):
            return None
        type = result_of(op).type
        if not isinstance(type, TensorType):
            return None
        key = merging.key(op)
        if key not in merging.computed:
            is_mask = type.element_type == i1
            array = _array(op, max(self.limit, _MOST_OF_MASK) if is_mask else self.limit)
            merging.computed[key] = None if array is None else dense_attribute(array, type)
        value = merging.computed[key]
        return None if value is None else new_like(op, "stablehlo.constant", [], {"value": value})


def _array(op: Operation, limit: int) -> np.ndarray | None:
    """What a pure op gives, if its operands are known and have no more elements than that."""
    if op.name == "stablehlo.constant":
        value = op.properties["value"]
        assert isinstance(value, DenseIntOrFPElementsAttr)
        return dense_value(value)
    entry = CPU_OPS.get(op.name)
    if op.regions or len(op.results) != 1 or not has_trait(op.__class__, Pure) or entry is None:
        return None
    types = (*op.result_types, *op.operand_types)
    if not all(isinstance(type, TensorType) and 0 <= prod(sizes_of_type(type)) <= limit for type in types):
        return None
    try:
        operands = [_array(operand.op, limit) for operand in operands_of(op) if isinstance(operand, OpResult)]
        inputs, results = ([metadata_of_type(t) for t in flat_types(t)] for t in (op.operand_types, op.result_types))
        attributes = OpAttrs.of_pairs(typed_values(op_attributes(op))).by_name
        run = entry.arrays(tuple(inputs), attributes, None, tuple(results))
        found: np.ndarray | None = None if any(o is None for o in operands) else run(*operands)
    except Exception:
        # Whatever is wrong with the op is reported, in its own words, when it is lowered or run.
        return None
    return found


def _is_on_constants(op: Operation) -> bool:
    for operand in operands_of(op):
        # `isinstance` would ask abstract classes.
        if type(operand) is not OpResult or operand.op.name not in _GIVEN or not _is_on_constants(operand.op):
            return False
    return True


class _Kind(NamedTuple):
    """What is the same for all ops of a class.

    Attributes:
        is_source: whether this is a framework's; all else is about those.
        pattern: what simplifies one.
        is_computed: whether one on constants may become one.
        is_merged: whether two that are alike give the same.
        is_dropped: whether one that nobody uses may go, unless it, or one in it, has effects.
        may_have_effects: whether it depends on the op if it has.
    """

    is_source: bool
    pattern: Callable[[Operation], Replacement] | None
    moves_dimensions: bool
    is_computed: bool
    is_merged: bool
    is_dropped: bool
    may_have_effects: bool


@lru_cache(maxsize=4096)
def _kind_of(kind: type[Operation]) -> _Kind:
    name = kind.name
    is_source, is_pure = name.partition(".")[0] in _SOURCES, has_trait(kind, Pure)
    return _Kind(
        is_source,
        PATTERNS.get(name),
        name == "stablehlo.transpose",
        is_pure and name not in _GIVEN,
        is_pure or kind is ReduceOp,
        is_source and not has_trait(kind, IsTerminator),
        may_have_effects(kind),
    )


_MOST_OF_MASK = 1 << 16
"""How many booleans a constant may have: masks that tell positions from one another are the same at each call."""

_GIVEN = frozenset(("stablehlo.broadcast_in_dim", "stablehlo.constant", "stablehlo.iota"))


class _Merging:
    """Puts the op before that is just like one in its place, if there is one.

    Attributes:
        known: the first op of each kind in the block, of those that others may be like.
        alone: ops of which it is not known yet what kind they are, for no other of their name has their operands.
        computed: what ops on constants give, by their kind.
        locations: of those that stand for others, too.
    """

    __slots__ = ("alone", "computed", "identities", "known", "locations")

    def __init__(self, identities: Identities):
        self.identities = identities
        self.known: dict[object, Operation] = {}
        self.alone: dict[tuple[object, ...], Operation | None] = {}
        self.computed: dict[object, Attribute | None] = {}
        self.locations = MergedLocations()

    def merge(self, op: Operation) -> None:
        """Put the op before in the place of one of a kind of which two that are alike give the same."""
        operands = operands_of(op)
        if operands:
            # By identity: what is gone by now makes for one more comparison at most.
            rough = (op.name, *map(id, operands))
            if rough not in self.alone:
                self.alone[rough] = op
                return
            other = self.alone[rough]
            if other is not None:
                self.alone[rough] = None
                self._first_like(other)
        first = self._first_like(op)
        if first is not op:
            self.locations.add(first, op.location)
            replace_op(op, first.results)

    def _first_like(self, op: Operation) -> Operation:
        """The first op that is just like this one, as far as they are compared."""
        value = op.properties.get("value")
        if type(value) is DenseIntOrFPElementsAttr and len(value.data.data) > _MOST_COMPARED:
            return op
        bodies: list[Attribute] = []
        if op.regions:
            if captured_by_bodies(op.regions):
                return op
            try:
                bodies = [body_attribute(region, (), lambda name: None) for region in op.regions]
            except Unsupported:
                return op
        return self.known.setdefault(self.key(op, bodies), op)

    def key(self, op: Operation, bodies: Sequence[Attribute] = ()) -> object:
        """What ops have in common that give the same, if they are pure; `bodies` are what is in their regions."""
        of = self.identities.of
        properties = [(name, of(value)) for name, value in op.properties.items()]
        # A dictionary may have them in any order.
        said = frozenset(properties) if len(properties) > 1 else tuple(properties)
        return (op.name, said, *operands_of(op), *map(of, map(type_of, op.results)), *map(of, bodies))


_MOST_COMPARED = 1 << 16
"""Constants of more bytes are not compared with others."""


def _erase_unused(block: Block, effects: Callable[[], frozenset[str]]) -> None:
    """Drop ops of which nobody uses anything; `effects` gives the functions that have effects."""
    # Users come after what they use, so going backwards finds all in one go.
    for op in reversed(ops_of(block)):
        if not op.results or is_used(op):
            continue
        kind = _kind_of(op.__class__)
        if not kind.is_dropped:
            continue
        may_have_effects = kind.may_have_effects or op.regions
        if not may_have_effects or not any(has_effects(inner, effects()) for inner in ops_in(op)):
            erase_op(op)
