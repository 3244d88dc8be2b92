"""The dialect `fixed`."""

from xdsl.dialects.builtin import f32, f64, i32
from xdsl.irdl import IRDLOperation, attr_def, irdl_op_definition, result_def
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import HasCanonicalizationPatternsTrait

from tfrt.ir import define_dialect, define_op, define_type, fail, number_of

Q16Type = define_type("fixed.q16", "A number with 16 bits before and 16 bits after the point.")
Q16 = Q16Type()


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """A number, rounded to the nearest that there is."""

    name = "fixed.constant"

    value = attr_def(number_of(f64))
    result = result_def(Q16)

    assembly_format = "$value attr-dict"

    def verify_(self) -> None:
        if not -32768 <= self.value.value.data < 32768:
            fail(self, f"value {self.value.value.data} is out of the range from -32768 to 32768")


class MultiplyPatterns(HasCanonicalizationPatternsTrait):
    """What `canonicalize` does to products."""

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from fixed_point.passes import MultiplyByOne

        return (MultiplyByOne(),)


MultiplyOp = define_op(
    "fixed.multiply",
    operands={"x": Q16, "y": Q16},
    results={"product": Q16},
    traits=(MultiplyPatterns(),),
    assembly_format="$x `by` $y attr-dict",
    summary="A product.",
)

ShiftOp = define_op(
    "fixed.shift",
    operands={"x": Q16},
    attributes={"bits": number_of(i32)},
    results={"shifted": Q16},
    assembly_format="$x `by` $bits attr-dict",
    summary="A number times a power of two: shifted to the left, or to the right where `bits` is negative.",
)

ToF32Op = define_op(
    "fixed.to_f32",
    operands={"x": Q16},
    results={"value": f32},
    summary="The nearest single-precision number.",
)

FIXED = define_dialect("fixed", __name__)
