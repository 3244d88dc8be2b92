"""Recurrent networks: one step after another over sequences, in one direction or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.shared.operators import ints, operator

Array = np.ndarray
Function = Callable[[Array], Array]
Step = Callable[[Array, tuple[Array, ...]], tuple[Array, ...]]


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _activation(name: str, alpha: float | None, beta: float | None) -> Function:
    """A function by its name.

    Raises:
        KernelError: there is none.
    """
    a, b = alpha, beta
    found: dict[str, Function] = {
        "affine": lambda x: (1.0 if a is None else a) * x + (0.0 if b is None else b),
        "elu": lambda x: np.where(x < 0, (1.0 if a is None else a) * np.expm1(x), x),
        "hardsigmoid": lambda x: np.clip((0.2 if a is None else a) * x + (0.5 if b is None else b), 0, 1),
        "leakyrelu": lambda x: np.where(x < 0, (0.01 if a is None else a) * x, x),
        "relu": lambda x: np.maximum(x, 0),
        "scaledtanh": lambda x: (1.0 if a is None else a) * np.tanh((1.0 if b is None else b) * x),
        "sigmoid": _sigmoid,
        "softplus": lambda x: np.logaddexp(x, 0),
        "softsign": lambda x: x / (1 + np.abs(x)),
        "tanh": np.tanh,
        "thresholdedrelu": lambda x: np.where(x > (1.0 if a is None else a), x, 0),
    }
    chosen = found.get(name.lower())
    if chosen is None:
        raise KernelError(f"there is no activation '{name}'")
    return chosen


_TAKES_ALPHA = frozenset(("affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "thresholdedrelu"))
_TAKES_BETA = frozenset(("affine", "hardsigmoid", "scaledtanh"))


def _activations(
    names: str, defaults: Sequence[str], directions: int, alphas: Sequence[float], betas: Sequence[float]
) -> list[list[Function]]:
    """The functions of each direction; numbers are for those that take them, in order."""
    listed = names.split(",") if names else list(defaults) * directions
    a, b = iter(alphas), iter(betas)
    functions = [
        _activation(
            name,
            next(a, None) if name.lower() in _TAKES_ALPHA else None,
            next(b, None) if name.lower() in _TAKES_BETA else None,
        )
        for name in listed
    ]
    each = len(defaults)
    return [functions[each * number : each * (number + 1)] for number in range(directions)]


def _directions(direction: str) -> list[bool]:
    """For each direction whether it is backwards.

    Raises:
        KernelError: there is no such direction.
    """
    found = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}.get(direction.lower())
    if found is None:
        raise KernelError(f"expects a direction forward, reverse or bidirectional, but got {direction}")
    return found


def _clipped(x: Array, limit: float) -> Array:
    return np.clip(x, -limit, limit) if limit else x


def _scan(
    x: Array, lengths: Array | None, state: tuple[Array, ...], step: Step, *, backwards: bool
) -> tuple[Array, tuple[Array, ...]]:
    """The first of the states after each step (step, batch, hidden), zero where sequences are over, and the last."""
    steps, batch = x.shape[:2]
    ends = np.full(batch, steps) if lengths is None else np.array(ints(lengths))
    found = np.zeros((steps, batch, state[0].shape[-1]), state[0].dtype)
    for number in range(steps - 1, -1, -1) if backwards else range(steps):
        going = (number < ends)[:, np.newaxis]
        new = step(x[number], state)
        state = tuple(np.where(going, n, old) for n, old in zip(new, state, strict=True))
        found[number] = np.where(going, state[0], 0)
    return found, state


def _given(state: Array | None, direction: int, batch: int, hidden: int, dtype: np.dtype) -> Array:
    return np.zeros((batch, hidden), dtype) if state is None else state[direction]


def _results(found: list[tuple[Array, tuple[Array, ...]]], layout: int) -> tuple[Array, ...]:
    """(step, direction, batch, hidden) and (direction, batch, hidden); batches come first with `layout`."""
    sequences = np.stack([sequence for sequence, _ in found], 1)
    last = [np.stack(states) for states in zip(*[state for _, state in found], strict=True)]
    if layout:
        return sequences.transpose(2, 0, 1, 3), *[state.transpose(1, 0, 2) for state in last]
    return sequences, *last


def _steps_first(x: Array, states: Sequence[Array | None], layout: int) -> tuple[Array, list[Array | None]]:
    if not layout:
        return x, list(states)
    return x.swapaxes(0, 1), [None if state is None else state.swapaxes(0, 1) for state in states]


@operator("RNN", in_single=True)
def rnn(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    lengths: Array | None = None,
    h: Array | None = None,
    *,
    activation_alpha: Sequence[float] = (),
    activation_beta: Sequence[float] = (),
    activations: str = "",
    clip: float = 0.0,
    direction: str = "forward",
    hidden_size: int,
    layout: int = 0,
) -> tuple[Array, ...]:
    x, (h,) = _steps_first(x, [h], layout)
    backwards = _directions(direction)
    functions = _activations(activations, ["Tanh"], len(backwards), activation_alpha, activation_beta)
    found = []
    for number, reverse in enumerate(backwards):
        (f,), wi, ri = functions[number], w[number].T, r[number].T
        bias = np.zeros((), x.dtype) if b is None else b[number, :hidden_size] + b[number, hidden_size:]

        def step(
            xt: Array, state: tuple[Array, ...], f: Function = f, wi: Array = wi, ri: Array = ri, bias: Array = bias
        ) -> tuple[Array, ...]:
            return (f(_clipped(xt @ wi + state[0] @ ri + bias, clip)),)

        first = (_given(h, number, x.shape[1], hidden_size, x.dtype),)
        found.append(_scan(x, lengths, first, step, backwards=reverse))
    return _results(found, layout)


@operator("GRU", in_single=True)
def gru(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    lengths: Array | None = None,
    h: Array | None = None,
    *,
    activation_alpha: Sequence[float] = (),
    activation_beta: Sequence[float] = (),
    activations: str = "",
    clip: float = 0.0,
    direction: str = "forward",
    hidden_size: int,
    layout: int = 0,
    linear_before_reset: int = 0,
) -> tuple[Array, ...]:
    """Gates are in the order update, reset, hidden."""
    x, (h,) = _steps_first(x, [h], layout)
    backwards = _directions(direction)
    functions = _activations(activations, ["Sigmoid", "Tanh"], len(backwards), activation_alpha, activation_beta)
    found, size = [], hidden_size
    for number, reverse in enumerate(backwards):
        biases = np.zeros(6 * size, x.dtype) if b is None else b[number]
        parts = (*functions[number], w[number].T, r[number].T, biases[: 3 * size], biases[3 * size :])

        def step(xt: Array, state: tuple[Array, ...], parts: tuple[Any, ...] = parts) -> tuple[Array, ...]:
            f, g, wi, ri, wb, rb = parts
            old = state[0]
            into, back = xt @ wi + wb, old @ ri[:, : 2 * size] + rb[: 2 * size]
            gates = f(_clipped(into[:, : 2 * size] + back, clip))
            update, reset = gates[:, :size], gates[:, size:]
            if linear_before_reset:
                inner = reset * (old @ ri[:, 2 * size :] + rb[2 * size :])
            else:
                inner = (reset * old) @ ri[:, 2 * size :] + rb[2 * size :]
            new = g(_clipped(into[:, 2 * size :] + inner, clip))
            return ((1 - update) * new + update * old,)

        first = (_given(h, number, x.shape[1], size, x.dtype),)
        found.append(_scan(x, lengths, first, step, backwards=reverse))
    return _results(found, layout)


@operator("LSTM", in_single=True)
def lstm(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    lengths: Array | None = None,
    h: Array | None = None,
    c: Array | None = None,
    p: Array | None = None,
    *,
    activation_alpha: Sequence[float] = (),
    activation_beta: Sequence[float] = (),
    activations: str = "",
    clip: float = 0.0,
    direction: str = "forward",
    hidden_size: int,
    input_forget: int = 0,
    layout: int = 0,
) -> tuple[Array, ...]:
    """Gates are in the order input, output, forget, cell; peepholes in the order input, output, forget."""
    x, (h, c) = _steps_first(x, [h, c], layout)
    backwards = _directions(direction)
    defaults = ["Sigmoid", "Tanh", "Tanh"]
    functions = _activations(activations, defaults, len(backwards), activation_alpha, activation_beta)
    found, size = [], hidden_size
    for number, reverse in enumerate(backwards):
        bias = 0 if b is None else b[number, : 4 * size] + b[number, 4 * size :]
        peep = np.zeros(3 * size, x.dtype) if p is None else p[number]
        parts = (*functions[number], w[number].T, r[number].T, bias, peep)

        def step(xt: Array, state: tuple[Array, ...], parts: tuple[Any, ...] = parts) -> tuple[Array, ...]:
            f, g, last, wi, ri, bias, peep = parts
            hidden, cell = state
            i, o, forget, new = np.split(xt @ wi + hidden @ ri + bias, 4, axis=-1)
            i = f(_clipped(i + peep[:size] * cell, clip))
            forget = 1 - i if input_forget else f(_clipped(forget + peep[2 * size :] * cell, clip))
            grown = forget * cell + i * g(_clipped(new, clip))
            o = f(_clipped(o + peep[size : 2 * size] * grown, clip))
            return o * last(grown), grown

        batch = x.shape[1]
        first = tuple(_given(state, number, batch, size, x.dtype) for state in (h, c))
        found.append(_scan(x, lengths, first, step, backwards=reverse))
    return _results(found, layout)
