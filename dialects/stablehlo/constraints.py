"""Constraints that the definitions of StableHLO's ops share."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    TupleType,
    UnrankedTensorType,
    f32,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import AnyAttr, AttrConstraint, BaseAttr, EqAttrConstraint, ParamAttrConstraint

from tfrt.dialects.shared.definitions import number_of
from tfrt.dialects.shared.tensor_types import OBJECT, TensorOf
from tfrt.dialects.stablehlo.attributes import TokenType

I32: AttrConstraint[IntegerAttr[Any]] = IntegerAttr.constr(EqAttrConstraint(i32))
I64: AttrConstraint[IntegerAttr[Any]] = IntegerAttr.constr(EqAttrConstraint(i64))
BOOL: AttrConstraint[IntegerAttr[Any]] = IntegerAttr.constr(EqAttrConstraint(i1))
F32 = number_of(f32)
DIMS: AttrConstraint[Attribute] = ParamAttrConstraint(DenseArrayBase, (EqAttrConstraint(i64), AnyAttr()))
FLAGS: AttrConstraint[Attribute] = ParamAttrConstraint(DenseArrayBase, (EqAttrConstraint(i1), AnyAttr()))
ELEMENTS = BaseAttr(DenseIntOrFPElementsAttr)

_ALL = ("boolean", "integer", "float", "complex", "index")

ANY = TensorOf(_ALL)
PRED = TensorOf(("boolean",))
INTEGER = TensorOf(("integer",))
LOGICAL = TensorOf(("boolean", "integer"))
FLOAT = TensorOf(("float",))
FLOAT_OR_COMPLEX = TensorOf(("float", "complex"))
COMPLEX = TensorOf(("complex",))
SIGNED = TensorOf(("integer", "float", "complex"))
INTEGER_OR_FLOAT = TensorOf(("integer", "float"))
REAL = TensorOf(("boolean", "integer", "float"))
SCALAR = TensorOf(_ALL, rank=0)
SCALAR_INTEGER = TensorOf(("integer",), rank=0)
VECTOR_OF_FLOATS = TensorOf(("float",), rank=1)
SIZES = TensorOf(("integer", "index"), rank=1)
PAIRS_OF_SIZES = TensorOf(("integer", "index"), rank=2)
SIZE = TensorOf(("integer",), rank=0, element=i32)
TOKEN = BaseAttr(TokenType)
TENSOR_OR_TOKEN = TensorOf(_ALL, others=(TokenType, UnrankedTensorType))
VALUE = TensorOf((*_ALL, OBJECT), others=(TokenType, TupleType, UnrankedTensorType))
