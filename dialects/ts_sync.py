"""The `ts_sync` dialect: tensor shapes in synchronous functions."""

from __future__ import annotations

from xdsl.dialects.builtin import i64
from xdsl.ir import Dialect
from xdsl.traits import Pure

from tfrt.dialects.definitions import I64Array, define_op
from tfrt.dialects.ts import PARTIAL_SHAPE, SHAPE

BuildShapeOp = define_op(
    "ts_sync.build_shape",
    attributes={"value": I64Array},
    results={"output": SHAPE},
    traits=(Pure(),),
    assembly_format="$value attr-dict",
    summary="The shape of these dimensions.",
)

BuildPartialShapeOp = define_op(
    "ts_sync.build_partial_shape",
    attributes={"value": I64Array},
    results={"output": PARTIAL_SHAPE},
    traits=(Pure(),),
    assembly_format="$value attr-dict",
    summary="The partial shape of these dimensions, of which negative ones are unknown.",
)

GetNumElementsOp = define_op(
    "ts_sync.get_num_elements",
    operands={"shape": SHAPE},
    results={"count": i64},
    summary="The number of elements of a tensor of this shape.",
)

ToShapeOp = define_op(
    "ts_sync.to_shape",
    operands={"shape": PARTIAL_SHAPE},
    results={"output": SHAPE},
    summary="The shape that a partial shape is; fails where a dimension is unknown.",
)

ToPartialShapeOp = define_op(
    "ts_sync.to_partial_shape",
    operands={"shape": SHAPE},
    results={"output": PARTIAL_SHAPE},
    summary="A shape as a partial shape.",
)

TS_SYNC = Dialect(
    "ts_sync",
    [BuildShapeOp, BuildPartialShapeOp, GetNumElementsOp, ToShapeOp, ToPartialShapeOp],
    [],
)
