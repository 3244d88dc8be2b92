"""The `ts` dialect: tensor shapes, wholly or partly known."""

from __future__ import annotations

from xdsl.dialects.builtin import i1, i32, i64
from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import I64Array, OpClass, define_dialect, define_op, define_type
from tfrt.dialects.tfrt.types import CHAIN


@irdl_attr_definition
class ShapeType(ParametrizedAttribute, TypeAttribute):
    """A shape whose rank and dimensions are known at run time."""

    name = "ts.shape"


@irdl_attr_definition
class PartialShapeType(ParametrizedAttribute, TypeAttribute):
    """A shape that may lack its rank or some dimensions."""

    name = "ts.partial_shape"


SHAPE = ShapeType()
PARTIAL_SHAPE = PartialShapeType()

FIXED_RANK_SHAPES = {
    rank: define_type(f"ts.fixed_rank_shape.{rank}", f"A shape of rank {rank}.") for rank in (0, 1, 2, 3)
}
"""The type of shapes of each rank that programs can fix."""


def _print(name: str, type: TypeAttribute) -> OpClass:
    return define_op(
        f"ts.{name}",
        operands={"shape": type, "in_chain": CHAIN},
        results={"out_chain": CHAIN},
        summary="Writes a shape to standard output.",
    )


def ops_of_twins(dialect: str) -> tuple[OpClass, ...]:
    """The ops that `ts` shares with its twin for synchronous functions, in the dialect of this name."""
    return (
        define_op(
            f"{dialect}.build_shape",
            attributes={"value": I64Array},
            results={"output": SHAPE},
            traits=(Pure(),),
            assembly_format="$value attr-dict",
            summary="The shape of these dimensions.",
        ),
        define_op(
            f"{dialect}.build_partial_shape",
            attributes={"value": I64Array},
            results={"output": PARTIAL_SHAPE},
            traits=(Pure(),),
            assembly_format="$value attr-dict",
            summary="The partial shape of these dimensions, of which negative ones are unknown.",
        ),
        define_op(
            f"{dialect}.get_num_elements",
            operands={"shape": SHAPE},
            results={"count": i64},
            summary="The number of elements of a tensor of this shape.",
        ),
        define_op(
            f"{dialect}.to_shape",
            operands={"shape": PARTIAL_SHAPE},
            results={"output": SHAPE},
            summary="The shape that a partial shape is; fails where a dimension is unknown.",
        ),
        define_op(
            f"{dialect}.to_partial_shape",
            operands={"shape": SHAPE},
            results={"output": PARTIAL_SHAPE},
            summary="A shape as a partial shape.",
        ),
    )


BuildUnrankedPartialShapeOp = define_op(
    "ts.build_unranked_partial_shape",
    results={"output": PARTIAL_SHAPE},
    traits=(Pure(),),
    assembly_format="attr-dict",
    summary="A partial shape of unknown rank.",
)

EqualShapeOp = define_op(
    "ts.equal_shape",
    operands={"lhs": SHAPE, "rhs": SHAPE},
    results={"equal": i1},
    summary="Whether two shapes are equal.",
)

GetDimensionOp = define_op(
    "ts.get_dimension",
    operands={"shape": SHAPE, "index": i32},
    results={"size": i64},
    summary="The size of one dimension.",
)

PrintShapeOp = _print("print_shape", SHAPE)
PrintPartialShapeOp = _print("print_partial_shape", PARTIAL_SHAPE)

AS_FIXED_RANK_SHAPE_OPS = tuple(
    define_op(
        f"ts.as_fixed_rank_shape.{rank}",
        operands={"shape": SHAPE},
        results={"output": fixed()},
        traits=(Pure(),),
        summary="A shape as one of fixed rank.",
    )
    for rank, fixed in FIXED_RANK_SHAPES.items()
)

PRINT_FIXED_RANK_SHAPE_OPS = tuple(
    _print(f"print_fixed_rank_shape.{rank}", fixed()) for rank, fixed in FIXED_RANK_SHAPES.items()
)

TWINS = ops_of_twins("ts")

TS = define_dialect("ts", __name__)
