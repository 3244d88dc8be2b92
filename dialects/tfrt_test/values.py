"""Ops with several results."""

from __future__ import annotations

from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import OpClass, define_op
from tfrt.dialects.tfrt.types import SCALARS


def _count3(suffix: str) -> OpClass:
    type = SCALARS[suffix]
    return define_op(
        f"tfrt_test.count3.{suffix}",
        operands={"start": type},
        results={"one_more": type, "two_more": type, "three_more": type},
        traits=(Pure(),),
        summary="The next three integers.",
    )


COUNT3_OPS = tuple(_count3(suffix) for suffix in ("i32", "i64"))
