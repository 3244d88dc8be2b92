"""Attributes of ops keep their types and print them."""

import numpy as np
import pytest

from tfrt.executor.core_runtime.op_attrs import OpAttr, OpAttrs
from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError


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
    attrs = OpAttrs.of({"a": 1})
    frozen = attrs.freeze()
    attrs.set("b", OpAttr("I32", 2))
    assert len(frozen) == 1 and len(attrs) == 2
    assert frozen.values() == {"a": 1}
