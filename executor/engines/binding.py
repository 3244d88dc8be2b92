"""Fitting a kernel to one place in a program: decode its attributes, find its functions, check that it fits.

What comes out is a plain callable that takes operands, so that running a kernel costs a call and no lookups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import isfinite
from typing import Any, Protocol

from tfrt.executor.bef import BefFile, FunctionKind, KernelRecord
from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.declarations.kernel import Kernel, Signature
from tfrt.executor.declarations.prepared import Prepared
from tfrt.executor.declarations.runs import Control
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import Promised, ends_call, fail_pending, settle_all
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.priorities import Priority
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.runtime.work_queue import Task
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import BefError, KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.results import Conversion, conversion, converting, has_scalars
from tfrt.executor.values.weights import Weights


class Callee(Protocol):
    """A function of a loaded program, as the kernels that it is given to see it."""

    index: int
    name: str
    kind: FunctionKind
    argument_types: tuple[str, ...]
    result_types: tuple[str, ...]

    def execute(self, context: ExecutionContext, arguments: Sequence[Any], /) -> list[Any]:
        """See `tfrt.executor.engines.function.Function.execute`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundKernel:
    """A kernel at one place.

    Attributes:
        name: the op's.
        call: takes the operands, preceded by the execution context if `needs_context` (as what runs later does).
        functions: the functions that the op refers to.
        returns_plain: whether what it returns is never an `AsyncValue`.
        native: see `tfrt.executor.declarations.kernel_registry.kernel`.
        is_constant: whether its value is always the same and costs nothing to keep.
        only_starts: whether calling it only starts something that takes time, and takes none itself.
        task: where the kernel runs as a task of the work queue, what the task calls; `call` enqueues it.
        inline: an expression of the operands ``{0}``, ``{1}``, … with the kernel's value, or None.
        is_pure, control: see `tfrt.executor.declarations.kernel_registry.kernel`.
        operand_classes, result_class: see `tfrt.executor.declarations.kernel_registry.Signature`.
        is_exact: whether it keeps to what it declares; see `tfrt.executor.declarations.kernel_registry.kernel`.
        prepared: what it says of the function that it has prepared.
        conversion: what `call` consists of, where it converts its one result and most results need not be.
        overwrites_last: whether that writes to its last operand.
    """

    name: str
    call: Callable[..., Any]
    needs_context: bool
    returns_tuple: bool
    functions: tuple[Callee, ...] = ()
    inline: str | None = None
    is_pure: bool = False
    returns_plain: bool = False
    only_starts: bool = False
    native: str | None = None
    is_constant: bool = False
    control: Control | None = None
    task: Callable[..., Any] | None = None
    operand_classes: tuple[type | None, ...] = ()
    result_class: type | None = None
    is_exact: bool = False
    prepared: Prepared | None = None
    conversion: Conversion | None = None
    overwrites_last: bool = False


def bind(
    kernel: Kernel,
    record: KernelRecord,
    bef: BefFile,
    functions: Sequence[Callee],
    host: HostContext,
    result_types: Sequence[str | None] = (),
    weights: Weights | None = None,
    resources: ResourceContext | None = None,
    observe: Callable[[Callable[..., Any], bool], Callable[..., Any]] | None = None,
    watched_queue: Callable[[Callable[[Task], None]], Callable[[Task], None]] | None = None,
) -> BoundKernel:
    """Fit `kernel` to `record`, in a program that was loaded with `weights` and has `resources`.

    Whoever watches kernels gets the callable by `observe`, with whether its results are known to have memory that it
    makes; what that returns is called instead. By `watched_queue` they get what adds the tasks of kernels that run
    later.

    Results become values of `result_types`, see `tfrt.executor.values.results`; none are given for kernels that are
    `exact`.

    A kernel that does not fit is bound to a callable that raises a `KernelError` which says why, so that the rest
    of the program runs and the error appears where the op is.
    """
    signature = kernel.signature
    call: Callable[..., Any]
    try:
        problem = _mismatch(signature, record)
        arguments = {} if problem else _fixed_arguments(signature, record, bef, functions, host, weights, resources)
    except BefError as error:
        problem = str(error)
    if problem:
        call = partial(_fail, f"cannot run '{kernel.name}': {problem}")
        return BoundKernel(name=kernel.name, call=call, needs_context=False, returns_tuple=True)
    call = partial(kernel.function, **arguments) if arguments else kernel.function
    prepared: Prepared | None = None
    context = next((name for name, what in signature.injected if what is Supplied.CONTEXT), None)
    if kernel.prepares:
        # What is prepared is given the context of each call.
        found = _prepared(call if context is None else partial(call, **{context: None}))
        prepared = found if isinstance(found, Prepared) else None
        call = found.call if isinstance(found, Prepared) else found
    if signature.operands is not None and len(record.arguments) > signature.operands:
        call = _without_trailing_chain(call, kernel.name)
    if observe is not None:
        call = observe(call, prepared is not None and prepared.is_new and not kernel.overwrites)
    if context is not None:
        call = _with_context(call, context)
    converts = has_scalars(result_types)
    apart: Conversion | None = None
    if converts:
        if len(result_types) == 1 and result_types[0] is not None and not signature.returns_tuple:
            apart = conversion(call, kernel.name, result_types[0])
        call = converting(call, kernel.name, result_types, returns_tuple=signature.returns_tuple)
    task = call if kernel.enqueued and context is None else None
    is_later = kernel.blocking or kernel.enqueued
    if is_later:
        how = len(record.results), signature.returns_tuple, context is not None
        call = _later(call, host, kernel.blocking, *how, watched_queue)
    callees = tuple(functions[i] for i in record.functions)
    is_whole = signature.operands is None or len(record.arguments) == signature.operands
    # The expressions are not converted, so they do not serve then.
    has_expression = is_whole and not converts
    inline = _inline(kernel, arguments, record) if has_expression else None
    needs_context, returns_tuple = context is not None or is_later, signature.returns_tuple
    # Iterations that are tasks of their own are the kernel's business.
    control = kernel.control if arguments.get("parallel_iterations", 1) <= 1 else None
    is_constant = not record.arguments and len(record.results) == 1 and not returns_tuple
    return BoundKernel(
        name=kernel.name,
        call=call,
        needs_context=needs_context,
        returns_tuple=returns_tuple,
        functions=callees,
        inline=inline,
        is_pure=kernel.is_pure,
        returns_plain=(signature.returns_plain or prepared is not None) and not is_later and kernel.is_exact,
        only_starts=signature.returns_async or is_later,
        native=kernel.native if has_expression else None,
        is_constant=is_constant and (kernel.constant or inline is not None),
        control=control,
        task=task,
        operand_classes=signature.operand_classes,
        result_class=signature.result_class,
        is_exact=kernel.is_exact,
        # What watches kernels, or converts their results, needs them to be called.
        prepared=prepared if observe is None and not converts else None,
        conversion=None if is_later else apart,
        overwrites_last=kernel.overwrites,
    )


def weights_that_do_not_fit(
    bef: BefFile, kernels: Mapping[str, Kernel], host: HostContext, weights: Weights
) -> list[Diagnostic]:
    """An error, at the first kernel that has it, for each thing that is wrong with the weights of the file's kernels.

    Kernels that are given weights have no operands, and fail where there is something wrong with them only.
    """
    takers = {n: k for n, k in kernels.items() if any(what is Supplied.WEIGHTS for _, what in k.signature.injected)}
    if not takers:
        return []
    found: dict[str, Diagnostic] = {}
    for record in chain.from_iterable(bef.functions.kernels_named(i, takers) for i in range(len(bef.functions))):
        kernel = takers[record.name]
        if _mismatch(kernel.signature, record):
            continue
        try:
            kernel.function(**_fixed_arguments(kernel.signature, record, bef, (), host, weights))
        except KernelError as error:
            found.setdefault(error.message, Diagnostic("error", error.message, bef.kernel_location(record)))
    return list(found.values())


def _inline(kernel: Kernel, attributes: dict[str, Any], record: KernelRecord) -> str | None:
    """The kernel's inline expression with its attributes as literals; None where there is none."""
    if kernel.inline is None or len(record.results) != 1:
        return None
    if not all(is_literal(value) for value in attributes.values()):
        return None
    operands = [f"{{{index}}}" for index in range(len(record.arguments))]
    return kernel.inline.format(*operands, **{name: f"({value!r})" for name, value in attributes.items()})


def is_literal(value: Any) -> bool:
    """Whether Python source can spell a value so that it is the same again."""
    return type(value) in (bool, int) or (type(value) is float and isfinite(value))


def _mismatch(signature: Signature, record: KernelRecord) -> str | None:
    given, declared = len(record.arguments), signature.operands
    has_chain_to_drop = not signature.takes_chain and given - 1 == declared
    if declared is not None and given != declared and not has_chain_to_drop:
        return f"it takes {_count(declared, 'operand')} and is given {given}"
    if given < signature.minimum_operands:
        return f"it takes at least {_count(signature.minimum_operands, 'operand')} and is given {given}"
    if signature.all_attributes is None and len(record.attributes) != len(signature.attributes):
        names = ", ".join(name for name, _ in signature.attributes)
        expected = _count(len(signature.attributes), "attribute") + (f" ({names})" if names else "")
        return f"it takes {expected} and is given {len(record.attributes)}"
    if len(record.attributes) < len(signature.attributes):
        expected = _count(len(signature.attributes), "attribute")
        return f"it takes at least {expected} and is given {len(record.attributes)}"
    if signature.all_functions is None and len(record.functions) != len(signature.functions):
        return f"it takes {_count(len(signature.functions), 'function')} and is given {len(record.functions)}"
    if len(record.functions) < len(signature.functions):
        expected = _count(len(signature.functions), "function")
        return f"it takes at least {expected} and is given {len(record.functions)}"
    return None


def _fixed_arguments(
    signature: Signature,
    record: KernelRecord,
    bef: BefFile,
    functions: Sequence[Callee],
    host: HostContext,
    weights: Weights | None = None,
    resources: ResourceContext | None = None,
) -> dict[str, Any]:
    attributes = zip(signature.attributes, record.attributes, strict=False)
    arguments: dict[str, Any] = {name: bef.attribute(at, stored) for (name, stored), at in attributes}
    if signature.all_attributes is not None:
        rest = record.attributes[len(signature.attributes) :]
        arguments[signature.all_attributes] = tuple(bef.attribute(at, Stored("any")) for at in rest)
    callees = [functions[i] for i in record.functions]
    arguments.update(zip(signature.functions, callees, strict=False))
    if signature.all_functions is not None:
        arguments[signature.all_functions] = tuple(callees[len(signature.functions) :])
    for name, what in signature.injected:
        match what:
            case Supplied.HOST:
                arguments[name] = host
            case Supplied.LOCATION:
                arguments[name] = bef.location(record.location)
            case Supplied.RESULT_COUNT:
                arguments[name] = len(record.results)
            case Supplied.FILES:
                arguments[name] = host.files
            case Supplied.WEIGHTS:
                arguments[name] = Weights() if weights is None else weights
            case Supplied.RESOURCES:
                arguments[name] = ResourceContext() if resources is None else resources
    return arguments


def _without_trailing_chain(call: Callable[..., Any], name: str) -> Callable[..., Any]:
    def run(*operands: Any) -> Any:
        if type(operands[-1]) is not Chain:
            declared = _count(len(operands) - 1, "operand")
            raise KernelError(f"cannot run '{name}': it takes {declared} and is given {len(operands)}")
        return call(*operands[:-1])

    return run


def _prepared(prepare: Callable[[], Callable[..., Any] | Prepared]) -> Callable[..., Any] | Prepared:
    try:
        return prepare()
    except KernelError as error:
        return partial(_fail, str(error))


def taking_context(bound: BoundKernel) -> Callable[..., Any]:
    """A bound kernel as a function of the context and its operands."""
    return bound.call if bound.needs_context else lambda context, *operands: bound.call(*operands)


def _with_context(call: Callable[..., Any], name: str) -> Callable[..., Any]:
    def run(context: Any, *operands: Any) -> Any:
        return call(*operands, **{name: context})

    return run


def _later(
    call: Callable[..., Any],
    host: HostContext,
    blocking: bool,
    results: int,
    returns_tuple: bool,
    takes_context: bool,
    watched_queue: Callable[[Callable[[Task], None]], Callable[[Task], None]] | None,
) -> Callable[..., Any]:
    def run(context: ExecutionContext, *operands: Any) -> Any:
        # Even a kernel without results can fail, and then somebody has to hear of it.
        pending = tuple(AsyncValue() for _ in range(max(results, 1)))
        given = (context, *operands) if takes_context else operands
        # Looked up now, since it may have become another one meanwhile.
        enqueue = host.enqueue_blocking if blocking else host.enqueue
        if watched_queue is not None:
            enqueue = watched_queue(enqueue)
        enqueue(_Later(pending, partial(run_and_resolve, context, call, given, pending, results, returns_tuple)))
        return pending if results > 1 or (results and returns_tuple) else pending[0]

    return run


class _Later(Promised):
    """A task that runs a kernel; its work is `run_and_resolve` with all that it takes."""

    __slots__ = ()

    work: partial[None]

    @property
    def priority(self) -> Priority:
        """See `tfrt.executor.runtime.priorities`."""
        context: ExecutionContext = self.work.args[0]
        return context.priority


def run_and_resolve(
    context: ExecutionContext,
    call: Callable[..., Any],
    operands: tuple[Any, ...],
    pending: tuple[AsyncValue, ...],
    results: int,
    returns_tuple: bool,
) -> None:
    """Run a kernel as a task, whose results have been promised."""
    cancelled = context.task_cancellation
    if cancelled is not None:
        settle_all(pending, [cancelled] * len(pending))
        return
    try:
        value = call(*operands)
        values = unpack(value, results, returns_tuple)
    except BaseException as error:
        fail_pending(pending, error)
        if ends_call(error):
            raise
        return
    settle_all(pending, values or (None,))


def unpack(value: Any, results: int, returns_tuple: bool) -> Sequence[Any]:
    """What a kernel returned as one item a result.

    Raises:
        KernelError: it is not that many.
    """
    if not returns_tuple:
        if results == 1:
            return (value,)
        if results == 0:
            return ()
    if not isinstance(value, tuple | list) or len(value) != results:
        got = _count(len(value), "value") if isinstance(value, tuple | list) else type(value).__name__
        raise KernelError(f"the kernel must return {_count(results, 'result')} and returned {got}")
    return value


def _fail(message: str, *_: Any) -> Any:
    raise KernelError(message)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
