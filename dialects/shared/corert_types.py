"""Types and attributes of the core runtime, which `corert` and `corert_sync` share."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, ArrayAttr, IntAttr
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from tfrt.dialects.shared.definitions import define_type

UNKNOWN_DIMENSION = -1


@irdl_attr_definition
class OpHandlerType(ParametrizedAttribute, TypeAttribute):
    """What executes ops on a device."""

    name = "corert.ophandler"


@irdl_attr_definition
class TensorHandleType(ParametrizedAttribute, TypeAttribute):
    """A tensor whose metadata and elements may each still be pending."""

    name = "corert.tensorhandle"


OP_HANDLER = OpHandlerType()
TENSOR_HANDLE = TensorHandleType()

ELEMENT_TYPES = tuple(
    define_type(f"corert.{name}", f"The element type {name}, which builtin types lack.")
    for name in ("string", "resource", "variant", "quint8", "quint16", "qint8", "qint16", "qint32")
)


@irdl_attr_definition
class ShapeAttr(ParametrizedAttribute):
    """A shape: `#corert.shape<2x?x3>`, where `?` is unknown, or `#corert.shape<*>` of unknown rank.

    `dimensions` has -1 for an unknown dimension; it is empty where `ranked` is 0.
    """

    name = "corert.shape"
    ranked: IntAttr
    dimensions: ArrayAttr[IntAttr]

    @staticmethod
    def of(dimensions: Sequence[int] | None) -> ShapeAttr:
        """The shape of these dimensions, -1 for an unknown one; None for unknown rank."""
        known = () if dimensions is None else dimensions
        return ShapeAttr(IntAttr(int(dimensions is not None)), ArrayAttr(IntAttr(size) for size in known))

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The dimensions, -1 for an unknown one; None where the rank is unknown."""
        return tuple(size.data for size in self.dimensions) if self.ranked.data else None

    @staticmethod
    def from_body(text: str) -> ShapeAttr:
        """The shape spelled between the angle brackets; raises ValueError where that is no shape."""
        if text == "*":
            return ShapeAttr.of(None)
        return ShapeAttr.of([_dimension(size) for size in text.split("x")] if text else [])

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        parser.parse_punctuation("<")
        if parser.parse_optional_punctuation(">"):
            return ShapeAttr.of([]).parameters
        if parser.parse_optional_characters("*"):
            parser.parse_punctuation(">")
            return ShapeAttr.of(None).parameters
        sizes = parser.parse_dimension_list()
        parser.parse_punctuation(">")
        known = [UNKNOWN_DIMENSION if size == DYNAMIC_INDEX else size for size in sizes]
        return ShapeAttr.of(known).parameters

    def print_parameters(self, printer: Printer) -> None:
        shape = self.shape
        with printer.in_angle_brackets():
            if shape is None:
                printer.print_string("*")
                return
            printer.print_string("x".join("?" if size < 0 else str(size) for size in shape))


def _dimension(text: str) -> int:
    if text == "?":
        return UNKNOWN_DIMENSION
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"not a dimension: '{text}'")
    return int(text)
