"""Products, convolutions, factorisations, Fourier transforms and batch norms."""

from __future__ import annotations

from dataclasses import asdict

from xdsl.dialects.builtin import ArrayAttr, ComplexType
from xdsl.ir import Attribute
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    element_of,
    require_one_element_type,
    require_one_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.attributes import ConvAttr, DotAlgorithm, DotAttr, FftType, Precision, Transpose
from tfrt.dialects.stablehlo.constraints import (
    ANY,
    BOOL,
    DIMS,
    ELEMENTS,
    F32,
    FLAGS,
    FLOAT,
    FLOAT_OR_COMPLEX,
    I64,
    PAIRS_OF_SIZES,
    VECTOR_OF_FLOATS,
)
from tfrt.dialects.stablehlo.directives import numbers_of
from tfrt.dialects.stablehlo.linear_algebra_directives import (
    ConvolutionDimensions,
    DotDimensions,
    PrecisionAndAlgorithm,
    PrecisionConfig,
    WindowAttributes,
)
from tfrt.dialects.stablehlo.type_directives import UnaryType
from tfrt.dialects.stablehlo.windows import padding_of, per_dimension
from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations import stablehlo_window_shapes as windows

PRECISIONS = ArrayAttr.constr(Precision)
_IN_SIGNATURE = "attr-dict `:` functional-type(operands, results)"


def _check_precisions(constraint: str, precisions: ArrayAttr[Precision] | None) -> None:
    count = 2 if precisions is None else len(precisions)
    shapes.require(count == 2, constraint, f"expects 2 precisions in precision_config, but got {count}")


@irdl_op_definition
class DotGeneralOp(CheckedOp):
    """Products of elements, summed along dimensions, for each element of batches."""

    name = "stablehlo.dot_general"
    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    dot_dimension_numbers = prop_def(DotAttr)
    precision_config = opt_prop_def(PRECISIONS)
    algorithm = opt_prop_def(DotAlgorithm)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (DotDimensions, PrecisionAndAlgorithm)
    assembly_format = (
        "$lhs `,` $rhs `,` custom<DotDimensions>($dot_dimension_numbers)"
        f" custom<PrecisionAndAlgorithm>($precision_config, $algorithm) {_IN_SIGNATURE}"
    )

    def check(self) -> None:
        _check_precisions("C11", self.precision_config)
        numbers = asdict(self.dot_dimension_numbers.data)
        shape = windows.dot_general(shape_of(self.lhs.type), shape_of(self.rhs.type), **numbers)
        require_one_element_type(self, "C13", self.operand_types)
        require_shape(self, "C12", "a result", self.result.type, shape)


@irdl_op_definition
class DotOp(CheckedOp):
    """The product of vectors and matrices. Deprecated: `stablehlo.dot_general` does the same."""

    name = "stablehlo.dot"
    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    precision_config = opt_prop_def(PRECISIONS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (PrecisionConfig,)
    assembly_format = f"$lhs `,` $rhs custom<PrecisionConfig>($precision_config) {_IN_SIGNATURE}"

    def check(self) -> None:
        lhs, rhs = shape_of(self.lhs.type), shape_of(self.rhs.type)
        if not 1 <= len(lhs) <= 2 or not 1 <= len(rhs) <= 2:
            fail(self, f"expects vectors or matrices, but got '{self.lhs.type}' and '{self.rhs.type}'")
        shape = windows.dot_general(lhs, rhs, lhs_contracting_dimensions=[len(lhs) - 1], rhs_contracting_dimensions=[0])
        require_one_element_type(self, "C13", self.operand_types)
        require_shape(self, "C12", "a result", self.result.type, shape)


@irdl_op_definition
class ConvolutionOp(CheckedOp):
    """Products of a kernel with windows of the input, summed."""

    name = "stablehlo.convolution"
    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    window_strides = opt_prop_def(DIMS)
    padding = opt_prop_def(ELEMENTS)
    lhs_dilation = opt_prop_def(DIMS)
    rhs_dilation = opt_prop_def(DIMS)
    window_reversal = opt_prop_def(FLAGS)
    dimension_numbers = prop_def(ConvAttr)
    feature_group_count = prop_def(I64)
    batch_group_count = prop_def(I64)
    precision_config = opt_prop_def(PRECISIONS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (ConvolutionDimensions, WindowAttributes)
    assembly_format = (
        "`(` operands `)` `dim_numbers` `=` custom<ConvolutionDimensions>($dimension_numbers) `,` `window` `=` `{`"
        " custom<WindowAttributes>($window_strides, $padding, $lhs_dilation, $rhs_dilation, $window_reversal) `}`"
        f" {_IN_SIGNATURE}"
    )

    def check(self) -> None:
        _check_convolution(self, padding_of(self.padding, len(shape_of(self.lhs.type)) - 2, "C4"))


@irdl_op_definition
class DynamicConvOp(CheckedOp):
    """Like `stablehlo.convolution`, with a padding that is known when the program runs."""

    name = "stablehlo.dynamic_conv"
    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    padding = operand_def(PAIRS_OF_SIZES)
    window_strides = opt_prop_def(DIMS)
    lhs_dilation = opt_prop_def(DIMS)
    rhs_dilation = opt_prop_def(DIMS)
    window_reversal = opt_prop_def(FLAGS)
    dimension_numbers = prop_def(ConvAttr)
    feature_group_count = prop_def(I64)
    batch_group_count = prop_def(I64)
    precision_config = opt_prop_def(PRECISIONS)
    result = result_def(ANY)
    traits = traits_def(Pure())

    def check(self) -> None:
        spatial = len(shape_of(self.lhs.type)) - 2
        require_shape(self, "C4", "padding", self.padding.type, (spatial, 2))
        _check_convolution(self, None)


def _check_convolution(op: ConvolutionOp | DynamicConvOp, padding: windows.Padding | None) -> None:
    """Check what both kinds of convolution have in common; `padding` is None where it is not known."""
    lhs, rhs = shape_of(op.lhs.type), shape_of(op.rhs.type)
    spatial = len(lhs) - 2
    shape = windows.convolution(
        lhs,
        rhs,
        **asdict(op.dimension_numbers.data),
        window_strides=per_dimension(op.window_strides, spatial),
        padding=padding,
        lhs_dilation=per_dimension(op.lhs_dilation, spatial),
        rhs_dilation=per_dimension(op.rhs_dilation, spatial),
        window_reversal=[bool(flag) for flag in per_dimension(op.window_reversal, spatial, default=0)],
        feature_group_count=op.feature_group_count.value.data,
        batch_group_count=op.batch_group_count.value.data,
    )
    _check_precisions("C24", op.precision_config)
    require_one_element_type(op, "C27", [op.lhs.type, op.rhs.type])
    shapes.require(
        len(shape_of(op.result.type)) == len(lhs),
        "C26",
        f"expects a result of rank {len(lhs)}, but got '{op.result.type}'",
    )
    require_shape(op, "C25", "a result", op.result.type, shape)


@irdl_op_definition
class CholeskyOp(CheckedOp):
    """The triangular matrix whose product with its adjoint is the given one."""

    name = "stablehlo.cholesky"
    a = operand_def(FLOAT_OR_COMPLEX)
    lower = opt_prop_def(BOOL)
    result = result_def(FLOAT_OR_COMPLEX)
    traits = traits_def(Pure())
    custom_directives = (UnaryType,)
    assembly_format = "$a (`,` `lower` `=` $lower^)? attr-dict `:` custom<UnaryType>(type($a), type($result))"

    def check(self) -> None:
        require_one_type(self, "C1", [self.a.type, self.result.type])
        shapes.cholesky(shape_of(self.a.type))


@irdl_op_definition
class TriangularSolveOp(CheckedOp):
    """The solution of a system of equations whose matrix is triangular."""

    name = "stablehlo.triangular_solve"
    a = operand_def(FLOAT_OR_COMPLEX)
    b = operand_def(FLOAT_OR_COMPLEX)
    left_side = prop_def(BOOL)
    lower = prop_def(BOOL)
    unit_diagonal = prop_def(BOOL)
    transpose_a = prop_def(Transpose)
    result = result_def(FLOAT_OR_COMPLEX)
    traits = traits_def(Pure())

    def check(self) -> None:
        require_one_element_type(self, "C1", self.operand_types)
        left_side = bool(self.left_side.value.data)
        shapes.triangular_solve(shape_of(self.a.type), shape_of(self.b.type), left_side=left_side)
        require_one_type(self, "C4", [self.b.type, self.result.type])


@irdl_op_definition
class FftOp(CheckedOp):
    """A discrete Fourier transform of the last dimensions."""

    name = "stablehlo.fft"
    operand = operand_def(FLOAT_OR_COMPLEX)
    fft_type = prop_def(FftType)
    fft_length = prop_def(DIMS)
    result = result_def(FLOAT_OR_COMPLEX)
    traits = traits_def(Pure())
    assembly_format = f"$operand `,` `type` `=` $fft_type `,` `length` `=` $fft_length {_IN_SIGNATURE}"

    def check(self) -> None:
        kind = self.fft_type.data
        found = element_of(self.operand.type)
        wanted: Attribute = found
        if kind == "RFFT" and not isinstance(found, ComplexType):
            wanted = ComplexType(found)  # type: ignore[type-var]
        elif kind == "IRFFT" and isinstance(found, ComplexType):
            wanted = found.element_type
        elif kind == "RFFT" or not isinstance(found, ComplexType):
            what = "floats" if kind == "RFFT" else "complex numbers"
            fail(self, f"(C2) expects an operand of {what} for {kind}, but got '{self.operand.type}'")
        if element_of(self.result.type) != wanted:
            fail(self, f"(C2) expects a result of '{wanted}' elements for {kind}, but got '{self.result.type}'")
        shape = windows.fft(shape_of(self.operand.type), kind, numbers_of(self.fft_length))
        require_shape(self, "C5", "a result", self.result.type, shape)


@irdl_op_definition
class BatchNormInferenceOp(CheckedOp):
    """Features normalised with a given mean and variance."""

    name = "stablehlo.batch_norm_inference"
    operand = operand_def(FLOAT)
    scale = operand_def(VECTOR_OF_FLOATS)
    offset = operand_def(VECTOR_OF_FLOATS)
    mean = operand_def(VECTOR_OF_FLOATS)
    variance = operand_def(VECTOR_OF_FLOATS)
    epsilon = prop_def(F32)
    feature_index = prop_def(I64)
    result = result_def(FLOAT)
    traits = traits_def(Pure())

    def check(self) -> None:
        operand, *vectors = self.operand_types
        shapes.batch_norm(shape_of(operand), [shape_of(type) for type in vectors], self.feature_index.value.data)
        require_one_element_type(self, "C2", [*self.operand_types, self.result.type])
        require_one_type(self, "C7", [operand, self.result.type])


@irdl_op_definition
class BatchNormTrainingOp(CheckedOp):
    """Features normalised with the mean and variance that they have, which are results, too."""

    name = "stablehlo.batch_norm_training"
    operand = operand_def(FLOAT)
    scale = operand_def(VECTOR_OF_FLOATS)
    offset = operand_def(VECTOR_OF_FLOATS)
    epsilon = prop_def(F32)
    feature_index = prop_def(I64)
    output = result_def(FLOAT)
    batch_mean = result_def(VECTOR_OF_FLOATS)
    batch_var = result_def(VECTOR_OF_FLOATS)
    traits = traits_def(Pure())

    def check(self) -> None:
        vectors = [self.scale.type, self.offset.type, self.batch_mean.type, self.batch_var.type]
        index = self.feature_index.value.data
        shapes.batch_norm(shape_of(self.operand.type), [shape_of(type) for type in vectors], index)
        require_one_element_type(self, "C2", [*self.operand_types, *self.result_types])
        require_one_type(self, "C7", [self.operand.type, self.output.type])


@irdl_op_definition
class BatchNormGradOp(CheckedOp):
    """The gradients of `stablehlo.batch_norm_training`."""

    name = "stablehlo.batch_norm_grad"
    operand = operand_def(FLOAT)
    scale = operand_def(VECTOR_OF_FLOATS)
    mean = operand_def(VECTOR_OF_FLOATS)
    variance = operand_def(VECTOR_OF_FLOATS)
    grad_output = operand_def(FLOAT)
    epsilon = prop_def(F32)
    feature_index = prop_def(I64)
    grad_operand = result_def(FLOAT)
    grad_scale = result_def(VECTOR_OF_FLOATS)
    grad_offset = result_def(VECTOR_OF_FLOATS)
    traits = traits_def(Pure())

    def check(self) -> None:
        require_one_element_type(self, "C2", [*self.operand_types, *self.result_types])
        whole = [self.operand.type, self.grad_output.type, self.grad_operand.type]
        shapes.require_same([shape_of(type) for type in whole], "C3", "operand, grad_output and grad_operand")
        vectors = [self.scale, self.mean, self.variance, self.grad_scale, self.grad_offset]
        vector = shapes.require_same(
            [shape_of(value.type) for value in vectors], "C4", "scale, mean, variance, grad_scale and grad_offset"
        )
        operand, index = shape_of(self.operand.type), self.feature_index.value.data
        shapes.require_axes([index], len(operand), "C1", "feature_index")
        require_shape(self, "C5", "scale", self.scale.type, (operand[index],))
        assert len(vector) == 1
