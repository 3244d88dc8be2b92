"""Whether a module is valid, as located diagnostics.

xDSL verifies an op by raising at the first mistake and printing the IR; here every op is checked by itself, so that
one run shows several mistakes, each where it is. On top of what the definitions say (operand and result counts and
types, attributes, traits, an op's own rules) this checks that blocks end in terminators, that values are defined
before they are used and not across isolated regions, and that symbols are unique. Messages are MLIR's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.traits import IsolatedFromAbove, IsTerminator, NoTerminator, OpTrait, SymbolTable
from xdsl.utils.exceptions import VerifyException

from tfrt.compiler.broken_rules import broken_rule
from tfrt.compiler.definition_rules import DefinitionRules, own_rules
from tfrt.compiler.locations import location_of
from tfrt.dialects.shared.interning import Identities
from tfrt.dialects.shared.ops import blocks_of, operands_of, ops_of, successors_of, type_of
from tfrt.dialects.shared.symbols import shared_symbol_tables
from tfrt.dialects.shared.tensor_types import CheckedOp, LooksAround
from tfrt.dialects.shared.walking import has_trait, is_defined, is_unregistered
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.location import position


def verify(module: ModuleOp) -> list[Diagnostic]:
    """One diagnostic for each mistake in `module`, in the order of their positions."""
    diagnostics: list[Diagnostic] = []
    with shared_symbol_tables():
        _verify_op(module, set(), diagnostics, _Alike())
    return sorted(diagnostics, key=line_and_column)


def line_and_column(diagnostic: Diagnostic) -> tuple[int, int]:
    """What diagnostics about one text are sorted by."""
    at = position(diagnostic.location)
    return (0, 0) if at is None else (at.line, at.column)


def _error(op: Operation, message: str, *notes: Diagnostic) -> Diagnostic:
    return Diagnostic("error", message, location_of(op.location), notes)


def _name_of(op: Operation) -> str:
    """The op's name, also where xDSL wraps the op because no dialect defines it."""
    return op.op_name.data if is_unregistered(op) else op.name


def _note(op: Operation, message: str) -> Diagnostic:
    return Diagnostic("note", message, location_of(op.location))


class _Alike:
    """Ops that have kept the rules of their class, by all that these look at: types and attributes.

    Long functions have many ops of a few kinds, and xDSL's rules are slow.
    """

    def __init__(self) -> None:
        self._rules = DefinitionRules()
        self._identities = Identities()
        self._kinds: set[tuple[object, ...]] = set()
        # The same of ops whose types and attributes are the same objects, so that these need not be compared.
        self._same: set[tuple[object, ...]] = set()

    def is_known(self, op: Operation) -> bool:
        """Whether an op without regions and successors is like one that was not refused, down to the objects."""
        return _objects_of(op) in self._same

    def verify(self, op: Operation) -> None:
        """Refuse an op as its `verify_` does, unless it is like one that was not refused."""
        kind = self._kind(op)
        if kind is None or kind not in self._kinds:
            self._rules.verify(op)
        if kind is not None:
            self._kinds.add(kind)
            if not op.regions:
                self._same.add(_objects_of(op))

    def _kind(self, op: Operation) -> tuple[object, ...] | None:
        """What ops have in common all of which keep the rules if one does; None where they look at more."""
        if successors_of(op) or not _looks_at_itself_only(op.__class__):
            return None
        if not op.regions:
            return self._said(op)
        structures = [self._structure(region) for region in op.regions]
        return None if None in structures else (*self._said(op), *structures)

    def _said(self, op: Operation) -> tuple[object, ...]:
        properties, attributes, of = op.properties, op.attributes, self._identities.of
        return (
            op.__class__,
            *map(of, map(type_of, operands_of(op))),
            None,
            *map(of, map(type_of, op.results)),
            *properties,
            *map(self._number, properties.values()),
            None,
            *attributes,
            *map(self._number, attributes.values()),
        )

    def _structure(self, region: Region) -> tuple[object, ...] | None:
        """What is in a region; None where that is more than a few ops on one another's results."""
        blocks = blocks_of(region)
        if len(blocks) != 1:
            return None
        (block,) = blocks
        numbers: dict[SSAValue, int] = {argument: number for number, argument in enumerate(block.args)}
        found: list[object] = [self._identities.of(argument.type) for argument in block.args]
        for count, op in enumerate(ops_of(block)):
            operands = [numbers.get(operand) for operand in operands_of(op)]
            if op.regions or successors_of(op) or count == _MOST_OPS or None in operands:
                return None
            found.append((*self._said(op), *operands))
            numbers.update((result, len(numbers) + place) for place, result in enumerate(op.results))
        return tuple(found)

    def _number(self, attribute: Attribute) -> int:
        is_large = type(attribute) is DenseIntOrFPElementsAttr and len(attribute.data.data) > _MOST_COMPARED
        # The module keeps large ones, and nobody compares them.
        return -id(attribute) if is_large else self._identities.of(attribute)


def _objects_of(op: Operation) -> tuple[object, ...]:
    """An op's class, types and attributes. None of them goes away while a module is verified."""
    properties, attributes = op.properties, op.attributes
    found: list[object] = [
        op.__class__,
        *map(id, map(type_of, operands_of(op))),
        None,
        *map(id, map(type_of, op.results)),
    ]
    if properties:
        found += properties
        found += map(id, properties.values())
    found.append(None)
    if attributes:
        found += attributes
        found += map(id, attributes.values())
    return tuple(found)


_MOST_OPS = 16
"""How many ops in a region are looked at."""

_MOST_COMPARED = 4096
"""Attributes of more bytes are alike only if they are one object."""


def _verify_op(op: Operation, visible: set[int], diagnostics: list[Diagnostic], alike: _Alike) -> None:
    """Check `op` and what is inside it, given the identities of the values defined before it."""
    before = len(diagnostics)
    operands = operands_of(op)
    if not visible.issuperset(map(id, operands)):
        wrong = [(index, operand) for index, operand in enumerate(operands) if id(operand) not in visible]
        diagnostics += [_dominance_error(op, index, operand) for index, operand in wrong]
    if op.regions:
        isolated = has_trait(op.__class__, IsolatedFromAbove, if_unregistered=False)
        for region in op.regions:
            _verify_region(region, visible, isolated, diagnostics, alike)
        if has_trait(op.__class__, SymbolTable, if_unregistered=False):
            diagnostics += _duplicate_symbols(op)
    if successors_of(op) and op.parent is not None and op.parent.last_op is not op:
        diagnostics.append(
            _error(op, f"'{_name_of(op)}' op operation with block successors must terminate its parent block")
        )
    if len(diagnostics) > before:
        # What its own rules would say follows from what is wrong already.
        return
    try:
        alike.verify(op)
    except KeyError:
        # Rules of xDSL's look at the op around theirs, which lacks something, as it will be told.
        pass
    except UnicodeEncodeError:
        # The message was to have a name that xDSL cannot spell.
        broken = "has an attribute that its definition does not allow, with a name that is not UTF-8"
        diagnostics.append(_error(op, f"'{_name_of(op)}' op {broken}"))
    except VerifyException as error:
        # OpVerifyError says itself which op to point at, and has the whole message.
        culprit = getattr(error, "op", None)
        if culprit is not None:
            diagnostics.append(_error(culprit, str(error)))
        else:
            diagnostics.append(_error(op, f"'{_name_of(op)}' op {broken_rule(op) or error}"))


@cache
def _looks_at_itself_only(definition: type[Operation]) -> bool:
    """Whether all rules for ops of a class are about their types, attributes and regions.

    They are where the class has no rules of its own beside xDSL's, or says so, and its traits have none.
    """
    own = own_rules(definition)
    traits = definition.traits if is_defined(definition) else ()
    is_checked = own is CheckedOp.verify_ and not definition.has_trait(LooksAround)
    return (own is Operation.verify_ or is_checked) and all(type(trait).verify is OpTrait.verify for trait in traits)


def _verify_region(
    region: Region, visible: set[int], isolated: bool, diagnostics: list[Diagnostic], alike: _Alike
) -> None:
    """Check the blocks of `region`, which see nothing of `visible` where it is isolated; it is the same afterwards."""
    blocks = blocks_of(region)
    if not blocks:
        return
    if len(blocks) == 1:
        (first,) = blocks
        _verify_block(first, set() if isolated else visible, diagnostics, alike)
        if not isolated:
            visible.difference_update(_values_of(first))
        return
    from xdsl.irdl.dominance import DominanceInfo

    dominance = DominanceInfo(region)
    for block in blocks:
        others = [other for other in blocks if dominance.strictly_dominates(other, block)]
        defined = {value for other in others for value in _values_of(other)}
        _verify_block(block, defined if isolated else visible | defined, diagnostics, alike)


def _verify_block(block: Block, visible: set[int], diagnostics: list[Diagnostic], alike: _Alike) -> None:
    visible.update(map(id, block.args))
    for op in ops_of(block):
        is_plain = not op.regions and not successors_of(op)
        if not is_plain or not visible.issuperset(map(id, operands_of(op))) or not alike.is_known(op):
            _verify_op(op, visible, diagnostics, alike)
        visible.update(map(id, op.results))
    parent = block.parent_op()
    if parent is None or is_unregistered(parent) or _needs_no_terminator(block, parent):
        return
    last = block.last_op
    if last is None:
        diagnostics.append(_error(parent, "empty block: expect at least a terminator"))
    elif not last.has_trait(IsTerminator, value_if_unregistered=True):
        diagnostics.append(_error(last, f"block with no terminator, has '{last.name}'"))


def _needs_no_terminator(block: Block, parent: Operation) -> bool:
    region = block.parent
    assert region is not None
    return len(blocks_of(region)) == 1 and has_trait(parent.__class__, NoTerminator)


def _values_of(block: Block) -> Iterator[int]:
    """The identities of the values that a block defines."""
    yield from map(id, block.args)
    for op in ops_of(block):
        yield from map(id, op.results)


def _dominance_error(op: Operation, index: int, operand: SSAValue) -> Diagnostic:
    owner = operand.owner
    if isinstance(owner, Operation) and op.is_ancestor(owner):
        note = _note(owner, "operand defined here (op in a child region)")
        return _error(op, f"operand #{index} does not dominate this use", note)
    if isinstance(owner, Block) or not _in_scope(op, owner):
        return _error(op, f"'{_name_of(op)}' op using value defined outside the region")
    where = "op in a parent region"
    if owner.parent is op.parent:
        where = "op in the same block"
    elif owner.parent_region() is op.parent_region():
        where = "op in the same region"
    return _error(op, f"operand #{index} does not dominate this use", _note(owner, f"operand defined here ({where})"))


def _in_scope(op: Operation, owner: Operation) -> bool:
    """Whether `owner` is in a region around `op`, with no isolated region in between."""
    around: Operation | None = op
    while around is not None:
        if around.parent_region() is owner.parent_region():
            return True
        around = around.parent_op()
        if around is not None and around.has_trait(IsolatedFromAbove, value_if_unregistered=False):
            return False
    return False


def _duplicate_symbols(op: Operation) -> Iterator[Diagnostic]:
    seen: dict[str, Operation] = {}
    for region in op.regions:
        for block in region.blocks:
            for inner in ops_of(block):
                name = inner.get_attr_or_prop("sym_name")
                if not isinstance(name, StringAttr):
                    continue
                first = seen.setdefault(name.data, inner)
                if first is not inner:
                    note = _note(first, "see existing symbol definition here")
                    yield _error(inner, f"redefinition of symbol named '{name.data}'", note)
