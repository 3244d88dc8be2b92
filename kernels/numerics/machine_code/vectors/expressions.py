"""Elementwise expressions of vectors, in LLVM's intermediate representation: ops' native forms, in Python's syntax."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from tfrt.kernels.numerics.machine_code.vectors.code import Code


def evaluate(code: Code, expression: str, operands: Sequence[str]) -> str:
    """What the native form of an op (see `tfrt.executor.declarations.op.OpEntry`) gives for vectors of this type.
    A condition may be a vector of bits.

    Raises:
        NotImplementedError: it has something that vectors do not have.
    """
    return _expression(code, *_parsed(code, expression, operands))


def holds(code: Code, condition: str, operands: Sequence[str]) -> str:
    """For which elements of vectors of this type a condition holds, as a vector of bits; see `evaluate`."""
    return _condition(code, *_parsed(code, condition, operands))


def _parsed(code: Code, expression: str, operands: Sequence[str]) -> tuple[ast.expr, dict[str, str]]:
    names = {f"o{number}": operand for number, operand in enumerate(operands)}
    return _tree(expression, len(operands)), {**names, "zero": code.constant(0), "one": code.constant(1)}


@lru_cache(maxsize=1024)
def _tree(expression: str, operands: int) -> ast.expr:
    """The same for each tile of each kernel: parsing it takes as long as all else that writes it."""
    return ast.parse(expression.format(*[f"o{number}" for number in range(operands)]), mode="eval").body


def _expression(code: Code, tree: ast.expr, names: dict[str, str]) -> str:
    def of(each: ast.expr) -> str:
        return _expression(code, each, names)

    kind = code.dtype.kind
    is_integer, functions = kind in "iu", _FUNCTIONS[kind]
    match tree:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY[kind]:
            return _binary(code, _BINARY[kind][type(op)], of(left), of(right))
        case ast.BinOp(left=left, op=ast.Div(), right=right) if is_integer:
            return _divided(code, of(left), of(right))[0]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _negated(code, of(operand))
        case ast.UnaryOp(op=ast.Invert(), operand=operand) if not code.is_float:
            return _binary(code, "xor", of(operand), code.constant(-1 if is_integer else 1))
        case ast.Call(func=ast.Name(id=function), args=arguments) if function in functions:
            called = f"llvm.{functions[function]}.{code.suffix}"
            given = [(code.vector, of(argument)) for argument in arguments]
            more = [("i1", "false")] if function in _TELL_ZERO and not code.is_float else []
            return code.value(code.call(code.vector, called, *given, *more))
        case ast.Call(func=ast.Name(id=function), args=arguments) if function in _WRITTEN:
            return _expression(code, *_parsed(code, _WRITTEN[function], [of(argument) for argument in arguments]))
        case ast.Call(func=ast.Name(id=function), args=arguments) if function in _METHODS and is_integer:
            return _METHODS[function](code, *[of(argument) for argument in arguments])
        case ast.Compare() if kind == "b":
            return _condition(code, tree, names)
        case ast.IfExp(test=test, body=body, orelse=other):
            return code.select(_condition(code, test, names), of(body), of(other))
    raise NotImplementedError(f"no vector of {ast.unparse(tree)}")


def _condition(code: Code, tree: ast.expr, names: dict[str, str]) -> str:
    match tree:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BoolOp(op=op, values=values):
            found, *others = [_condition(code, value, names) for value in values]
            for other in others:
                found = code.value(f"{_LOGICAL[type(op)]} <{code.lanes} x i1> {found}, {other}")
            return found
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            how = _comparison(code, *_COMPARISONS[type(op)])
            x, y = _expression(code, left, names), _expression(code, right, names)
            return code.value(f"{how} {code.vector} {x}, {y}")
    raise NotImplementedError(f"no vector of {ast.unparse(tree)}")


def _comparison(code: Code, of_floats: str, of_integers: str) -> str:
    """The instruction that compares."""
    if code.is_float:
        return f"fcmp {of_floats}"
    return f"icmp {of_integers if of_integers in ('eq', 'ne') else code.sign + of_integers}"


def _binary(code: Code, instruction: str, x: str, y: str) -> str:
    return code.value(f"{instruction} {code.vector} {x}, {y}")


def _negated(code: Code, x: str) -> str:
    if code.is_float:
        return code.value(f"fneg {code.vector} {x}")
    return _binary(code, "sub", code.constant(0), x)


def _divided(code: Code, dividend: str, divisor: str) -> tuple[str, str]:
    """Quotients of integers, toward zero, and what is left. By zero all bits of the quotient are one, and all is
    left; the least integer by -1 is itself."""
    zero = code.constant(0)
    by_zero = holds(code, "{0} == zero", [divisor])
    if code.itemsize < 8:
        # Vectors of integers are divided one by one; floats of twice as many bits give the same quotients.
        wide = code.of(np.dtype(np.float64 if code.itemsize == 4 else np.float32))
        x, y = (code.number_of(each, wide) for each in (dividend, divisor))
        # Half of one more is no other quotient, and far enough from the next one for the inverse to be rounded. That is
        # computed once where all divisors are one number.
        half = wide.constant(0.5)
        beyond = evaluate(wide, "{0} + ({1} if {0} > zero else -{1})", [x, half])
        inverse = evaluate(wide, "one / ({0} if {0} != zero else one)", [y])
        exact = evaluate(wide, "{0} * {1}", [beyond, inverse])
        # The least integer by -1 is one too many.
        long = f"<{code.lanes} x i{max(32, 16 * code.itemsize)}>"
        whole = code.value(f"fptosi {wide.vector} {exact} to {long}")
        quotient = whole if long == code.vector else code.value(f"trunc {long} {whole} to {code.vector}")
    else:
        fits = code.select(by_zero, code.constant(1), divisor)
        if code.sign == "s":
            is_minus = holds(code, "{0} == {1}", [divisor, code.constant(-1)])
            quotient = _binary(code, "sdiv", dividend, code.select(is_minus, code.constant(1), fits))
            quotient = code.select(is_minus, _negated(code, dividend), quotient)
        else:
            quotient = _binary(code, "udiv", dividend, fits)
    rest = code.select(by_zero, dividend, evaluate(code, "{0} - {1} * {2}", [dividend, quotient, divisor]))
    return code.select(by_zero, evaluate(code, "~{0}", [zero]), quotient), rest


def _remainder(code: Code, dividend: str, divisor: str) -> str:
    return _divided(code, dividend, divisor)[1]


def _shift_left(code: Code, bits: str, amount: str) -> str:
    return _shifted(code, "shl", bits, amount, code.constant(0))


def _shift_right_logical(code: Code, bits: str, amount: str) -> str:
    return _shifted(code, "lshr", bits, amount, code.constant(0))


def _shift_right_arithmetic(code: Code, bits: str, amount: str) -> str:
    sign = _binary(code, "ashr", bits, code.constant(8 * code.itemsize - 1))
    return _shifted(code, "ashr", bits, amount, sign)


def _shifted(code: Code, instruction: str, bits: str, amount: str, beyond: str) -> str:
    """Bits moved by amounts without sign; past the width there is something else."""
    is_less = code.value(f"icmp ult {code.vector} {amount}, {code.constant(8 * code.itemsize)}")
    return code.select(is_less, _binary(code, instruction, bits, amount), beyond)


_BITWISE: dict[type, str] = {ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}
_ON_INTEGERS: dict[type, str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", **_BITWISE}
_BINARY: dict[str, dict[type, str]] = {
    "f": {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"},
    "i": _ON_INTEGERS,
    "u": _ON_INTEGERS,
    # Sums of truth values are `or`, products `and`.
    "b": {ast.Add: "or", ast.Mult: "and", **_BITWISE},
}
"""Instructions for Python's operators, by the kind of elements."""

_OF_FLOATS = {
    **{name: name for name in ("ceil", "floor", "sqrt", "trunc")},
    "abs": "fabs",
    "nearest": "nearbyint",
    "nearest_away": "round",
}
_OF_INTEGERS = {"leading_zeros": "ctlz", "ones": "ctpop"}
_FUNCTIONS: dict[str, dict[str, str]] = {
    "f": _OF_FLOATS,
    "i": {**_OF_INTEGERS, "abs": "abs"},
    "u": _OF_INTEGERS,
    "b": {},
}
"""LLVM's functions for those that expressions name, by the kind of elements."""

_TELL_ZERO = ("abs", "leading_zeros")
"""Functions of integers that LLVM asks about whether something may be left open. Nothing is."""

_WRITTEN = {
    "maximum": "{0} if {0} > {1} or {0} != {0} else {1}",
    "minimum": "{0} if {0} < {1} or {0} != {0} else {1}",
}
_METHODS: dict[str, Callable[..., str]] = {
    "remainder": _remainder,
    "shift_left": _shift_left,
    "shift_right_arithmetic": _shift_right_arithmetic,
    "shift_right_logical": _shift_right_logical,
}
_LOGICAL: dict[type, str] = {ast.And: "and", ast.Or: "or"}
_COMPARISONS: dict[type, tuple[str, str]] = {
    ast.Gt: ("ogt", "gt"),
    ast.Lt: ("olt", "lt"),
    ast.GtE: ("oge", "ge"),
    ast.LtE: ("ole", "le"),
    ast.Eq: ("oeq", "eq"),
    ast.NotEq: ("une", "ne"),
}
"""As Python compares: only ``!=`` holds for NaN."""
