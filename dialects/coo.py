"""The `coo` dialect: sparse host tensors in coordinate format."""

from __future__ import annotations

from xdsl.dialects.builtin import i1

from tfrt.dialects.shared.definitions import OpClass, define_dialect, define_op
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.dialects.tfrt_tensor import TENSOR

ELEMENT_TYPES = ("i32", "f32")
RANKS = (0, 1, 2, 3)


def _convert(direction: str, dtype: str, rank: int) -> OpClass:
    return define_op(
        f"coo.convert_{direction}.{dtype}.{rank}",
        operands={"tensor": TENSOR, "in_chain": CHAIN},
        results={"converted": TENSOR, "out_chain": CHAIN},
        summary="A copy of a tensor in the other format.",
    )


def _tensor_equal(dtype: str, rank: int) -> OpClass:
    return define_op(
        f"coo.tensor_equal.{dtype}.{rank}",
        operands={"lhs": TENSOR, "rhs": TENSOR, "in_chain": CHAIN},
        results={"equal": i1, "out_chain": CHAIN},
        summary="Whether two sparse tensors have the same indices and values.",
    )


PrintTensorOp = define_op(
    "coo.print_tensor",
    operands={"tensor": TENSOR, "in_chain": CHAIN},
    results={"out_chain": CHAIN},
    summary="Writes a sparse tensor to standard output.",
)

COO_TO_DHT_OPS = tuple(_convert("coo_to_dht", dtype, rank) for dtype in ELEMENT_TYPES for rank in RANKS)
DHT_TO_COO_OPS = tuple(_convert("dht_to_coo", dtype, rank) for dtype in ELEMENT_TYPES for rank in RANKS)
TENSOR_EQUAL_OPS = tuple(_tensor_equal(dtype, rank) for dtype in ELEMENT_TYPES for rank in RANKS)

COO = define_dialect("coo", __name__, is_open=True)
