"""MLIR texts that nobody wrote: programs of `tests/` and `examples/`, of all dialects, that are damaged.

Most mutations exchange names, numbers, types, ops or attributes for others of their kind, so that most of the text
still reads; some drop, double and insert tokens; a few nest, multiply or lengthen a piece beyond all measure, or change
bytes. `mutated` draws a text from its number and nothing else.
"""

from __future__ import annotations

import random
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOKEN = re.compile(r'\s+|//[^\n]*|[%@#!^]?[\w.$]+|"(?:[^"\\\n]|\\.)*"|->|::|.', re.DOTALL)
SEPARATOR = "// -----"
SMALL = 1500
"""Programs with longer texts are drawn less often, as they take longer."""

KINDS = {
    "value": re.compile(r"%[\w.$]+"),
    "symbol": re.compile(r"@[\w.$]+"),
    "string": re.compile(r'".*"', re.DOTALL),
    "number": re.compile(r"-?[0-9][0-9.]*"),
    "type": re.compile(r"(?:i|f|ui|bf)[0-9]+|![\w.$]+"),
    "op": re.compile(r"[a-z_]+\.[\w.]+"),
    "word": re.compile(r"#?\w+"),
}
ODD = (
    "-1", "0x7F", "99999999999999999999", "1.e400", "-0.0", "i0", "i129", "index", "none", "tensor<*xf32>", "tuple<>",
    "vector<1xf32>", "complex<f32>", "memref<?xf32>", "()->()", "dense<>", 'dense<"0x00">', "array<i8:1>", "{a}",
    "{-#", "#-}", "%0#1", "%x:2", "^bb0", "!x", "#x", "module", "func.func", "tfrt.return", "return", "call", "private",
    "attributes", "loc(unknown)", 'loc("f":1:2)', 'loc("f":1:2 to :3)', '"\\FF"', '@"\\FF"', '"\\00"', "é", "?", "\0",
    '"', "<", ">", "(", ")", "[", "]", "{", "}", "tensor<0xf32>", "tensor<?x?xf32>", "tensor<2x!quant.any>",
    "%x:4294967296", "dense<0.0> : tensor<4294967296x4294967296xf32>", "tensor<99999999999999999999xf32>",
    "tensor<1048576x1048576xf32>", "array<i64: 9223372036854775808>", "1.0e-999999999", "i16777216", "\r", "\ufeff",
)  # fmt: skip
NESTED = (
    ("tuple<", ">"), ("tensor<2x", ">"), ("(", ")"), ("[", "]"), ("{a = ", "}"), ("<", ">"), ("(i32) -> (", ")"),
    ('loc("a"(', "))"), ("callsite(", ' at "g":1:1)'), ('"x.r"() ({\n', "\n}) : () -> ()\n"), ("module {\n", "}\n"),
    ("stablehlo.", ""), ("dense<", ">"), ("-", ""), ("@a::", ""), ("/*", "*/"), ('"', ""),
)  # fmt: skip
REPEATED = (
    '"x.y"() : () -> ()\n', "%x = tfrt.constant.i32 1\n", "1, ", "!a = i32\n", "^bb0:\n", "func.func private @f()\n",
    '%y = "tf.AddV2"(%x, %x) : (tensor<i32>, tensor<i32>) -> tensor<i32>\n', "}\n", "{\n", "(", ", ", "0", "\\",
    "%z = stablehlo.add %z, %z : tensor<f32>\n", "2x", "loc(\n", "// x\n", "\n", " ", "é", ")", "x.y ",
)  # fmt: skip
MANY = (2, 99, 102, 1500, 20_000)

LONGEST = 150_000
"""Characters that a piece comes to at most that is repeated."""


def kind_of(token: str) -> str | None:
    return next((name for name, pattern in KINDS.items() if pattern.fullmatch(token)), None)


@cache
def seeds() -> tuple[list[str], ...]:
    """The tokens of every program."""
    files = sorted([*(ROOT / "tests").rglob("*.mlir"), *(ROOT / "examples").rglob("*.mlir")])
    parts = [part for file in files for part in file.read_text(encoding="utf-8").split(SEPARATOR)]
    return tuple(TOKEN.findall(part) for part in parts)


@cache
def _weights() -> list[float]:
    return [min(1.0, SMALL / (1 + sum(map(len, tokens)))) for tokens in seeds()]


@cache
def tokens_of_all() -> tuple[str, ...]:
    return tuple(sorted({token for tokens in seeds() for token in tokens if len(token) < 80}))


@cache
def tokens_by_kind() -> dict[str, list[str]]:
    return {kind: [token for token in tokens_of_all() if kind_of(token) == kind] for kind in KINDS}


def mutated(seed: int) -> str:
    draw = random.Random(seed)
    tokens = list(draw.choices(seeds(), _weights())[0])
    way = draw.random()
    if way < 0.04:
        exaggerate(draw, tokens)
    elif way < 0.07:
        return scribble(draw, "".join(tokens))
    change = exchange if way < 0.6 else damage
    for _ in range(draw.choice([1, 1, 2, 3])):
        change(draw, tokens)
    return "".join(tokens)


def exchange(draw: random.Random, tokens: list[str]) -> None:
    """Put another token of its kind in place of one, or of all that are like it."""
    places = [i for i, token in enumerate(tokens) if kind_of(token)]
    if not places:
        return
    old = tokens[draw.choice(places)]
    kind = kind_of(old)
    assert kind is not None
    own = [token for token in tokens if kind_of(token) == kind]
    new = draw.choice(own if draw.random() < 0.7 else tokens_by_kind()[kind])
    everywhere = draw.random() < 0.4
    for i in [i for i, token in enumerate(tokens) if token == old][: None if everywhere else 1]:
        tokens[i] = new


def damage(draw: random.Random, tokens: list[str]) -> None:
    """Drop, double, exchange or insert a few tokens, whatever they are."""
    start = draw.randrange(len(tokens) + 1)
    end = start + draw.choice([0, 1, 1, 2, 3, 8, 20])
    match draw.randrange(5):
        case 0:
            del tokens[start:end]
        case 1:
            tokens[start:start] = tokens[start:end]
        case 2:
            tokens[start : start + 1] = [draw.choice(tokens_of_all())]
        case 3:
            tokens[start : start + draw.randrange(2)] = [draw.choice(ODD), " "]
        case _:
            other = draw.choice(seeds())
            at = draw.randrange(len(other) + 1)
            tokens[start:start] = other[at : at + draw.choice([1, 3, 10, 40])]


def exaggerate(draw: random.Random, tokens: list[str]) -> None:
    """Nest, repeat or multiply a piece of text many times."""
    at, many = draw.randrange(len(tokens) + 1), draw.choice(MANY)
    match draw.randrange(4):
        case 0:
            before, after = draw.choice(NESTED)
            end = min(at + draw.choice([0, 1, 3]), len(tokens))
            tokens[at:end] = [before * many, *tokens[at:end], after * many]
        case 1:
            piece = draw.choice(REPEATED)
            tokens[at:at] = [piece * min(many, LONGEST // len(piece))]
        case 2:
            end = min(at + draw.choice([1, 2, 5, 30]), len(tokens))
            tokens[at:end] = tokens[at:end] * min(many, LONGEST // (1 + sum(map(len, tokens[at:end]))))
        case _:
            # Aliases that stand for twice as much with each step.
            first, step = draw.choice((("!a0 = i32", "!{} = tuple<!{}, !{}>"), ("#a0 = 1", "#{} = [#{}, #{}]"), (
                '#a0 = loc("f":1:2)', "#{} = loc(fused[#{}, #{}])")))  # fmt: skip
            names = [f"a{i}" for i in range(draw.choice((3, 12, 40)))]
            lines = [first, *(step.format(name, last, last) for last, name in pairwise(names))]
            tokens[0:0] = ["\n".join(lines) + "\n"]
            tokens[at + 1 : at + 1] = [f" {first[0]}{names[-1]} "]


def scribble(draw: random.Random, text: str) -> str:
    """Change bytes; what is no UTF-8 then is as files with such bytes are read."""
    data = bytearray(text.encode("utf-8", "surrogateescape"))
    for _ in range(draw.choice([1, 3, 30])):
        at = draw.randrange(len(data) + 1)
        data[at : at + draw.choice([0, 1, 1, 4])] = draw.choice((draw.randbytes(1), draw.randbytes(4), b"\r\n", b"\0"))
    return bytes(data).decode("utf-8", "surrogateescape")
