"""Bodies of reductions, sorts and their like: functions of scalars, run on whole arrays.

A body is an attribute of an op. It is the name of an op of two operands, such as ``"stablehlo.add"``, or spells a
program: ``[inputs, [step, ...], [result, ...]]``. A step ``[op, [operand, ...], [[attribute, value], ...],
[element type, ...]]`` runs an op of the core runtime and gives a value for each element type. Operands and results are
numbers of values: the body's inputs come first, then what the steps give. Three ops have bodies of their own, as the
attributes `cond` and `body`, or `branches`, a list, whose last inputs are operands of the step:

* ``stablehlo.while``, for each element until its own condition is false;
* ``stablehlo.if`` and ``stablehlo.case``, each of whose branches runs for the elements that choose it.

Since every op of a body works element by element, running it on arrays is running it on each of their elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

Arrays = tuple[Any, ...]
Run = Callable[..., Arrays]
"""Takes arrays of shapes that broadcast, and gives arrays of theirs, or less where all elements are equal."""


@dataclass(frozen=True)
class Step:
    """One op of a body."""

    op: str
    operands: tuple[int, ...]
    attributes: Mapping[str, Any]
    results: tuple[DType, ...]


@dataclass(frozen=True)
class Body:
    """A body; `op` is the op of its two inputs that it is and no more, if that is so."""

    inputs: int
    steps: tuple[Step, ...]
    results: tuple[int, ...]
    op: str | None = None


def read_body(attribute: Any) -> Body:
    """The body that an attribute spells.

    Raises:
        KernelError: it spells none.
    """
    if isinstance(attribute, str):
        return Body(2, (Step(attribute, (0, 1), {}, ()),), (2,), attribute)
    try:
        inputs, steps, results = attribute
        read = tuple(
            Step(op, tuple(operands), dict(attributes), tuple(types)) for op, operands, attributes, types in steps
        )
        return Body(int(inputs), read, tuple(map(int, results)))
    except (TypeError, ValueError) as error:
        raise KernelError(f"a body must be an op's name or [inputs, steps, results]: {error}") from error


def bind_body(body: Body, inputs: Sequence[DType]) -> Run:
    """The body as a function of arrays with these element types; so many as it takes.

    Raises:
        KernelError: the body takes another number of inputs, or one of its ops does not exist or takes other types.
    """
    if len(inputs) != body.inputs:
        raise KernelError(f"a body takes {body.inputs} inputs, not {len(inputs)}")
    types = list(inputs)
    bound: list[tuple[Callable[..., Any], tuple[int, ...], bool]] = []
    for step in body.steps:
        if any(not 0 <= number < len(types) for number in step.operands):
            raise KernelError(f"'{step.op}' in a body has an operand that is not there")
        run, results = _bind_step(step, [types[number] for number in step.operands])
        bound.append((run, step.operands, len(results) != 1 or step.op in _CONTROL))
        types += results
    if any(not 0 <= number < len(types) for number in body.results):
        raise KernelError("a result of a body is not there")

    def run_body(*arrays: Any) -> Arrays:
        values = list(arrays)
        for function, operands, gives_several in bound:
            found = function(*[values[number] for number in operands])
            if gives_several:
                values.extend(found)
            else:
                values.append(found)
        return tuple([values[number] for number in body.results])

    return run_body


def _bind_step(step: Step, inputs: Sequence[DType]) -> tuple[Callable[..., Any], Sequence[DType]]:
    control = _CONTROL.get(step.op)
    if control is not None:
        return control(step, inputs), step.results
    entry = CPU_OPS.get(step.op)
    if entry is None or entry.array_form is None:
        raise KernelError(f"the CPU has no op '{step.op}' that works on arrays")
    known = tuple(TensorMetadata(dtype, ()) for dtype in inputs)
    given = tuple(TensorMetadata(dtype, ()) for dtype in step.results) or entry.run_metadata(known, step.attributes)
    if given is None:
        raise KernelError(f"what op '{step.op}' gives in a body must be said")
    return entry.arrays(known, step.attributes, None, given), [each.dtype for each in given]


def _bodies(step: Step, names: Sequence[str]) -> list[Any]:
    """The attributes of a step that are bodies.

    Raises:
        KernelError: one is missing.
    """
    missing = [name for name in names if name not in step.attributes]
    if missing:
        raise KernelError(f"missing attribute '{missing[0]}' of op '{step.op}'")
    return [step.attributes[name] for name in names]


def _bind_inner(step: Step, attribute: Any, inputs: Sequence[DType]) -> Run:
    """A body that gives a step's results.

    Raises:
        KernelError: it does not, or see `bind_body`.
    """
    body = read_body(attribute)
    if len(body.results) != len(step.results):
        raise KernelError(f"'{step.op}' in a body gives {len(body.results)} values in place of {len(step.results)}")
    return bind_body(body, inputs)


def _bind_while(step: Step, inputs: Sequence[DType]) -> Run:
    """A loop for each element; values after as many as it carries are the same for all iterations."""
    carried = len(step.results)
    cond, body = _bodies(step, ("cond", "body"))
    given = len(read_body(cond).results)
    if given != 1:
        raise KernelError(f"'{step.op}' in a body gives {given} values by its condition, not one")
    condition, advance = bind_body(read_body(cond), inputs), _bind_inner(step, body, inputs)

    def run(*arrays: Any) -> Arrays:
        shape = np.broadcast_shapes(*[np.shape(array) for array in arrays])
        values = [np.broadcast_to(array, shape) for array in arrays[:carried]]
        fixed = arrays[carried:]
        while (going := np.broadcast_to(condition(*values, *fixed)[0], shape)).any():
            values = [np.where(going, new, old) for new, old in zip(advance(*values, *fixed), values, strict=True)]
        return tuple(values)

    return run


def _bind_case(step: Step, inputs: Sequence[DType]) -> Run:
    """A choice for each element; an index without a branch chooses the last one."""
    (bodies,) = _bodies(step, ("branches",))
    branches = [_bind_inner(step, branch, inputs[1:]) for branch in bodies]
    if not branches:
        raise KernelError(f"'{step.op}' in a body has no branches")
    last = len(branches) - 1

    def run(index: Any, *arrays: Any) -> Arrays:
        index = np.asarray(index)
        if step.op == "stablehlo.if":
            index = np.where(index, 0, 1)
        index = np.where((index < 0) | (index > last), last, index)
        chosen = np.unique(index)
        if chosen.size == 1:
            return branches[chosen[0]](*arrays)
        shape = np.broadcast_shapes(index.shape, *[np.shape(array) for array in arrays])
        index = np.broadcast_to(index, shape)
        found = tuple([np.empty(shape, dtype.numpy) for dtype in step.results])
        for number in chosen:
            # Others must not run: loops may not end for their elements.
            here = index == number
            taken = [np.broadcast_to(array, shape)[here] for array in arrays]
            for whole, part in zip(found, branches[number](*taken), strict=True):
                whole[here] = part
        return found

    return run


_CONTROL: dict[str, Callable[[Step, Sequence[DType]], Run]] = {
    "stablehlo.while": _bind_while,
    "stablehlo.if": _bind_case,
    "stablehlo.case": _bind_case,
}
