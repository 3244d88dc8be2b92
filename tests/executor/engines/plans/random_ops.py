"""What random programs are made of: types, values and constants, and the ops that `menu` offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

import tfrt

I1, I32, I64, F32, STRING, BOX, CHAIN = "i1", "i32", "i64", "f32", "!tfrt.string", "!rnd.box", "!tfrt.chain"
COUNT = "count"
"""An i32 of at most 3, for loops and recursion."""

CONSTANTS: dict[str, tuple[str, Sequence[str]]] = {
    I1: ("tfrt.constant.i1", ("false", "true")),
    I32: ("tfrt.constant.i32", [f"{n} : i32" for n in (0, 1, 2, 3, -1, 8, 2147483647, -2147483648)]),
    COUNT: ("tfrt.constant.i32", [f"{n} : i32" for n in (2, 3, 1, 0, -1)]),
    I64: ("tfrt.constant.i64", [f"{n} : i64" for n in (0, 1, -7, 9223372036854775807, -9223372036854775808)]),
    F32: ("tfrt.constant.f32", [f"{x} : f32" for x in ("0.0", "1.5", "-0.0", "3.0e38", "0x7F800000", "0x7FC00000")]),
    STRING: ("tfrt_test.get_string", ('""', '"a"', '"b\\0Ac"')),
}

VALUES: dict[str, Sequence[Any]] = {
    I1: (False, True),
    I32: (0, 1, 2, 3, -1, 8, 2147483647, -2147483648),
    COUNT: (2, 3, 1, 0, -1),
    I64: (0, 1, -7, 9223372036854775807, -9223372036854775808),
    F32: (0.0, 1.5, -0.0, 3.0e38, float("inf"), float("nan")),
    STRING: ("", "a", "b\nc"),
    CHAIN: (tfrt.CHAIN,),
}
"""What functions are called with. `BOX` has none: boxes are made inside."""

DATA = (I32, I32, I32, I32, I1, I1, STRING, BOX, F32, I64)


@dataclass(frozen=True)
class Features:
    """What the programs of a test have, besides arithmetic and calls.

    Attributes:
        effects: "none", "chained" or "free"; see the module docstring.
        control: branches, loops and recursion.
        asynchrony: kernels and arguments that are pending.
        errors: kernels and arguments that fail.
        cancellation: kernels that cancel the request, and requests that are cancelled before they begin.
        streams: functions whose kernels are on streams that the compiler would not choose.
        others: kernels that run functions in their own way, and synchronous functions; nothing orders their effects.
    """

    effects: str = "none"
    control: bool = False
    asynchrony: bool = False
    errors: bool = False
    cancellation: bool = False
    streams: bool = False
    others: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """A kernel of fixed types. In chained programs its last operand and result of type `CHAIN` are the chain."""

    name: str
    operands: tuple[str, ...]
    results: tuple[str, ...]
    attributes: str = ""


ANY = "any"
"""In an `Op`: any type of `DATA`, everywhere the same."""


def _ops(spelling: str) -> list[Op]:
    """Ops from lines such as ``rnd.add i32 i32 -> i32``."""
    types = {"string": STRING, "box": BOX, "chain": CHAIN}
    ops = []
    for line in spelling.strip().splitlines():
        name, *rest = line.split()
        arrow = rest.index("->")
        operands, results = (tuple(types.get(t, t) for t in part) for part in (rest[:arrow], rest[arrow + 1 :]))
        ops.append(Op(name, operands, results))
    return ops


ARITHMETIC = _ops("""
    tfrt.add.i32 i32 i32 -> i32
    tfrt.minus.i32 i32 i32 -> i32
    tfrt.mul.i32 i32 i32 -> i32
    tfrt.lessequal.i32 i32 i32 -> i1
    tfrt.equal.i32 i32 i32 -> i1
    tfrt.and.i1 i1 i1 -> i1
    tfrt.add.i64 i64 i64 -> i64
    tfrt.mul.i64 i64 i64 -> i64
    tfrt.lessequal.i64 i64 i64 -> i1
    tfrt.add.f32 f32 f32 -> f32
    tfrt.minimum.f32 f32 f32 -> f32
    tfrt.multiply.f32 f32 f32 -> f32
    tfrt.cast.i64_to_f32 i64 -> f32
    tfrt.cast.f32_to_i64 f32 -> i64
    rnd.twice i32 -> i32
""")

PURE = _ops("""
    tfrt_test.append_string string string -> string
    tfrt_test.string_equal string string -> i1
    rnd.same any -> any
    rnd.only any -> any
    rnd.swap i32 i32 -> i32 i32
    rnd.swap i1 i1 -> i1 i1
    rnd.box i32 -> box
    rnd.box box -> box
    rnd.open box -> i32
    tfrt_test.count3.i32 i32 -> i32 i32 i32
""")

ASYNCHRONOUS = _ops("""
    rnd.async_add i32 i32 -> i32
    rnd.later any -> any
    rnd.later_twice any -> any
    rnd.sometimes i32 -> i32
    rnd.available any -> any
    rnd.blocking any -> any
    rnd.half i32 -> i32 i32
    rnd.twin i32 -> i32 i32
    rnd.silent_later i32 ->
    tfrt_test.async_add.i32 i32 i32 -> i32
""")

FAILING = _ops("""
    rnd.fail i32 -> i32
    rnd.fail_plainly i32 -> i32
    rnd.failed i32 -> i32
    rnd.raise i32 -> i32
    rnd.half_failed i32 -> i32 i32
    rnd.short i32 -> i32 i32
    rnd.silent i32 ->
    tfrt.div.i32 i32 i32 -> i32 i32
    tfrt.div.f32 f32 f32 -> f32
    tfrt_test.partial_fail -> i32 i32
""")

FAILING_LATER = _ops("""
    rnd.fail_later i32 -> i32
    rnd.fail_blocking i32 -> i32
    rnd.silent_fail_later i32 ->
""")

CHAINED = _ops("""
    rnd.print i32 chain -> chain
    rnd.print_pair i32 chain -> i32 chain
    rnd.show any chain -> chain
    rnd.print_place i32 chain -> chain
    tfrt.print.i32 i32 chain -> chain
    tfrt.print.i1 i1 chain -> chain
""")

CHAINED_IN_ORDER = _ops("rnd.count chain -> i32 chain")
"""Their values depend on the order of effects, so they are left out where that is free."""

CHAINED_LATER = _ops("""
    rnd.print_later i32 chain -> chain
    rnd.print_blocking i32 chain -> chain
""")

CHAINED_LATER_IN_ORDER = _ops("rnd.print_half i32 chain -> i32 chain")
"""Its value is there before the effect is over, for which one has to wait by the chain."""

CHAINED_FAILING = _ops("""
    rnd.check i32 chain -> chain
    rnd.check_half i32 chain -> i32 chain
""")

CHAINED_FAILING_IN_ORDER = _ops("rnd.same_error i32 chain -> chain")
CHAINED_FAILING_LATER = _ops("rnd.check_later i32 chain -> chain")
CANCELLING = _ops("rnd.cancel i32 chain -> chain")
CANCELLING_LATER = _ops("rnd.cancel_later i32 chain -> chain")

FREE = [
    *_ops("""
    rnd.say i32 ->
    rnd.tell i32 -> i32
"""),
    Op("tfrt_test.test_cost", (I32,), (I32,), "_tfrt_cost = 1 : i64, id = 1 : i64"),
    Op("tfrt_test.test_cost", (I32,), (I32,), "_tfrt_cost = 50 : i64, id = 50 : i64"),
]

FREE_LATER = _ops("""
    rnd.tell_later i32 -> i32
    rnd.say_after i32 ->
    rnd.say_blocking i32 ->
""")

FREE_FAILING = _ops("rnd.protest i32 ->")
FREE_CHAINS = _ops("""
    tfrt.merge.chains chain chain -> chain
    tfrt.alias.value chain any -> any
""")


@lru_cache
def menu(features: Features, threads_chain: bool, has_control: bool) -> st.SearchStrategy[Any]:
    """What an op of a function may be: an `Op`, or the name of a method of `_Body`. The simplest come first."""
    is_free, is_late = features.effects == "free", features.asynchrony
    has_chains = threads_chain or is_free
    groups: list[tuple[int, list[Any]]] = [
        (3, ARITHMETIC),
        (1, PURE),
        (3, ["call"]),
        (2, ASYNCHRONOUS if is_late else []),
        (1, FAILING if features.errors else []),
        (1, FAILING_LATER if features.errors and is_late else []),
        (4, CHAINED if has_chains else []),
        (2, CHAINED_LATER if has_chains and is_late else []),
        (1, CHAINED_FAILING if has_chains and features.errors else []),
        (1, CHAINED_FAILING_LATER if has_chains and features.errors and is_late else []),
        (2, CANCELLING if has_chains and features.cancellation else []),
        (1, CANCELLING_LATER if has_chains and features.cancellation and is_late else []),
        (1, CHAINED_IN_ORDER if threads_chain else []),
        (1, CHAINED_LATER_IN_ORDER if threads_chain and is_late else []),
        (1, CHAINED_FAILING_IN_ORDER if threads_chain and features.errors else []),
        (1, ["merge"] if threads_chain else []),
        (5, FREE if is_free else []),
        (2, FREE_LATER if is_free and is_late else []),
        (1, FREE_FAILING if is_free and features.errors else []),
        (1, FREE_CHAINS if is_free else []),
        (4, ["if_", "case", "cond"] if has_control else []),
        (4, ["repeat"] if has_control else []),
        (1, ["while_"] if has_control else []),
        (2, ["apply", "once", "parallel_for"] if has_control and features.others else []),
        (1, ["apply_later", "do_async"] if has_control and features.others and is_late else []),
    ]
    strategies = [st.sampled_from(group) for weight, group in groups for _ in range(weight if group else 0)]
    return st.one_of(strategies)


def of_synchronous_functions(features: Features) -> list[list[Op]]:
    """The ops that synchronous functions may have, in groups."""
    groups = [ARITHMETIC, ASYNCHRONOUS if features.asynchrony else [], FAILING if features.errors else []]
    if features.effects == "free":
        # Nothing orders its effects and its caller's.
        groups += [CHAINED, CANCELLING if features.cancellation else [], CHAINED_FAILING if features.errors else []]
    unused = {F32, I64, ANY}
    return [[op for op in group if unused.isdisjoint((*op.operands, *op.results))] for group in groups if group]
