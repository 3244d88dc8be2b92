"""Bodies of reductions, sorts and their like: functions of scalars, run on whole arrays.

A body is an attribute of an op. It is the name of an op of two operands, such as ``"stablehlo.add"``, or spells a
program: ``[inputs, [step, ...], [result, ...]]``. A step ``[op, [operand, ...], [[attribute, value], ...],
[element type, ...]]`` runs an op of the core runtime and gives a value for each element type. Operands and results are
numbers of values: the body's inputs come first, then what the steps give. Three ops have bodies of their own, as the
attributes `cond` and `body`, or `branches`, a list, whose last inputs are operands of the step:

* ``stablehlo.while``, for each element until its own condition is false;
* ``stablehlo.if`` and ``stablehlo.case``, whose branches all run, for each element picks from its own.

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


def _bind_while(step: Step, inputs: Sequence[DType]) -> Run:
    """A loop for each element; values after as many as it carries are the same for all iterations."""
    carried = len(step.results)
    condition, advance = (bind_body(read_body(step.attributes[name]), inputs) for name in ("cond", "body"))

    def run(*arrays: Any) -> Arrays:
        shape = np.broadcast_shapes(*[np.shape(array) for array in arrays])
        values = [np.broadcast_to(array, shape) for array in arrays[:carried]]
        fixed = arrays[carried:]
        while (going := np.broadcast_to(condition(*values, *fixed)[0], shape)).any():
            values = [np.where(going, new, old) for new, old in zip(advance(*values, *fixed), values, strict=True)]
        return tuple(values)

    return run


def _bind_case(step: Step, inputs: Sequence[DType]) -> Run:
    branches = [bind_body(read_body(branch), inputs[1:]) for branch in step.attributes["branches"]]
    is_if = step.op == "stablehlo.if"

    def run(index: Any, *arrays: Any) -> Arrays:
        chosen = np.where(index, 0, 1) if is_if else np.asarray(index)
        found = [branch(*arrays) for branch in branches]
        # An index without a branch takes the last one.
        picks = [chosen == number for number in range(len(branches) - 1)]
        return tuple(
            np.asarray(np.select(picks, values[:-1], values[-1])).astype(dtype.numpy, copy=False)
            for values, dtype in zip(zip(*found, strict=True), step.results, strict=True)
        )

    return run


_CONTROL: dict[str, Callable[[Step, Sequence[DType]], Run]] = {
    "stablehlo.while": _bind_while,
    "stablehlo.if": _bind_case,
    "stablehlo.case": _bind_case,
}
