"""BEF files that nobody wrote: damage that knows the format, so that it gets past the first checks.

`make` draws a file from its number and nothing else. Fields are changed where the description of the format finds
them, and sections, lengths and paddings are put together again around them, so that the file is wrong in one place;
other files are damaged byte by byte, cut off, or spliced together of two.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import tfrt
from tests.executor.bef.conftest import vbr, words
from tests.executor.bef.described import SIZES, Interpreter
from tests.executor.bef.rewiring import rewire
from tfrt.executor.bef import FunctionKind, read_bef
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import (
    ATTRIBUTE_HEADER,
    HEADER,
    SECTIONS,
    AttributeType,
    Field,
    LocationTag,
    SectionId,
)
from tfrt.executor.bef.writer import Writer

ROOT = Path(__file__).parents[2]
SMALL = 3000
"""Files of more bytes are drawn less often, as reading them takes longer."""

PROGRAM = """
func.func @main(%x: tensor<2x3xf32> {tfrt.name = "in"}) -> (tensor<2x2xf32> {tfrt.name = "out"}) {
  %w = stablehlo.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %z = stablehlo.tanh %y : tensor<2x2xf32>
  %i = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%a = %i, %b = %z) : tensor<i32>, tensor<2x2xf32>
    cond {
      %n = stablehlo.constant dense<3> : tensor<i32>
      %c = stablehlo.compare LT, %a, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %c : tensor<i1>
    } do {
      %one = stablehlo.constant dense<1> : tensor<i32>
      %d = stablehlo.add %a, %one : tensor<i32>
      %e = stablehlo.exponential %b : tensor<2x2xf32>
      stablehlo.return %d, %e : tensor<i32>, tensor<2x2xf32>
    }
  return %r#1 : tensor<2x2xf32>
}
"""
"""A program of a framework: optimised, it has the sections that the reference's files do not have."""


@dataclass(frozen=True, slots=True)
class Place:
    """A field in the payload of a section, `data[start:end]` of it."""

    section: SectionId
    kind: str
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A section as it is written; `length` and `alignment` are what its header says, where that is not the truth."""

    id: int
    payload: bytes
    alignment: int = 1
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """A valid file, taken apart."""

    data: bytes
    pieces: tuple[Piece, ...]
    places: tuple[Place, ...]


class _Finder(Interpreter):
    """Notes where the fields are that it reads."""

    def __init__(self, outside: dict[str, Any], section: SectionId, origin: int):
        super().__init__(outside)
        self.section = section
        self.origin = origin
        self.found: list[Place] = []

    def one(self, cursor: Cursor, item: Field) -> Any:
        start = cursor.position - self.origin
        value = super().one(cursor, item)
        if item.kind in ("vbr", "string", "location string", "text", *SIZES):
            self.found.append(Place(self.section, item.kind, item.name, start, cursor.position - self.origin))
        elif item.kind == "location":
            self.found.append(Place(self.section, "u8", "tag", start, start + 1))
        return value


def take_apart(data: bytes) -> Seed:
    """A valid file's sections, and the places of its fields."""
    bef = read_bef(data)
    bodies = [f for f in bef.functions if f.kind is not FunctionKind.NATIVE]
    outside = {
        "results": [len(f.result_types) for f in bodies],
        "attributes": [sum(len(k.attributes) for k in f.kernels) for f in bodies],
    }
    pieces, places = [], []
    for section in SECTIONS:
        if not bef.has(section.id):
            continue
        cursor = bef.section(section.id)
        payload = bytes(cursor.data[cursor.position : cursor.end])
        alignment = {SectionId.FUNCTIONS: 4, SectionId.ATTRIBUTES: 8 if payload else 1}.get(section.id, 1)
        pieces.append(Piece(section.id, payload, alignment))
        if section.id is SectionId.ATTRIBUTES:
            places += _places_of_attributes(bef, len(payload))
            continue
        finder = _Finder(outside, section.id, cursor.position)
        finder.read(cursor, section.payload)
        places += finder.found
    return Seed(data, tuple(pieces), tuple(places))


def _places_of_attributes(bef: Any, size: int) -> list[Place]:
    found: list[Place] = []
    if bef.attribute_types is None:
        return found
    for offset, type in zip(bef.attribute_types.offsets, bef.attribute_types.types, strict=True):
        at = offset
        if type in (AttributeType.SHAPE, AttributeType.DENSE, AttributeType.AGGREGATE):
            for field in ATTRIBUTE_HEADER.fields:
                found.append(Place(SectionId.ATTRIBUTES, field.kind, field.name, at, at + SIZES[field.kind]))
                at += SIZES[field.kind]
        kind, count = ("vbr", 4) if type == AttributeType.SYMBOL_REF else ("u32", 6)
        for _ in range(count):
            width = 1 if kind == "vbr" else 4
            found.append(Place(SectionId.ATTRIBUTES, kind, "word", at, at + width))
            at += width
    return [place for place in found if place.end <= size]


@cache
def seeds() -> tuple[Seed, ...]:
    """What is damaged: the reference's files, and one of ours with all sections."""
    files = [path.read_bytes() for path in sorted((ROOT / "tests" / "golden").glob("*.bef"))]
    files.append(tfrt.compile(PROGRAM, "p.mlir", opt_level=2))
    return tuple(take_apart(data) for data in files)


@cache
def _weights() -> list[float]:
    return [1.0 if len(seed.data) < SMALL else 0.3 for seed in seeds()]


def draw(rng: random.Random) -> Seed:
    return rng.choices(seeds(), _weights())[0]


def make(number: int) -> bytes:
    """The file of that number."""
    rng = random.Random(number)
    return damaged(draw(rng), rng)


def damaged(seed: Seed, rng: random.Random) -> bytes:
    """A file made of one: a few damages of one kind, and now and then bytes that are wrong besides."""
    way = rng.choices(tuple(_WAYS), tuple(_WAYS.values()))[0]
    data = way(seed, rng)
    return bytes_changed(data, rng) if rng.random() < 0.08 else data


_ALIGNMENTS = (1, 2, 4, 8, 16, 64, 128)


def put_together(pieces: tuple[Piece, ...]) -> bytes:
    """The file of these sections."""
    out = Writer()
    out.data += HEADER
    for piece in pieces:
        section = Writer()
        section.alignment = piece.alignment
        section.data += piece.payload
        if piece.id in tuple(SectionId) and piece.length is None and piece.alignment in _ALIGNMENTS:
            out.section(SectionId(piece.id), section)
            continue
        out.byte(piece.id & 0xFF)
        out.vbr((len(piece.payload) if piece.length is None else piece.length) << 1 | 1)
        out.byte(piece.alignment & 0xFF)
        out.align(piece.alignment if 0 < piece.alignment <= 64 else 1)
        out.data += piece.payload
    return out.content()


EXTREMES = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    2**14,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 2,
    2**32 - 1,
    2**60,
    2**63,
    2**64,
)


def fields_changed(seed: Seed, rng: random.Random) -> bytes:
    """One to three fields have other values."""
    pieces = {piece.id: piece for piece in seed.pieces}
    places = seed.places
    chosen = rng.sample(places, min(len(places), rng.choice((1, 1, 1, 2, 3))))
    # From the end, so that places before are where they were.
    for place in sorted(chosen, key=lambda place: (place.section, place.start), reverse=True):
        piece = pieces[place.section]
        payload = piece.payload
        new = _another(payload[place.start : place.end], place, seed, rng)
        pieces[place.section] = replace(piece, payload=payload[: place.start] + new + payload[place.end :])
    return put_together(tuple(pieces.values()))


def _another(old: bytes, place: Place, seed: Seed, rng: random.Random) -> bytes:
    """Other bytes for a field."""
    if place.kind == "text":
        return bytes_changed(old, rng)
    if place.kind in SIZES:
        width = SIZES[place.kind]
        value = _value(int.from_bytes(old, "little"), place, seed, rng)
        return (value % (1 << 8 * width)).to_bytes(width, "little")
    value = _value(_decoded(old), place, seed, rng)
    if rng.random() < 0.08:
        # The same number, at greater length than is needed, or than is allowed.
        return b"\x80" * rng.choice((1, 2, 5, 9, 12)) + vbr(value)
    return vbr(value)


def _value(old: int, place: Place, seed: Seed, rng: random.Random) -> int:
    match rng.randrange(6):
        case 0:
            return abs(old + rng.choice((-1, 1)))
        case 1:
            return rng.choice(EXTREMES)
        case 2:
            return rng.randrange(2 * old + 8)
        case 3:
            return old ^ 1 << rng.randrange(16)
        case _:
            # What another field of that meaning has.
            alike = [other for other in seed.places if (other.section, other.name) == (place.section, place.name)]
            other = rng.choice(alike)
            payload = next(piece.payload for piece in seed.pieces if piece.id == other.section)
            found = payload[other.start : other.end]
            return int.from_bytes(found, "little") if other.kind in SIZES else _decoded(found)


def _decoded(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value


def lists_changed(seed: Seed, rng: random.Random) -> bytes:
    """A stretch of fields is left out, doubled, or put in another place; counts in front of it often know."""
    section = rng.choice([piece.id for piece in seed.pieces if piece.payload])
    places = [place for place in seed.places if place.section == section]
    if not places:
        return sections_changed(seed, rng)
    at = rng.randrange(len(places))
    first, last = places[at], places[min(at + rng.choice((0, 0, 1, 2, 5, 20)), len(places) - 1)]
    piece = next(piece for piece in seed.pieces if piece.id == section)
    payload = piece.payload
    stretch = payload[first.start : last.end]
    to = rng.choice(places).start
    match rng.randrange(3):
        case 0:
            new, change = payload[: first.start] + payload[last.end :], -1
        case 1:
            times = rng.choice((1, 1, 2, 30))
            new, change = payload[: last.end] + stretch * times + payload[last.end :], times
        case _:
            new, change = payload[:to] + stretch + payload[to:], 1
    counts = [place for place in places if "count" in place.name and place.start < first.start]
    if counts and rng.random() < 0.7:
        count = counts[-1]
        if count.kind in SIZES:
            value = int.from_bytes(payload[count.start : count.end], "little") + change
            new = new[: count.start] + (value % 2**32).to_bytes(4, "little") + new[count.end :]
        else:
            new = (
                new[: count.start] + vbr(max(0, _decoded(payload[count.start : count.end]) + change)) + new[count.end :]
            )
    return put_together(tuple(replace(p, payload=new) if p is piece else p for p in seed.pieces))


def sections_changed(seed: Seed, rng: random.Random) -> bytes:
    """Sections are missing, doubled, exchanged, another file's, cut off, or not what their headers say."""
    pieces = list(seed.pieces)
    at = rng.randrange(len(pieces))
    piece = pieces[at]
    match rng.randrange(9):
        case 0:
            del pieces[at]
        case 1:
            pieces.insert(rng.randrange(len(pieces) + 1), piece)
        case 2:
            rng.shuffle(pieces)
        case 3:
            others = {other.id: other for other in draw(rng).pieces}
            pieces[at] = others.get(piece.id, piece)
        case 4:
            pieces[at] = replace(piece, payload=piece.payload[: rng.randrange(len(piece.payload) + 1)])
        case 5:
            pieces[at] = replace(piece, payload=piece.payload + rng.randbytes(rng.choice((1, 4, 64))))
        case 6:
            pieces[at] = replace(piece, length=_near(len(piece.payload), rng))
        case 7:
            pieces[at] = replace(piece, alignment=rng.choice((0, 1, 2, 3, 4, 8, 16, 64, 128, 255)))
        case _:
            pieces[at] = replace(piece, id=rng.choice((*SectionId, 11, 31, 34, 127, 128, 255)))
    return put_together(tuple(pieces))


def _near(value: int, rng: random.Random) -> int:
    return rng.choice((0, max(0, value - 1), value + 1, 2 * value, 2**31, 2**62))


_AGGREGATE = bytes([4, 0, 17, 0]) + words(1 << 30, 1, 17) + bytes([AttributeType.AGGREGATE])
"""The start of an aggregate of one element, which is an aggregate."""

PATTERNS = (
    b"\0", b"\x01", b"\xff", b"\x80", b"\xcc", b"\x02\0", b"\x03", b"\x04\xff", b"\x01\0\0\0", b"\xff\xff\xff\xff",
    _AGGREGATE, bytes([LocationTag.NAME, 0]), bytes([LocationTag.CALL_SITE]), bytes([LocationTag.FUSED, 2]),
    b"a\0", b"ab\0",
)  # fmt: skip


def filled(seed: Seed, rng: random.Random) -> bytes:
    """A section, or the rest of one, is a short pattern many times over: long tables, deep nests."""
    pieces = list(seed.pieces)
    at = rng.randrange(len(pieces))
    payload, pattern = pieces[at].payload, rng.choice(PATTERNS)
    start = rng.randrange(len(payload) + 1)
    if pattern is _AGGREGATE:
        start = 0
    new = payload[:start] + pattern * rng.choice((1, 8, 150, 1500))
    if rng.random() < 0.3:
        new += payload[start:]
    pieces[at] = replace(pieces[at], payload=new)
    return put_together(tuple(pieces))


def bytes_changed(seed: Seed | bytes, rng: random.Random) -> bytes:
    """One to four changes of the kinds that files suffer, whatever the bytes mean."""
    found = bytearray(seed.data if isinstance(seed, Seed) else seed)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(found) or 1)
        match rng.randrange(7):
            case 0 | 1:
                found[at : at + 1] = [found[at] ^ 1 << rng.randrange(8)] if found else []
            case 2:
                found[at : at + 1] = [rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))]
            case 3:
                found[at:at] = rng.randbytes(rng.choice((1, 1, 4, 8)))
            case 4:
                del found[at : at + rng.choice((1, 1, 4, 8, 64))]
            case 5:
                other = rng.randrange(len(found) or 1)
                found[at : at + 4], found[other : other + 4] = found[other : other + 4], found[at : at + 4]
            case _:
                word = rng.choice((*(n for n in EXTREMES if n < 2**32), rng.randrange(32)))
                found[at & ~3 : (at & ~3) + 4] = word.to_bytes(4, "little")
    return bytes(found)


def cut_off(seed: Seed, rng: random.Random) -> bytes:
    return seed.data[: rng.randrange(len(seed.data))]


def spliced(seed: Seed, rng: random.Random) -> bytes:
    """The start of one file and the end of another, some at the same offset."""
    other = draw(rng).data
    at = rng.randrange(len(seed.data))
    return seed.data[:at] + other[at if rng.random() < 0.5 else rng.randrange(len(other)) :]


def rewired(seed: Seed, rng: random.Random) -> bytes:
    """A valid file whose kernels read other registers, and so on."""
    return rewire(read_bef(seed.data), rng)


def noise(seed: Seed, rng: random.Random) -> bytes:
    return rng.choice((b"", HEADER, HEADER + b"\0")) + rng.randbytes(rng.choice((0, 1, 3, 20, 200)))


_WAYS: dict[Callable[[Seed, random.Random], bytes], int] = {
    fields_changed: 44,
    lists_changed: 14,
    sections_changed: 12,
    filled: 6,
    bytes_changed: 12,
    cut_off: 3,
    spliced: 5,
    rewired: 3,
    noise: 1,
}
"""The kinds of damage, and of how many in a hundred files."""
