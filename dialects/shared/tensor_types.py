"""Which tensors ops of frameworks' dialects take, and whether types agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    ComplexType,
    IndexType,
    IntegerType,
    Signedness,
    TensorType,
    UnregisteredAttr,
)
from xdsl.ir import Attribute, Operation
from xdsl.irdl import AttrConstraint, IRDLOperation, VerificationContext
from xdsl.traits import OpTrait
from xdsl.utils.exceptions import VerifyException

from tfrt.dialects.shared.interning import once_each
from tfrt.dialects.shared.verification import fail
from tfrt.executor.declarations.stablehlo_shapes import Shape, ShapeError, compatible, spelled

_names = {"stablehlo.token": "token", "tuple": "tuple", "unranked_tensor": "tensor of unknown rank"}
_KINDS = ("boolean", "integer", "float", "complex", "index")

OBJECT = "object"
"""The kind of elements that are no numbers: handles of variables, lists and strings of TensorFlow's programs."""


def kind_of(element: Attribute) -> str | None:
    """Which kind of element type this is: boolean, integer, float, complex, index or object."""
    if isinstance(element, IntegerType):
        signless = element.signedness.data is Signedness.SIGNLESS
        return "boolean" if element.bitwidth == 1 and signless else "integer"
    if isinstance(element, AnyFloat):
        return "float"
    if isinstance(element, ComplexType):
        return "complex"
    if isinstance(element, UnregisteredAttr) and element.attr_name.data in _OBJECTS:
        return OBJECT
    return "index" if isinstance(element, IndexType) else None


_OBJECTS = frozenset(("tf_type.resource", "tf_type.string", "tf_type.variant"))


@dataclass(frozen=True)
class TensorOf(AttrConstraint[Attribute]):
    """A ranked tensor with elements of these kinds, or a type of `others`.

    Attributes:
        rank: of the tensor, where that is always the same.
    """

    kinds: tuple[str, ...]
    rank: int | None = None
    element: Attribute | None = None
    others: tuple[type[Attribute], ...] = ()

    def complaint(self, type: Attribute) -> str | None:
        """What is wrong with a type, as what follows ``operand #0``; None where nothing is."""
        if self.others and isinstance(type, self.others):
            return None
        element = type.element_type if isinstance(type, TensorType) else None
        if isinstance(element, UnregisteredAttr) and element.attr_name.data.startswith("quant."):
            return f"has the type '{type}', but quantized types are not supported"
        if (
            element is None
            or kind_of(element) not in self.kinds
            or self.rank not in (None, len(shape_of(type)))
            or self.element not in (None, element)
        ):
            return f"must be {self._in_words()}, but got '{type}'"
        return None

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        complaint = self.complaint(attr)
        if complaint is not None:
            raise VerifyException(complaint)

    def mapping_type_vars(self, type_var_mapping: Any) -> TensorOf:
        return self

    def _in_words(self) -> str:
        rank = "" if self.rank is None else "scalar " if self.rank == 0 else f"{self.rank}-dimensional "
        kinds = [kind for kind in _KINDS if kind in self.kinds]
        listed = str(self.element) if self.element is not None else _listed(kinds)
        others = "".join(f" or {_names.get(other.name, other.name)}" for other in self.others)
        return f"{rank}tensor of {listed} values{others}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


class LooksAround(OpTrait):
    """That the rules of a `CheckedOp` are about other ops, too."""


class CheckedOp(IRDLOperation):
    """An op whose rules beyond the types of single operands and results are in `check`.

    It looks at nothing but the op's types, attributes and regions, unless the op has the trait `LooksAround`.
    """

    def check(self) -> None:
        """Refuse the op with `fail`, or a `ShapeError`."""

    def verify_(self) -> None:
        try:
            self.check()
        except ShapeError as error:
            fail(self, str(error))


@once_each
def shape_of(type: Attribute) -> Shape:
    """The shape of a tensor type: None for sizes that are not known."""
    assert isinstance(type, TensorType)
    return tuple(None if size < 0 else size for size in type.get_shape())


def element_of(type: Attribute) -> Attribute:
    """The element type of a tensor type."""
    assert isinstance(type, TensorType)
    element: Attribute = type.element_type
    return element


def agree(a: Attribute, b: Attribute) -> bool:
    """Whether two types may be the same one: tensors of one element type whose sizes are equal where both are known."""
    if a is b:
        return True
    if isinstance(a, TensorType) and isinstance(b, TensorType):
        return bool(a.element_type == b.element_type) and compatible(shape_of(a), shape_of(b))
    return a == b


def require_agreement(op: Operation, constraint: str, name: str, found: Attribute, wanted: Attribute) -> None:
    """Refuse `op` unless `found`, the type of what is called `name`, agrees with another type."""
    if not agree(found, wanted):
        fail(op, f"({constraint}) expects {name} of type '{wanted}', but got '{found}'")


def require_one_type(op: Operation, constraint: str, types: Sequence[Attribute]) -> None:
    """Refuse `op` unless all types agree."""
    if not all(agree(type, types[0]) for type in types):
        fail(op, f"({constraint}) expects operands and results of one type, but got {quoted(types)}")


def require_one_element_type(op: Operation, constraint: str, types: Sequence[Attribute]) -> None:
    """Refuse `op` unless all tensor types have one element type."""
    if len({element_of(type) for type in types}) > 1:
        fail(op, f"({constraint}) expects one element type, but got {quoted(types)}")


def require_shape(op: Operation, constraint: str, name: str, found: Attribute, wanted: Shape) -> None:
    """Refuse `op` unless what is called `name` has a shape that agrees with another."""
    if not compatible(shape_of(found), wanted):
        fail(op, f"({constraint}) expects {name} of shape {spelled(wanted)}, but got '{found}'")


def quoted(types: Sequence[Attribute]) -> str:
    """Types in messages."""
    return ", ".join(f"'{type}'" for type in types)
