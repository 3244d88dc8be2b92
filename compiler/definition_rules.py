"""Whether ops keep the rules of their definitions: xDSL's, asked in a quicker way.

xDSL finds out for each op which of its values each part of the definition is about, and asks the part. Here that is
found out once for each class, and what a part says of a type or an attribute is remembered, unless it depends on what
other parts have said. This tells only whether the rules are kept: what is wrong with an op is for xDSL to say, as is
whether anything is where a definition has what is not understood here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from xdsl.ir import Attribute, Operation
from xdsl.irdl import (
    AttrSizedSegments,
    OpDef,
    OptAttributeDef,
    OptionalDef,
    OptPropertyDef,
    RegionDef,
    SameVariadicSize,
    SingleBlockRegionDef,
    VariadicDef,
)
from xdsl.irdl.constraints import VerificationContext
from xdsl.traits import IsolatedFromAbove, OpTrait

from tfrt.dialects.shared.ops import blocks_of, operands_of, successors_of, type_of


class _Part(NamedTuple):
    """A part of a definition.

    Attributes:
        constraint: on types, or an attribute.
        is_free: whether what it says depends on nothing that others say.
        is_many: of values, whether it is about any number of them.
        is_optional: of an attribute, whether it may be missing; of values, whether there is at most one.
    """

    name: str
    constraint: Any
    is_free: bool
    is_many: bool
    is_optional: bool


class _Values(NamedTuple):
    """The parts about operands or results, and how many of them are about any number."""

    parts: Sequence[_Part]
    many: int


class _Rules(NamedTuple):
    """The rules of a definition; `custom` are those that its class has of its own.

    Attributes:
        are_free: whether what each part says depends on nothing that others say.
    """

    operands: _Values
    results: _Values
    regions: Sequence[RegionDef]
    properties: dict[str, _Part]
    attributes: dict[str, _Part]
    traits: Sequence[OpTrait]
    custom: Callable[[Operation], None] | None
    are_free: bool


class DefinitionRules:
    """Asks ops whether they keep the rules of their definitions.

    As long as it is used no attribute may be dropped, for these are told apart by their identity.
    """

    def __init__(self) -> None:
        # What parts have said that is so of attributes; of types it is known for longer, see `_fit`.
        self._fine: set[tuple[int, int]] = set()

    def verify(self, op: Operation) -> None:
        """Refuse an op as its `verify_` does.

        All values that it and the ops in it use must be known to be defined where these may use them.

        Raises:
            VerifyException: it breaks a rule.
        """
        rules = _rules_of(op.__class__)
        if rules is None or not self._are_kept(op, rules):
            op.verify_()
        elif rules.custom is not None:
            rules.custom(op)

    def _are_kept(self, op: Operation, rules: _Rules) -> bool:
        context = _NOT_USED if rules.are_free else VerificationContext()
        try:
            fits = (
                _fit(tuple(map(type_of, operands_of(op))), rules.operands, context)
                and _fit(tuple(map(type_of, op.results)), rules.results, context)
                and self._have(op.properties, rules.properties, context)
                and op.properties.keys() <= rules.properties.keys()
                and self._have(op.attributes, rules.attributes, context)
                and not successors_of(op)
                and _regions_fit(op, rules.regions, context)
            )
            for trait in rules.traits:
                trait.verify(op)
        except Exception:
            # xDSL raises the same, or says it better.
            return False
        return fits

    def _have(self, given: dict[str, Attribute], parts: dict[str, _Part], context: VerificationContext) -> bool:
        for name, part in parts.items():
            attribute = given.get(name)
            if attribute is None:
                if not part.is_optional:
                    return False
                continue
            key = (id(part.constraint), id(attribute))
            if key not in self._fine:
                part.constraint.verify(attribute, context)
                if part.is_free:
                    self._fine.add(key)
        return True


_NOT_USED = VerificationContext()
"""What parts are given that neither say anything to others nor ask them."""

_fine: dict[tuple[int, ...], tuple[Attribute, ...]] = {}
"""What parts have said that is so of types, which are kept, so that their ids are not used again."""

_MOST_KEPT = 4096


def _fit(types: tuple[Attribute, ...], values: _Values, context: VerificationContext) -> bool:
    parts, many = values
    rest = len(types) - len(parts) + many
    if rest < 0 or (rest and not many) or (many and rest % many):
        return False
    count = rest // many if many else 0
    at = 0
    for part in parts:
        size = count if part.is_many else 1
        if part.is_optional and size > 1:
            return False
        own = types[at : at + size]
        at += size
        key = (id(part.constraint), *map(id, own))
        if key not in _fine:
            part.constraint.verify(own, context)
            if part.is_free:
                if len(_fine) >= _MOST_KEPT:
                    _fine.clear()
                _fine[key] = own
    return True


def _regions_fit(op: Operation, parts: Sequence[RegionDef], context: VerificationContext) -> bool:
    if len(op.regions) != len(parts):
        return False
    for region, part in zip(op.regions, parts, strict=True):
        blocks = blocks_of(region)
        if isinstance(part, SingleBlockRegionDef) and len(blocks) != 1:
            return False
        if blocks:
            part.entry_args.verify(tuple(map(type_of, blocks[0].args)), context)
    return True


def own_rules(kind: type[Operation]) -> Callable[[Operation], None] | None:
    """The rules that a class of ops has beside those of its definition; None where that is not to be seen."""
    found = _closure_of(kind).get("custom_verify")
    own: Callable[[Operation], None] | None = None if found is None else found.cell_contents
    return own


def _closure_of(kind: type[Operation]) -> dict[str, Any]:
    """What xDSL made the `verify_` of a class of."""
    code = getattr(kind.verify_, "__code__", None)
    names = getattr(code, "co_freevars", ())
    return dict(zip(names, kind.verify_.__closure__ or (), strict=True)) if {*names} <= _MADE_OF else {}


_MADE_OF = {"op_def", "custom_verify"}


@cache
def _rules_of(kind: type[Operation]) -> _Rules | None:
    """The rules of a class; None where it has some that are not understood here."""
    closure = _closure_of(kind)
    if "op_def" not in closure:
        return None
    definition: OpDef = closure["op_def"].cell_contents
    operands, results = _values(definition.operands), _values(definition.results)
    is_shared = any(isinstance(option, SameVariadicSize) for option in definition.options)
    one_size_fits = is_shared or max(operands.many, results.many) < 2
    is_sized = any(isinstance(option, AttrSizedSegments) for option in definition.options)
    regions = [part for _, part in definition.regions]
    if is_sized or not one_size_fits or definition.successors or any(isinstance(part, VariadicDef) for part in regions):
        return None
    properties = {name: _attribute(name, part, OptPropertyDef) for name, part in definition.properties.items()}
    attributes = {name: _attribute(name, part, OptAttributeDef) for name, part in definition.attributes.items()}
    parts = (*operands.parts, *results.parts, *properties.values(), *attributes.values())
    own = own_rules(kind)
    return _Rules(
        operands,
        results,
        regions,
        properties,
        attributes,
        # That what is inside uses nothing from outside has been seen.
        [t for t in definition.traits if type(t).verify not in (OpTrait.verify, IsolatedFromAbove.verify)],
        None if own is Operation.verify_ else own,
        all(part.is_free for part in parts) and all(_is_free(region.entry_args) for region in regions),
    )


def _values(definitions: Sequence[tuple[str, Any]]) -> _Values:
    parts = [
        _Part(name, part.constr, _is_free(part.constr), isinstance(part, VariadicDef), isinstance(part, OptionalDef))
        for name, part in definitions
    ]
    return _Values(parts, sum(part.is_many for part in parts))


def _attribute(name: str, part: Any, optional: type) -> _Part:
    return _Part(name, part.constr, _is_free(part.constr), False, isinstance(part, optional))


def _is_free(constraint: Any) -> bool:
    """Whether what a constraint says depends on nothing that other constraints say."""
    return not constraint.variables() and not getattr(constraint, "variables_from_length", set)()
