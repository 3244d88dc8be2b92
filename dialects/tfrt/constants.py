"""Constants: `tfrt.constant.f32 1.5`, `tfrt.constant.complex64 1.0, 2.0`; `constant_s` is synchronous."""

from __future__ import annotations

from xdsl.dialects.builtin import AnyFloat, ComplexType, f32, f64
from xdsl.ir import Attribute
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import OpClass, define_op, number_of
from tfrt.dialects.tfrt.types import SCALARS


def _constant(op_name: str, suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt.{op_name}.{suffix}",
        attributes={"value": number_of(type)},
        results={"result": type},
        traits=(Pure(),),
        assembly_format="$value attr-dict",
        summary="A scalar constant.",
    )


def _complex_constant(suffix: str, part: AnyFloat) -> OpClass:
    return define_op(
        f"tfrt.constant.complex{suffix}",
        attributes={"real": number_of(part), "imaginary": number_of(part)},
        results={"result": ComplexType(part)},
        traits=(Pure(),),
        assembly_format="$real `,` $imaginary attr-dict",
        summary="A complex constant.",
    )


CONSTANT_OPS = tuple(_constant("constant", suffix) for suffix in SCALARS)
COMPLEX_CONSTANT_OPS = (_complex_constant("64", f32), _complex_constant("128", f64))
CONSTANT_S_OPS = tuple(_constant("constant_s", suffix) for suffix in ("i64", "f16", "f32", "f64"))

CONSTANT_OF_TYPE: dict[Attribute, OpClass] = dict(zip(SCALARS.values(), CONSTANT_OPS, strict=True))
"""The op that gives a scalar of each type; its attribute `value` is the scalar."""
