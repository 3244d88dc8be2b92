"""The `tfrt_dht` dialect: dense host tensors, and the buffers that back them."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, i1, i64
from xdsl.ir import Dialect
from xdsl.irdl import AnyAttr
from xdsl.traits import Pure

from tfrt.dialects.definitions import I64Array, OpClass, define_op
from tfrt.dialects.ht import HOST_BUFFER
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.dialects.tfrt_tensor import TENSOR
from tfrt.dialects.ts import SHAPE

ELEMENT_TYPES = ("ui8", "ui16", "ui32", "ui64", "i32", "f32", "i64", "bool", "complex64", "complex128")
"""The element types that op names may end in."""

RANKS = (0, 1, 2, 3, 4)


def _create_uninitialized_tensor(dtype: str, rank: int) -> OpClass:
    return define_op(
        f"tfrt_dht.create_uninitialized_tensor.{dtype}.{rank}",
        attributes={"shape": I64Array},
        results={"tensor": TENSOR},
        traits=(Pure(),),
        assembly_format="$shape attr-dict",
        summary="A tensor of this shape whose elements are not set.",
    )


def _make_tensor(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht.make_tensor.{dtype}",
        operands={"buffer": HOST_BUFFER, "shape": SHAPE, "in_chain": CHAIN},
        results={"tensor": TENSOR, "out_chain": CHAIN},
        summary="A tensor over a buffer, whose memory it shares.",
    )


def _fill_tensor_with_constant(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht.fill_tensor_with_constant.{dtype}",
        operands={"tensor": TENSOR, "in_chain": CHAIN},
        attributes={"value": AnyAttr()},
        results={"out_chain": CHAIN},
        assembly_format="operands $value attr-dict",
        summary="Sets every element to one value.",
    )


def _set_tensor_with_constant_values(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht.set_tensor_with_constant_values.{dtype}",
        operands={"tensor": TENSOR, "in_chain": CHAIN},
        attributes={"values": ArrayAttr},
        results={"out_chain": CHAIN},
        assembly_format="operands $values attr-dict",
        summary="Sets all elements, in row-major order; complex ones take two values each.",
    )


def _tensor_equal(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht.tensor_equal.{dtype}",
        operands={"lhs": TENSOR, "rhs": TENSOR, "in_chain": CHAIN},
        results={"equal": i1, "out_chain": CHAIN},
        summary="Whether two tensors are equal in shape and elements.",
    )


FAMILIES = (_fill_tensor_with_constant, _make_tensor, _set_tensor_with_constant_values, _tensor_equal)

PrintTensorOp = define_op(
    "tfrt_dht.print_tensor",
    operands={"tensor": TENSOR, "in_chain": CHAIN},
    results={"out_chain": CHAIN},
    summary="Writes a tensor to standard output.",
)

AllocateBufferOp = define_op(
    "tfrt_dht.allocate_buffer",
    operands={"size": i64, "alignment": i64},
    results={"buffer": HOST_BUFFER},
    summary="A new buffer of `size` bytes.",
)

GetBufferOp = define_op(
    "tfrt_dht.get_buffer",
    operands={"tensor": TENSOR, "in_chain": CHAIN},
    results={"buffer": HOST_BUFFER, "out_chain": CHAIN},
    summary="The buffer behind a tensor.",
)

GetBufferSliceOp = define_op(
    "tfrt_dht.get_buffer_slice",
    operands={"buffer": HOST_BUFFER, "offset": i64, "size": i64},
    results={"slice": HOST_BUFFER},
    summary="A part of a buffer, in bytes; it shares the memory.",
)

PrintBufferOp = define_op(
    "tfrt_dht.print_buffer",
    operands={"buffer": HOST_BUFFER, "in_chain": CHAIN},
    results={"out_chain": CHAIN},
    summary="Writes a buffer's address and size to standard output.",
)

GetTensorShapeOp = define_op(
    "tfrt_dht.get_tensor_shape",
    operands={"tensor": TENSOR},
    results={"shape": SHAPE},
    traits=(Pure(),),
    summary="The shape of a tensor.",
)

TFRT_DHT = Dialect(
    "tfrt_dht",
    [
        *(_create_uninitialized_tensor(dtype, rank) for dtype in ELEMENT_TYPES for rank in RANKS),
        *(family(dtype) for family in FAMILIES for dtype in ELEMENT_TYPES),
        PrintTensorOp,
        AllocateBufferOp,
        GetBufferOp,
        GetBufferSliceOp,
        PrintBufferOp,
        GetTensorShapeOp,
    ],
    [],
)
