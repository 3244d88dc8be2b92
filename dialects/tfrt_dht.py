"""The `tfrt_dht` dialect: dense host tensors, and the buffers that back them."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, f32, i1, i32, i64
from xdsl.irdl import AnyAttr
from xdsl.traits import Pure

from tfrt.dialects.ht import HOST_BUFFER
from tfrt.dialects.shared.definitions import I64Array, OpClass, define_dialect, define_op
from tfrt.dialects.shared.traits import MakesTensor, SetsElements
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.dialects.tfrt_tensor import TENSOR
from tfrt.dialects.ts import SHAPE

ELEMENT_TYPES = ("ui8", "ui16", "ui32", "ui64", "i32", "f32", "i64", "bool", "complex64", "complex128")
"""The element types that op names may end in."""

_ATTRIBUTE_TYPES = {"i32": i32, "i64": i64, "f32": f32}
"""The element types of which attributes that hold elements are of the same type, so that kernels surely accept them."""

RANKS = (0, 1, 2, 3, 4)


def ops_of_twins(dialect: str, *, chained: bool) -> tuple[OpClass, ...]:
    """The ops that `tfrt_dht` shares with its twin for synchronous functions, in the dialect of this name.

    `chained` says whether chains order those with side effects.
    """
    in_chain = {"in_chain": CHAIN} if chained else {}
    out_chain = {"out_chain": CHAIN} if chained else {}
    return (
        *(_create_uninitialized_tensor(dialect, dtype, rank) for dtype in ELEMENT_TYPES for rank in RANKS),
        *(
            define_op(
                f"{dialect}.make_tensor.{dtype}",
                operands={"buffer": HOST_BUFFER, "shape": SHAPE, **in_chain},
                results={"tensor": TENSOR, **out_chain},
                summary="A tensor over a buffer, whose memory it shares.",
            )
            for dtype in ELEMENT_TYPES
        ),
        *(
            define_op(
                f"{dialect}.set_tensor_with_constant_values.{dtype}",
                operands={"tensor": TENSOR, **in_chain},
                attributes={"values": ArrayAttr},
                results=out_chain,
                traits=_sets_elements(dtype, "values") if chained else (),
                assembly_format="operands $values attr-dict",
                summary="Sets all elements, in row-major order; complex ones take two values each.",
            )
            for dtype in ELEMENT_TYPES
        ),
        define_op(
            f"{dialect}.print_tensor",
            operands={"tensor": TENSOR, **in_chain},
            results=out_chain,
            summary="Writes a tensor to standard output.",
        ),
        define_op(
            f"{dialect}.allocate_buffer",
            operands={"size": i64, "alignment": i64},
            results={"buffer": HOST_BUFFER},
            summary="A new buffer of `size` bytes.",
        ),
        define_op(
            f"{dialect}.get_buffer_slice",
            operands={"buffer": HOST_BUFFER, "offset": i64, "size": i64},
            results={"slice": HOST_BUFFER},
            summary="A part of a buffer, in bytes; it shares the memory.",
        ),
        define_op(
            f"{dialect}.get_tensor_shape",
            operands={"tensor": TENSOR},
            results={"shape": SHAPE},
            traits=(Pure(),),
            summary="The shape of a tensor.",
        ),
    )


def _create_uninitialized_tensor(dialect: str, dtype: str, rank: int) -> OpClass:
    return define_op(
        f"{dialect}.create_uninitialized_tensor.{dtype}.{rank}",
        attributes={"shape": I64Array},
        results={"tensor": TENSOR},
        traits=(Pure(), *((MakesTensor(_ATTRIBUTE_TYPES[dtype]),) if dtype in _ATTRIBUTE_TYPES else ())),
        assembly_format="$shape attr-dict",
        summary="A tensor of this shape whose elements are not set.",
    )


def _sets_elements(dtype: str, attribute: str) -> tuple[SetsElements, ...]:
    return (SetsElements(_ATTRIBUTE_TYPES[dtype], attribute),) if dtype in _ATTRIBUTE_TYPES else ()


def _fill_tensor_with_constant(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht.fill_tensor_with_constant.{dtype}",
        operands={"tensor": TENSOR, "in_chain": CHAIN},
        attributes={"value": AnyAttr()},
        results={"out_chain": CHAIN},
        traits=_sets_elements(dtype, "value"),
        assembly_format="operands $value attr-dict",
        summary="Sets every element to one value.",
    )


def _tensor_equal(dtype: str) -> OpClass:
    return define_op(
        f"tfrt_dht.tensor_equal.{dtype}",
        operands={"lhs": TENSOR, "rhs": TENSOR, "in_chain": CHAIN},
        results={"equal": i1, "out_chain": CHAIN},
        summary="Whether two tensors are equal in shape and elements.",
    )


GetBufferOp = define_op(
    "tfrt_dht.get_buffer",
    operands={"tensor": TENSOR, "in_chain": CHAIN},
    results={"buffer": HOST_BUFFER, "out_chain": CHAIN},
    summary="The buffer behind a tensor.",
)

PrintBufferOp = define_op(
    "tfrt_dht.print_buffer",
    operands={"buffer": HOST_BUFFER, "in_chain": CHAIN},
    results={"out_chain": CHAIN},
    summary="Writes a buffer's address and size to standard output.",
)

TWINS = ops_of_twins("tfrt_dht", chained=True)
FILL_TENSOR_WITH_CONSTANT_OPS = tuple(map(_fill_tensor_with_constant, ELEMENT_TYPES))
TENSOR_EQUAL_OPS = tuple(map(_tensor_equal, ELEMENT_TYPES))

TFRT_DHT = define_dialect("tfrt_dht", __name__, is_open=True)
