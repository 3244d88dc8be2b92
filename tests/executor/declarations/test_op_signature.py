"""What the functions of an op take."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import tfrt
from tfrt.executor.declarations.annotations import ResultMetadata, Supplied
from tfrt.executor.declarations.op_attrs import OpAttr
from tfrt.executor.declarations.op_signature import AttributeGroup, read_signature
from tfrt.executor.support.errors import KernelError, UsageError


@dataclass(frozen=True)
class Box(AttributeGroup):
    width: int
    height: int = 1
    depth: OpAttr | None = None


def boxed(x, *, box: Box, color: str, metadata: ResultMetadata):
    pass


def arguments(attrs, inputs=1):
    return read_signature(boxed).arguments("t.boxed", inputs, attrs, {Supplied.METADATA: "known"})


def test_attributes_of_a_group_are_its_fields():
    found = arguments({"width": 2, "color": "red", "depth": 3, "unheard": 4})
    assert found == {"box": Box(2, 1, OpAttr("I64", 3)), "color": "red", "metadata": "known"}
    typed = {"width": OpAttr("I32", 2), "height": OpAttr("I8", 5), "color": OpAttr("CHAR", "red")}
    assert arguments(typed)["box"] == Box(2, 5)


@pytest.mark.parametrize("missing", ["width", "color"])
def test_a_missing_attribute(missing):
    attrs = {"width": 2, "color": "red"}
    del attrs[missing]
    with pytest.raises(KernelError) as caught:
        arguments(attrs)
    assert caught.value.message == f"missing attribute '{missing}' of op 't.boxed'"


def test_a_wrong_number_of_inputs():
    with pytest.raises(KernelError) as caught:
        arguments({"width": 2, "color": "red"}, 2)
    assert caught.value.message == "op 't.boxed' takes 1 inputs and is given 2"


def test_functions_of_inputs_only():
    assert read_signature(lambda *inputs: inputs).takes_inputs_only
    assert not read_signature(boxed).takes_inputs_only

    def grouped(x, *, box: Box):
        pass

    assert not read_signature(grouped).takes_inputs_only


def test_what_only_kernels_are_given():
    def op(x, location: tfrt.Location):
        pass

    with pytest.raises(UsageError) as caught:
        read_signature(op)
    assert str(caught.value).endswith("op': 'location' is what only kernels are given")
