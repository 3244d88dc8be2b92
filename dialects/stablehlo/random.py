"""Random numbers."""

from __future__ import annotations

from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    TensorOf,
    element_of,
    kind_of,
    require_one_element_type,
    require_one_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.attributes import RngAlgorithm, RngDistribution
from tfrt.dialects.stablehlo.constraints import INTEGER_OR_FLOAT, REAL, SIZES

_REAL_SCALAR = TensorOf(("boolean", "integer", "float"), rank=0)


@irdl_op_definition
class RngOp(CheckedOp):
    """Random numbers of a distribution with two parameters."""

    name = "stablehlo.rng"
    a = operand_def(_REAL_SCALAR)
    b = operand_def(_REAL_SCALAR)
    shape = operand_def(SIZES)
    rng_distribution = prop_def(RngDistribution)
    result = result_def(REAL)
    assembly_format = (
        "$a `,` $b `,` $shape `,` `distribution` `=` $rng_distribution attr-dict `:` functional-type(operands, results)"
    )

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.a.type, self.b.type, self.result.type])
        if self.rng_distribution.data == "NORMAL" and kind_of(element_of(self.a.type)) != "float":
            fail(self, f"(C2) expects floats for NORMAL, but got '{self.a.type}'")
        require_shape(self, "C3", "shape", self.shape.type, (len(shape_of(self.result.type)),))


_STATE_SIZES = {"THREE_FRY": (2,), "PHILOX": (2, 3)}


@irdl_op_definition
class RngBitGeneratorOp(CheckedOp):
    """Random bits that follow from a state, and the state after them."""

    name = "stablehlo.rng_bit_generator"
    initial_state = operand_def(INTEGER_OR_FLOAT)
    rng_algorithm = prop_def(RngAlgorithm)
    output_state = result_def(INTEGER_OR_FLOAT)
    output = result_def(INTEGER_OR_FLOAT)
    traits = traits_def(Pure())
    assembly_format = (
        "$initial_state `,` `algorithm` `=` $rng_algorithm attr-dict `:` functional-type(operands, results)"
    )

    def check(self) -> None:
        require_one_type(self, "C1", [self.initial_state.type, self.output_state.type])
        algorithm, shape = self.rng_algorithm.data, shape_of(self.initial_state.type)
        sizes = _STATE_SIZES.get(algorithm)
        if sizes is not None and (len(shape) != 1 or (shape[0] is not None and shape[0] not in sizes)):
            wanted = " or ".join(map(str, sizes))
            fail(self, f"(C2) expects a state of size {wanted} for {algorithm}, but got '{self.initial_state.type}'")
