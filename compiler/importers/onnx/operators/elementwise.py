"""Operators that work element by element: operands are broadcast first."""

from __future__ import annotations

from tfrt.compiler.importers.onnx.registry import operator
from tfrt.compiler.importers.onnx.values import Builder, Node, Value
from tfrt.compiler.importers.text import TensorType
from tfrt.executor.values.dtype import DType

_FLOATS = frozenset((DType.BF16, DType.F16, DType.F32, DType.F64))
_INTEGERS = frozenset((DType.I8, DType.I16, DType.I32, DType.I64, DType.UI8, DType.UI16, DType.UI32, DType.UI64))
_NUMBERS = _FLOATS | _INTEGERS
_BOOL = frozenset((DType.I1,))

_UNARY = {
    "Abs": ("stablehlo.abs", _NUMBERS - {DType.UI8, DType.UI16, DType.UI32, DType.UI64}),
    "BitwiseNot": ("stablehlo.not", _INTEGERS),
    "Ceil": ("stablehlo.ceil", _FLOATS),
    "Cos": ("stablehlo.cosine", _FLOATS),
    "Erf": ("chlo.erf", _FLOATS),
    "Exp": ("stablehlo.exponential", _FLOATS),
    "Floor": ("stablehlo.floor", _FLOATS),
    "Log": ("stablehlo.log", _FLOATS),
    "Neg": ("stablehlo.negate", _NUMBERS),
    "Not": ("stablehlo.not", _BOOL),
    "Round": ("stablehlo.round_nearest_even", _FLOATS),
    "Sigmoid": ("stablehlo.logistic", _FLOATS),
    "Sign": ("stablehlo.sign", _NUMBERS),
    "Sin": ("stablehlo.sine", _FLOATS),
    "Sqrt": ("stablehlo.sqrt", _FLOATS),
    "Tan": ("stablehlo.tan", _FLOATS),
    "Tanh": ("stablehlo.tanh", _FLOATS),
}

_BINARY = {
    "Add": ("stablehlo.add", _NUMBERS),
    "And": ("stablehlo.and", _BOOL),
    "BitwiseAnd": ("stablehlo.and", _INTEGERS),
    "BitwiseOr": ("stablehlo.or", _INTEGERS),
    "BitwiseXor": ("stablehlo.xor", _INTEGERS),
    "Div": ("stablehlo.divide", _NUMBERS),
    "Max": ("stablehlo.maximum", _NUMBERS),
    "Min": ("stablehlo.minimum", _NUMBERS),
    "Mul": ("stablehlo.multiply", _NUMBERS),
    "Or": ("stablehlo.or", _BOOL),
    "Pow": ("stablehlo.power", _FLOATS),
    "Sub": ("stablehlo.subtract", _NUMBERS),
    "Sum": ("stablehlo.add", _FLOATS),
    "Xor": ("stablehlo.xor", _BOOL),
}
"""Those of more operands are these, one operand after another."""

_COMPARISONS = {"Equal": "EQ", "Greater": "GT", "GreaterOrEqual": "GE", "Less": "LT", "LessOrEqual": "LE"}


def _operands(node: Node) -> list[Value]:
    return [value for value in node.inputs if value is not None]


@operator(*_UNARY)
def unary(builder: Builder, node: Node) -> list[Value] | None:
    name, takes = _UNARY[node.operator]
    (x,) = _operands(node)
    if not node.is_static or x.type.dtype not in takes:
        return None
    return builder.op(name, [x], node.types)


@operator(*_BINARY)
def binary(builder: Builder, node: Node) -> list[Value] | None:
    name, takes = _BINARY[node.operator]
    operands = _operands(node)
    if not node.is_static or len({value.type.dtype for value in operands}) > 1 or operands[0].type.dtype not in takes:
        return None
    (type,) = node.types
    found, *rest = [builder.broadcast(value, type.sizes) for value in operands]
    for value in rest:
        found = builder.one(name, [found, value], type)
    return [found]


@operator(*_COMPARISONS)
def compare(builder: Builder, node: Node) -> list[Value] | None:
    operands = _operands(node)
    dtype = operands[0].type.dtype
    if not node.is_static or dtype not in _NUMBERS | _BOOL:
        return None
    (type,) = node.types
    kind = (
        "FLOAT" if dtype in _FLOATS else "SIGNED" if dtype.name.startswith("I") and dtype not in _BOOL else "UNSIGNED"
    )
    spelled = {
        "comparison_direction": f"#stablehlo<comparison_direction {_COMPARISONS[node.operator]}>",
        "compare_type": f"#stablehlo<comparison_type {kind}>",
    }
    wide = [builder.broadcast(value, type.sizes) for value in operands]
    return builder.op("stablehlo.compare", wide, [type], spelled=spelled)


@operator("IsNaN")
def is_nan(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = _operands(node)
    if not node.is_static or x.type.dtype not in _FLOATS:
        return None
    spelled = {
        "comparison_direction": "#stablehlo<comparison_direction NE>",
        "compare_type": "#stablehlo<comparison_type FLOAT>",
    }
    return builder.op("stablehlo.compare", [x, x], node.types, spelled=spelled)


@operator("Where")
def where(builder: Builder, node: Node) -> list[Value] | None:
    if not node.is_static:
        return None
    (type,) = node.types
    return builder.op("stablehlo.select", [builder.broadcast(value, type.sizes) for value in _operands(node)], [type])


@operator("Relu")
def relu(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = _operands(node)
    if not node.is_static or x.type.dtype not in _NUMBERS:
        return None
    return builder.op("stablehlo.maximum", [x, builder.splat(0, x.type.dtype, x.type.sizes)], node.types)


@operator("LeakyRelu")
def leaky_relu(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = _operands(node)
    if not node.is_static or x.type.dtype not in (DType.F32, DType.F64):
        return None
    slope = builder.splat(node.attributes.get("alpha", 0.01), x.type.dtype, x.type.sizes)
    (scaled,) = builder.op("stablehlo.multiply", [x, slope], [x.type])
    zero = builder.splat(0, x.type.dtype, x.type.sizes)
    spelled = {
        "comparison_direction": "#stablehlo<comparison_direction LT>",
        "compare_type": "#stablehlo<comparison_type FLOAT>",
    }
    is_less = builder.one("stablehlo.compare", [x, zero], TensorType(DType.I1, x.type.shape), spelled=spelled)
    return builder.op("stablehlo.select", [is_less, scaled, x], [x.type])


@operator("Reciprocal")
def reciprocal(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = _operands(node)
    if not node.is_static or x.type.dtype not in _FLOATS:
        return None
    return builder.op("stablehlo.divide", [builder.splat(1, x.type.dtype, x.type.sizes), x], node.types)


@operator("Clip")
def clip(builder: Builder, node: Node) -> list[Value] | None:
    x = node.input(0)
    if x is None or not node.is_static or x.type.dtype not in _NUMBERS:
        return None
    found = x
    for name, bound in (("stablehlo.maximum", node.input(1)), ("stablehlo.minimum", node.input(2))):
        if bound is not None:
            wide = builder.broadcast(builder.reshape(bound, ()) if bound.constant is None else bound, x.type.sizes)
            found = builder.one(name, [found, wide], x.type)
    return [found]


@operator("Cast")
def cast(builder: Builder, node: Node) -> list[Value] | None:
    (x,) = _operands(node)
    (type,) = node.types
    if x.type == type:
        return [x]
    if not node.is_static or {x.type.dtype, type.dtype} - _NUMBERS - _BOOL:
        return None
    return builder.op("stablehlo.convert", [x], [type])


@operator("Identity")
def identity(builder: Builder, node: Node) -> list[Value]:
    return _operands(node)


@operator("Dropout")
def dropout(builder: Builder, node: Node) -> list[Value] | None:
    """Nothing is left out unless a network is trained."""
    x, training = node.input(0), node.input(2)
    if x is None or len([name for name in node.outputs if name]) > 1:
        return None
    if training is not None and (training.constant is None or training.constant.item()):
        return None
    return [x]
