"""Custom calls of frameworks' programs, as ops of the core runtime: target `t` is the op ``custom_call.t``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    f64,
    i1,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.dialects.shared.spelled_attributes import SpelledByWord
from tfrt.executor.declarations.custom_calls import OP_PREFIX

CUSTOM_CALL = "stablehlo.custom_call"

_CHECKS: dict[str, dict[str, Attribute]] = {
    "check.expect_almost_eq": {"tolerance": FloatAttr(1e-3, f64)},
    "check.expect_close": {"max_ulp_difference": IntegerAttr(3, i64)},
    "check.expect_eq": {},
}
"""Checks that may be called by name, and how near values must be then, as in the reference interpreter."""

_IDENTITIES = frozenset(
    (
        "LayoutConstraint",
        "SPMDFullToShardShape",
        "SPMDShardToFullShape",
        "Sharding",
        "annotate_device_placement",
    )
)
_SHARDY = "xla.sdy."
"""What Shardy's calls begin with: they say where parts of a value are."""

_FOREIGN = ("jax.", "mhlo.", "sdy.", "tf.", "xla.")
"""What the names of attributes begin with that say nothing to a target."""

_CONFIGURATIONS = ("mhlo.backend_config", "mhlo.attributes")
"""Dictionaries of what a target is given, beside the property `backend_config`."""


def target_of(op: Operation) -> str:
    """Which target a custom call names."""
    name = op.properties["call_target_name"]
    assert isinstance(name, StringAttr)
    return name.data


def is_identity(op: Operation) -> bool:
    """Whether an op is a custom call whose results are its operands, on one device."""
    if op.name != CUSTOM_CALL or len(op.operands) != len(op.results):
        return False
    target = target_of(op)
    return target in _IDENTITIES or target.startswith(_SHARDY)


def op_name_of(op: Operation) -> str:
    """The name of the op of the core runtime that a custom call runs."""
    target = target_of(op)
    return target if target in _CHECKS else f"{OP_PREFIX}{target}"


_SHAPES = "indices_of_shape_operands"


def operands_of_target(op: Operation) -> list[SSAValue]:
    """What a custom call passes on: all operands but those that only say which shapes its results have."""
    dropped = shape_operands_of(op) or ()
    return [operand for number, operand in enumerate(op.operands) if number not in dropped]


def shape_operands_of(op: Operation) -> list[int] | None:
    """The operands of a custom call that are the shapes of its results, by number; None where it does not say."""
    shapes = op.attributes.get(_SHAPES)
    if op.name != CUSTOM_CALL or not isinstance(shapes, DenseIntOrFPElementsAttr | DenseArrayBase):
        return None
    return [int(number) for number in shapes.get_values()]


def call_attributes(
    op: Operation, body: Callable[[FuncOp], Attribute], functions: dict[str, FuncOp]
) -> list[Attribute]:
    """What the target is given, as pairs of a name and a value: the fields of its configuration, which is an attribute
    `backend_config` where it is a string, and the functions that it calls, as `called_computations`.

    Args:
        body: spells a function as a body (`tfrt.kernels.shared.bodies`).
        functions: those of the program, by name.
    """
    given: dict[str, Attribute] = dict(_CHECKS.get(target_of(op), {}))
    given |= {n: value for n, value in op.attributes.items() if not n.startswith(_FOREIGN) and n != _SHAPES}
    config = op.properties.get("backend_config")
    if isinstance(config, StringAttr) and config.data:
        given["backend_config"] = config
    for attribute in (config, *(op.attributes.get(name) for name in _CONFIGURATIONS)):
        if isinstance(attribute, DictionaryAttr):
            given |= attribute.data
    called = op.properties.get("called_computations")
    if isinstance(called, ArrayAttr) and called.data:
        names = [symbol.root_reference.data for symbol in called if isinstance(symbol, SymbolRefAttr)]
        given["called_computations"] = ArrayAttr([body(functions[name]) for name in names if name in functions])
    return [ArrayAttr([StringAttr(name), value]) for name, value in _flat(given.items())]


def _flat(items: Iterable[tuple[str, Attribute]]) -> Iterable[tuple[str, Attribute]]:
    """Attributes that an op of the core runtime may have; those in dictionaries are called ``dictionary_name``."""
    for name, attribute in items:
        match attribute:
            case DictionaryAttr():
                yield from _flat((f"{name}_{key}", value) for key, value in attribute.data.items())
            case IntegerAttr():
                kind = i1 if attribute.type == i1 else i64
                yield name, IntegerAttr(attribute.value.data, kind)
            case DenseArrayBase() | DenseIntOrFPElementsAttr():
                yield name, ArrayAttr([_number(value) for value in attribute.get_values()])
            case SpelledByWord():
                yield name, StringAttr(attribute.data)
            case ArrayAttr() | FloatAttr() | StringAttr():
                yield name, attribute


def _number(value: int | float | bool) -> Attribute:
    return FloatAttr(value, f64) if isinstance(value, float) else IntegerAttr(int(value), i64)
