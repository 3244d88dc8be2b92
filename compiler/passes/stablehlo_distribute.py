"""`stablehlo-distribute`: products of rows that a loop goes over, one at a time, are one product in front of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.emitter.attributes import dtype_of
from tfrt.compiler.passes.shared.shape_inference import is_static
from tfrt.compiler.passes.shared.source_insertion import insert_before
from tfrt.compiler.passes.shared.source_values import element_type_of, maker, sizes_of, trip_count
from tfrt.dialects.shared.interning import data_attribute
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.dialects.stablehlo.attributes import DotAttr
from tfrt.dialects.stablehlo.control_flow import WhileOp
from tfrt.dialects.stablehlo.directives import integers, numbers_of
from tfrt.executor.declarations.op_registry import CPU_OPS

_MOST_BYTES = 1 << 26
"""How large a product of all rows may be."""

_STAY = ("stablehlo.constant", "stablehlo.broadcast_in_dim")
"""What `stablehlo-hoist` leaves in loops."""


@dataclass(frozen=True)
class StablehloDistribute(ModulePass):
    """Takes products out of `stablehlo.while` whose left factor is a row of an array, another one in each iteration,
    and whose right one is always the same: the product of all rows stands before the loop, and an iteration takes its
    own. Elementwise ops go along that need nothing else.

    So a recurrent layer, which JAX writes as a `scan`, multiplies all its inputs at once. The loop must run as often as
    there are rows, and the product have at most 64 MB. Sums of products are rounded otherwise. The name is that of what
    compilers call loop distribution.
    """

    name = "stablehlo-distribute"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for loop in reversed([inner for inner in ops_in(op) if type(inner) is WhileOp]):
            trips = trip_count(loop)
            if trips is not None:
                _Loop(loop, trips).distribute()


@dataclass(frozen=True, slots=True)
class _Row:
    """Of a value in the loop that is computed from rows of arrays, and from what is always the same.

    Attributes:
        index: which rows these are.
        count: how many there are of each array.
        follows: whether the value is a product of rows, or computed from one.
    """

    index: SSAValue
    count: int
    follows: bool = False


class _Loop:
    def __init__(self, loop: WhileOp, trips: int):
        self.loop, self.trips = loop, trips
        self.body = loop.body.block
        self.rows: dict[SSAValue, _Row] = {}
        self.fixed: set[Operation] = set()
        self.wholes: dict[SSAValue, SSAValue] = {}
        self.copies: dict[SSAValue, SSAValue] = {}

    def distribute(self) -> None:
        ops = ops_of(self.body)
        for op in ops:
            if op.name in _STAY and all(map(self._is_fixed, op.operands)):
                self.fixed.add(op)
            elif len(op.results) == 1 and (row := self._row(op)) is not None:
                self.rows[op.results[0]] = row
        leaving = [value for value, row in self.rows.items() if row.follows and self._is_needed(value)]
        for value in leaving:
            self._whole(value)
        for value in leaving:
            self._take(value)
        for op in reversed(ops):
            if leaving and len(op.results) == 1 and op.results[0] in self.rows and not op.results[0].uses:
                op.detach()
                op.erase()

    def _is_needed(self, value: SSAValue) -> bool:
        """Whether an op that stays in the loop reads a value."""
        followers = (self.rows.get(use.operation.results[0]) if use.operation.results else None for use in value.uses)
        return any(row is None or not row.follows for row in followers)

    def _is_fixed(self, value: SSAValue) -> bool:
        """Whether a value is the same in all iterations."""
        owner = value.owner
        is_inside = isinstance(owner, Operation) and owner.parent is self.body
        return owner in self.fixed if is_inside else owner is not self.body

    def _row(self, op: Operation) -> _Row | None:
        if not all(is_static(value.type) for value in (*op.operands, *op.results)):
            return None
        first = self.rows.get(op.operands[0]) if op.operands else None
        if op.name == "stablehlo.dynamic_slice":
            return self._of_slice(op)
        if op.name == "stablehlo.reshape":
            return first
        if op.name == "stablehlo.dot_general":
            return self._of_product(op, first)
        return self._of_elements(op)

    def _of_slice(self, op: Operation) -> _Row | None:
        sizes, taken = sizes_of(op.operands[0]), numbers_of(op.properties["slice_sizes"])
        is_row = self._is_fixed(op.operands[0]) and bool(sizes) and taken == (1, *sizes[1:]) and sizes[0] <= self.trips
        return _Row(op.operands[1], sizes[0]) if is_row else None

    def _of_product(self, op: Operation, left: _Row | None) -> _Row | None:
        numbers = op.properties["dot_dimension_numbers"]
        assert isinstance(numbers, DotAttr)
        if left is None or numbers.data.lhs_batching_dimensions or not self._is_fixed(op.operands[1]):
            return None
        dtype = dtype_of(element_type_of(op.results[0]))
        size = left.count * prod(sizes_of(op.results[0]))
        return replace(left, follows=True) if dtype and size * dtype.numpy.itemsize <= _MOST_BYTES else None

    def _of_elements(self, op: Operation) -> _Row | None:
        if not _is_elementwise(op):
            return None
        found = [row for operand in op.operands if (row := self.rows.get(operand)) is not None]
        same = len({(row.index, row.count) for row in found}) == 1
        if not same or any(sizes_of(operand) != sizes_of(op.results[0]) for operand in op.operands):
            return None
        if not all(operand in self.rows or self._is_fixed(operand) for operand in op.operands):
            return None
        return replace(found[0], follows=any(row.follows for row in found))

    def _take(self, value: SSAValue) -> None:
        """Put a row of the whole that stands before the loop in a value's place."""
        op, row, sizes = value.owner, self.rows[value], sizes_of(value)
        assert isinstance(op, Operation) and isinstance(row.index.type, TensorType)
        zero = DenseIntOrFPElementsAttr.from_list(row.index.type, [0])
        none = insert_before(op, "stablehlo.constant", [], {"value": zero}, row.index.type)
        type = TensorType(element_type_of(value), [1, *sizes])
        operands = [self._whole(value), row.index, *[none] * len(sizes)]
        part = insert_before(op, "stablehlo.dynamic_slice", operands, {"slice_sizes": integers([1, *sizes])}, type)
        value.replace_all_uses_with(insert_before(op, "stablehlo.reshape", [part], {}, value.type))

    def _whole(self, value: SSAValue) -> SSAValue:
        """What a value is for all rows, one after the other, before the loop."""
        if value not in self.wholes:
            self.wholes[value] = self._computed(value)
        return self.wholes[value]

    def _computed(self, value: SSAValue) -> SSAValue:
        op, count = value.owner, self.rows[value].count
        assert isinstance(op, Operation)
        sizes, type = sizes_of(value), TensorType(element_type_of(value), [count, *sizes_of(value)])
        if op.name == "stablehlo.dynamic_slice":
            return insert_before(self.loop, "stablehlo.reshape", [op.operands[0]], {}, type)
        if op.name == "stablehlo.reshape":
            return insert_before(self.loop, op.name, [self._whole(op.operands[0])], {}, type)
        if op.name == "stablehlo.dot_general":
            numbers = op.properties["dot_dimension_numbers"]
            assert isinstance(numbers, DotAttr)
            summed = tuple(1 + dimension for dimension in numbers.data.lhs_contracting_dimensions)
            moved = data_attribute(DotAttr, replace(numbers.data, lhs_contracting_dimensions=summed))
            operands = [self._whole(op.operands[0]), self._outside(op.operands[1])]
            properties = {**op.properties, "dot_dimension_numbers": moved}
            return insert_before(self.loop, op.name, operands, properties, type)
        operands = [self._spread(operand, count, sizes) for operand in op.operands]
        return insert_before(self.loop, op.name, operands, op.properties, type)

    def _spread(self, operand: SSAValue, count: int, sizes: tuple[int, ...]) -> SSAValue:
        """An operand of an elementwise op, for all rows."""
        if operand in self.rows:
            return self._whole(operand)
        wide, source, dims = maker(operand, _STAY[1]), operand, tuple(range(len(sizes)))
        if wide is not None and wide in self.fixed:
            (source,), dims = wide.operands, numbers_of(wide.properties["broadcast_dimensions"])
        type = TensorType(element_type_of(operand), [count, *sizes])
        moved = {"broadcast_dimensions": integers([1 + dimension for dimension in dims])}
        return insert_before(self.loop, _STAY[1], [self._outside(source)], moved, type)

    def _outside(self, value: SSAValue) -> SSAValue:
        """A value that is always the same, before the loop."""
        op = value.owner
        if not isinstance(op, Operation) or op not in self.fixed:
            return value
        if value not in self.copies:
            operands = [self._outside(operand) for operand in op.operands]
            self.copies[value] = insert_before(self.loop, op.name, operands, op.properties, value.type)
        return self.copies[value]


def _is_elementwise(op: Operation) -> bool:
    entry, dtype = CPU_OPS.get(op.name), dtype_of(element_type_of(op.results[0]))
    if entry is None or dtype is None:
        return False
    return entry.by_element or (entry.elementwise is not None and entry.elementwise(dtype) is not None)
