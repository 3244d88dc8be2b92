"""Preparing examples for a model."""

from __future__ import annotations

from xdsl.dialects.builtin import i64

from tfrt.dialects.proto import EXAMPLE
from tfrt.dialects.shared.definitions import define_op
from tfrt.dialects.tfrt.types import STRING

ParseExampleFromBytesOp = define_op(
    "tfrt_test.parse_example_from_bytes",
    operands={"serialized": STRING},
    results={"example": EXAMPLE},
    summary="The `tf.train.Example` that a string holds.",
)

GetBytesFieldFromExampleOp = define_op(
    "tfrt_test.get_bytes_field_from_example",
    operands={"example": EXAMPLE, "key": STRING},
    results={"value": STRING},
    summary="The string feature of this name.",
)

GetInt64FieldFromExampleOp = define_op(
    "tfrt_test.get_int64_field_from_example",
    operands={"example": EXAMPLE, "key": STRING},
    results={"value": i64},
    summary="The integer feature of this name.",
)
