"""`fuse-reductions`: reductions and the elementwise kernels around them become one kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import is_static, metadata_of_type
from tfrt.compiler.passes.shared.fused_reductions import fused
from tfrt.compiler.passes.shared.reduced_shapes import is_reduction, reduced_by, shape_of
from tfrt.compiler.passes.shared.reductions import axes_of
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.reductions import ReductionOp
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.broadcasting import with_leading_ones

_MOST_STEPS = 64
"""How long a chain gets."""

_MOST_BETWEEN = 512
"""How far apart in a block ops may be, which is searched each time."""

_TILE_BYTES = 1 << 18
"""How many bytes there may be of the elements that are combined with one another, where a chain goes over them several
times: they are to stay in the cache."""


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
            if block is None or not is_reduction(inner):
                continue
            if block not in numbers:
                numbers[block] = {each: number for number, each in enumerate(block.ops)}
            _Region(inner, block, numbers[block]).fuse()


class _Region:
    """Ops that become one.

    Attributes:
        reduced: what the reductions go over.
        numbers: ops of the block in order, those that have been made left out.
        members: the ops.
        refused: others that do not fit these.
    """

    def __init__(self, first: Operation, block: Block, numbers: dict[Operation, int]):
        assert isinstance(first, CallOp)
        self.reduced = reduced_by(first)
        self.block, self.numbers = block, numbers
        self.members: set[Operation] = {first}
        self.refused: set[Operation] = set()
        itemsize = metadata_of_type(first.operands[0].type).dtype.numpy.itemsize
        self.may_go_again = prod(self.reduced.shape[self.reduced.axes[0] :]) * itemsize <= _TILE_BYTES

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
            any(not self.reduced.is_view(op) for op in best if len(best) > 1 and not is_reduction(op))
            or sum(is_reduction(op) for op in best) > 1
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

    def _fits(self, op: Operation) -> bool:
        """Whether an op may be one of the region's."""
        if op.parent is not self.block or op not in self.numbers:
            return False
        if is_reduction(op):
            assert isinstance(op, CallOp)
            return self.reduced.is_wide(op.operands[0]) and axes_of(op) == self.reduced.axes
        if self.reduced.is_view(op) or self.reduced.is_spread(op):
            return op.operands[0].owner in self.members
        if not isinstance(op, ElementwiseOp):
            return False
        if not all(is_static(value.type) for value in (*op.operands, op.array)):
            return False
        if self.reduced.is_wide(op.array):
            return all(self._is_broadcast(operand) for operand in op.operands)
        return self.reduced.is_narrow(op.array) and all(
            shape_of(operand) == shape_of(op.array) or prod(shape_of(operand)) == 1 for operand in op.operands
        )

    def _may_join(self, op: Operation) -> bool:
        return op not in self.members and op not in self.refused and self._fits(op)

    def _is_broadcast(self, operand: SSAValue) -> bool:
        """Whether a wide op may read an operand; narrow ones of this region only where they are by numpy's rules."""
        if self.reduced.is_wide(operand) or operand.owner not in self.members:
            return True
        return with_leading_ones(shape_of(operand), len(self.reduced.shape)) == self.reduced.narrow

    def _candidates(self) -> Iterator[Operation]:
        """Ops that may become a part, the best ones first."""
        members = self._in_order()
        later = []
        for member in members:
            for operand in member.operands:
                writer = operand.owner
                if isinstance(writer, ElementwiseOp) and self.reduced.is_wide(operand) and self._may_join(writer):
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
                if self.reduced.is_wide(operand):
                    yield from self._siblings(operand)

    def _siblings(self, value: SSAValue) -> Iterator[Operation]:
        """What else reduces a value, or what follows from it alone."""
        for use in value.uses:
            op = use.operation
            if not self._may_join(op):
                continue
            if is_reduction(op) or (
                isinstance(op, ElementwiseOp)
                and all(is_reduction(reader.operation) and self._fits(reader.operation) for reader in op.array.uses)
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
            if isinstance(op, ElementwiseOp) and self.reduced.is_wide(result):
                known = [flags[o] if o in flags else self._flags_of(o) for o in op.operands]
                flags[result] = tuple(map(any, zip(*known, strict=True)))
            else:
                flags[result] = tuple(size > 1 for size in self.reduced.narrow)
            if self.reduced.is_wide(result) and self._leaves(result):
                found += 1
                if any(size > 1 and not there for size, there in zip(self.reduced.shape, flags[result], strict=True)):
                    return False
        return found <= 1

    def _flags_of(self, value: SSAValue) -> tuple[bool, ...]:
        """Along which dimensions an array of others has several elements."""
        _, shape = self.reduced.source_of(value)
        return tuple(size > 1 for size in with_leading_ones(shape, len(self.reduced.shape)))

    def _leaves(self, value: SSAValue) -> bool:
        return any(use.operation not in self.members for use in value.uses)

    def _passes_fit(self) -> bool:
        """Whether no wide value follows from a reduction, or several passes may be."""
        if self.may_go_again:
            return True
        passes: dict[SSAValue, bool] = {}
        for op in self._in_order():
            follows = any(passes.get(operand, False) for operand in op.operands)
            if follows and (self.reduced.is_wide(op.results[0]) or is_reduction(op)):
                return False
            passes[op.results[0]] = follows or is_reduction(op)
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
        made = fused(self.reduced, members)
        self.block.insert_ops_after([*made.before, made.op, *made.after], members[-1])
        place: Operation = made.after[-1] if made.after else made.op
        self._renumber(dependents)
        for op in dependents:
            op.detach()
            self.block.insert_ops_after([op], place)
            place = op
        for old, new in made.results.items():
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
