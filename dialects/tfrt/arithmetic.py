"""Arithmetic and comparison of scalars: ops with fixed types, written `tfrt.add.i32 %x, %y`."""

from __future__ import annotations

from xdsl.dialects.builtin import i1
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import OpClass, define_op
from tfrt.dialects.tfrt.types import SCALARS


def _add(suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt.add.{suffix}",
        operands={"lhs": type, "rhs": type},
        results={"sum": type},
        traits=(Pure(),),
        summary="The sum of two scalars.",
    )


def _and(suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt.and.{suffix}",
        operands={"lhs": type, "rhs": type},
        results={"conjunction": type},
        traits=(Pure(),),
        summary="The conjunction of two truth values.",
    )


def _equal(suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt.equal.{suffix}",
        operands={"lhs": type, "rhs": type},
        results={"equal": i1},
        traits=(Pure(),),
        summary="Whether two scalars are equal.",
    )


def _divide(suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt.div.{suffix}",
        operands={"dividend": type, "divisor": type},
        results={"quotient": type, "remainder": type},
        summary="Quotient and remainder, truncating toward zero. Not pure, for dividing by zero is reported.",
    )


def _multiply(op_name: str, suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt.{op_name}.{suffix}",
        operands={"lhs": type, "rhs": type},
        results={"product": type},
        traits=(Pure(),),
        summary="The product of two scalars; `mul_s` is the form for synchronous functions.",
    )


ADD_OPS = tuple(_add(s) for s in ("i32", "i64", "f32", "f64"))
AND_OPS = (_and("i1"),)
EQUAL_OPS = tuple(_equal(s) for s in ("i32", "i64"))
DIV_OPS = tuple(_divide(s) for s in ("i32", "i64"))
MUL_OPS = tuple(_multiply("mul", s) for s in ("i32", "i64"))
MUL_S_OPS = tuple(_multiply("mul_s", s) for s in ("i32", "i64"))
