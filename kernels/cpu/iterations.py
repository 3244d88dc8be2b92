"""What machine code an iteration of a loop is: its steps, as the program has them, as parts of machine code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_attrs import OpAttrs, plain, read_metadata
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import CannotAssemble, processor
from tfrt.executor.values.dtype import DType
from tfrt.kernels.cpu.reductions import reduction_chain
from tfrt.kernels.cpu.steps import epilogue_steps, steps_of_parts
from tfrt.kernels.numerics.chains.reduction import ReductionChain
from tfrt.kernels.numerics.machine_code import chain as chains
from tfrt.kernels.numerics.machine_code import few_rows, product_tiling, products, tiles
from tfrt.kernels.numerics.machine_code import reduction as reductions
from tfrt.kernels.numerics.machine_code.blocks import Limits, shares_of, units_of
from tfrt.kernels.numerics.machine_code.chain_code import write as write_chain
from tfrt.kernels.numerics.machine_code.loop import (
    NUMBERS,
    RESULT,
    Call,
    Constant,
    Loop,
    Memory,
    Number,
    Panels,
    Part,
    Place,
    Put,
)
from tfrt.kernels.numerics.machine_code.product_tiling import Product
from tfrt.kernels.numerics.machine_code.reduction_code.module import write as write_reduction
from tfrt.kernels.numerics.machine_code.reduction_code.work import in_order as results_of
from tfrt.kernels.numerics.panels import Find, in_order

_LEAST_SHARED = 4 * products.LEAST_WORK
"""Multiplications that are worth a block of their own on another thread: four times as many as elsewhere, for what one
step gives and the next one takes goes from one processor's cache to the other's, and back."""


class Form(Enum):
    """What stands for an operand."""

    NUMBER, ARRAY, CONSTANT = range(3)


@dataclass(frozen=True, slots=True)
class Iteration:
    """A loop as parts of machine code.

    Attributes:
        work: how many multiplications, or elements of chains, an iteration has.
        written: the operands that it writes to.
        finds: what is made of constant operands, by their numbers, and comes after the operands.
    """

    loop: Loop
    work: int
    written: frozenset[int]
    finds: Sequence[tuple[int, Find | None]]


def iteration_of(
    body: Any,
    kinds: Sequence[TensorMetadata],
    forms: Sequence[Form],
    gives: Sequence[int],
    host: HostContext,
    *,
    is_long: bool,
) -> Iteration:
    """The parts of a loop.

    Args:
        body: the steps of an iteration, as the program has them.
        kinds, forms: of its operands.
        gives: which values the next iteration gets, or are left at the end.
        is_long: whether there are so many iterations that it is worth it to put matrices in order.

    Raises:
        CannotAssemble: something has no machine code.
    """
    return _Body(kinds, forms, gives, host, is_long).read(body)


@dataclass(frozen=True, slots=True)
class _Known:
    """A value of a loop.

    Attributes:
        number: which of those that machine code has.
        home: the operand in whose memory an array is.
        is_whole: whether it is all of that.
    """

    number: int
    metadata: TensorMetadata
    is_number: bool = False
    home: int | None = None
    is_whole: bool = False

    @property
    def size(self) -> int:
        """How many bytes an array has."""
        return self.metadata.element_count * self.metadata.dtype.numpy.itemsize


class _Body:
    """An iteration whose steps are read one after the other."""

    def __init__(
        self,
        kinds: Sequence[TensorMetadata],
        forms: Sequence[Form],
        gives: Sequence[int],
        host: HostContext,
        is_long: bool,
    ):
        self.kinds, self.forms, self.gives, self.host, self.is_long = kinds, forms, gives, host, is_long
        # What is made of matrices that products multiply by: of constants, and in each call.
        self.finds: list[tuple[int, Find | None]] = []
        self.panels: list[Panels] = []
        self.products = 0
        self.parts: list[Part] = []
        self.work = 0
        self.written: set[int] = set()
        self.values = [
            _Known(number, kind, form is Form.NUMBER, None if form is Form.NUMBER else number, True)
            for number, (kind, form) in enumerate(zip(kinds, forms, strict=True))
        ]

    def read(self, body: Any) -> Iteration:
        """The loop with these steps."""
        self.products = sum(step.value[0].value.startswith("cpu.call") and _op_of(step) == _PRODUCT for step in body)
        for step in body:
            self._step(*step.value)
        copies = []
        for place, number in enumerate(self.gives):
            value = self.values[number]
            _require(value.metadata == self.kinds[place] and value.is_number == self.values[place].is_number)
            if value.is_number or number == place or (value.home == place and value.is_whole):
                continue
            if value.home is not None and not self._is_same(value.home):
                raise CannotAssemble("what is handed on is in memory that changes")
            copies.append((place, value.size))
        bits = [_bits(kind) if form is Form.NUMBER else 0 for kind, form in zip(self.kinds, self.forms, strict=True)]
        # Where nothing is made of a matrix, there is something that is not read.
        some = next(number for number, form in enumerate(self.forms) if form is not Form.NUMBER)
        finds = [*self.finds, *[(some, None)] * (self.products - len(self.finds))]
        unread = Panels(some, 0, 0, np.dtype(np.float32), 1)
        panels = (*self.panels, *[unread] * (self.products - len(self.panels)))
        numbers = tuple([self.values[number].number for number in self.gives])
        loop = Loop((*bits, *[0] * len(finds)), panels, tuple(self.parts), numbers, tuple(copies))
        return Iteration(loop, self.work, frozenset(self.written), finds)

    def _is_same(self, operand: int) -> bool:
        """Whether an operand is the same in all iterations."""
        return operand not in self.written and (operand >= len(self.gives) or self.gives[operand] == operand)

    def _step(self, name: Any, operands: Any, results: Any, *details: Any) -> None:
        kernel, used = name.value, [self.values[number] for number in plain(operands)]
        gives = read_metadata(results.value)
        dialect, op, *_ = kernel.split(".")
        if kernel.startswith("tfrt.constant"):
            self._add(Constant(plain(details[0])), gives[0], is_number=True)
        elif dialect == "tfrt" or op in NUMBERS:
            if not all(value.is_number for value in used):
                raise CannotAssemble("numbers are in arrays")
            self._add(Number(op, tuple([v.number for v in used]), _bits(gives[0])), gives[0], is_number=True)
        elif op == "arena":
            for known in gives:
                self._add(Memory(_Known(0, known).size), known)
        elif op == "copy":
            self.values.append(self._copy(used[0], None))
        elif op == "settled":
            _require(used[0].metadata == gives[0])
            self._alias(used[0], gives[0])
        elif op in ("elementwise", "elementwise_into"):
            into = used.pop() if op.endswith("into") else None
            self._chain(used, gives[0], details[1].value, into)
        elif op in ("reduction", "reduction_into"):
            into = used.pop() if op.endswith("into") else None
            dimensions, made, shape = (tuple(plain(each)) for each in details[1:4])
            inputs = [value.metadata for value in used]
            chain = reduction_chain(inputs, dimensions, made, gives, shape, details[4].value)
            self._reduction(chain, used, gives, into)
        else:
            into = used.pop() if op.endswith("into") else None
            _, count, attrs, op_name, steps = details
            self._call(op_name.value, used, gives[0], OpAttrs.of_pairs(attrs.value).values(), count.value, steps, into)

    def _add(self, part: Part, metadata: TensorMetadata, **known: Any) -> None:
        number = len(self.kinds) + 2 * self.products + len(self.parts)
        self.parts.append(part)
        self.values.append(_Known(number, metadata, **known))

    def _copy(self, array: _Known, into: _Known | None) -> _Known:
        """An array's elements in that memory, where they may be already, or in memory of their own."""
        if into is None:
            self._add(Memory(array.size), array.metadata)
            into = self.values.pop()
        _require(into.metadata == array.metadata and not array.is_number)
        if into.number == array.number:
            return into
        self._add(Put(Place(into.number), array.number, array.size), array.metadata)
        return replace(self.values.pop(), home=into.home, is_whole=into.is_whole)

    def _alias(self, of: _Known, metadata: TensorMetadata) -> None:
        """Another name for an array, in another shape."""
        _require(not of.is_number)
        self._add(Place(of.number), metadata, home=of.home, is_whole=of.is_whole)

    def _chain(self, used: Sequence[_Known], result: TensorMetadata, steps: Any, into: _Known | None) -> None:
        known, dtype = [value.metadata for value in used], result.dtype.numpy
        found, parts = steps_of_parts(steps, known, result.dtype)
        inputs = [known[part.array] for part in parts]
        shapes = [each.shape if part.starts is None else result.shape for each, part in zip(inputs, parts, strict=True)]
        dtypes = [each.dtype.numpy for each in inputs]
        loops = chains.describe(chains.Chain(shapes, dtypes, result.shape, dtype, found, parts))
        if loops is None:
            raise CannotAssemble("a chain has none")
        if self.host.parallelism > 1 and prod(result.shape) >= 2 * chains.LEAST_ELEMENTS:
            raise CannotAssemble("threads share a chain")
        # What is read must be there.
        for value, size, kind in zip(used, *loops.arrays, strict=False):
            _require(value.metadata.element_count >= size and value.metadata.dtype.numpy == kind)
        self.work += prod(result.shape) * len(found)
        self._kernel(write_chain(loops), "work", used, len(used), loops.rows, result, into)

    def _reduction(
        self, chain: ReductionChain, used: Sequence[_Known], results: Sequence[TensorMetadata], into: _Known | None
    ) -> None:
        work = reductions.describe(chain, 1)
        if work is None or work.is_apart or tuple(results_of(work)) != chain.gives:
            raise CannotAssemble("a reduction has none")
        if self.host.parallelism > 1 and prod(chain.shape) >= 2 * reductions.LEAST_ELEMENTS:
            raise CannotAssemble("threads share a reduction")
        self.work += prod(chain.shape) * len(chain.steps)
        _require(into is None or into.metadata == results[0])
        _require(not any(value.is_number for value in used))
        if into is not None and into.home is not None:
            self.written.add(into.home)
        made = [] if into is None else [into]
        for known in results[len(made) :]:
            self._add(Memory(_Known(0, known).size), known)
            made.append(self.values.pop())
        first, *others = made
        arrays = [value.number for value in (*used, *others, first)]
        call = Call(write_reduction(work), "work", tuple(arrays), work.units, first.number, first.size)
        self._add(call, results[0], home=first.home, is_whole=first.is_whole)
        self.values += others

    def _kernel(
        self,
        text: str,
        name: str,
        used: Sequence[_Known],
        place: int,
        units: int,
        result: TensorMetadata,
        into: _Known | None,
        shares: tuple[int, int] | None = None,
    ) -> None:
        """A kernel whose result is the array of that place among those that it takes; see `Call`."""
        _require(into is None or into.metadata == result)
        _require(not any(value.is_number for value in used))
        numbers = [value.number for value in used]
        arrays = (*numbers[:place], RESULT, *numbers[place:])
        size = _Known(0, result).size
        home = None if into is None else into.home
        if home is not None:
            self.written.add(home)
        is_whole = into is not None and into.is_whole
        call = Call(text, name, arrays, units, None if into is None else into.number, size, shares)
        self._add(call, result, home=home, is_whole=is_whole)

    def _call(
        self,
        op: str,
        used: Sequence[_Known],
        result: TensorMetadata,
        attrs: dict[str, Any],
        inputs: int,
        steps: Any,
        into: _Known | None,
    ) -> None:
        if op == _PRODUCT:
            self._product(used[:inputs], used[inputs:], result, attrs, steps.value, into)
        elif op == "stablehlo.dynamic_update_slice":
            if used[1].home is not None and used[1].home == used[0].home:
                raise CannotAssemble("a part of an array is put into that")
            target = self._copy(used[0], into)
            if target.home is not None:
                self.written.add(target.home)
            place = self._place(target, used[1].metadata.shape, used[2:])
            _require(used[0].metadata == result and used[1].metadata.dtype is result.dtype)
            put = Put(place, used[1].number, used[1].size)
            self._add(put, result, home=target.home, is_whole=target.is_whole)
        elif into is not None:
            raise CannotAssemble(f"'{op}' writes into memory")
        elif used[0].metadata.dtype is not result.dtype:
            raise CannotAssemble(f"'{op}' gives another type")
        elif op == "stablehlo.dynamic_slice":
            self._add(self._place(used[0], result.shape, used[1:]), result, home=used[0].home)
        elif op == "stablehlo.slice":
            if set(attrs["strides"]) != {1}:
                raise CannotAssemble("a slice has steps")
            self._slice(used[0], result, attrs["start_indices"])
        elif used[0].metadata.element_count != result.element_count or not _is_in_order(attrs):
            raise CannotAssemble(f"'{op}' gives an array in another order")
        else:
            self._alias(used[0], result)

    def _slice(self, array: _Known, result: TensorMetadata, starts: Sequence[int]) -> None:
        found = []
        for start in starts:
            self._add(Constant(start), result, is_number=True)
            found.append(self.values.pop())
        self._add(self._place(array, result.shape, found), result, home=array.home)

    def _place(self, array: _Known, shape: tuple[int, ...], starts: Sequence[_Known]) -> Place:
        """Where rows of an array are that lie together."""
        _require(not array.is_number)
        sizes = array.metadata.shape
        axis = next((axis for axis, size in enumerate(sizes) if size != 1), len(sizes))
        if shape[:axis] + shape[axis + 1 :] != sizes[:axis] + sizes[axis + 1 :] or len(starts) != len(sizes):
            raise CannotAssemble("a part of an array is none of whole rows")
        if axis == len(sizes):
            return Place(array.number)
        _require(shape[axis] <= sizes[axis])
        if not starts[axis].is_number:
            raise CannotAssemble("numbers are in arrays")
        step = prod(sizes[axis + 1 :]) * array.metadata.dtype.numpy.itemsize
        return Place(array.number, starts[axis].number, sizes[axis] - shape[axis], step)

    def _product(
        self,
        used: Sequence[_Known],
        others: Sequence[_Known],
        result: TensorMetadata,
        attrs: dict[str, Any],
        steps: Any,
        into: _Known | None,
    ) -> None:
        left, right = used
        turned = tuple(attrs["rhs_contracting_dimensions"]) == (1,)
        is_known = left.metadata.rank == right.metadata.rank == 2 and not attrs["lhs_batching_dimensions"]
        if not is_known or tuple(attrs["lhs_contracting_dimensions"]) != (1,):
            raise CannotAssemble("a product is none of two matrices")
        rows, inner = left.metadata.shape
        columns = right.metadata.shape[0 if turned else 1]
        known = [other.metadata for other in others]
        _require(right.metadata.shape == ((columns, inner) if turned else (inner, columns)))
        _require(
            result.shape == (rows, columns) and all(each.dtype is result.dtype for each in (*known, right.metadata))
        )
        found = epilogue_steps(steps, known, result.dtype) if steps else ()
        shapes = tuple([each.shape for each in known])
        product = Product(rows, inner, columns, result.dtype.numpy, False, False, found, shapes)
        if (
            not product_tiling.is_possible(product)
            or inner > products.MOST_INNER
            or left.metadata.dtype is not result.dtype
        ):
            raise CannotAssemble("a product has none")
        self.work += product.work
        is_operand = right.number < len(self.kinds)
        is_constant = is_operand and self.forms[right.number] is Form.CONSTANT
        packs = is_operand and self._is_same(right.number) and self.is_long and not turned and not is_constant
        text, units, find, lanes = _code_of(product, turned, is_constant, packs)
        if find is not None:
            self.finds.append((right.number, find))
            right = _Known(len(self.kinds) + len(self.finds) - 1, right.metadata)
        elif lanes:
            self.panels.append(Panels(right.number, inner, columns, product.dtype, lanes))
            right = _Known(len(self.kinds) + self.products + len(self.panels) - 1, right.metadata)
        each = units_of(units, product.work // units, Limits(_LEAST_SHARED, products.MOST_WORK))
        self._kernel(text, "multiply", [left, right, *others], 2, units, result, into, shares_of(each, self.host))


def _require(holds: bool) -> None:
    """What a program says of its values must go together, for machine code takes them for that.

    Raises:
        CannotAssemble: it does not, as in no program that the compiler has made.
    """
    if not holds:
        raise CannotAssemble("values are not what is said of them")


_PRODUCT = "stablehlo.dot_general"


def _op_of(step: Any) -> str:
    name: str = step.value[6].value
    return name


def _is_in_order(attrs: dict[str, Any]) -> bool:
    dims = attrs.get("broadcast_dimensions", ())
    return list(dims) == sorted(dims)


def _bits(kind: TensorMetadata) -> int:
    return 1 if kind.dtype is DType.I1 else 8 * kind.dtype.numpy.itemsize


def _code_of(product: Product, turned: bool, is_constant: bool, packs: bool) -> tuple[str, int, Find | None, int]:
    """A product's module, and its units of work; what is made of its matrix where that is constant, and the lanes of
    panels that are made of it where `packs`; as in `tfrt.kernels.numerics.machine_code.products`.

    Raises:
        CannotAssemble: there is none.
    """
    on = processor()
    lanes, is_few = few_rows.lanes_of(product, on), product.rows <= few_rows.MOST_ROWS
    size = product.inner * product.columns * product.dtype.itemsize
    is_packed = is_few and not few_rows.is_narrow(product, on) and size >= products.LEAST_PACKED
    if is_packed and (is_constant or packs):
        find = Find((lanes, turned), lambda matrix: few_rows.pack(matrix.T if turned else matrix, lanes))
        text, units = few_rows.write(product, on, True), few_rows.units_of(product, on)
        return text, units, find if is_constant else None, 0 if is_constant else lanes
    if turned and not is_constant and product.rows <= few_rows.MOST_STREAMED:
        raise CannotAssemble("few rows of a transposed matrix that may change are BLAS's")
    by_columns = turned and not is_constant
    if not by_columns and is_few and (product.rows <= few_rows.MOST_STREAMED or not is_packed):
        text, units = few_rows.write(product, on, False), few_rows.units_of(product, on)
    else:
        product = replace(product, by_columns=by_columns)
        tiling = product_tiling.tiling_of(product, on)
        text, units = tiles.write(product, tiling), tiling.units
    return text, units, in_order() if turned and is_constant else None, 0
