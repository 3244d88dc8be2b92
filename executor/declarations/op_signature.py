"""What the functions of an op take; see `tfrt.executor.declarations.op`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tfrt.executor.declarations.annotations import Supplied, annotations_of, supplied_as
from tfrt.executor.declarations.op_attrs import OpAttr, OpAttrs
from tfrt.executor.support.errors import KernelError, UsageError

_SUPPLIED = frozenset({Supplied.HOST, Supplied.METADATA, Supplied.EPILOGUE})


@dataclass(frozen=True, slots=True)
class OpSignature:
    """What an op's function takes: between `least` and `most` inputs, and attributes by name."""

    least: int
    most: float
    required: tuple[str, ...]
    optional: tuple[str, ...]
    typed: frozenset[str]
    supplied: tuple[tuple[str, Supplied], ...]
    takes_inputs_only: bool
    """Whether there is nothing to pass beside inputs; most calls are of this kind, and short."""

    def arguments(
        self, op: str, inputs: int, attrs: Mapping[str, Any], supplied: Mapping[Supplied, Any]
    ) -> dict[str, Any]:
        """The keyword arguments for a call with that many inputs.

        Raises:
            KernelError: the number of inputs is wrong, or an attribute is missing.
        """
        if not self.least <= inputs <= self.most:
            takes = f"{self.least}" if self.least == self.most else f"at least {self.least}"
            raise KernelError(f"op '{op}' takes {takes} inputs and is given {inputs}")
        arguments = {name: self._attribute(name, attrs) for name in self.optional if name in attrs}
        for name in self.required:
            if name not in attrs:
                raise KernelError(f"missing attribute '{name}' of op '{op}'")
            arguments[name] = self._attribute(name, attrs)
        arguments.update({name: supplied[what] for name, what in self.supplied})
        return arguments

    def _attribute(self, name: str, attrs: Mapping[str, Any]) -> Any:
        attr = attrs[name]
        if name in self.typed:
            return attr if isinstance(attr, OpAttr) else OpAttrs.of({name: attr})[name]
        return attr.value if isinstance(attr, OpAttr) else attr


def read_signature(function: Callable[..., Any]) -> OpSignature:
    """What a function of an op takes.

    Raises:
        UsageError: its annotations cannot be resolved, or ask for what only kernels are given.
    """
    what = f"op function '{function.__qualname__}'"
    hints = annotations_of(what, function)
    required: list[str] = []
    optional: list[str] = []
    typed: list[str] = []
    supplied: list[tuple[str, Supplied]] = []
    least, most = 0, 0.0
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        given = supplied_as(hint)
        if given in _SUPPLIED:
            supplied.append((parameter.name, given))
        elif given is not None:
            raise UsageError(f"{what}: '{parameter.name}' is what only kernels are given")
        elif parameter.kind is parameter.KEYWORD_ONLY:
            (required if parameter.default is parameter.empty else optional).append(parameter.name)
            if hint in (OpAttr, OpAttr | None):
                typed.append(parameter.name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            most = float("inf")
        else:
            least += parameter.default is parameter.empty
            most += 1
    return OpSignature(
        least=least,
        most=most,
        required=tuple(required),
        optional=tuple(optional),
        typed=frozenset(typed),
        supplied=tuple(supplied),
        takes_inputs_only=not (required or optional or supplied),
    )
