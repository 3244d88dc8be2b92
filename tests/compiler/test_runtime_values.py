"""Passes see attributes as kernels do: as if they had been written to a file and read from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ArrayAttr, DenseIntOrFPElementsAttr, StringAttr, SymbolRefAttr, UnitAttr
from xdsl.ir import Attribute

from tests.compiler.test_round_trip import ATTRIBUTES, dense
from tfrt.compiler.emitter.attributes import AttributeWriter, attribute_type
from tfrt.compiler.runtime_values import dense_value, typed_values
from tfrt.executor.bef.attribute_values import TypedAttribute, decode
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import AttributeType
from tfrt.executor.bef.writer import Writer
from tfrt.executor.values.attributes import Stored


def through_a_file(attribute: Attribute, kind: str) -> object:
    out = Writer()
    serialize = lambda symbol: pytest.fail(f"{symbol} has no module here")  # noqa: E731
    offset = AttributeWriter(out, attribute_type, serialize).write(attribute)
    return decode(Cursor(memoryview(bytes(out.data)), 0, len(out.data), "Attributes"), offset, Stored(kind), None)


def assert_same(found: object, wanted: object) -> None:
    if isinstance(wanted, TypedAttribute):
        assert isinstance(found, TypedAttribute) and found.type == wanted.type
        assert_same(found.value, wanted.value)
    elif isinstance(wanted, tuple):
        assert isinstance(found, tuple) and len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other)
    else:
        assert type(found) is type(wanted)
        np.testing.assert_array_equal(found, wanted, strict=True)


@given(st.lists(ATTRIBUTES, max_size=3))
def test_values_are_those_of_the_file(attributes: list[Attribute]) -> None:
    array = ArrayAttr([StringAttr("in front"), *attributes])
    assume(attribute_type(array) == AttributeType.AGGREGATE and "SymbolRefAttr" not in repr(attributes))
    assert_same(typed_values(array), through_a_file(array, "typed_aggregate"))


@given(dense())
def test_arrays_are_those_of_the_file(attribute: Attribute) -> None:
    assert isinstance(attribute, DenseIntOrFPElementsAttr)
    assert_same(dense_value(attribute), through_a_file(attribute, "dense"))


def test_what_files_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^BEF cannot hold unit$"):
        typed_values([UnitAttr()])
    with pytest.raises(ValueError, match=r"^@k is a module for kernels to compile$"):
        typed_values([SymbolRefAttr("k")])
