"""Ops of the CPU op handler by name, and the decorator that registers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tfrt.executor.declarations.annotations import AnyHost, OpAttributes, ResultMetadata, refuse_coroutines
from tfrt.executor.declarations.finding import Finding
from tfrt.executor.declarations.metadata import metadata_of
from tfrt.executor.declarations.op import Elementwise, Native, OpEntry, OpFlags, ShapedBy, Step
from tfrt.executor.declarations.pools import Pool

F = TypeVar("F", bound=Callable[..., Any])


class OpRegistry:
    """Ops by name. They are among the kernels of their dialect, whose modules are imported when one is looked up."""

    def __init__(self) -> None:
        self._ops: dict[str, OpEntry] = {}
        self._finding = Finding("op", self._ops, ops_first=True)

    def register(self, entry: OpEntry) -> None:
        """Add an op. The newest one of a name wins; the user's own stays in place of ours or a package's."""
        self._finding.add(entry.name, entry, entry.dispatch)

    def get(self, name: str) -> OpEntry | None:
        """The op of that name, or None.

        Raises:
            UsageError: a module that may hold it cannot be imported, which is tried again each time; or it comes from
                two packages.
        """
        return self._finding.get(name)

    def names(self) -> frozenset[str]:
        """The names registered so far; modules that nobody has looked into yet are not imported for it."""
        return self._finding.names()


CPU_OPS = OpRegistry()
"""The process-wide registry that `cpu_op` fills: a module is imported once in a process, and with it its ops."""


def cpu_op(
    name: str,
    *,
    metadata: Callable[..., Any] | None = None,
    flags: OpFlags = OpFlags.NONE,
    array_form: Callable[..., Any] | None = None,
    constant_metadata: Callable[..., Any] | None = None,
    elementwise: Elementwise | None = None,
    native: Native | None = None,
    steps: Callable[..., Sequence[Step] | None] | None = None,
    pool: Callable[..., Pool | None] | None = None,
    gives: str | None = None,
    shaped_by: ShapedBy | None = None,
    shape_only: bool = False,
    shape_input: int | None = None,
) -> Callable[[F], F]:
    """Register the decorated dispatch function as op `name` of the CPU; the function is returned unchanged.

    Args:
        metadata: gives the results' metadata from that of the inputs, with the same attributes.
        flags: what the op takes beyond dense tensors, and what dispatch must know of it.
        array_form: prepares a function of arrays from the inputs' metadata and the attributes, for lowered programs.
        elementwise: gives, for an element type, the function of arrays that is all there is to the op and never fails.
        constant_metadata: like `metadata`, for ops whose results' shapes depend on elements of an input: inputs that
            are constants of a program arrive as arrays; it returns None where it needs more.
        native: see `OpEntry`.
        steps: the elementwise ops that the op consists of, as a function like `metadata`, where that is all there is to
            its first result; None for inputs, or attributes, for which it is not. They can be fused with others.
        pool: the `Pool` that the op is, as a function of the first input's metadata and the attributes; None where it
            is something else. Other inputs are scalars with which windows are combined, and of no effect where they are
            the pool's `NEUTRAL` one.
        gives: the attribute that is the op's result, for ops that make constants.
        shaped_by: the inputs whose elements the results' shapes depend on, for ops without the functions above. Given
            these, the op run on any elements of the others tells the shapes, and what it complains of then is wrong
            with the inputs' shapes: so they are found at compile time.
        shape_only: the results follow from the inputs' shapes and element types alone.
        shape_input: the input that is the result's shape, whatever the other inputs are; a size of -1 depends on these.
    """

    def register(function: F) -> F:
        refuse_coroutines(f"op '{name}'", function)
        CPU_OPS.register(
            OpEntry(
                name=name,
                dispatch=function,
                metadata=metadata,
                flags=flags,
                array_form=array_form,
                constant_metadata=constant_metadata,
                elementwise=elementwise,
                native=native,
                steps=steps,
                pool=pool,
                gives=gives,
                shaped_by=shaped_by,
                shape_only=shape_only,
                shape_input=shape_input,
            )
        )
        return function

    return register


def array_op(
    name: str,
    *,
    metadata: Callable[..., Any] | None = None,
    constant_metadata: Callable[..., Any] | None = None,
    elementwise: Elementwise | None = None,
    native: Native | None = None,
    pool: Callable[..., Pool | None] | None = None,
    views: bool = False,
    in_place: bool = False,
    by_element: bool = False,
    numbers_from: int | None = None,
    shaped_by: ShapedBy | None = None,
    shape_only: bool = False,
    shape_input: int | None = None,
    flags: OpFlags = OpFlags.NONE,
) -> Callable[[F], F]:
    """Register the decorated array form (see `tfrt.executor.declarations.op`) as op `name` of the CPU; the function is
    returned unchanged.

    It takes the inputs' `TensorMetadata`, and attributes by name, and returns a function of the inputs' arrays that
    gives an array or a tuple of arrays. Of what it is supplied with as `ResultMetadata` it may rely on element types;
    sizes are there where the result's shape does not follow from the inputs, and are known otherwise where those of the
    inputs are. Arrays may have any strides, and must not be written to. Eager callers run the same function on dense
    tensors. What is no array is given and returned as it is: variables, lists, and tensors of strings.

    Args:
        metadata: see `cpu_op`; so are `constant_metadata`, `elementwise`, `native`, `pool`, `shaped_by`,
            `shape_only` and `shape_input`.
        flags: see `cpu_op`: `OpFlags.SIDE_EFFECTS` and `OpFlags.ALLOWS_STRING`.
        by_element: see `OpEntry`.
        in_place: see `OpEntry`; so is `numbers_from`.
        views: see `OpEntry`. All other array forms take `out`, an array for the result or None, if they have one
            result.
    """

    # Programs without tensors start without numpy.
    from tfrt.executor.values.tensor import tensor_of, value_of

    def register(form: F) -> F:
        refuse_coroutines(f"op '{name}'", form)

        def dispatch(
            *inputs: Any, attributes: OpAttributes, host: AnyHost, metadata: ResultMetadata
        ) -> tuple[Any, ...]:
            run = entry.arrays(tuple(map(metadata_of, inputs)), attributes, host, metadata)  # type: ignore[arg-type]
            found = run(*map(value_of, inputs))
            return tuple(map(tensor_of, found if type(found) is tuple else (found,)))

        dispatch.__module__, dispatch.__qualname__ = form.__module__, form.__qualname__
        entry = OpEntry(
            name=name,
            dispatch=dispatch,
            metadata=metadata,
            constant_metadata=constant_metadata,
            flags=flags,
            array_form=form,
            elementwise=elementwise,
            native=native,
            pool=pool,
            views=views,
            in_place=in_place,
            by_element=by_element,
            numbers_from=numbers_from,
            shaped_by=shaped_by,
            shape_only=shape_only,
            shape_input=shape_input,
        )
        CPU_OPS.register(entry)
        return form

    return register
