"""`stablehlo-subpixel`: transposed convolutions, whose images have gaps, are convolutions without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, TensorType, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.source_insertion import insert_before
from tfrt.compiler.passes.shared.source_values import element_type_of, sizes_of
from tfrt.compiler.runtime_values import dense_attribute
from tfrt.dialects.shared.ops import replace_op
from tfrt.dialects.shared.walking import ops_in
from tfrt.dialects.stablehlo.attributes import ConvAttr, ConvolutionDimensionNumbers
from tfrt.dialects.stablehlo.directives import integers, number_of, numbers_of
from tfrt.dialects.stablehlo.windows import padding_of

_FLOATS = {"f32": np.float32, "f64": np.float64}
"""Types of which zeros are made, where some pixels see none of an image's."""

MOST_PHASES = 16
"""Of more, each is small, and there is a convolution for each."""


@dataclass(frozen=True)
class StablehloSubpixel(ModulePass):
    """Makes convolutions with a `lhs_dilation` of ones without.

    Between the elements of such an image there are zeros, so a window sees only some of them, and pixels of the result
    that are as many apart as the image's elements see the same filters' elements. Each such phase is a convolution of
    the image as it is with a part of the filters; where all phases see as much, they are one with as many times the
    features. The results are put side by side. This is what frameworks write for upsampling, and for gradients of
    convolutions with strides. Sums are rounded otherwise. Source: Shi et al., "Is the deconvolution layer the same as a
    convolutional layer?", 2016.
    """

    name = "stablehlo-subpixel"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in [inner for inner in ops_in(op) if inner.name == "stablehlo.convolution"]:
            _without_gaps(inner)


@dataclass(frozen=True)
class _Axis:
    """How windows move along a dimension of the image.

    Attributes:
        gap: how many elements of the image with gaps are from one of the image's to the next.
        size: how many elements the image has, and...
        taps: ...the filters, and...
        count: ...the result.
        low: the padding before the image with gaps.
        is_reversed: whether filters are turned around.
    """

    gap: int
    size: int
    taps: int
    count: int
    low: int
    is_reversed: bool

    @property
    def each(self) -> int:
        """How many elements of the result a phase has, the last of which may be beyond it."""
        return -(-self.count // self.gap)


@dataclass(frozen=True)
class _Phase:
    """The elements of a result that see the same elements of filters, along a dimension.

    Attributes:
        part: those elements: the first one, the end, and the step.
        taps: how many these are.
        padding: that of the image, before and after it.
    """

    part: tuple[int, int, int]
    taps: int
    padding: tuple[int, int]


def _phase(axis: _Axis, number: int) -> _Phase:
    """Element ``number + gap * i`` of the result, for each i, sees those of the image with gaps from that less `low`
    on; of the image, these are ``first + i`` and as many more as there are taps."""
    begin = (axis.low - number) % axis.gap
    taps = max(0, -(-(axis.taps - begin) // axis.gap))
    first = (number - axis.low + begin) // axis.gap
    start = axis.taps - 1 - begin - axis.gap * (taps - 1) if axis.is_reversed else begin
    part = (start, start + axis.gap * (taps - 1) + 1, axis.gap)
    return _Phase(part, taps, (-first, axis.each - 1 + first + taps - axis.size))


def _without_gaps(op: Operation) -> None:
    image, filters = op.operands
    types = (image.type, filters.type, op.results[0].type)
    if not all(isinstance(type, TensorType) and type.has_static_shape() for type in types):
        return
    numbers = op.properties["dimension_numbers"]
    assert isinstance(numbers, ConvAttr)
    dims: ConvolutionDimensionNumbers = numbers.data
    rank = len(dims.input_spatial_dimensions)
    gaps = numbers_of(op.properties.get("lhs_dilation")) or (1,) * rank
    if max(gaps, default=1) == 1 or prod(gaps) > MOST_PHASES or number_of(op.properties["batch_group_count"]) > 1:
        return
    steps, dilations = (
        numbers_of(op.properties.get(name)) or (1,) * rank for name in ("window_strides", "rhs_dilation")
    )
    if any(gap > 1 and (step, dilation) != (1, 1) for gap, step, dilation in zip(gaps, steps, dilations, strict=True)):
        return
    pairs = padding_of(op.properties.get("padding"), rank, "C4")
    reversal = [bool(each) for each in numbers_of(op.properties.get("window_reversal"))] or [False] * rank
    result = sizes_of(op.results[0])
    axes = [
        _Axis(
            gaps[d],
            sizes_of(image)[dims.input_spatial_dimensions[d]],
            sizes_of(filters)[dims.kernel_spatial_dimensions[d]],
            result[dims.output_spatial_dimensions[d]],
            pairs[d][0],
            reversal[d],
        )
        for d in range(rank)
    ]
    if 0 in result or not all(axis.size and axis.taps for axis in axes):
        return
    has_zeros = any(axis.gap > axis.taps for axis in axes)
    if has_zeros and element_type_of(op.results[0]).name not in _FLOATS:
        return
    _Split(op, dims, axes, pairs).split()


class _Split:
    """A convolution that becomes several.

    Attributes:
        dims: the dimensions of its own.
        last: the same, with the result's features last.
        pairs: its padding.
    """

    def __init__(
        self, op: Operation, dims: ConvolutionDimensionNumbers, axes: list[_Axis], pairs: list[tuple[int, int]]
    ):
        self.op, self.dims, self.axes, self.pairs = op, dims, axes, pairs
        rank = len(axes)
        self.last = replace(
            dims,
            output_batch_dimension=0,
            output_spatial_dimensions=tuple(range(1, rank + 1)),
            output_feature_dimension=rank + 1,
        )
        result = sizes_of(op.results[0])
        self.batch, self.depth = result[dims.output_batch_dimension], result[dims.output_feature_dimension]

    def split(self) -> None:
        numbers = list(product(*(range(axis.gap) for axis in self.axes)))
        phases = [[_phase(axis, n) for axis, n in zip(self.axes, number, strict=True)] for number in numbers]
        whole, dims = [axis.each for axis in self.axes], self.dims
        alike = len({tuple((each.taps, each.padding) for each in phase) for phase in phases}) == 1
        if alike and number_of(self.op.properties["feature_group_count"]) == 1:
            feature = dims.kernel_output_feature_dimension
            parts = [self._part(phase) for phase in phases]
            sizes = [size * (len(parts) if d == feature else 1) for d, size in enumerate(sizes_of(parts[0]))]
            element = element_type_of(parts[0])
            given = {"dimension": IntegerAttr(feature, i64)}
            filters = insert_before(self.op, "stablehlo.concatenate", parts, given, TensorType(element, sizes))
            found = self._convolved(filters, phases[0], self.depth * len(parts))
        else:
            found = self._beside([self._of_phase(phase) for phase in phases])
        # Phases are beside one another among the features; each goes to its own dimension, then to its place.
        gaps, rank = [axis.gap for axis in self.axes], len(self.axes)
        found = self._made("stablehlo.reshape", [found], [self.batch, *whole, *gaps, self.depth])
        order = [0, *(d for axis in range(rank) for d in (1 + axis, 1 + rank + axis)), 2 * rank + 1]
        apart = [self.batch, *(size for pair in zip(whole, gaps, strict=True) for size in pair), self.depth]
        found = self._made("stablehlo.transpose", [found], apart, permutation=integers(order))
        full = [self.batch, *(size * gap for size, gap in zip(whole, gaps, strict=True)), self.depth]
        found = self._made("stablehlo.reshape", [found], full)
        counts = [self.batch, *(axis.count for axis in self.axes), self.depth]
        if counts != full:
            limits = {"start_indices": integers([0] * len(full)), "limit_indices": integers(counts)}
            found = self._made("stablehlo.slice", [found], counts, **limits, strides=integers([1] * len(full)))
        places = (dims.output_batch_dimension, *dims.output_spatial_dimensions, dims.output_feature_dimension)
        back = [places.index(d) for d in range(len(places))]
        if back != sorted(back):
            found = self._made("stablehlo.transpose", [found], sizes_of(self.op.results[0]), permutation=integers(back))
        replace_op(self.op, [found])

    def _of_phase(self, phase: Sequence[_Phase]) -> SSAValue:
        if all(each.taps for each in phase):
            return self._convolved(self._part(phase), phase, self.depth)
        # It sees nothing but what is between the image's elements.
        type, sizes = self._type([]), [self.batch, *(axis.each for axis in self.axes), self.depth]
        value = dense_attribute(np.zeros((), _FLOATS[type.element_type.name]), type)
        zero = insert_before(self.op, "stablehlo.constant", [], {"value": value}, type)
        return self._made("stablehlo.broadcast_in_dim", [zero], sizes, broadcast_dimensions=integers([]))

    def _beside(self, parts: Sequence[SSAValue]) -> SSAValue:
        *sizes, depth = sizes_of(parts[0])
        dimension = IntegerAttr(len(sizes), i64)
        return self._made("stablehlo.concatenate", parts, [*sizes, depth * len(parts)], dimension=dimension)

    def _part(self, phase: Sequence[_Phase]) -> SSAValue:
        """The elements of filters that a phase sees."""
        filters = self.op.operands[1]
        ranges = [(0, size, 1) for size in sizes_of(filters)]
        for d, each in zip(self.dims.kernel_spatial_dimensions, phase, strict=True):
            ranges[d] = each.part
        if ranges == [(0, size, 1) for size in sizes_of(filters)]:
            return filters
        starts, limits, strides = (integers(each) for each in zip(*ranges, strict=True))
        sizes = [-(-(end - start) // step) for start, end, step in ranges]
        properties = {"start_indices": starts, "limit_indices": limits, "strides": strides}
        element = element_type_of(filters)
        return insert_before(self.op, "stablehlo.slice", [filters], properties, TensorType(element, sizes))

    def _convolved(self, filters: SSAValue, phase: Sequence[_Phase], depth: int) -> SSAValue:
        """The image convolved for a phase, features last."""
        pairs = [
            pair if axis.gap == 1 else each.padding
            for axis, each, pair in zip(self.axes, phase, self.pairs, strict=True)
        ]
        rows = TensorType(i64, [len(pairs), 2])
        given = {name: value for name, value in self.op.properties.items() if name not in ("lhs_dilation", "padding")}
        given |= {
            "dimension_numbers": ConvAttr.new(self.last),
            "padding": dense_attribute(np.array(pairs, np.int64), rows),
        }
        sizes = [self.batch, *(axis.each for axis in self.axes), depth]
        return self._made("stablehlo.convolution", [self.op.operands[0], filters], sizes, **given)

    def _made(self, name: str, operands: Sequence[SSAValue], sizes: Sequence[int], **properties: Attribute) -> SSAValue:
        return insert_before(self.op, name, operands, properties, self._type(sizes))

    def _type(self, sizes: Sequence[int]) -> TensorType:
        return TensorType(element_type_of(self.op.results[0]), sizes)
