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
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.cpu.reductions import ReductionOp
from tfrt.dialects.cpu.steps import details_of, reduction_step, step_attribute, steps_of
from tfrt.dialects.shared.interning import array_attribute, integer_attribute
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.metadata import TensorMetadata

_MOST_STEPS = 64
"""How long a chain gets."""

_MOST_BETWEEN = 512
"""How far apart in a block ops may be, which is searched each time."""

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
        numbers: dict[Block, dict[Operation, int]] = {}
        for inner in ops_in(op):
            block = inner.parent
            if block is None or not _is_reduction(inner):
                continue
            if block not in numbers:
                numbers[block] = {each: number for number, each in enumerate(block.ops)}
            _Region(inner, block, numbers[block]).fuse()


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
        numbers: ops of the block in order, those that have been made left out.
        members: the ops.
        refused: others that do not fit these.
    """

    def __init__(self, first: Operation, block: Block, numbers: dict[Operation, int]):
        assert isinstance(first, CallOp)
        self.shape = _shape_of(first.operands[0])
        self.axes = axes_of(first)
        self.narrow = tuple(1 if d in self.axes else size for d, size in enumerate(self.shape))
        self.block, self.numbers = block, numbers
        self.members: set[Operation] = {first}
        self.refused: set[Operation] = set()
        itemsize = metadata_of_type(first.operands[0].type).dtype.numpy.itemsize
        self.may_go_again = prod(self.shape[self.axes[0] :]) * itemsize <= TILE_BYTES

    def fuse(self) -> None:
        """Take in all that can be, and make one op of it."""
        best = set(self.members)
        while True:
            for candidate in self._candidates():
                if candidate not in self.refused and self._join(candidate):
                    break
                self.refused.add(candidate)
            else:
                break
            if self._is_whole():
                best = set(self.members)
            self.refused.clear()
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

    def _may_join(self, op: Operation) -> bool:
        return op not in self.members and op not in self.refused and self._fits(op)

    def _is_broadcast(self, operand: SSAValue) -> bool:
        """Whether a wide op may read an operand; narrow ones of this region only where they are by numpy's rules."""
        if self._is_wide(operand) or operand.owner not in self.members:
            return True
        return _padded(_shape_of(operand), len(self.shape)) == self.narrow

    def _candidates(self) -> Iterator[Operation]:
        """Ops that may become a part, the best ones first."""
        members = self._in_order()
        later = []
        for member in members:
            for operand in member.operands:
                writer = operand.owner
                if isinstance(writer, ElementwiseOp) and self._is_wide(operand) and self._may_join(writer):
                    if all(use.operation in self.members for use in operand.uses):
                        yield writer
                    else:
                        later.append(writer)
        for member in members:
            for use in member.results[0].uses:
                if self._may_join(use.operation):
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
            if not self._may_join(op):
                continue
            if _is_reduction(op) or (
                isinstance(op, ElementwiseOp)
                and all(_is_reduction(reader.operation) and self._fits(reader.operation) for reader in op.array.uses)
            ):
                yield op

    # Whether they can be one.

    def _is_sound(self) -> bool:
        return (
            self._size() <= _MOST_STEPS
            and self._passes_fit()
            and bool(self._window())
            and self._dependents() is not None
        )

    def _size(self) -> int:
        return sum(len(op.steps) + 1 for op in self.members if isinstance(op, ElementwiseOp | CallOp))

    def _is_whole(self) -> bool:
        """Whether all that leaves the region can be results: at most one wide value, which is repeated along no
        dimension."""
        flags: dict[SSAValue, tuple[bool, ...]] = {}
        found = 0
        for op in self._in_order():
            (result,) = op.results
            if isinstance(op, ElementwiseOp) and self._is_wide(result):
                known = [flags[o] if o in flags else self._flags_of(o) for o in op.operands]
                flags[result] = tuple(map(any, zip(*known, strict=True)))
            else:
                flags[result] = tuple(size > 1 for size in self.narrow)
            if self._is_wide(result) and self._leaves(result):
                found += 1
                if any(size > 1 and not there for size, there in zip(self.shape, flags[result], strict=True)):
                    return False
        return found <= 1

    def _flags_of(self, value: SSAValue) -> tuple[bool, ...]:
        """Along which dimensions an array of others has several elements."""
        _, shape = self.source_of(value)
        return tuple(size > 1 for size in _padded(shape, len(self.shape)))

    def source_of(self, value: SSAValue) -> tuple[SSAValue, Shape]:
        """What a wide array repeats, if it repeats something, and in which shape that broadcasts to it."""
        made = value.owner
        if not isinstance(made, CallOp) or made.op_name.data != _VIEWS[0] or made.steps.data:
            return value, _shape_of(value)
        (source,) = made.operands
        if not self._is_wide(value) or not is_static(source.type) or not self._keeps_order(made):
            return value, _shape_of(value)
        sizes = dict(zip(attrs_of(made).values()["broadcast_dimensions"], _shape_of(source), strict=True))
        return source, tuple(sizes.get(d, 1) for d in range(len(self.shape)))

    def _leaves(self, value: SSAValue) -> bool:
        return any(use.operation not in self.members for use in value.uses)

    def _passes_fit(self) -> bool:
        """Whether no wide value follows from a reduction, or several passes may be."""
        if self.may_go_again:
            return True
        passes: dict[SSAValue, bool] = {}
        for op in self._in_order():
            follows = any(passes.get(operand, False) for operand in op.operands)
            if follows and (self._is_wide(op.results[0]) or _is_reduction(op)):
                return False
            passes[op.results[0]] = follows or _is_reduction(op)
        return True

    def _in_order(self) -> list[Operation]:
        return sorted(self.members, key=self.numbers.__getitem__)

    def _window(self) -> list[Operation]:
        """The region's ops and all between them, in order; nothing where they are far apart."""
        members = self._in_order()
        op, last = members[0], members[-1]
        if self.numbers[last] - self.numbers[op] > _MOST_BETWEEN:
            return []
        found = [op]
        while op is not last:
            after = op.next_op
            assert after is not None
            op = after
            found.append(op)
        return found

    def _between(self) -> list[Operation]:
        """Other ops that need one of the region's and are needed by another, in order."""
        known: set[SSAValue] = set()
        after: list[Operation] = []
        for op in self._window():
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
        known: set[SSAValue] = set()
        found: list[Operation] = []
        outside: set[SSAValue] = set()
        for op in self._window():
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
        members = self._in_order()
        dependents = self._dependents()
        assert dependents is not None
        made = _Made(self)
        for op in members:
            made.take_in(op)
        fused, results = made.op(members)
        last = members[-1]
        self.block.insert_ops_after([*made.before, fused, *made.after], last)
        place: Operation = made.after[-1] if made.after else fused
        self._renumber(dependents)
        for op in dependents:
            op.detach()
            self.block.insert_ops_after([op], place)
            place = op
        for old, new in results.items():
            old.replace_all_uses_with(new)
        for op in reversed(members):
            op.detach()
            op.erase()

    def _renumber(self, dependents: Sequence[Operation]) -> None:
        """Give ops that are moved behind all others between the region's the numbers that follow from that."""
        numbered = [op for op in self._window() if op in self.numbers]
        places = [self.numbers[op] for op in numbered]
        moved = set(dependents)
        stay = [op for op in numbered if op not in moved and op not in self.members]
        self.numbers.update(zip(stay, places, strict=False))
        for op in self.members:
            del self.numbers[op]
        behind = [op for op in dependents if op in self.numbers]
        self.numbers.update(zip(reversed(behind), reversed(places), strict=False))


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
        if is_wide:
            value, shape = self.region.source_of(value)
            if shape != _shape_of(value):
                value = self._reshaped(value, shape, self.before)
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
        location = min(self.region.members, key=self.region.numbers.__getitem__).location
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
