"""`fuse-reductions`: reductions and the elementwise kernels around them become one kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, MemRefType, ModuleOp, StringAttr, TypeAttribute
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import attrs_of, call_op, is_static, memref, metadata_of_type
from tfrt.compiler.passes.shared.reductions import axes_of, body_of, is_neutral
from tfrt.dialects.cpu import (
    CallOp,
    ElementwiseOp,
    ReductionOp,
    details_of,
    metadata_attribute,
    reduction_step,
    step_attribute,
    steps_of,
)
from tfrt.dialects.shared.interning import array_attribute, integer_attribute
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.metadata import TensorMetadata

_MOST_STEPS = 64
"""How long a chain gets."""

_MOST_BETWEEN = 512
"""How far apart in a block ops may be, which is searched each time."""

_LEAST_ALONE = 1 << 12
"""How many elements there are at least of what is reduced and no more."""

TILE_BYTES = 1 << 18
"""How many bytes there may be of the elements that are combined with one another, where a chain goes over them several
times: they are to stay in the cache."""

_VIEWS = ("stablehlo.broadcast_in_dim", "stablehlo.reshape")

Shape = tuple[int, ...]


@dataclass(frozen=True)
class FuseReductions(ModulePass):
    """Reductions become one pass over memory with the elementwise ops that they follow and that follow them, and with
    others of the same elements.

    What follows may be as large as what is reduced, and be reduced again, where the elements that are combined with one
    another fit into the cache. One array of this size may be among the results. Sums of floats are rounded otherwise.
    """

    name = "fuse-reductions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in ops_in(op):
            if isinstance(inner, CallOp) and inner.parent is not None and _is_reduction(inner):
                _Region(inner).fuse()


def _is_reduction(op: Operation) -> bool:
    """Whether an op combines elements, and chains can do that."""
    if not isinstance(op, CallOp) or body_of(op) is None:
        return False
    shape = _shape_of(op.operands[0])
    return 0 not in shape and prod(shape[d] for d in axes_of(op)) > 1


def _shape_of(value: SSAValue) -> Shape:
    return metadata_of_type(value.type).shape


def _without_ones(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _padded(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape


class _Region:
    """Ops that become one.

    Attributes:
        shape: that of what is reduced.
        members: the ops.
    """

    def __init__(self, first: CallOp):
        self.shape = _shape_of(first.operands[0])
        self.axes = axes_of(first)
        self.narrow = tuple(1 if d in self.axes else size for d, size in enumerate(self.shape))
        assert first.parent is not None
        self.block: Block = first.parent
        self.order = list(self.block.ops)
        self.numbers = {op: number for number, op in enumerate(self.order)}
        self.members: set[Operation] = {first}
        itemsize = metadata_of_type(first.operands[0].type).dtype.numpy.itemsize
        self.may_go_again = prod(self.shape[self.axes[0] :]) * itemsize <= TILE_BYTES

    def fuse(self) -> None:
        """Take in all that can be, and make one op of it."""
        best = set(self.members)
        refused: set[Operation] = set()
        while True:
            for candidate in self._candidates():
                if candidate not in refused and candidate not in self.members and self._join(candidate):
                    break
                refused.add(candidate)
            else:
                break
            if self._wide_results() <= 1:
                best = set(self.members)
            refused = set()
        self.members = best
        if (
            any(not self._is_view(op) for op in best if len(best) > 1 and not _is_reduction(op))
            or sum(_is_reduction(op) for op in best) > 1
        ):
            self._replace()

    def _join(self, candidate: Operation) -> bool:
        """Take in an op, and those between it and the others, if all of them may be one."""
        before = set(self.members)
        self.members.add(candidate)
        for op in self._between():
            if not self._fits(op):
                break
            self.members.add(op)
        else:
            if self._is_sound():
                return True
        self.members = before
        return False

    # What may become a part.

    def _is_wide(self, value: SSAValue) -> bool:
        return _shape_of(value) == self.shape

    def _is_narrow(self, value: SSAValue) -> bool:
        return _without_ones(_shape_of(value)) == _without_ones(self.narrow)

    def _is_view(self, op: Operation) -> bool:
        """Whether an op gives a narrow value in another shape."""
        return (
            isinstance(op, CallOp)
            and op.op_name.data in _VIEWS
            and is_static(op.results[0].type)
            and self._is_narrow(op.operands[0])
            and self._is_narrow(op.results[0])
            and not op.steps.data
            and self._keeps_order(op)
        )

    def _is_spread(self, op: Operation) -> bool:
        """Whether an op repeats a narrow value along what is reduced."""
        if not isinstance(op, CallOp) or op.op_name.data != _VIEWS[0] or op.steps.data:
            return False
        if not (is_static(op.results[0].type) and self._is_wide(op.results[0]) and self._is_narrow(op.operands[0])):
            return False
        sizes = dict(zip(attrs_of(op).values()["broadcast_dimensions"], _shape_of(op.operands[0]), strict=True))
        return self._keeps_order(op) and tuple(sizes.get(d, 1) for d in range(len(self.shape))) == self.narrow

    def _keeps_order(self, op: CallOp) -> bool:
        places = attrs_of(op).values().get("broadcast_dimensions", ())
        return list(places) == sorted(places)

    def _fits(self, op: Operation) -> bool:
        """Whether an op may be one of the region's."""
        if op.parent is not self.block or op not in self.numbers:
            return False
        if _is_reduction(op):
            assert isinstance(op, CallOp)
            return self._is_wide(op.operands[0]) and axes_of(op) == self.axes
        if self._is_view(op) or self._is_spread(op):
            return op.operands[0].owner in self.members
        if not isinstance(op, ElementwiseOp):
            return False
        if not all(is_static(value.type) for value in (*op.operands, op.array)):
            return False
        if self._is_wide(op.array):
            return all(self._is_broadcast(operand) for operand in op.operands)
        return self._is_narrow(op.array) and all(
            _shape_of(operand) == _shape_of(op.array) or prod(_shape_of(operand)) == 1 for operand in op.operands
        )

    def _is_broadcast(self, operand: SSAValue) -> bool:
        """Whether a wide op may read an operand; narrow ones of this region only where they are by numpy's rules."""
        if self._is_wide(operand) or operand.owner not in self.members:
            return True
        return _padded(_shape_of(operand), len(self.shape)) == self.narrow

    def _candidates(self) -> Iterator[Operation]:
        """Ops that may become a part, the best ones first."""
        members = sorted(self.members, key=self.numbers.__getitem__)
        later = []
        for member in members:
            for operand in member.operands:
                writer = operand.owner
                if isinstance(writer, ElementwiseOp) and self._is_wide(operand) and self._fits(writer):
                    if all(use.operation in self.members for use in operand.uses):
                        yield writer
                    else:
                        later.append(writer)
        for member in members:
            for use in member.results[0].uses:
                if self._fits(use.operation):
                    yield use.operation
        yield from later
        for member in members:
            for operand in member.operands:
                if self._is_wide(operand):
                    yield from self._siblings(operand)

    def _siblings(self, value: SSAValue) -> Iterator[Operation]:
        """What else reduces a value, or what follows from it alone."""
        for use in value.uses:
            op = use.operation
            if not self._fits(op):
                continue
            if _is_reduction(op) or (
                isinstance(op, ElementwiseOp)
                and all(_is_reduction(reader.operation) and self._fits(reader.operation) for reader in op.array.uses)
            ):
                yield op

    # Whether they can be one.

    def _is_sound(self) -> bool:
        return self._size() <= _MOST_STEPS and self._passes_fit() and self._dependents() is not None

    def _size(self) -> int:
        return sum(len(op.steps) + 1 for op in self.members if isinstance(op, ElementwiseOp | CallOp))

    def _wide_results(self) -> int:
        wide = [op for op in self.members if self._is_wide(op.results[0]) and self._leaves(op.results[0])]
        # What is repeated is no result.
        return sum(2 if self._is_spread(op) else 1 for op in wide)

    def _leaves(self, value: SSAValue) -> bool:
        return any(use.operation not in self.members for use in value.uses)

    def _passes_fit(self) -> bool:
        """Whether no wide value follows from a reduction, or several passes may be."""
        if self.may_go_again:
            return True
        passes: dict[SSAValue, bool] = {}
        for op in sorted(self.members, key=self.numbers.__getitem__):
            follows = any(passes.get(operand, False) for operand in op.operands)
            if follows and (self._is_wide(op.results[0]) or _is_reduction(op)):
                return False
            passes[op.results[0]] = follows or _is_reduction(op)
        return True

    def _between(self) -> list[Operation]:
        """Other ops that need one of the region's and are needed by another, in order."""
        places = [self.numbers[op] for op in self.members]
        first, last = min(places), max(places)
        known: set[SSAValue] = set()
        after: list[Operation] = []
        for op in self.order[first : last + 1] if last - first <= _MOST_BETWEEN else ():
            if op in self.members or any(operand in known for operand in op.operands):
                known.update(op.results)
                if op not in self.members:
                    after.append(op)
        needed = {operand for op in self.members for operand in op.operands}
        found: list[Operation] = []
        for op in reversed(after):
            if any(result in needed for result in op.results):
                needed.update(op.operands)
                found.insert(0, op)
        return found

    def _dependents(self) -> list[Operation] | None:
        """Other ops between the region's that need it, in order, or None where it needs one of them, or they cannot be
        moved."""
        places = [self.numbers[op] for op in self.members]
        first, last = min(places), max(places)
        if last - first > _MOST_BETWEEN:
            return None
        known: set[SSAValue] = set()
        found: list[Operation] = []
        outside: set[SSAValue] = set()
        for op in self.order[first : last + 1]:
            if op in self.members:
                if any(operand in outside for operand in op.operands):
                    return None
                known.update(op.results)
            elif any(operand in known or operand in outside for operand in op.operands):
                if not isinstance(op, CallOp | ElementwiseOp | ReductionOp):
                    return None
                found.append(op)
                outside.update(op.results)
        return found

    # Making one of them.

    def _replace(self) -> None:
        members = sorted(self.members, key=self.numbers.__getitem__)
        dependents = self._dependents()
        assert dependents is not None
        made = _Made(self)
        for op in members:
            made.take_in(op)
        fused, results = made.op(members)
        last = members[-1]
        self.block.insert_ops_after([*made.before, fused, *made.after], last)
        place: Operation = made.after[-1] if made.after else fused
        for op in dependents:
            op.detach()
            self.block.insert_ops_after([op], place)
            place = op
        for old, new in results.items():
            old.replace_all_uses_with(new)
        for op in reversed(members):
            op.detach()
            op.erase()


@dataclass
class _Made:
    """A fused op that is being made."""

    region: _Region
    operands: list[SSAValue] = field(default_factory=list)
    steps: list[tuple[str, list[SSAValue | int], tuple[Attribute, ...]]] = field(default_factory=list)
    values: dict[SSAValue, int] = field(default_factory=dict)
    before: list[Operation] = field(default_factory=list)
    after: list[Operation] = field(default_factory=list)

    def take_in(self, op: Operation) -> None:
        """Add an op's steps."""
        if isinstance(op, ElementwiseOp):
            self.values[op.array] = self._elementwise(op)
        elif self.region._is_view(op) or self.region._is_spread(op):
            self.values[op.results[0]] = self.values[op.operands[0]]
        else:
            assert isinstance(op, CallOp)
            self.values[op.results[0]] = self._reduction(op)

    def _elementwise(self, op: ElementwiseOp) -> int:
        is_wide = self.region._is_wide(op.array)
        inputs = [self._operand(operand, is_wide) for operand in op.operands]
        start, type = len(self.steps), op.array.type
        assert isinstance(type, MemRefType)
        for step, (name, used) in zip(op.steps, steps_of(op.steps), strict=True):
            given, attributes = details_of(step)
            details = (type.element_type if given is None else given, attributes)
            operands = [inputs[n] if n < len(inputs) else start + n - len(inputs) for n in used]
            self.steps.append((name, operands, tuple(each for each in details if each is not None)))
        return len(self.steps) - 1

    def _reduction(self, op: CallOp) -> int:
        body = body_of(op)
        type = op.results[0].type
        assert body is not None and isinstance(type, MemRefType)
        value = self._operand(op.operands[0], True)
        self.steps.append(("", [value], (type.element_type, StringAttr(body))))
        if not is_neutral(op.operands[1], body):
            init = self._operand(op.operands[1], False)
            self.steps.append((body, [init, len(self.steps) - 1], (type.element_type,)))
        return len(self.steps) - 1

    def _operand(self, value: SSAValue, is_wide: bool) -> SSAValue | int:
        """A step's value, by its number, or an array that is read."""
        if value in self.values:
            return self.values[value]
        shape = _shape_of(value)
        if not is_wide and prod(shape) > 1 and _padded(shape, len(self.region.narrow)) != self.region.narrow:
            value = self._reshaped(value, self.region.narrow, self.before)
        elif len(shape) > len(self.region.shape):
            value = self._reshaped(value, (), self.before)
        if value not in self.operands:
            self.operands.append(value)
        return value

    def _reshaped(self, value: SSAValue, shape: Shape, ops: list[Operation]) -> SSAValue:
        type = memref(TensorMetadata(metadata_of_type(value.type).dtype, shape))
        location = next(iter(self.region.members)).location
        ops.append(call_op(StringAttr("stablehlo.reshape"), [value], [type], location))
        return ops[-1].results[0]

    def op(self, members: Sequence[Operation]) -> tuple[ReductionOp, dict[SSAValue, SSAValue]]:
        """The op, and what stands for the values that others read."""
        region = self.region
        leaving = [v for v in self.values if any(use.operation not in region.members for use in v.uses)]
        leaving.sort(key=lambda value: not region._is_wide(value))
        given: dict[int, SSAValue] = {}
        for value in leaving:
            given.setdefault(self.values[value], value)
        count = len(self.operands)
        numbers = {operand: number for number, operand in enumerate(self.operands)}

        def number(operand: SSAValue | int) -> int:
            return count + operand if isinstance(operand, int) else numbers[operand]

        steps: list[Attribute] = []
        for name, used, details in self.steps:
            if name:
                steps.append(step_attribute(name, map(number, used), details))
            else:
                type, body = details
                assert isinstance(type, TypeAttribute) and isinstance(body, StringAttr)
                steps.append(reduction_step(body.data, number(used[0]), type))
        types = [value.type for value in given.values()]
        made = ReductionOp.create(
            operands=self.operands,
            attributes={
                "arguments": metadata_attribute(operand.type for operand in self.operands),
                "dimensions": ArrayAttr(map(integer_attribute, region.axes)),
                "gives": ArrayAttr(integer_attribute(count + value) for value in given),
                "metadata": metadata_attribute(types),
                "shape": ArrayAttr(map(integer_attribute, region.shape)),
                "steps": array_attribute(steps),
            },
            result_types=types,
        )
        made.location = fuse(op.location for op in members)
        first = dict(zip(given, made.results, strict=True))
        results: dict[SSAValue, SSAValue] = {}
        for value in leaving:
            result = first[self.values[value]]
            shape = _shape_of(value)
            results[value] = result if _shape_of(result) == shape else self._reshaped(result, shape, self.after)
        return made, results
