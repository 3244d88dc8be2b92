"""Attributes of TensorFlow's ops that exporters leave to the types and the number of results."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerAttr, TensorType, UnrankedTensorType, i64
from xdsl.ir import Operation

_RANDOM = (
    "tf.RandomStandardNormal",
    "tf.RandomUniform",
    "tf.StatelessRandomNormal",
    "tf.StatelessRandomNormalV2",
    "tf.StatelessRandomUniform",
    "tf.StatelessRandomUniformFullInt",
    "tf.StatelessRandomUniformFullIntV2",
    "tf.StatelessRandomUniformV2",
    "tf.StatelessTruncatedNormal",
    "tf.StatelessTruncatedNormalV2",
    "tf.TruncatedNormal",
)
"""Ops that give random numbers of a type that they say."""


def derive(op: Operation, name: str) -> None:
    """Spell out such attributes of an op of that name."""
    attribute, number = _ELEMENT_TYPES.get(name, ("", 0))
    if attribute and number < len(op.results):
        type = op.results[number].type
        if isinstance(type, TensorType | UnrankedTensorType):
            op.attributes[attribute] = type.element_type
    count = _COUNTS.get(name)
    if count is not None:
        op.attributes[count] = IntegerAttr(len(op.results), i64)


_ELEMENT_TYPES: dict[str, tuple[str, int]] = {
    "tf.ArgMax": ("output_type", 0),
    "tf.ArgMin": ("output_type", 0),
    "tf.Bitcast": ("type", 0),
    "tf.Cast": ("DstT", 0),
    "tf.Empty": ("dtype", 0),
    "tf.HistogramFixedWidth": ("dtype", 0),
    "tf.ListDiff": ("out_idx", 1),
    "tf.LowerBound": ("out_type", 0),
    "tf.Lu": ("output_idx_type", 1),
    "tf.MaxPoolWithArgmax": ("Targmax", 1),
    **dict.fromkeys(_RANDOM, ("dtype", 0)),
    "tf.Multinomial": ("output_dtype", 0),
    "tf.Shape": ("out_type", 0),
    "tf.ShapeN": ("out_type", 0),
    "tf.Size": ("out_type", 0),
    "tf.StatelessMultinomial": ("output_dtype", 0),
    "tf.Unique": ("out_idx", 1),
    "tf.UniqueWithCounts": ("out_idx", 1),
    "tf.UpperBound": ("out_type", 0),
}
"""The attributes that are the element type of a result, and of which."""

_COUNTS: dict[str, str] = {
    "tf.DynamicPartition": "num_partitions",
    "tf.Split": "num_split",
    "tf.Unpack": "num",
}
"""The attributes that are the number of results."""
