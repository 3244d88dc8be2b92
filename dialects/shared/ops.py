"""Making, moving and dropping ops as xDSL does, several times as fast: to compile a program does so for thousands.

xDSL's own ways check what holds by construction here, and call a method for each part of an op and each use of a value.
These set the fields of its classes themselves, which nothing else does: they are those of the release that we build on,
and a test compares what these leave with what xDSL's leave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Literal, TypeVar

from xdsl.dialects.builtin import UNKNOWN_LOC, LocationAttr
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, Region, SSAValue, Use
from xdsl.ir.core import SSAValues
from xdsl.irdl import IRDLOperation, OptionalDef

_Op = TypeVar("_Op", bound=Operation)

_NOTHING: Mapping[str, Attribute] = MappingProxyType({})

operands_of: Callable[[Operation], tuple[SSAValue, ...]] = attrgetter("_operands")
"""The operands of an op, as they are now: not xDSL's view of them, which asks the op again for each."""

type_of: Callable[[SSAValue], Attribute] = attrgetter("_type")
"""The type of a value, without xDSL's property."""

_item = tuple.__getitem__


def operand_of(op: Operation, number: int) -> SSAValue:
    """One of an op's operands, as it is now."""
    return _item(op._operands, number)


def result_of(op: Operation) -> OpResult:
    """The first of an op's results; xDSL's sequences find out first whether a slice of them is meant."""
    return _item(op.results, 0)


successors_of: Callable[[Operation], tuple[Block, ...]] = attrgetter("_successors")
"""The blocks that an op may go on with."""


def is_used(op: Operation) -> bool:
    """Whether anything uses a result of an op."""
    for result in op.results:  # noqa: SIM110 (this is hot)
        if result.first_use is not None:
            return True
    return False


def blocks_of(region: Region) -> list[Block]:
    """The blocks of a region as they are now."""
    found = []
    block = region._first_block
    while block is not None:
        found.append(block)
        block = block._next_block
    return found


def ops_of(block: Block) -> list[Operation]:
    """The ops of a block as they are now; those of xDSL's view of them are asked one after the other for the next."""
    found = []
    op = block._first_op
    while op is not None:
        found.append(op)
        op = op._next_op
    return found


_new = object.__new__


def make_op(
    kind: type[_Op],
    operands: Sequence[SSAValue] = (),
    result_types: Sequence[Attribute] = (),
    attributes: Mapping[str, Attribute] = _NOTHING,
    properties: Mapping[str, Attribute] = _NOTHING,
    location: LocationAttr = UNKNOWN_LOC,
) -> _Op:
    """An op without regions and successors, as `kind.create` makes it."""
    way = _way_of(kind)
    if way == "its own":
        return kind.create(
            operands=operands,
            result_types=result_types,
            attributes=attributes,
            properties=properties,
            location=location,
        )
    op = _new(kind)
    op._operands = SSAValues(operands)
    uses = []
    for index, operand in enumerate(operands):
        use = _new(Use)
        use._operation = op
        use._index = index
        use._prev_use = None
        use._next_use = other = operand.first_use
        if other is not None:
            other._prev_use = use
        operand.first_use = use
        uses.append(use)
    op._operand_uses = tuple(uses)
    results = []
    for index, type in enumerate(result_types):
        result: OpResult = _new(OpResult)
        result._type = type
        result.op = op
        result.index = index
        results.append(result)
    op.results = SSAValues(results)
    op.properties = {**properties}
    op.attributes = {**attributes}
    op.location = location
    if way == "with defaults":
        op.__post_init__()
    return op


_Way = Literal["plain", "with defaults", "its own"]
"""How ops of a class are made: from their parts, maybe with attributes that were left out, or as the class says."""


@cache
def _way_of(kind: type[Operation]) -> _Way:
    if next(base for base in kind.__mro__ if "create" in vars(base)) is not Operation:
        return "its own"
    if kind.__post_init__ is Operation.__post_init__:
        return "plain"
    if kind.__post_init__ is not IRDLOperation.__post_init__ or not issubclass(kind, IRDLOperation):
        return "with defaults"
    definition = kind.get_irdl_definition()
    given = (*definition.properties.values(), *definition.attributes.values())
    has_defaults = any(not isinstance(each, OptionalDef) and each.default_value is not None for each in given)
    return "with defaults" if has_defaults else "plain"


def add_arguments(block: Block, types: Sequence[Attribute], locations: Sequence[LocationAttr]) -> list[BlockArgument]:
    """Give a block further arguments, after those it has."""
    arguments = []
    for index, (type, location) in enumerate(zip(types, locations, strict=True), len(block._args)):
        argument: BlockArgument = _new(BlockArgument)
        argument._type = type
        argument.block = block
        argument.index = index
        argument.location = location
        arguments.append(argument)
    block._args = (*block._args, *arguments)
    return arguments


def copy_region(region: Region, location: LocationAttr) -> Region:
    """A copy of a region of one block whose ops have no regions and successors, as `region.clone()` makes it, but that
    all of it is at one location."""
    (block,) = blocks_of(region)
    copy = Block()
    copies: dict[SSAValue, SSAValue] = {}

    def copied(values: Sequence[SSAValue], made: Sequence[SSAValue]) -> None:
        for value, its_copy in zip(values, made, strict=True):
            copies[value] = its_copy
            its_copy.name_hint = value._name

    arguments = block._args
    copied(arguments, add_arguments(copy, [each._type for each in arguments], [location] * len(arguments)))
    for op in ops_of(block):
        operands = [copies.get(operand, operand) for operand in op._operands]
        types = [result._type for result in op.results]
        made = make_op(type(op), operands, types, op.attributes, op.properties, location)
        copied(op.results, made.results)
        append_op(copy, made)
    return Region(copy)


def is_plain(region: Region) -> bool:
    """Whether a region is one block of ops without regions and successors."""
    block = region._first_block
    if block is None or block is not region._last_block:
        return False
    return not any(op.regions or op._successors for op in ops_of(block))


def append_op(block: Block, op: Operation) -> None:
    """Put an op that is nowhere at the end of a block."""
    last = block._last_op
    op.parent = block
    op._prev_op = last
    if last is None:
        block._first_op = op
    else:
        last._next_op = op
    block._last_op = op


def put_before(op: Operation, there: Operation) -> None:
    """Put an op that is nowhere before one that is in a block."""
    before = there._prev_op
    op.parent = block = there.parent
    op._prev_op = before
    op._next_op = there
    there._prev_op = op
    if before is not None:
        before._next_op = op
    else:
        assert block is not None
        block._first_op = op


def replace_uses(value: SSAValue, by: SSAValue) -> None:
    """Whatever uses a value uses another from now on, which takes its name unless it has one."""
    if by is value:
        return
    use = value.first_use
    value.first_use = None
    first = by.first_use
    while use is not None:
        after, user = use._next_use, use._operation
        operands = list(user._operands)
        operands[use._index] = by
        user._operands = SSAValues(operands)
        use._prev_use = None
        use._next_use = first
        if first is not None:
            first._prev_use = use
        first = use
        use = after
    by.first_use = first
    if by._name is None and value._name is not None:
        by.name_hint = value._name


def replace_op(op: Operation, values: Sequence[SSAValue]) -> None:
    """Put values in place of an op's results, and drop the op."""
    for result, value in zip(op.results, values, strict=True):
        replace_uses(result, value)
    erase_op(op)


def erase_op(op: Operation) -> None:
    """Take an op, whose results nobody uses, out of its block, and drop it.

    Raises:
        ValueError: somebody does.
    """
    if op.regions or op._successors or is_used(op):
        op.detach()
        op.erase()
        return
    block, before, after = op.parent, op._prev_op, op._next_op
    assert block is not None
    op.parent = op._prev_op = op._next_op = None
    if before is not None:
        before._next_op = after
    else:
        block._first_op = after
    if after is not None:
        after._prev_op = before
    else:
        block._last_op = before
    for operand, use in zip(op._operands, op._operand_uses, strict=True):
        previous, following = use._prev_use, use._next_use
        if previous is not None:
            previous._next_use = following
        else:
            operand.first_use = following
        if following is not None:
            following._prev_use = previous
    op._operand_uses = ()
