"""Text → BEF → text → BEF gives the same bytes, for random modules of everything that BEF can hold."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble, is_complete
from tfrt.compiler.frontend import parse_module
from tfrt.executor.bef import read_bef
from tfrt.executor.values.dtype import DType

DENSE_TYPES = [d.mlir for d in DType if d.name[0] != "Q" and d not in (DType.STRING, DType.RESOURCE, DType.VARIANT)]
INTEGERS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "ui8": 8, "ui16": 16, "ui32": 32, "ui64": 64}
FLOATS = ["bf16", "f16", "f32", "f64"]
TYPES = ["i32", "f32", "!tfrt.chain", "tensor<2x?xf32>", "!t.tensor", "!test.thing<1>", "index", "none", "(i1) -> f64"]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def quoted(text: str) -> str:
    """A string as MLIR spells it; all but letters and digits by their bytes."""
    return '"' + "".join(chr(b) if chr(b).isalnum() and b < 128 else f"\\{b:02X}" for b in text.encode()) + '"'


class Module:
    """Draws the text of a module, in generic form."""

    def __init__(self, draw: st.DrawFn):
        self.draw = draw
        # One draw a module: hypothesis is slow with thousands.
        self.random = random.Random(draw(st.integers(0, 2**32)))
        self.texts = draw(st.lists(TEXTS, min_size=1, max_size=4))
        self.functions = [f"f{i}" for i in range(self.random.randint(1, 4))]
        self.next_value = 0

    def choice(self, options: list[str]) -> str:
        return self.random.choice(options)

    def integer(self, type: str) -> str:
        bits = INTEGERS[type]
        if type == "i1":
            return self.choice(["true", "false"])
        low, high = (0, 2**bits - 1) if type.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return f"{self.choice([str(low), str(high), '0', str(self.random.randint(low, high))])} : {type}"

    def float(self, type: str) -> str:
        # NaNs keep their sign only.
        special = {"bf16": ["0x7F80", "0xFFC0"], "f16": ["0x7C00", "0xFE00"], "f32": ["0x7F800000", "0xFFC00000"]}
        special["f64"] = ["0x7FF0000000000000", "0xFFF8000000000000"]
        value = self.choice(["0.0", "-0.0", "1.5", "-2.5e-3", repr(self.random.gauss(0, 1e3)), *special[type]])
        return f"{value} : {type}"

    def scalar(self) -> str:
        kind = self.random.randrange(4)
        if kind == 0:
            return self.integer(self.choice(list(INTEGERS)))
        if kind == 1:
            return self.float(self.choice(FLOATS))
        if kind == 2:
            return quoted(self.choice(self.texts))
        return self.choice(["i32", "f32", "i1", "ui8", "bf16", "complex<f32>", "!corert.string", "!corert.quint8"])

    def shape(self) -> str:
        dimensions = [self.choice(["?", "0", "1", "7"]) for _ in range(self.random.randint(0, 3))]
        return self.choice(["#corert.shape<*>", f"#corert.shape<{'x'.join(dimensions)}>"])

    def dense(self) -> str:
        type = self.choice(DENSE_TYPES)
        shape = [self.random.randint(0, 3) for _ in range(self.random.randint(0, 2))]
        count = 1
        for dimension in shape:
            count *= dimension
        size = DType({d.mlir: d for d in DType}[type]).numpy.itemsize
        if type == "i1":
            value = self.choice(["true", "false"])
        else:
            # The highest bits that are no sign are cleared, or some floats were NaNs.
            data = bytes(byte & 0xBF for byte in self.random.randbytes(size * self.random.choice([1, count])))
            value = f'"0x{data.hex().upper()}"'
        tensor = "".join(f"{d}x" for d in shape) + type
        return f"dense<{value if count else ''}> : tensor<{tensor}>"

    def array(self, depth: int) -> str:
        count = self.random.randint(0, 3)
        if self.random.random() < 0.5:
            type = self.choice([*INTEGERS, *FLOATS])
            make = self.integer if type in INTEGERS else self.float
            return f"[{', '.join(make(type) for _ in range(count))}]"
        return f"[{', '.join(self.attribute(depth + 1) for _ in range(count))}]"

    def attribute(self, depth: int = 0) -> str:
        kind = self.random.randrange(6)
        if kind == 0:
            return self.shape()
        if kind == 1:
            return self.dense()
        if kind == 2 and depth < 4:
            return self.array(depth)
        return self.scalar()

    def location(self, depth: int = 0) -> str:
        """What stands between the parentheses of ``loc(...)``."""
        kind = self.random.randrange(2 if depth > 2 else 5)
        text = quoted(self.choice(self.texts))
        if kind == 0:
            return "unknown"
        if kind == 1:
            return f"{text}:{self.random.randrange(1000)}:{self.random.randrange(2**20)}"
        if kind == 2:
            return f"{text}({self.location(depth + 1)})"
        if kind == 3:
            return f"callsite({self.location(depth + 1)} at {self.location(depth + 1)})"
        parts = [self.location(depth + 1) for _ in range(self.random.randint(1, 3))]
        return f"fused[{', '.join(parts)}]"

    def block(self, arguments: list[tuple[str, str]], depth: int, results: list[str] | None = None) -> list[str]:
        """The ops of a block, ended by a return of values of the types `results` (by default any values)."""
        values = list(arguments)
        lines = []
        for _ in range(self.random.randint(0, 4)):
            lines += self.op(values, depth)
        returned = []
        for type in results or ():
            # An op of its own, so that sync functions return no argument and nothing twice.
            lines += self.op(values, depth, [type])
            returned.append(values[-1])
        if results is None:
            returned = self.random.sample(values, min(len(values), self.random.randint(0, 2)))
        names, types = ", ".join(n for n, _ in returned), ", ".join(t for _, t in returned)
        lines.append(f'"tfrt.return"({names}) : ({types}) -> () loc({self.location()})')
        return lines

    def op(self, values: list[tuple[str, str]], depth: int, types: list[str] | None = None) -> list[str]:
        operands = [self.random.choice(values) for _ in range(self.random.randint(0, 3))] if values else []
        if types is None:
            types = [self.choice(TYPES) for _ in range(self.random.randint(0, 3))]
        attributes = {
            self.choice(["a", "b", "value", "z_1"]): self.attribute() for _ in range(self.random.randint(0, 3))
        }
        if self.random.random() < 0.2:
            attributes["_tfrt_cost"] = f"{self.random.randint(1, 20)} : i64"
        # One kind of reference a module: which of several attributes it was is not in the file.
        for i in range(self.random.choice([0, 0, 1, 2]) if self.by_name else 0):
            attributes[f"function{i}"] = f"@{self.choice(self.functions)}"
        if not self.by_name and self.random.random() < 0.3:
            names = [f"@{self.choice(self.functions)}" for _ in range(self.random.randint(1, 3))]
            attributes["branches"] = f"[{', '.join(names)}]"
        regions = []
        for _ in range(self.random.choice([0, 0, 0, 1, 2]) if depth < 2 else 0):
            arguments = [(self.name(), self.choice(TYPES)) for _ in range(self.random.randint(0, 2))]
            header = ", ".join(f"{n}: {t}" for n, t in arguments)
            regions.append("\n".join(["{", f"^bb0({header}):", *self.block(arguments, depth + 1), "}"]))
        name = self.name()
        results = [name if len(types) == 1 else f"{name}#{i}" for i in range(len(types))]
        values += zip(results, types, strict=True)
        text = f"{name}{f':{len(types)}' if len(types) > 1 else ''} = " if types else ""
        text += f'"test.{self.choice(["a", "b.c", "d"])}"({", ".join(n for n, _ in operands)})'
        text += f" ({', '.join(regions)})" if regions else ""
        text += f" {{{', '.join(f'{k} = {v}' for k, v in attributes.items())}}}" if attributes else ""
        text += f" : ({', '.join(t for _, t in operands)}) -> ({', '.join(types)}) loc({self.location()})"
        return [text]

    def name(self) -> str:
        self.next_value += 1
        return f"%v{self.next_value}"

    def function(self, name: str) -> list[str]:
        arguments = [(self.name(), self.choice(TYPES)) for _ in range(self.random.randint(0, 2))]
        results = [self.choice(TYPES) for _ in range(self.random.randint(0, 2))]
        type = f"({', '.join(t for _, t in arguments)}) -> ({', '.join(results)})"
        kind = self.random.randrange(4)
        if kind == 0:
            return [
                f'"func.func"() ({{}}) {{function_type = {type}, sym_name = "{name}", '
                'sym_visibility = "private", tfrt.native} : () -> ()'
            ]
        header = ", ".join(f"{n}: {t}" for n, t in arguments)
        options = ", tfrt.sync" if kind == 1 else ""
        return [
            f'"func.func"() ({{ ^bb0({header}):',
            *self.block(arguments, 0, results),
            f'}}) {{function_type = {type}, sym_name = "{name}"{options}}} : () -> () loc({self.location()})',
        ]

    def text(self) -> str:
        self.by_name = self.random.random() < 0.5
        lines = [line for name in self.functions for line in self.function(name)]
        return "\n".join(['"builtin.module"() ({', *lines, "}) : () -> ()", ""])


@st.composite
def modules(draw: st.DrawFn) -> str:
    return Module(draw).text()


@pytest.mark.parametrize("generic", [True, False])
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(text=modules())
def test_random_modules(generic, text):
    bef = compile(text)
    shown = disassemble(read_bef(bef), generic=generic)
    assert compile(shown) == bef
    # The second text shows the first one's program in the same way.
    assert disassemble(read_bef(bef), generic=generic) == shown


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(text=modules())
def test_without_optional_sections(text):
    bef = compile(text, optional_sections=False)
    file = read_bef(bef)
    assert not is_complete(file)
    assert len(file.functions) == len(read_bef(compile(text)).functions)
    shown = disassemble(file)
    # It is text of a program, if not of the same one.
    parse_module(shown, allow_unregistered=True)
