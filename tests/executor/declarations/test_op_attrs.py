"""Attributes of ops keep their types and print them."""

import numpy as np
import pytest

from tfrt.executor.declarations.op_attrs import OpAttr, OpAttrs
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType


def test_printing():
    attrs = OpAttrs.of(
        {
            "flag": True,
            "count": 3,
            "rate": 0.5,
            "name": "SAME",
            "type": DType.F64,
            "dims": (1, 2, 3),
            "many": tuple(range(9)),
            "dense": np.zeros((2, 3), np.float32),
            "nested": (np.zeros(1, np.int64), (1, "x")),
        }
    )
    assert str(attrs) == (
        "OpAttrs contains 9 entries:\n"
        "  'count' type=I64 value=3\n"
        "  'dense' type=DENSE value=dtype=F32, rank=2, elt_count=6\n"
        "  'dims' type=I64 value=[1, 2, 3]\n"
        "  'flag' type=BOOL value=1\n"
        "  'many' type=I64 value=[0, 1, 2, 3, 4...]\n"
        "  'name' type=CHAR value=[S, A, M, E]\n"
        "  'nested' type=AGGREGATE value=elt_count=2 [{dtype=I64, rank=1, elt_count=1}, "
        "{elt_count=2 [{unknown}, {unknown}]}]\n"
        "  'rate' type=F32 value=5.000000e-01\n"
        "  'type' type=DTYPE value=F64\n\n"
    )
    assert str(OpAttrs()) == "OpAttrs is empty\n"


@pytest.mark.parametrize(
    ("attr", "text"),
    [
        (OpAttr("SHAPE", (2, None, 3)), "<2x-1x3>"),
        (OpAttr("SHAPE", None), "<*>"),
        (OpAttr("FUNC", "f"), "FUNC function_name: f"),
    ],
)
def test_other_types(attr, text):
    assert str(attr) == text


def test_a_name_is_set_once():
    attrs = OpAttrs.of({"a": 1})
    with pytest.raises(KernelError, match=r"^op attribute 'a' is set already$"):
        attrs.set("a", OpAttr("I32", 2))


def test_frozen_attributes_do_not_change():
    array, nested = np.zeros(2, np.float32), np.ones(1, np.int32)
    attrs = OpAttrs.of({"a": 1, "array": array, "nested": (nested, (nested, "x"))})
    frozen = attrs.freeze()
    attrs.set("b", OpAttr("I32", 2))
    array[0] = nested[0] = 5
    assert len(frozen) == 3 and len(attrs) == 4
    assert frozen["a"].value == 1
    assert frozen["array"].value.tolist() == [0, 0]
    assert frozen["nested"].value[0].tolist() == frozen["nested"].value[1][0].tolist() == [1]
    with pytest.raises(ValueError, match="read-only"):
        frozen["array"].value[0] = 1


def test_frozen_attributes_cannot_be_added_to():
    frozen = OpAttrs.of({"a": 1}).freeze()
    assert frozen.freeze() is frozen
    with pytest.raises(KernelError, match=r"^op attribute 'b' cannot be set: the attributes are frozen$"):
        frozen.set("b", OpAttr("I32", 2))


def test_freezing_copies_only_what_can_change():
    constant = np.zeros(2, np.float32)
    constant.flags.writeable = False
    attrs = OpAttrs.of({"constant": constant, "dims": (1, 2), "name": "x"})
    frozen = attrs.freeze()
    assert all(frozen[name] is attr for name, attr in attrs)


@pytest.mark.parametrize(
    ("value", "name"), [(None, "NoneType"), ({}, "dict"), ([object()], "object")], ids=["None", "dict", "object"]
)
def test_values_that_can_be_no_attribute(value, name):
    with pytest.raises(KernelError, match=rf"^op attribute 'a' cannot be a {name}$"):
        OpAttrs.of({"a": value})
