"""The `tfrt_dht_sync` dialect: dense host tensors in synchronous functions, where no chains are needed."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, i64
from xdsl.ir import Dialect
from xdsl.traits import Pure

from tfrt.dialects.definitions import I64Array, OpClass, define_op
from tfrt.dialects.ht import HOST_BUFFER
from tfrt.dialects.tfrt_dht import ELEMENT_TYPES, RANKS
from tfrt.dialects.tfrt_tensor import TENSOR
from tfrt.dialects.ts import SHAPE


def _create_uninitialized_tensor(dtype: str, rank: int) -> OpClass:
    return define_op(
        f"tfrt_dht_sync.create_uninitialized_tensor.{dtype}.{rank}",
        attributes={"shape": I64Array},
        results={"tensor": TENSOR},
        traits=(Pure(),),
        assembly_format="$shape attr-dict",
        summary="A tensor of this shape whose elements are not set.",
    )


def _make_tensor(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht_sync.make_tensor.{dtype}",
        operands={"buffer": HOST_BUFFER, "shape": SHAPE},
        results={"tensor": TENSOR},
        summary="A tensor over a buffer, whose memory it shares.",
    )


def _set_tensor_with_constant_values(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht_sync.set_tensor_with_constant_values.{dtype}",
        operands={"tensor": TENSOR},
        attributes={"values": ArrayAttr},
        assembly_format="$tensor $values attr-dict",
        summary="Sets all elements, in row-major order; complex ones take two values each.",
    )


PrintTensorOp = define_op(
    "tfrt_dht_sync.print_tensor",
    operands={"tensor": TENSOR},
    summary="Writes a tensor to standard output.",
)

AllocateBufferOp = define_op(
    "tfrt_dht_sync.allocate_buffer",
    operands={"size": i64, "alignment": i64},
    results={"buffer": HOST_BUFFER},
    summary="A new buffer of `size` bytes.",
)

GetBufferSliceOp = define_op(
    "tfrt_dht_sync.get_buffer_slice",
    operands={"buffer": HOST_BUFFER, "offset": i64, "size": i64},
    results={"slice": HOST_BUFFER},
    summary="A part of a buffer, in bytes; it shares the memory.",
)

GetTensorShapeOp = define_op(
    "tfrt_dht_sync.get_tensor_shape",
    operands={"tensor": TENSOR},
    results={"shape": SHAPE},
    traits=(Pure(),),
    summary="The shape of a tensor.",
)

TFRT_DHT_SYNC = Dialect(
    "tfrt_dht_sync",
    [
        *(_create_uninitialized_tensor(dtype, rank) for dtype in ELEMENT_TYPES for rank in RANKS),
        *(_make_tensor(dtype) for dtype in ELEMENT_TYPES),
        *(_set_tensor_with_constant_values(dtype) for dtype in ELEMENT_TYPES),
        PrintTensorOp,
        AllocateBufferOp,
        GetBufferSliceOp,
        GetTensorShapeOp,
    ],
    [],
)
