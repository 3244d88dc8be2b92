"""Products of one row with a matrix as it lies, by several threads: each adds up some rows of the matrix, and the sums
are added in the end.

To have each thread read some columns would be to read pieces of rows. These lie in half of the places of a cache where
rows are a power of two long, and the processor fetches what comes after each piece, too. So the caches of two threads
hold no more of the matrix than that of one, and what they read in each call they read from memory. Rows lie in one
piece.

Sums are those of a product's parts, each as `few_rows` has it, in the order of the rows: whoever has added them up.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import prod

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import Signature, Whole, directly
from tfrt.executor.support.fork_join_code import forking_text
from tfrt.executor.support.machine_code import DATA_OFFSET, Processor
from tfrt.kernels.numerics.machine_code import few_rows as few
from tfrt.kernels.numerics.machine_code.blocks import LONG, Work, crew_of
from tfrt.kernels.numerics.machine_code.product_tiling import Product
from tfrt.kernels.numerics.machine_code.tiles import finish
from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate

MOST_SUMS = 1 << 16
"""Of how many bytes sums lie on the stack, at most."""


def parts_of(p: Product, on: Processor, threads: int) -> int:
    """In how many parts threads add up a product: two a thread if that can be, or one; 0 where it is not parted."""
    if p.rows != 1 or threads == 1 or few.is_narrow(p, on):
        return 0
    return next((n for n in (2 * threads, threads) if p.inner % n == 0 and n * _bytes(p) <= MOST_SUMS), 0)


def parted_work(p: Product, on: Processor, parts: int, host: HostContext, least: int, is_brief: bool) -> Work:
    """What does a product of one row in so many parts; see `blocks.whole_work`.

    Args:
        least: as many multiplications are worth a part of their own, some microseconds.
        is_brief: whether it is done with the interpreter lock.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    sizes = [p.inner, p.inner * p.columns, p.columns, *map(prod, p.others)]
    crew = host.single(crew_of)
    takes = [Whole(crew.words.size, crew.words.dtype), *(Whole(size, p.dtype) for size in sizes)]
    numbers = (parts, int(p.work >= LONG * least))
    function = directly(write(p, on, parts), "parted", Signature(takes, numbers, 3, p.result, not is_brief))
    crew.start()
    return partial(function, crew.words)


def _bytes(p: Product) -> int:
    """How large the sums of a part are, with room to begin the next ones at a line of the cache."""
    return -(-p.columns * p.dtype.itemsize // 64) * 64


def write(p: Product, on: Processor, parts: int) -> str:
    """The function ``parted`` as a module: of arrays (the words of those who share it, the row, the matrix, the result,
    others), how many parts there are, and whether it takes long."""
    part = replace(p, inner=p.inner // parts, steps=(), others=())
    others = [f"ptr %o{number}" for number in range(len(p.others))]
    texts = [few.write(part, on, False), _write_finish(p, on, parts)]
    lines = [line for text in texts for line in text.splitlines()]
    declared = dict.fromkeys(line for line in lines if line.startswith("declare "))
    defined = "\n".join(line for line in lines if line not in declared).replace("define void", "define internal void")
    row, matrix = part.inner * p.dtype.itemsize, part.inner * p.columns * p.dtype.itemsize
    text = "\n".join([*declared, defined, _part_text(row, matrix, _bytes(p), few.units_of(part, on))])
    parameters = ", ".join(["ptr %crew", "ptr %x", "ptr %y", "ptr %made", *others, "i64 %parts", "i64 %long"])
    return f"""define void @parted({parameters}) nounwind "no-builtins" {{
  %sums = alloca [{parts * _bytes(p)} x i8], align 64
  %at = getelementptr i8, ptr %crew, i64 {DATA_OFFSET}
  %words = load ptr, ptr %at
  call void @fork3(ptr %words, ptr @part, ptr @call3, ptr %x, ptr %y, ptr %sums, i64 0, i64 %parts, i64 1, i64 %long)
  call void @finish({", ".join(["ptr %sums", "ptr %made", *others])})
  ret void
}}
{forking_text(text, 3)}"""


def _part_text(row: int, matrix: int, sums: int, units: int) -> str:
    """The loop over parts, each of which is the product of some of the row and some of the matrix: of so many bytes.

    Code that takes arrays looks only where their elements are.
    """
    room, moved = [], []
    for name, step in (("x", row), ("y", matrix), ("sums", sums)):
        start = f"%{name}"
        room += [
            f"%room.{name} = alloca [{DATA_OFFSET + 8} x i8], align 8",
            f"%place.{name} = getelementptr i8, ptr %room.{name}, i64 {DATA_OFFSET}",
        ]
        if name != "sums":
            start = f"%data.{name}"
            room += [
                f"%at.{name} = getelementptr i8, ptr %{name}, i64 {DATA_OFFSET}",
                f"{start} = load ptr, ptr %at.{name}",
            ]
        moved += [
            f"%far.{name} = mul i64 %part, {step}",
            f"%to.{name} = getelementptr i8, ptr {start}, i64 %far.{name}",
            f"store ptr %to.{name}, ptr %place.{name}",
        ]
    lines = "\n  "
    return f"""define internal void @part(ptr %x, ptr %y, ptr %sums, i64 %start, i64 %end) nounwind "no-builtins" {{
entry:
  {lines.join(room)}
  br label %next
next:
  %part = phi i64 [ %start, %entry ], [ %following, %next ]
  {lines.join(moved)}
  call void @multiply(ptr %room.x, ptr %room.y, ptr %room.sums, i64 0, i64 {units})
  %following = add i64 %part, 1
  %more = icmp slt i64 %following, %end
  br i1 %more, label %next, label %done
done:
  ret void
}}
"""


def _write_finish(p: Product, on: Processor, parts: int) -> str:
    """The function ``finish``: of the sums of all parts, of the result, and others."""
    code = Code(p.dtype, few.lanes_of(p, on))
    names = ["made", *(f"o{number}" for number in range(len(p.others)))]
    made, *others = (code.elements_of(f"%{name}", DATA_OFFSET) for name in names)
    apart = _bytes(p) // p.dtype.itemsize
    for column, used in code.parts(p.columns):
        total = code.load(code.at("%sums", column), used)
        for number in range(1, parts):
            more = code.load(code.at("%sums", code.add(column, number * apart)), used)
            total = evaluate(code, "{0} + {1}", [total, more])
        finish(code, p, total, made, column, column, used, others)
    return code.module("finish", ["ptr %sums", *(f"ptr %{name}" for name in names)])
