"""Steps of optimizers: variables that are changed by gradients.

Source of the semantics: ``tensorflow/core/ops/training_ops.cc`` and ``core/kernels/training_ops.cc`` of TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.variable import Variable
from tfrt.kernels.tf.variables import EFFECTS


def _require_shape(variable: Variable, gradient: np.ndarray, op: str) -> None:
    shape = variable.read().shape
    if shape != gradient.shape:
        raise KernelError(
            f"{op}: variable '{variable.name}' has shape {list(shape)}, but its gradient {list(gradient.shape)}",
            code="INVALID_ARGUMENT",
        )


def _change(variable: Variable, by: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    variable.update(by)
    return variable.read()


@array_op("tf.ResourceApplyGradientDescent", flags=EFFECTS)
def gradient_descent(
    var: TensorMetadata, alpha: TensorMetadata, delta: TensorMetadata, *, use_locking: bool = False
) -> ArrayForm:
    """Has a variable go down a gradient, `alpha` times."""

    def run(var: Variable, alpha: np.ndarray, delta: np.ndarray) -> tuple[()]:
        _require_shape(var, delta, "tf.ResourceApplyGradientDescent")
        var.update(lambda held: held - alpha * delta)
        return ()

    return run


def _momentum(name: str, *, is_scaled: bool) -> None:
    """With momentum: what has been gone before is gone on with. In `is_scaled`, steps are added up, not gradients."""

    @array_op(name, flags=EFFECTS)
    def form(
        var: TensorMetadata,
        accum: TensorMetadata,
        lr: TensorMetadata,
        grad: TensorMetadata,
        momentum: TensorMetadata,
        *,
        use_locking: bool = False,
        use_nesterov: bool = False,
    ) -> ArrayForm:
        def run(
            var: Variable, accum: Variable, rate: np.ndarray, gradient: np.ndarray, momentum: np.ndarray
        ) -> tuple[()]:
            _require_shape(var, gradient, name)
            step = -rate * gradient if is_scaled else gradient
            total = _change(accum, lambda held: held * momentum + step)
            gone = total * momentum + step if use_nesterov else total
            var.update(lambda held: held + gone if is_scaled else held - rate * gone)
            return ()

        return run


_momentum("tf.ResourceApplyMomentum", is_scaled=False)
_momentum("tf.ResourceApplyKerasMomentum", is_scaled=True)


@array_op("tf.ResourceApplyAdam", flags=EFFECTS)
def adam(
    var: TensorMetadata,
    m: TensorMetadata,
    v: TensorMetadata,
    beta1_power: TensorMetadata,
    beta2_power: TensorMetadata,
    lr: TensorMetadata,
    beta1: TensorMetadata,
    beta2: TensorMetadata,
    epsilon: TensorMetadata,
    grad: TensorMetadata,
    *,
    use_locking: bool = False,
    use_nesterov: bool = False,
) -> ArrayForm:
    """A step of Adam: `m` and `v` are means of gradients and of their squares."""

    def run(
        var: Variable,
        m: Variable,
        v: Variable,
        beta1_power: np.ndarray,
        beta2_power: np.ndarray,
        rate: np.ndarray,
        beta1: np.ndarray,
        beta2: np.ndarray,
        epsilon: np.ndarray,
        gradient: np.ndarray,
    ) -> tuple[()]:
        _require_shape(var, gradient, "tf.ResourceApplyAdam")
        one = gradient.dtype.type(1)
        alpha = rate * np.sqrt(one - beta2_power) / (one - beta1_power)
        mean = _change(m, lambda held: held + (gradient - held) * (one - beta1))
        square = _change(v, lambda held: held + (gradient * gradient - held) * (one - beta2))
        ahead = beta1 * mean + (one - beta1) * gradient if use_nesterov else mean
        var.update(lambda held: held - alpha * ahead / (np.sqrt(square) + epsilon))
        return ()

    return run
