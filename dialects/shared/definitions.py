"""Short ways to define what the dialects are made of.

Most TFRT ops come in families over element types and ranks, and most have fixed operand and result types.
`define_op` turns one such op into a real irdl op class, so that a family is a comprehension::

    ADD_OPS = tuple(define_op(f"tfrt.add.{s}", operands={"lhs": t, "rhs": t}, results={"sum": t}) for s, t
    in ...)

`define_dialect` makes a dialect of all that a module, or the modules of a package, define.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from xdsl.dialects.builtin import (
    I64,
    AnyFloat,
    ArrayAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute, Dialect, Operation, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import (
    AttrConstraint,
    EqAttrConstraint,
    IRDLOperation,
    attr_def,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import OpTrait

OpClass = type[IRDLOperation]

I64Array: AttrConstraint[ArrayAttr[IntegerAttr[I64]]] = ArrayAttr.constr(IntegerAttr.constr(EqAttrConstraint(i64)))
"""An array of 64-bit integers, such as a shape."""

StringArray: AttrConstraint[ArrayAttr[StringAttr]] = ArrayAttr.constr(StringAttr)
"""An array of strings."""


def number_of(type: IntegerType | AnyFloat) -> AttrConstraint:
    """An integer or float attribute of exactly this type; its type is not spelled in the assembly form."""
    if isinstance(type, IntegerType):
        return IntegerAttr.constr(EqAttrConstraint(type))
    return FloatAttr.constr(EqAttrConstraint(type))


def define_op(
    name: str,
    *,
    operands: Mapping[str, Attribute] | None = None,
    attributes: Mapping[str, AttrConstraint | type[Attribute]] | None = None,
    results: Mapping[str, Attribute] | None = None,
    traits: tuple[OpTrait, ...] = (),
    assembly_format: str | None = None,
    summary: str,
) -> OpClass:
    """An op class with fixed operand and result types, in this order, and required attributes.

    Args:
        name: the op's full name, the dialect's in front.
        operands: their types, by the names that the assembly form has for them.
        attributes: what they must be, by their names.
        results: their types, by name.
        traits: what else holds for the op.
        assembly_format: by default all operands, then the attributes in braces.
        summary: the class's docstring.
    """
    fields: dict[str, Any] = {
        "__doc__": summary,
        "__module__": __name__,
        "name": name,
        "assembly_format": assembly_format or ("operands attr-dict" if operands else "attr-dict"),
        "traits": traits_def(*traits),
    }
    fields.update({field: operand_def(type) for field, type in (operands or {}).items()})
    fields.update({field: attr_def(constraint) for field, constraint in (attributes or {}).items()})
    fields.update({field: result_def(type) for field, type in (results or {}).items()})
    return irdl_op_definition(type(_class_name(name, "Op"), (IRDLOperation,), fields))


def define_type(name: str, summary: str) -> type[TypeAttribute]:
    """A type without parameters, spelled `!name`.

    Args:
        name: the type's full name, the dialect's in front.
        summary: the class's docstring.
    """
    fields = {"__doc__": summary, "__module__": __name__, "name": name}
    defined = irdl_attr_definition(type(_class_name(name, "Type"), (ParametrizedAttribute, TypeAttribute), fields))
    assert issubclass(defined, TypeAttribute)
    return defined


class OpenDialect(Dialect):
    """A dialect that keeps what it does not define: ops in generic form and types verbatim, but no attributes."""


class SourceDialect(Dialect):
    """A dialect that frameworks write programs in. Its ops have no kernels: passes put ops of ours in their place.

    Attributes:
        refused: why there are no ops of some names, which programs of the framework may have.
    """

    refused: Mapping[str, str] = {}


class OpenSourceDialect(OpenDialect, SourceDialect):
    """A `SourceDialect` that keeps what it does not define."""


def define_dialect(name: str, *modules: str, is_open: bool = False, is_source: bool = False) -> Dialect:
    """The dialect of all ops, types and attributes that have its name in front and that modules hold.

    Args:
        modules: names of imported modules, usually only ``__name__``; a package stands for its modules, too, which are
            imported. Families of ops, in tuples and dictionaries, count.
        is_open: whether it is an `OpenDialect`.
        is_source: whether it is a `SourceDialect`.
    """
    found: dict[Any, None] = {}
    for module in map(sys.modules.__getitem__, modules):
        inner = [import_module(f"{module.__name__}.{m.name}") for m in iter_modules(getattr(module, "__path__", ()))]
        for held in (value for each in (module, *inner) for value in vars(each).values()):
            family = held.values() if isinstance(held, dict) else held if isinstance(held, tuple) else (held,)
            found.update(dict.fromkeys(each for each in family if isinstance(each, type)))
    ours = [each for each in found if str(getattr(each, "name", "")).startswith(f"{name}.")]
    ops = [each for each in ours if Operation in each.__mro__]
    attributes = [each for each in ours if Attribute in each.__mro__]
    kind = _KINDS[is_open, is_source]
    return kind(name, ops, attributes)


_KINDS: dict[tuple[bool, bool], type[Dialect]] = {
    (False, False): Dialect,
    (True, False): OpenDialect,
    (False, True): SourceDialect,
    (True, True): OpenSourceDialect,
}


def _class_name(name: str, suffix: str) -> str:
    words = name.partition(".")[2].replace(".", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words) + suffix
