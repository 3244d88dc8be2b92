"""`stablehlo-canonicalize`: rewrites of frameworks' programs that always pay off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, TensorType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator, Pure

from tfrt.compiler.locations import fuse
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
from tfrt.compiler.passes.shared.source_patterns import PATTERNS, Replacement, new_like
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.compiler.runtime_values import dense_attribute, dense_value, typed_values
from tfrt.dialects.stablehlo.reductions import ReduceOp
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.declarations.op_registry import CPU_OPS

_SOURCES = ("chlo", "mhlo", "nn", "sdy", "stablehlo")


@dataclass(frozen=True)
class StablehloCanonicalize(ModulePass):
    """Simplifies ops of `stablehlo` and `chlo`: views of views, conversions that undo each other, neutral elements,
    transposed operands of products; computes ops on small constants; merges what is alike, and drops what nobody uses.

    Results stay the same, bit for bit.

    Args:
        limit: the most elements that a computed constant may have.
    """

    name = "stablehlo-canonicalize"

    limit: int = 256

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        blocks = [block for region in op.regions for block in region.blocks]
        # Each before those in it that are left then.
        for block in blocks:
            self._simplify(block)
            blocks += [inner for each in block.ops for region in each.regions for inner in region.blocks]
        effects = functions_with_effects(functions_of(op))
        for block in reversed(blocks):
            _erase_unused(block, effects)

    def _simplify(self, block: Block) -> None:
        known: dict[object, Operation] = {}
        for op in list(block.ops):
            if op.name.partition(".")[0] not in _SOURCES:
                continue
            while (simpler := self._simpler(op)) is not None:
                made = simpler[0].owner if simpler else None
                is_new = isinstance(made, Operation) and made.next_op is op
                _replace(op, simpler)
                if not is_new:
                    break
                assert isinstance(made, Operation)
                op = made
            else:
                _merge(op, known)

    def _simpler(self, op: Operation) -> Replacement:
        pattern = PATTERNS.get(op.name)
        found = pattern(op) if pattern is not None else None
        return found if found is not None else self._computed(op)

    def _computed(self, op: Operation) -> Replacement:
        """The constant that an op on constants gives; what only makes one, or repeats it, costs less as it is."""
        (type,) = op.result_types if len(op.results) == 1 else (None,)
        if op.name in _GIVEN or not op.operands or not isinstance(type, TensorType):
            return None
        array = self._array(op)
        return (
            None if array is None else new_like(op, "stablehlo.constant", [], {"value": dense_attribute(array, type)})
        )

    def _array(self, op: Operation) -> np.ndarray | None:
        """What a pure op gives, if its operands are known and not too large."""
        if op.name == "stablehlo.constant":
            value = op.properties["value"]
            assert isinstance(value, DenseIntOrFPElementsAttr)
            return dense_value(value)
        entry = CPU_OPS.get(op.name)
        if op.regions or len(op.results) != 1 or not op.has_trait(Pure) or entry is None:
            return None
        types = (*op.result_types, *op.operand_types)
        if not all(isinstance(type, TensorType) and 0 <= _elements(type) <= self.limit for type in types):
            return None
        makers = [operand.owner for operand in op.operands]
        if not all(isinstance(made, Operation) and made.name in _GIVEN for made in makers):
            return None
        try:
            operands = [self._array(made) for made in makers if isinstance(made, Operation)]
            inputs, results = (
                [metadata_of_type(t) for t in flat_types(t)] for t in (op.operand_types, op.result_types)
            )
            attributes = OpAttrs.of_pairs(typed_values(op_attributes(op))).by_name
            run = entry.arrays(tuple(inputs), attributes, None, tuple(results))
            found: np.ndarray | None = None if any(o is None for o in operands) else run(*operands)
        except Exception:
            # Whatever is wrong with the op is reported, in its own words, when it is lowered or run.
            return None
        return found


_GIVEN = frozenset(("stablehlo.broadcast_in_dim", "stablehlo.constant", "stablehlo.iota"))


def _elements(type: object) -> int:
    assert isinstance(type, TensorType)
    count = 1
    for size in type.get_shape():
        count *= size
    return count


def _merge(op: Operation, known: dict[object, Operation]) -> None:
    """Put the op before that is just like this one in its place, if there is one."""
    if op.parent is None or not (op.has_trait(Pure) or isinstance(op, ReduceOp)):
        return
    bodies: list[Attribute] = []
    if op.regions:
        if captured(op.regions):
            return
        try:
            bodies = [body_attribute(region, (), lambda name: None) for region in op.regions]
        except Unsupported:
            return
    value = op.properties.get("value")
    if isinstance(value, DenseIntOrFPElementsAttr) and len(value.data.data) > _MOST_COMPARED:
        return
    key = (op.name, frozenset(op.properties.items()), tuple(op.operands), tuple(op.result_types), *bodies)
    first = known.setdefault(key, op)
    if first is op:
        return
    first.location = fuse([first.location, op.location])
    _replace(op, first.results)


def _replace(op: Operation, values: Sequence[SSAValue]) -> None:
    for old, new in zip(op.results, values, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


_MOST_COMPARED = 4096
"""Constants of more bytes are not compared with others."""


def _erase_unused(block: Block, effects: frozenset[str]) -> None:
    # Users come after what they use, so going backwards finds all in one go.
    for op in reversed(list(block.ops)):
        if op.name.partition(".")[0] not in _SOURCES or op.has_trait(IsTerminator) or not op.results:
            continue
        if not any(result.uses for result in op.results) and not any(
            has_effects(inner, effects) for inner in op.walk()
        ):
            op.detach()
            op.erase()
