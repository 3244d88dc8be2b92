"""Variables: what makes, reads and replaces them as a whole.

A program's variables are its own, and last as long as it is loaded; those that an eager caller names are the host's.
Source of the semantics: ``tensorflow/core/ops/resource_variable_ops.cc`` and ``core/kernels/resource_variable_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm, OpFlags
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.variable import Variable

EFFECTS = OpFlags.SIDE_EFFECTS


@array_op("tf.VarHandleOp", flags=EFFECTS)
def var_handle(*initial: TensorMetadata, host: HostContext, shared_name: str = "", container: str = "") -> ArrayForm:
    """The host's variable of a name, which has a first value if one is given; one of its own where there is no name.

    Programs have their own variables, by the kernel `cpu.variable`.
    """
    name = variable_name(shared_name, container)
    resources = host.shared(ResourceContext)

    def find(*initial: np.ndarray) -> Variable:
        def make() -> Variable:
            return Variable(name, *[array.copy() for array in initial])

        return resources.get_or_create(name, make) if name else make()

    return find


def variable_name(shared_name: str, container: str) -> str:
    """What a program knows a variable by, which is in a container or not."""
    return f"{container}/{shared_name}" if container else shared_name


def checked_value(value: np.ndarray, known: ResultMetadata | None, variable: Variable) -> np.ndarray:
    """A variable's value, which must be what the program says of it.

    Raises:
        KernelError: it has another element type or shape.
    """
    if known:
        of = known[0]
        if value.dtype != of.dtype.numpy or (min(of.shape, default=0) >= 0 and value.shape != of.shape):
            raise KernelError(
                f"variable '{variable.name}' holds {_described(value)}, but the program reads "
                f"{of.dtype.mlir} of shape {list(of.shape)}",
                code="INVALID_ARGUMENT",
            )
    return value


def _described(value: np.ndarray) -> str:
    return f"{DType.of(value).mlir} of shape {list(value.shape)}"


@array_op("tf.ReadVariableOp", flags=EFFECTS)
def read(handle: TensorMetadata, metadata: ResultMetadata) -> ArrayForm:
    """What a variable holds."""
    return lambda variable: checked_value(variable.read(), metadata, variable)


@array_op("tf.VarIsInitializedOp", flags=EFFECTS)
def is_initialized(handle: TensorMetadata) -> ArrayForm:
    """Whether a variable holds anything."""
    return lambda variable: np.array(variable.is_initialized)


@array_op("tf.VariableShape", flags=EFFECTS)
def shape(handle: TensorMetadata, *, out_type: DType = DType.I32) -> ArrayForm:
    """The shape of what a variable holds."""
    return lambda variable: np.array(variable.read().shape, out_type.numpy)


@array_op("tf.AssignVariableOp", flags=EFFECTS)
def assign(handle: TensorMetadata, value: TensorMetadata, *, validate_shape: bool = False) -> ArrayForm:
    """Has a variable hold a value; with `validate_shape` it must be of the shape of what the variable holds."""

    def run(variable: Variable, value: np.ndarray) -> tuple[()]:
        if variable.is_initialized:
            held = variable.read()
            if held.dtype != value.dtype or (validate_shape and held.shape != value.shape):
                raise KernelError(
                    f"cannot assign {_described(value)} to variable '{variable.name}', which holds {_described(held)}",
                    code="INVALID_ARGUMENT",
                )
        variable.assign(value)
        return ()

    return run


def _assign_by(name: str, change: Callable[[Any, Any], Any]) -> None:
    @array_op(name, flags=EFFECTS)
    def form(handle: TensorMetadata, value: TensorMetadata) -> ArrayForm:
        def run(variable: Variable, value: np.ndarray) -> tuple[()]:
            def changed(held: np.ndarray) -> Any:
                if held.dtype != value.dtype or held.shape != value.shape:
                    raise KernelError(
                        f"cannot update variable '{variable.name}', which holds {_described(held)}, by "
                        f"{_described(value)}",
                        code="INVALID_ARGUMENT",
                    )
                return change(held, value)

            variable.update(changed)
            return ()

        return run


_assign_by("tf.AssignAddVariableOp", np.add)
_assign_by("tf.AssignSubVariableOp", np.subtract)


@array_op("tf.DestroyResourceOp", flags=EFFECTS)
def destroy(handle: TensorMetadata, *, ignore_lookup_error: bool = True) -> ArrayForm:
    """Has a variable hold nothing, from then on."""

    def run(variable: Variable) -> tuple[()]:
        if not ignore_lookup_error:
            variable.read()
        variable.assign(None)
        return ()

    return run
