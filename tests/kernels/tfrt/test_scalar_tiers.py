"""Scalar kernels give the same at the ends of their types, however a program runs, or is folded.

Machine code is compared with kernels in ``tests/executor/engines/plans/test_native.py``.
"""

from __future__ import annotations

import struct
from functools import cache
from itertools import product

import pytest

import tfrt

I32 = [0, 1, -1, 7, 2**31 - 1, -(2**31), 46341]
I64 = [0, 1, -1, 7, 2**63 - 1, -(2**63), 3037000500]
BITS32 = [0, 0x80000000, 1, 0x3DCCCCCD, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0x4B800001]
BITS64 = [0, 1 << 63, 1, 0x3FB999999999999A, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000, 0xFFF << 52, 0x7FF8 << 48]
VALUES = {
    "i1": [("true", True), ("false", False)],
    "i32": [(str(value), value) for value in I32],
    "i64": [(str(value), value) for value in I64],
    "f32": [(f"0x{bits:08X}", struct.unpack("<f", bits.to_bytes(4, "little"))[0]) for bits in BITS32],
    "f64": [(f"0x{bits:016X}", struct.unpack("<d", bits.to_bytes(8, "little"))[0]) for bits in BITS64],
}

INTEGERS = [
    (f"tfrt.{op}.{type}", (type, type), (result or type,))
    for type in ("i32", "i64")
    for op, result in [("add", ""), ("minus", ""), ("mul", ""), ("equal", "i1"), ("lessequal", "i1")]
]
DIVISIONS = [(f"tfrt.div.{type}", (type, type), (type, type)) for type in ("i32", "i64")]
FLOATS = [
    (f"tfrt.{op}.{type}", (type, type), (type,))
    for type in ("f32", "f64")
    for op in ("add", "multiply", "div", "minimum")
]
CASTS = [
    (f"tfrt.cast.{source}_to_{target}", (source,), (target,))
    for source, target in (("i64", "f32"), ("i64", "f64"), ("f32", "i64"), ("f64", "i64"))
]
OPS = {name: (operands, results) for name, operands, results in [*INTEGERS, *DIVISIONS, *FLOATS, *CASTS]}
OPS["tfrt.and.i1"] = (("i1", "i1"), ("i1",))

TIERS = {
    "table": {"plan_threshold": 1 << 30},
    "generated": {"plan_threshold": 0},
}


def _types(types):
    return ", ".join(types)


def _function(name, op):
    operands, results = OPS[op]
    arguments = ", ".join(f"%a{i}: {type}" for i, type in enumerate(operands))
    given = ", ".join(f"%a{i}" for i in range(len(operands)))
    names = ", ".join(f"%r#{i}" for i in range(len(results))) if len(results) > 1 else "%r"
    return f"""
func.func @{name}({arguments}) -> ({_types(results)}) {{
  %r{":2" if len(results) > 1 else ""} = "{op}"({given}) : ({_types(operands)}) -> ({_types(results)})
  tfrt.return {names} : {_types(results)}
}}"""


def _folded(name, op, literals):
    operands, results = OPS[op]
    constants = "\n".join(
        f"  %a{i} = tfrt.constant.{type} {literal}"
        for i, (type, literal) in enumerate(zip(operands, literals, strict=True))
    )
    called = _function(name, op).strip().splitlines()
    return "\n".join([f"func.func @{name}() -> ({_types(results)}) {{", constants, *called[1:]])


def _cases(op):
    return list(product(*[VALUES[type] for type in OPS[op][0]]))


@cache
def _programs():
    plain = tfrt.compile("".join(_function(op.replace(".", "_"), op) for op in OPS), "t.mlir")
    folded = "\n".join(
        _folded(f"{op.replace('.', '_')}_{number}", op, [literal for literal, _ in case])
        for op in OPS
        for number, case in enumerate(_cases(op))
    )
    return plain, tfrt.compile(folded, "t.mlir", opt_level=1)


@cache
def _loaded(tier):
    plain, folded = _programs()
    options = {"dataflow": {"plans": False}, "folded": {"plans": False}} | TIERS
    return tfrt.load(folded if tier == "folded" else plain, host=tfrt.HostContext(**options[tier]))


def _outcome(function, arguments):
    """The results as text that tells zeros apart; or what went wrong."""
    try:
        found = function(*arguments)
    except tfrt.KernelError as error:
        return error.message
    return repr(found)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("tier", [*TIERS, "folded"])
def test_every_tier_gives_what_kernels_give(op, tier):
    name = op.replace(".", "_")
    for number, case in enumerate(_cases(op)):
        values = [value for _, value in case]
        expected = _outcome(_loaded("dataflow")[name], values)
        if tier == "folded":
            assert _outcome(_loaded(tier)[f"{name}_{number}"], ()) == expected
        else:
            assert _outcome(_loaded(tier)[name], values) == expected
