"""Elementwise chains of mixed types, each one pass over memory, against numpy by hand and JAX.

    python benchmarks/chains.py [--rounds N] [--cases TEXT] [--rows N]

A case is a chain of one kind: quantised numbers, masks that come from counting, halves, functions that numpy has not,
bits. All ways are timed in turn within every round: numpy by hand, in the types that somebody would use, tfrt with
numpy and as machine code, and JAX. Shown are the median and the least time of a run in microseconds, and the ratio of
the median to numpy's. One thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import ml_dtypes
import numpy as np
from interleaved import agreed, parser_of, timed

import tfrt
from tfrt.executor.support.machine_code import is_available

Ways = dict[str, Callable[[], Any]]
WIDTH = 1024


@dataclass(frozen=True)
class Case:
    """A chain.

    Attributes:
        arguments: their types, with ``N`` for how many rows there are.
        result: that of the result.
        body: lines of StableHLO, of which the last one names ``%r``; a constant ``%name`` is ``name = number : type``.
        by_hand: the same of arrays, given numpy, or what looks like it.
        tolerance: how far results may be apart.
    """

    arguments: tuple[str, ...]
    result: str
    body: str
    by_hand: Callable[..., Any]
    tolerance: float = 1e-5

    def text(self, rows: int) -> str:
        """The program."""
        arguments = ", ".join(f"%a{number}: {type}" for number, type in enumerate(map(_tensor, self.arguments)))
        lines = [f"  {line}" for line in map(_line, self.body.strip().splitlines())]
        head = f"func.func @main({arguments}) -> {_tensor(self.result)} {{"
        text = "\n".join([head, *lines, f"  return %r : {_tensor(self.result)}", "}"])
        return text.replace("<N", f"<{rows}")


def _tensor(type: str) -> str:
    return f"tensor<{type}>"


def _line(line: str) -> str:
    """A line of a body: ``name = op operands : types``; an op without a dialect is StableHLO's, a number a constant."""
    name, what = line.strip().split(" = ", 1)
    text, types = what.rsplit(" : ", 1)
    op, *operands = text.split(" ")
    if not operands:
        return f"%{name} = stablehlo.constant dense<{op}> : {_tensor(types)}"
    if op == "along":
        source, result = types.split(" -> ")
        dims, value = operands
        return (
            f"%{name} = stablehlo.broadcast_in_dim %{value}, dims = [{dims}] : ({_tensor(source)}) -> {_tensor(result)}"
        )
    if op == "iota":
        return f"%{name} = stablehlo.iota dim = {operands[0]} : {_tensor(types)}"
    if op == "compare":
        how, kind, x, y = operands
        flags = f"{types.rsplit('x', 1)[0]}xi1"
        of = f"({_tensor(types)}, {_tensor(types)}) -> {_tensor(flags)}"
        return f"%{name} = stablehlo.compare {how}, %{x}, %{y}, {kind} : {of}"
    if op == "select":
        flags = f"{types.rsplit('x', 1)[0]}xi1"
        given = ", ".join(f"%{operand}" for operand in operands)
        return f"%{name} = stablehlo.select {given} : {_tensor(flags)}, {_tensor(types)}"
    given = ", ".join(f"%{operand}" for operand in operands)
    full = op if "." in op else f"stablehlo.{op}"
    if " -> " in types:
        source, result = map(_tensor, types.split(" -> "))
        return f"%{name} = {full} {given} : {f'({source})' if op == 'convert' else source} -> {result}"
    return f"%{name} = {full} {given} : {_tensor(types)}"


M = f"Nx{WIDTH}"


def _gelu(m: ModuleType, x: Any) -> Any:
    if m is not np:
        from jax.scipy.special import erfc

        return x * m.float32(0.5) * erfc(-x * m.float32(0.70710677))
    # Abramowitz and Stegun, 7.1.26.
    y = np.abs(x) * np.float32(0.70710677)
    t = 1 / (1 + np.float32(0.3275911) * y)
    series = np.float32(1.061405429) * t - np.float32(1.453152027)
    for coefficient in (1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(coefficient)
    return x * np.float32(0.5) * (1 + np.copysign(1 - series * t * np.exp(-y * y), x))


def _window(m: ModuleType, x: Any, length: Any) -> Any:
    i, j = m.arange(x.shape[0], dtype=m.int32)[:, None], m.arange(x.shape[1], dtype=m.int32)
    return m.where((j <= i) & (i - j < length), x, m.float32(-1e9))


def _hash(m: ModuleType, x: Any) -> Any:
    x = (x ^ m.uint32(61)) ^ (x >> m.uint32(16))
    x = x * m.uint32(9)
    x = x ^ (x >> m.uint32(4))
    x = x * m.uint32(668265261)
    return x ^ (x >> m.uint32(15))


CASES: dict[str, Case] = {
    "quantise, f32 to i8": Case(
        (f"{M}xf32", f"{WIDTH}xf32"),
        f"{M}xi8",
        f"""s = along 1 a1 : {WIDTH}xf32 -> {M}xf32
            q = divide a0 s : {M}xf32
            w = round_nearest_even q : {M}xf32
            l = -128.0 : {M}xf32
            h = 127.0 : {M}xf32
            m = maximum w l : {M}xf32
            n = minimum m h : {M}xf32
            r = convert n : {M}xf32 -> {M}xi8""",
        lambda m, x, s: m.clip(m.round(x / s), -128, 127).astype(m.int8),
    ),
    "dequantise, u8 to f32": Case(
        (f"{M}xui8", f"{WIDTH}xui8", f"{WIDTH}xf32"),
        f"{M}xf32",
        f"""z = along 1 a1 : {WIDTH}xui8 -> {M}xui8
            s = along 1 a2 : {WIDTH}xf32 -> {M}xf32
            x = convert a0 : {M}xui8 -> {M}xf32
            y = convert z : {M}xui8 -> {M}xf32
            d = subtract x y : {M}xf32
            r = multiply d s : {M}xf32""",
        lambda m, x, z, s: (x.astype(m.float32) - z.astype(m.float32)) * s,
    ),
    "a window of a mask, by counting": Case(
        (f"{M}xf32", "i32"),
        f"{M}xf32",
        f"""i = iota 0 : {M}xi32
            j = iota 1 : {M}xi32
            n = along  a1 : i32 -> {M}xi32
            b = compare LE SIGNED j i : {M}xi32
            d = subtract i j : {M}xi32
            c = compare LT SIGNED d n : {M}xi32
            m = and b c : {M}xi1
            f = -1.0e9 : {M}xf32
            r = select m a0 f : {M}xf32""",
        _window,
    ),
    "labels taken away": Case(
        (f"{M}xf32", "Nxi32"),
        f"{M}xf32",
        f"""j = iota 1 : {M}xi32
            l = along 0 a1 : Nxi32 -> {M}xi32
            b = compare EQ SIGNED j l : {M}xi32
            o = convert b : {M}xi1 -> {M}xf32
            r = subtract a0 o : {M}xf32""",
        lambda m, x, labels: x - (m.arange(x.shape[1], dtype=m.int32) == labels[:, None]).astype(m.float32),
    ),
    "scale, shift and relu, f16": Case(
        (f"{M}xf16", f"{WIDTH}xf16", f"{WIDTH}xf16"),
        f"{M}xf16",
        f"""s = along 1 a1 : {WIDTH}xf16 -> {M}xf16
            b = along 1 a2 : {WIDTH}xf16 -> {M}xf16
            x = multiply a0 s : {M}xf16
            y = add x b : {M}xf16
            z = 0.0 : {M}xf16
            r = maximum y z : {M}xf16""",
        lambda m, x, s, b: m.maximum(x * s + b, m.float16(0)),
        1e-2,
    ),
    "x * sigmoid(x), bf16": Case(
        (f"{M}xbf16",),
        f"{M}xbf16",
        f"""s = logistic a0 : {M}xbf16
            r = multiply a0 s : {M}xbf16""",
        lambda m, x: (x.astype(m.float32) / (1 + m.exp(-x.astype(m.float32)))).astype(x.dtype),
        2e-2,
    ),
    "gelu by erfc": Case(
        (f"{M}xf32",),
        f"{M}xf32",
        f"""c = 0.70710677 : {M}xf32
            h = 0.5 : {M}xf32
            n = negate a0 : {M}xf32
            y = multiply n c : {M}xf32
            e = chlo.erfc y : {M}xf32 -> {M}xf32
            x = multiply a0 h : {M}xf32
            r = multiply x e : {M}xf32""",
        _gelu,
        2e-5,
    ),
    "log(1 + exp(x))": Case(
        (f"{M}xf32",),
        f"{M}xf32",
        f"""z = 0.0 : {M}xf32
            m = maximum a0 z : {M}xf32
            a = abs a0 : {M}xf32
            n = negate a : {M}xf32
            e = exponential n : {M}xf32
            l = log_plus_one e : {M}xf32
            r = add m l : {M}xf32""",
        lambda m, x: m.maximum(x, 0) + m.log1p(m.exp(-m.abs(x))),
    ),
    "elu": Case(
        (f"{M}xf32",),
        f"{M}xf32",
        f"""z = 0.0 : {M}xf32
            b = compare GT FLOAT a0 z : {M}xf32
            e = exponential_minus_one a0 : {M}xf32
            r = select b a0 e : {M}xf32""",
        lambda m, x: m.where(x > 0, x, m.expm1(x)),
    ),
    "bits mixed, u32": Case(
        (f"{M}xui32",),
        f"{M}xui32",
        f"""a = 61 : {M}xui32
            s = 16 : {M}xui32
            f = 4 : {M}xui32
            t = 15 : {M}xui32
            n = 9 : {M}xui32
            p = 668265261 : {M}xui32
            v = xor a0 a : {M}xui32
            w = shift_right_logical a0 s : {M}xui32
            x = xor v w : {M}xui32
            y = multiply x n : {M}xui32
            b = shift_right_logical y f : {M}xui32
            c = xor y b : {M}xui32
            d = multiply c p : {M}xui32
            e = shift_right_logical d t : {M}xui32
            r = xor d e : {M}xui32""",
        _hash,
    ),
}


def _some(type: str, rows: int, random: np.random.Generator) -> np.ndarray:
    *sizes, name = type.split("x") if "x" in type else [type]
    shape = [rows if size == "N" else int(size) for size in sizes]
    if name.startswith(("i", "ui")):
        dtype = np.dtype(f"{'u' if name.startswith('ui') else ''}int{name.lstrip('ui')}")
        return np.asarray(random.integers(0, 200 if dtype.itemsize == 1 else WIDTH, shape)).astype(dtype)
    dtype = np.dtype(ml_dtypes.bfloat16) if name == "bf16" else np.dtype(f"float{name[1:]}")
    # What others are divided by is not near zero.
    return (random.uniform(0.01, 0.1, shape) if len(shape) == 1 else random.normal(size=shape)).astype(dtype)


def ways_of(case: Case, rows: int) -> Ways:
    """All ways to compute a case that there are here."""
    random = np.random.default_rng(0)
    arguments = [_some(type, rows, random) for type in case.arguments]
    ways: Ways = {"numpy": partial(case.by_hand, np, *arguments)}
    bef = tfrt.compile(case.text(rows), "chain.mlir", opt_level=2)
    for way, native in (("tfrt, numpy", False), ("tfrt, native", True)):
        if not native or is_available():
            run = tfrt.load(bef, host=tfrt.HostContext("s", native=native))["main"]
            ways[way] = partial(run, *arguments)
    if find_spec("jax"):
        import jax

        run_jax, placed = jax.jit(partial(case.by_hand, jax.numpy)), jax.device_put(arguments)
        ways["jax"] = lambda: run_jax(*placed).block_until_ready()
    return ways


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = parser_of(__doc__, 40)
    parser.add_argument("--rows", type=int, default=256, metavar="N", help=f"rows of {WIDTH} elements (default: 256)")
    options = parser.parse_args(argv)
    print(f"{'us a run':48}{'p50':>10}{'least':>10}{'ratio':>8}")
    for name, case in CASES.items():
        if options.cases in name:
            show(name, ways_of(case, options.rows), options.rounds, case.tolerance)
    return 0


def show(name: str, ways: Ways, rounds: int, tolerance: float) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    with np.errstate(all="ignore"):
        agreed(name, ways, rtol=tolerance, atol=tolerance)
        times = {way: [each * 1e6 for each in found] for way, found in timed(ways, rounds).items()}
    floor = median(times["numpy"])
    for way, found in times.items():
        middle = median(found)
        print(f"{name:34}{way:14}{middle:10.1f}{min(found):10.1f}{middle / floor:8.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
