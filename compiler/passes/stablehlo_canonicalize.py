"""`stablehlo-canonicalize`: rewrites of frameworks' programs that always pay off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, TensorType, i1
from xdsl.ir import Attribute, Block, Operation, OpResult
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator, Pure

from tfrt.compiler.locations import MergedLocations
from tfrt.compiler.passes.shared.array_ops import metadata_of_type
from tfrt.compiler.passes.shared.source_ops import (
    Unsupported,
    body_attribute,
    captured,
    flat_types,
    functions_with_effects,
    has_effects,
    op_attributes,
)
from tfrt.compiler.passes.shared.source_patterns import (
    PATTERNS,
    Replacement,
    new_like,
    sizes_of_type,
    transpose_of_ones,
)
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.compiler.runtime_values import dense_attribute, dense_value, typed_values
from tfrt.dialects.shared.interning import Identities
from tfrt.dialects.shared.ops import erase_op, is_used, operands_of, ops_of, replace_op
from tfrt.dialects.shared.walking import has_trait, ops_in
from tfrt.dialects.stablehlo.reductions import ReduceOp
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.declarations.op_registry import CPU_OPS

_SOURCES = ("chlo", "mhlo", "nn", "sdy", "stablehlo")


@dataclass(frozen=True)
class StablehloCanonicalize(ModulePass):
    """Simplifies ops of `stablehlo` and `chlo`: views of views, conversions that undo each other, neutral elements,
    transposed operands of products; computes ops on small constants; merges what is alike, and drops what nobody uses.

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
            self._simplify(block, identities)
            blocks += [inner for each in ops_of(block) for region in each.regions for inner in region.blocks]
        effects = functions_with_effects(functions_of(op))
        for block in reversed(blocks):
            _erase_unused(block, effects)

    def _simplify(self, block: Block, identities: Identities) -> None:
        merging = _Merging(identities)
        for op in ops_of(block):
            if not _is_source(op.__class__):
                continue
            while (simpler := self._simpler(op, merging)) is not None:
                made = simpler[0].owner if simpler else None
                is_new = isinstance(made, Operation) and made.next_op is op
                replace_op(op, simpler)
                if not is_new:
                    break
                assert isinstance(made, Operation)
                op = made
            else:
                merging.merge(op)
        merging.locations.settle()

    def _simpler(self, op: Operation, merging: _Merging) -> Replacement:
        if self.last and op.name == "stablehlo.transpose" and (found := transpose_of_ones(op)) is not None:
            return found
        pattern = PATTERNS.get(op.name)
        found = pattern(op) if pattern is not None else None
        return found if found is not None else self._computed(op, merging)

    def _computed(self, op: Operation, merging: _Merging) -> Replacement:
        """The constant that an op on constants gives; what only makes one, or repeats it, costs less as it is."""
        if op.name in _GIVEN or not operands_of(op) or len(op.results) != 1 or not _is_on_constants(op):
            return None
        type = op.results[0].type
        if not isinstance(type, TensorType) or op.regions:
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
        operands = [_array(operand.op, limit) for operand in op.operands if isinstance(operand, OpResult)]
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


@lru_cache(maxsize=4096)
def _is_source(kind: type[Operation]) -> bool:
    return kind.name.partition(".")[0] in _SOURCES


_MOST_OF_MASK = 1 << 16
"""How many booleans a constant may have: masks that tell positions from one another are the same at each call."""

_GIVEN = frozenset(("stablehlo.broadcast_in_dim", "stablehlo.constant", "stablehlo.iota"))


@dataclass
class _Merging:
    """Puts the op before that is just like one in its place, if there is one.

    Attributes:
        known: the first op of each kind in the block, of those that others may be like.
        alone: ops of which it is not known yet what kind they are, for no other of their name has their operands.
        computed: what ops on constants give, by their kind.
        locations: of those that stand for others, too.
    """

    identities: Identities
    known: dict[object, Operation] = field(default_factory=dict)
    alone: dict[tuple[object, ...], Operation | None] = field(default_factory=dict)
    computed: dict[object, Attribute | None] = field(default_factory=dict)
    locations: MergedLocations = field(default_factory=MergedLocations)

    def merge(self, op: Operation) -> None:
        if op.parent is None or not (has_trait(op.__class__, Pure) or isinstance(op, ReduceOp)):
            return
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
        if isinstance(value, DenseIntOrFPElementsAttr) and len(value.data.data) > _MOST_COMPARED:
            return op
        bodies: list[Attribute] = []
        if op.regions:
            if captured(op.regions):
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
        return (op.name, said, *operands_of(op), *[of(result.type) for result in op.results], *map(of, bodies))


_MOST_COMPARED = 1 << 16
"""Constants of more bytes are not compared with others."""


def _erase_unused(block: Block, effects: frozenset[str]) -> None:
    # Users come after what they use, so going backwards finds all in one go.
    for op in reversed(ops_of(block)):
        if not op.results or is_used(op):
            continue
        if not _is_source(op.__class__) or has_trait(op.__class__, IsTerminator):
            continue
        if not any(has_effects(inner, effects) for inner in ops_in(op)):
            erase_op(op)
