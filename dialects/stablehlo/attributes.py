"""Attributes and types of the `stablehlo` dialect.

The fields of dimension numbers have the names that the specification's ops have for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, Self

from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.printer import Printer

from tfrt.dialects.shared.spelled_attributes import Spelled, SpelledByWord, Struct, Verbatim, read_struct

Dims = tuple[int, ...]


@irdl_attr_definition
class TokenType(ParametrizedAttribute, TypeAttribute):
    """What orders ops with side effects."""

    name = "stablehlo.token"


@irdl_attr_definition
class Precision(SpelledByWord):
    """How exact a product should be; a hint."""

    name = "stablehlo.precision"
    WORDS = ("DEFAULT", "HIGH", "HIGHEST")


@irdl_attr_definition
class ResultAccuracyMode(SpelledByWord):
    """How a result's accuracy is given; a hint."""

    name = "stablehlo.result_accuracy_mode"
    WORDS = ("DEFAULT", "HIGHEST", "TOLERANCE")


@irdl_attr_definition
class FftType(SpelledByWord):
    """Which discrete Fourier transform."""

    name = "stablehlo.fft_type"
    WORDS = ("FFT", "IFFT", "RFFT", "IRFFT")


@irdl_attr_definition
class ComparisonDirection(SpelledByWord):
    """Which comparison."""

    name = "stablehlo.comparison_direction"
    WORDS = ("EQ", "NE", "GE", "GT", "LE", "LT")


@irdl_attr_definition
class ComparisonType(SpelledByWord):
    """By which order values are compared."""

    name = "stablehlo.comparison_type"
    WORDS = ("NOTYPE", "FLOAT", "TOTALORDER", "SIGNED", "UNSIGNED")


@irdl_attr_definition
class Transpose(SpelledByWord):
    """What is done with a matrix before a system of equations is solved."""

    name = "stablehlo.transpose"
    WORDS = ("TRANSPOSE_INVALID", "NO_TRANSPOSE", "TRANSPOSE", "ADJOINT")


@irdl_attr_definition
class RngDistribution(SpelledByWord):
    """What random numbers are drawn from."""

    name = "stablehlo.rng_distribution"
    WORDS = ("UNIFORM", "NORMAL")


@irdl_attr_definition
class RngAlgorithm(SpelledByWord):
    """Which generator of random bits."""

    name = "stablehlo.rng_algorithm"
    WORDS = ("DEFAULT", "THREE_FRY", "PHILOX")


@irdl_attr_definition
class CustomCallApiVersion(SpelledByWord):
    """By which interface a custom call is made; texts mostly have it as a number."""

    name = "stablehlo.custom_call_api_version"
    WORDS = (
        "API_VERSION_UNSPECIFIED",
        "API_VERSION_ORIGINAL",
        "API_VERSION_STATUS_RETURNING",
        "API_VERSION_STATUS_RETURNING_UNIFIED",
        "API_VERSION_TYPED_FFI",
    )


@irdl_attr_definition
class ResultAccuracy(Verbatim):
    """The accuracy that is asked of a result; a hint."""

    name = "stablehlo.result_accuracy"


@irdl_attr_definition
class DotAlgorithm(Verbatim):
    """In which precision a product is computed; a hint. Reads as ``lhs_precision_type = tf32, …``."""

    name = "stablehlo.dot_algorithm"


@irdl_attr_definition
class ChannelHandle(Struct):
    """The channel of a communication."""

    @dataclass(frozen=True)
    class FIELDS:
        handle: int = 0
        type: int = 0

    name = "stablehlo.channel_handle"


@irdl_attr_definition
class OutputOperandAlias(Struct):
    """Which operand's memory a result of a custom call is in."""

    @dataclass(frozen=True)
    class FIELDS:
        output_tuple_indices: Dims = ()
        operand_index: int = 0
        operand_tuple_indices: Dims = ()

    name = "stablehlo.output_operand_alias"

    def print_parameter(self, printer: Printer) -> None:
        # Every field is spelled.
        spelled = [f"{field.name} = {_list(getattr(self.data, field.name))}" for field in fields(self.FIELDS)]
        printer.print_string(f"<{', '.join(spelled)}>")


@dataclass(frozen=True)
class DotDimensionNumbers:
    """Which dimensions of a product's operands are its batches, and which it sums over."""

    lhs_batching_dimensions: Dims = ()
    rhs_batching_dimensions: Dims = ()
    lhs_contracting_dimensions: Dims = ()
    rhs_contracting_dimensions: Dims = ()


@irdl_attr_definition
class DotAttr(Struct):
    """`DotDimensionNumbers`."""

    name = "stablehlo.dot"
    FIELDS = DotDimensionNumbers


@dataclass(frozen=True)
class GatherDimensionNumbers:
    """What the dimensions of a gather's operands mean."""

    offset_dims: Dims = ()
    collapsed_slice_dims: Dims = ()
    operand_batching_dims: Dims = ()
    start_indices_batching_dims: Dims = ()
    start_index_map: Dims = ()
    index_vector_dim: int = 0


@irdl_attr_definition
class GatherAttr(Struct):
    """`GatherDimensionNumbers`."""

    name = "stablehlo.gather"
    FIELDS = GatherDimensionNumbers


@dataclass(frozen=True)
class ScatterDimensionNumbers:
    """What the dimensions of a scatter's operands mean."""

    update_window_dims: Dims = ()
    inserted_window_dims: Dims = ()
    input_batching_dims: Dims = ()
    scatter_indices_batching_dims: Dims = ()
    scatter_dims_to_operand_dims: Dims = ()
    index_vector_dim: int = 0


@irdl_attr_definition
class ScatterAttr(Struct):
    """`ScatterDimensionNumbers`."""

    name = "stablehlo.scatter"
    FIELDS = ScatterDimensionNumbers


@dataclass(frozen=True)
class ConvolutionDimensionNumbers:
    """What the dimensions of a convolution's operands and result mean."""

    input_batch_dimension: int = 0
    input_feature_dimension: int = 0
    input_spatial_dimensions: Dims = ()
    kernel_input_feature_dimension: int = 0
    kernel_output_feature_dimension: int = 0
    kernel_spatial_dimensions: Dims = ()
    output_batch_dimension: int = 0
    output_feature_dimension: int = 0
    output_spatial_dimensions: Dims = ()


_CONVOLUTION = re.compile(r"\s*\[([^]]*)\]\s*x\s*\[([^]]*)\]\s*->\s*\[([^]]*)\]\s*")


@irdl_attr_definition
class ConvAttr(Spelled):
    """`ConvolutionDimensionNumbers`, spelled ``[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]``, or field by field (`raw`)."""

    name = "stablehlo.conv"

    @classmethod
    def from_body(cls, text: str) -> Self:
        raw = text.strip()
        if raw.startswith("raw"):
            body = raw.removeprefix("raw").strip().removeprefix("<").removesuffix(">")
            return cls.new(read_struct(ConvolutionDimensionNumbers, body))
        match = _CONVOLUTION.fullmatch(text)
        if match is None:
            raise ValueError(f"expected dimension numbers as in [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], found '{raw}'")
        input_, kernel, output = (
            _places(part, letters) for part, letters in zip(match.groups(), _LETTERS, strict=True)
        )
        return cls.new(
            ConvolutionDimensionNumbers(
                input_["b"], input_["f"], input_[""], kernel["i"], kernel["o"], kernel[""],
                output["b"], output["f"], output[""],
            )
        )  # fmt: skip

    def spelled(self) -> str:
        """The dimension numbers as formats have them."""
        numbers: ConvolutionDimensionNumbers = self.data
        kernel = {"i": numbers.kernel_input_feature_dimension, "o": numbers.kernel_output_feature_dimension}
        lhs = _layout(
            numbers.input_spatial_dimensions, b=numbers.input_batch_dimension, f=numbers.input_feature_dimension
        )
        result = _layout(
            numbers.output_spatial_dimensions, b=numbers.output_batch_dimension, f=numbers.output_feature_dimension
        )
        return f"{lhs}x{_layout(numbers.kernel_spatial_dimensions, **kernel)}->{result}"

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(f"<{self.spelled()}>")


_LETTERS = ("bf", "io", "bf")


def _places(text: str, letters: str) -> dict[str, Any]:
    """Where each letter stands in a list, and in order where the spatial dimensions do."""
    items = [item.strip() for item in text.split(",")]
    places: dict[str, Any] = {}
    spatial: dict[int, int] = {}
    for i, item in enumerate(items):
        if item in letters and item:
            if item in places:
                raise ValueError(f"'{item}' occurs twice in [{text}]")
            places[item] = i
        elif item.isdecimal():
            if int(item) in spatial:
                raise ValueError(f"'{item}' occurs twice in [{text}]")
            spatial[int(item)] = i
        else:
            raise ValueError(f"expected '{letters[0]}', '{letters[1]}' or a number in [{text}], found '{item}'")
    for letter in letters:
        if letter not in places:
            raise ValueError(f"'{letter}' is missing in [{text}]")
    if sorted(spatial) != list(range(len(spatial))):
        raise ValueError(f"the spatial dimensions in [{text}] are not numbered from 0 on")
    places[""] = tuple(spatial[i] for i in sorted(spatial))
    return places


def _layout(spatial: Dims, **letters: int) -> str:
    items = {place: letter for letter, place in letters.items()} | {d: str(i) for i, d in enumerate(spatial)}
    return f"[{', '.join(items[place] for place in sorted(items))}]"


@irdl_attr_definition
class BoundsAttr(Spelled):
    """The largest sizes that dimensions of a tensor can have, None where there is no limit: its type's encoding."""

    name = "stablehlo.bounds"

    @classmethod
    def from_body(cls, text: str) -> Self:
        return cls.new(_bounds(text))

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(f"<{', '.join('?' if bound is None else str(bound) for bound in self.data)}>")


@irdl_attr_definition
class TypeExtensions(Spelled):
    """The longer spelling of `BoundsAttr`, which it is read as."""

    name = "stablehlo.type_extensions"

    @classmethod
    def from_body(cls, text: str) -> Any:
        match = re.fullmatch(r"\s*bounds\s*=\s*\[(.*)\]\s*", text)
        if match is None:
            raise ValueError("expected bounds = […]")
        return BoundsAttr.new(_bounds(match.group(1)))

    def print_parameter(self, printer: Printer) -> None:
        raise AssertionError("there are no attributes of this class")


def _bounds(text: str) -> tuple[int | None, ...]:
    return tuple(None if item.strip() == "?" else int(item) for item in text.split(",")) if text.strip() else ()


def _list(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)
