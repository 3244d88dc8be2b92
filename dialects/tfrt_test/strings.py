"""Strings as values."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr

from tfrt.dialects.shared.definitions import OpClass, define_op
from tfrt.dialects.tfrt.types import STRING


def _get_string(name: str) -> OpClass:
    return define_op(
        f"tfrt_test.{name}",
        attributes={"value": StringAttr},
        results={"string": STRING},
        assembly_format="attr-dict",
        summary="The string in the attribute `value`.",
    )


GET_STRING_OPS = (_get_string("get_string"), _get_string("get_string_sync"))
