"""Computing with numbers gives what computing with arrays of one element gives, whatever runs the program."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt

WAYS = {"dataflow": {"plans": False}, "table": {"plan_threshold": 1 << 30}, "generated": {"plan_threshold": 0}}
EDGES = {
    "i1": [False, True],
    "i32": [-(1 << 31), -3, -1, 0, 1, 2, 5, (1 << 31) - 1],
    "i64": [-(1 << 63), -3, -1, 0, 1, 2, 5, (1 << 63) - 1],
}
DTYPES = {"i1": np.bool_, "i32": np.int32, "i64": np.int64}
INTEGER_OPS = ["add", "subtract", "multiply", "minimum", "maximum", "divide", "remainder"]


class Writer:
    """A program that computes with scalars, writes some into an array, and loops."""

    def __init__(self, random: np.random.Generator):
        self.random = random
        self.lines: list[str] = []
        self.count = 0

    def pick(self, values):
        return values[self.random.integers(len(values))]

    def op(self, text, type):
        self.count += 1
        self.lines.append(f"  %v{self.count} = {text}")
        return f"%v{self.count}", type

    def of(self, known, type):
        return self.pick([name for name, kind in known if kind == type])

    def constant(self, type):
        value = self.pick(EDGES[type])
        return self.op(f"stablehlo.constant dense<{str(value).lower()}> : tensor<{type}>", type)

    def step(self, known):
        """One op on what is known."""
        type = self.pick(["i32", "i64", "i32"])
        t, kind = f"tensor<{type}>", self.random.integers(9)
        x, y = self.of(known, type), self.of(known, type)
        p, q = self.of(known, "i1"), self.of(known, "i1")
        if kind <= 3:
            return self.op(f"stablehlo.{self.pick(INTEGER_OPS)} {x}, {y} : {t}", type)
        if kind == 4:
            direction = self.pick(["EQ", "NE", "LT", "LE", "GT", "GE"])
            return self.op(f"stablehlo.compare {direction}, {x}, {y} : ({t}, {t}) -> tensor<i1>", "i1")
        if kind == 5:
            return self.op(f"stablehlo.select {p}, {x}, {y} : tensor<i1>, {t}", type)
        if kind == 6:
            if self.random.integers(2):
                return self.op(f"stablehlo.{self.pick(['and', 'or', 'xor'])} {p}, {q} : tensor<i1>", "i1")
            return self.op(f"stablehlo.not {p} : tensor<i1>", "i1")
        if kind == 7:
            source, target = self.pick([("i32", "i64"), ("i64", "i32"), ("i1", "i32"), ("i1", "i64"), ("i32", "i1")])
            given = self.of(known, source)
            return self.op(f"stablehlo.convert {given} : (tensor<{source}>) -> tensor<{target}>", target)
        name = self.pick(["negate", "abs"])
        return self.op(f"stablehlo.{name} {x} : {t}", type)

    def steps(self, known, count):
        for _ in range(count):
            known.append(self.step(known))

    def row(self, known, array):
        """A row of the array, changed and put elsewhere, at indices that may be anything."""
        at, to = self.of(known, "i32"), self.of(known, "i32")
        i, a, r = "tensor<i32>", "tensor<4x3xi32>", "tensor<1x3xi32>"
        zero, _ = self.op(f"stablehlo.constant dense<0> : {i}", "")
        row, _ = self.op(f"stablehlo.dynamic_slice {array}, {at}, {zero}, sizes = [1, 3] : ({a}, {i}, {i}) -> {r}", "")
        given = self.of(known, "i32")
        more, _ = self.op(f"stablehlo.broadcast_in_dim {given}, dims = [] : ({i}) -> {r}", "")
        new, _ = self.op(f"stablehlo.add {row}, {more} : {r}", "")
        made, _ = self.op(
            f"stablehlo.dynamic_update_slice {array}, {new}, {to}, {zero} : ({a}, {r}, {i}, {i}) -> {a}", ""
        )
        return made

    def loop(self, known, array):
        """A loop, whose trips can be counted or not, that carries some of what is known, in some order."""
        carried = [known[n] for n in self.random.permutation(len(known))[: self.random.integers(2, 6)]]
        types = ["i32", "tensor<4x3xi32>", *[type for _, type in carried]]
        spelled = [type if type.startswith("t") else f"tensor<{type}>" for type in types]
        start, _ = self.op("stablehlo.constant dense<0> : tensor<i32>", "")
        base = self.count = self.count + 1
        names = [f"%c{base}_{n}" for n in range(len(types))]
        inits = [start, array, *[name for name, _ in carried]]
        pairs = ", ".join(f"{name} = {init}" for name, init in zip(names, inits, strict=True))
        self.lines.append(f"  %l{base}:{len(types)} = stablehlo.while({pairs}) : {', '.join(spelled)} cond {{")
        limit, _ = self.op(f"stablehlo.constant dense<{self.random.integers(0, 4)}> : tensor<i32>", "")
        more, _ = self.op(f"stablehlo.compare LT, {names[0]}, {limit} : (tensor<i32>, tensor<i32>) -> tensor<i1>", "")
        if self.random.integers(2):
            last = next((n for n, t in zip(names[2:], types[2:], strict=True) if t == "i1"), None)
            other = last or self.op("stablehlo.constant dense<true> : tensor<i1>", "")[0]
            more, _ = self.op(f"stablehlo.and {more}, {other} : tensor<i1>", "")
        self.lines.append(f"  stablehlo.return {more} : tensor<i1>\n  }} do {{")
        inner = [*zip(names[2:], types[2:], strict=True), (names[0], "i32")]
        inner += [self.constant(type) for type in EDGES]
        self.steps(inner, self.random.integers(1, 8))
        made = self.row(inner, names[1]) if self.random.integers(3) else names[1]
        one, _ = self.op("stablehlo.constant dense<1> : tensor<i32>", "")
        following, _ = self.op(f"stablehlo.add {names[0]}, {one} : tensor<i32>", "")
        handed_on = [following, made, *[self.of(inner, type) for type in types[2:]]]
        self.lines.append(f"  stablehlo.return {', '.join(handed_on)} : {', '.join(spelled)}\n  }}")
        known += [(f"%l{base}#{n + 2}", type) for n, (_, type) in enumerate(carried)]
        return f"%l{base}#1"


def program(random: np.random.Generator) -> str:
    writer = Writer(random)
    known = [("%a", "i32"), ("%b", "i64"), ("%p", "i1"), *[writer.constant(type) for type in EDGES]]
    writer.steps(known, 3)
    array = writer.loop(known, "%x")
    writer.steps(known, 2)
    array = writer.row(known, array)
    if random.integers(2):
        array = writer.loop(known, array)
    results = [("%x", "x"), *[(writer.of(known, type), type) for type in EDGES]][1:]
    types = ["tensor<4x3xi32>", *[f"tensor<{type}>" for _, type in results]]
    body = "\n".join(writer.lines)
    return (
        "func.func @f(%a: tensor<i32>, %b: tensor<i64>, %p: tensor<i1>, %x: tensor<4x3xi32>)"
        f" -> ({', '.join(types)}) {{\n{body}\n"
        f"  return {', '.join([array, *[name for name, _ in results]])} : {', '.join(types)}\n}}"
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed):
    random = np.random.default_rng(seed)
    text = program(random)
    plain = tfrt.load(tfrt.compile(text))["f"]
    compiled = tfrt.compile(text, opt_level=2)
    ways = {way: tfrt.load(compiled, host=tfrt.HostContext(**options))["f"] for way, options in WAYS.items()}
    ways["threads"] = tfrt.load(compiled, host=(host := tfrt.HostContext("mstd:2")))["f"]
    with host:
        for _ in range(3):
            a, b, p = (random.choice(np.array(EDGES[type], DTYPES[type])) for type in ("i32", "i64", "i1"))
            x = np.arange(12, dtype=np.int32).reshape(4, 3)
            expected = plain(a, b, p, x)
            for way, run in ways.items():
                found = run(a, b, p, x)
                for result, wanted in zip(found, expected, strict=True):
                    assert type(result) is np.ndarray and result.dtype == wanted.dtype, way
                    assert np.array_equal(result, wanted), (way, seed)
            assert np.array_equal(x, np.arange(12).reshape(4, 3))


def test_elements_of_arrays_without_dimensions_are_no_starts():
    text = """func.func @f(%x: tensor<i32>) -> (tensor<i32>, tensor<i32>) {
  %one = stablehlo.constant dense<1> : tensor<i32>
  %y = stablehlo.add %x, %one : tensor<i32>
  %s = stablehlo.dynamic_slice %y, sizes = [] : (tensor<i32>) -> tensor<i32>
  %u = stablehlo.dynamic_update_slice %y, %one : (tensor<i32>, tensor<i32>) -> tensor<i32>
  return %s, %u : tensor<i32>, tensor<i32>
}"""
    for options in WAYS.values():
        run = tfrt.load(tfrt.compile(text, opt_level=2), host=tfrt.HostContext(**options))["f"]
        assert [int(result) for result in run(np.array(4, np.int32))] == [5, 1]


UNKNOWN = """
func.func @main(%n: tensor<i32>, %x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %found:2 = stablehlo.while(%i = %zero, %y = %x) : tensor<i32>, tensor<?x3xf32>
  cond {
    %less = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %less : tensor<i1>
  } do {
    %row = stablehlo.dynamic_slice %y, %i, %zero, sizes = [1, 3]
      : (tensor<?x3xf32>, tensor<i32>, tensor<i32>) -> tensor<1x3xf32>
    %sum = stablehlo.add %row, %row : tensor<1x3xf32>
    %new = stablehlo.dynamic_update_slice %y, %sum, %i, %zero
      : (tensor<?x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i32>) -> tensor<?x3xf32>
    %next = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %next, %new : tensor<i32>, tensor<?x3xf32>
  }
  return %found#1 : tensor<?x3xf32>
}"""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("level", range(4))
def test_numbers_start_parts_of_arrays_of_unknown_sizes(level, way):
    with tfrt.HostContext("s", **WAYS[way]) as host:
        run = tfrt.load(tfrt.compile(UNKNOWN, "unknown.mlir", opt_level=level), host=host)["main"]
        for rows in (4, 6):
            x = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
            np.testing.assert_array_equal(run(np.int32(2), x), np.where(np.arange(rows)[:, None] < 2, 2 * x, x))
