"""Ops of the CPU op handler: their functions, and what they declare.

An op has two functions with the same shape of signature:

* the *dispatch function* takes tensors and returns the results: a tensor, a tuple of tensors, an `AsyncValue` of
  a tensor, or None;
* the *metadata function* takes the inputs' `TensorMetadata` and returns the results'. It runs first, at once, so that
  shapes are known and errors in them are reported before any tensor is there. Without one, a result's metadata
  is known when the result is.

Positional parameters are inputs, ``*inputs`` a variable number of them. Keyword-only parameters are attributes, by
name; those without a default are required, and attributes that nobody declares are ignored. Parameters annotated
`HostContext` or `ResultMetadata` are supplied. An attribute arrives as a Python value, or with its type where
its parameter is annotated `OpAttr`. Attributes that several functions share can be the fields of one parameter, see
`tfrt.executor.declarations.op_signature.AttributeGroup`. Programs and eager callers run the same two functions.

Programs that are lowered to kernels on arrays (``tfrt.compiler.passes.lower_to_cpu``) know all shapes and attributes
beforehand. An op may say three more things for them:

* the *array form*, a third function: it takes the inputs' metadata, checks and prepares what follows from that, and
  returns a function of the inputs' arrays that computes the result, new memory or the array that it is given as `out`.
  With a parameter annotated `Epilogue` or `RowEpilogue` it can have something done to the result while that is in the
  cache. An op may be nothing else (`tfrt.executor.declarations.op_registry.array_op`);
* that it is *elementwise*: for an element type, the function of arrays (broadcast as numpy does, `out` last) that is
  all there is to the op and never fails. Several of them become one pass over memory;
* the *steps* that give its first result, where these are elementwise ops: a function of the inputs' metadata.

An array form with a parameter annotated `Pooling` can also have its result pooled while that is in the cache, by an op
that says which *pool* it is.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import Flag, auto
from functools import cached_property
from typing import Any

from tfrt.executor.declarations.annotations import Pooling, RowEpilogue, Supplied
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_signature import OpSignature, read_signature
from tfrt.executor.declarations.pools import Pool
from tfrt.executor.support.errors import INTERNAL, KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor

ArrayForm = Callable[..., Any]
"""What an op's array form returns: given the inputs' arrays and perhaps `out`, the result's array."""

ShapedBy = Sequence[int] | Callable[[int, Mapping[str, Any]], Collection[int]]
"""Numbers of inputs, which count from the end where negative; or what gives them for so many inputs and attributes."""

Elementwise = Callable[[DType], Callable[..., Any] | None]
"""For an element type, the function of arrays that an elementwise op is; None where it is not just that."""


@dataclass(frozen=True, slots=True)
class Step:
    """An elementwise op that is part of another op.

    Attributes:
        operands: numbers of values, the op's inputs first, then the results of the steps before; a float is a constant
            of single precision.
    """

    op: str
    operands: tuple[int | float, ...]


Native = str | Callable[..., str | None]
"""See `OpEntry`."""


class OpFlags(Flag):
    """What an op can do with its inputs beyond dense tensors, and what else dispatch must know."""

    NONE = 0
    ALLOWS_SCALAR = auto()
    """Scalar tensors are passed on as they are, not made dense first."""
    ALLOWS_COO = auto()
    """Sparse tensors are passed on as they are, not made dense first."""
    ALLOWS_STRING = auto()
    """String tensors are accepted."""
    SIDE_EFFECTS = auto()
    """The op waits for the chain it is given, and its own chain is there when it is done."""
    FORWARDS_BUFFER = auto()
    """The dispatch function has a parameter `out`, like numpy's: an array of the result's type and shape, which was
    the memory of an input that nobody else uses, or None. The result may be written there."""


@dataclass(frozen=True)
class OpEntry:
    """A registered op.

    Attributes:
        name: the op's full name.
        dispatch: takes tensors and returns the results.
        flags: what dispatch must know.
        views: whether the array form may give a view of an input, and cannot be given memory for its result.
        in_place: whether the array form may be given the memory of its first input, which nobody else looks at, for its
            result.
        numbers_from: from which input on the array form may be given Python's numbers for arrays of integers without
            dimensions; None where it may not.
        by_element: whether the array form is a function of arrays that follows from element types and attributes alone,
            broadcasts as numpy does, and never fails; `out` may be one of its arrays. Its result may have another type
            than its operands.
        native: for elementwise ops, an expression of the operands ``{0}``, ``{1}``, … in Python's syntax, of which
            machine code is made (`tfrt.kernels.numerics.machine_code.vectors.expressions`), and which gives what the op
            gives for all types that it is one of, but for the sign of NaNs; or a function of the attributes that gives
            one, or None. Integers wrap around; floats of 16 bits are computed with as singles, and the result rounded
            once.
        metadata: see `cpu_op`; so are `array_form`, `constant_metadata`, `elementwise`,
            `steps`, `pool`, `gives`, `shaped_by`, `shape_only` and `shape_input`.
    """

    name: str
    dispatch: Callable[..., Any]
    metadata: Callable[..., Any] | None
    flags: OpFlags
    _: KW_ONLY
    array_form: Callable[..., Any] | None = None
    constant_metadata: Callable[..., Any] | None = None
    elementwise: Elementwise | None = None
    native: Native | None = None
    steps: Callable[..., Sequence[Step] | None] | None = None
    pool: Callable[..., Pool | None] | None = None
    gives: str | None = None
    views: bool = False
    in_place: bool = False
    by_element: bool = False
    numbers_from: int | None = None
    shaped_by: ShapedBy | None = None
    shape_only: bool = False
    shape_input: int | None = None

    @cached_property
    def has_effects(self) -> bool:
        """Whether the op is ordered by chains."""
        return OpFlags.SIDE_EFFECTS in self.flags

    @cached_property
    def _dispatch_signature(self) -> OpSignature:
        return read_signature(self.dispatch)

    @cached_property
    def _metadata_signature(self) -> OpSignature:
        assert self.metadata is not None
        return read_signature(self.metadata)

    @cached_property
    def _array_form_signature(self) -> OpSignature:
        assert self.array_form is not None
        return read_signature(self.array_form)

    def run_metadata(self, inputs: tuple[Any, ...], attrs: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The results' metadata, or None where there is no metadata function.

        Raises:
            KernelError: the inputs do not fit the op; of the code ``INVALID_ARGUMENT``, as in the reference
                implementation, unless the metadata function gives it another one.
        """
        if self.metadata is None:
            return None
        signature = self._metadata_signature
        try:
            if signature.takes_inputs_only and len(inputs) == signature.least:
                return _as_tuple(self.metadata(*inputs))
            arguments = signature.arguments(self.name, len(inputs), attrs, {})
            return _as_tuple(self.metadata(*inputs, **arguments))
        except KernelError as error:
            if error.code != INTERNAL or error.passes_by:
                raise
            # The object may be raised again, elsewhere.
            raise error.with_code("INVALID_ARGUMENT") from error.__cause__

    def run(
        self, inputs: tuple[Any, ...], attrs: Mapping[str, Any], host: Any, metadata: tuple[Any, ...] | None
    ) -> tuple[Any, ...]:
        """The results.

        Raises:
            KernelError: the op failed.
        """
        signature = self._dispatch_signature
        if signature.takes_inputs_only and len(inputs) == signature.least:
            return _as_tuple(self.dispatch(*inputs))
        return _as_tuple(self.dispatch(*inputs, **self.keywords(len(inputs), attrs, host, metadata)))

    def run_constant_metadata(self, inputs: tuple[Any, ...], attrs: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The results' metadata as far as it is known before the op runs, from the metadata of inputs or, where they
        are constants, their arrays.

        Raises:
            KernelError: the inputs do not fit the op.
        """
        if self.constant_metadata is not None:
            signature = read_signature(self.constant_metadata)
            found = self.constant_metadata(*inputs, **signature.arguments(self.name, len(inputs), attrs, {}))
            return None if found is None else _as_tuple(found)
        known = tuple(i if isinstance(i, TensorMetadata) else TensorMetadata(DType.of(i), i.shape) for i in inputs)
        return self.run_metadata(known, attrs)

    def shaping_inputs(self, inputs: int, attrs: Mapping[str, Any]) -> Collection[int] | None:
        """Of so many inputs those whose elements the results' shapes depend on, by number; None where that is not
        declared."""
        if self.shaped_by is None:
            return None
        if callable(self.shaped_by):
            return self.shaped_by(inputs, attrs)
        return [number % inputs for number in self.shaped_by]

    @cached_property
    def gives_dense(self) -> bool:
        """Whether the dispatch function's annotation says that all results are dense tensors."""
        hint = typing.get_type_hints(self.dispatch).get("return")
        results = typing.get_args(hint) if typing.get_origin(hint) is tuple else (hint,)
        return all(result in (DenseHostTensor, Ellipsis) for result in results)

    @cached_property
    def _supplied(self) -> frozenset[Supplied]:
        """What the array form is supplied with."""
        if self.array_form is None:
            return frozenset()
        return frozenset(what for _, what in self._array_form_signature.supplied)

    @cached_property
    def takes_epilogue(self) -> bool:
        """Whether the array form can have something done to the result."""
        return not self._supplied.isdisjoint((Supplied.EPILOGUE, Supplied.ROW_EPILOGUE))

    @cached_property
    def takes_row_epilogue(self) -> bool:
        """Whether that may read other arrays of the result's shape."""
        return Supplied.ROW_EPILOGUE in self._supplied

    @cached_property
    def takes_pooling(self) -> bool:
        """Whether the array form can have its result pooled."""
        return Supplied.POOLING in self._supplied

    def arrays(
        self,
        inputs: tuple[Any, ...],
        attrs: Mapping[str, Any],
        host: Any,
        metadata: tuple[Any, ...],
        epilogue: RowEpilogue | None = None,
        pooling: Pooling | None = None,
    ) -> ArrayForm:
        """The array form for inputs of this metadata.

        Raises:
            KernelError: the inputs do not fit the op, or the epilogue or what pools it does not.
        """
        assert self.array_form is not None
        supplied = {
            Supplied.HOST: host,
            Supplied.METADATA: metadata,
            Supplied.EPILOGUE: epilogue,
            Supplied.ROW_EPILOGUE: epilogue,
            Supplied.POOLING: pooling,
            Supplied.ATTRIBUTES: attrs,
        }
        keywords = self._array_form_signature.arguments(self.name, len(inputs), attrs, supplied)
        found: ArrayForm = self.array_form(*inputs, **keywords)
        return found

    @cached_property
    def _native_signature(self) -> OpSignature:
        assert self.native is not None and not isinstance(self.native, str)
        return read_signature(self.native)

    def native_for(self, attrs: Mapping[str, Any]) -> str | None:
        """The native form of the op with these attributes, if it has one.

        Raises:
            KernelError: an attribute is missing.
        """
        if self.native is None or isinstance(self.native, str):
            return self.native
        return self.native(**self._native_signature.arguments(self.name, 0, attrs, {}))

    def steps_for(self, inputs: tuple[TensorMetadata, ...], attrs: Mapping[str, Any]) -> Sequence[Step] | None:
        """The steps that give the first result for inputs of this metadata, if there are any.

        Raises:
            KernelError: the inputs do not fit the op.
        """
        if self.steps is None:
            return None
        return self.steps(*inputs, **read_signature(self.steps).arguments(self.name, len(inputs), attrs, {}))

    def pool_for(self, operand: TensorMetadata, attrs: Mapping[str, Any]) -> Pool | None:
        """The pool of an operand that the op is with these attributes, if it is one.

        Raises:
            KernelError: the operand does not fit the op.
        """
        if self.pool is None:
            return None
        return self.pool(operand, **read_signature(self.pool).arguments(self.name, 1, attrs, {}))

    def keywords(
        self, inputs: int, attrs: Mapping[str, Any], host: Any, metadata: tuple[Any, ...] | None
    ) -> dict[str, Any]:
        """What the dispatch function is given beside so many inputs.

        Raises:
            KernelError: the number of inputs is wrong, or an attribute is missing.
        """
        return self._dispatch_signature.arguments(
            self.name,
            inputs,
            attrs,
            {Supplied.HOST: host, Supplied.METADATA: metadata, Supplied.ATTRIBUTES: attrs},
        )


def _as_tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return value if type(value) is tuple else (value,)
