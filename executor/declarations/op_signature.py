"""What the functions of an op take; see `tfrt.executor.declarations.op`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tfrt.executor.declarations.annotations import Supplied, annotations_of, supplied_as
from tfrt.executor.declarations.op_attrs import OpAttr, OpAttrs
from tfrt.executor.support.errors import KernelError, UsageError

_SUPPLIED = frozenset(
    {
        Supplied.HOST,
        Supplied.METADATA,
        Supplied.EPILOGUE,
        Supplied.ROW_EPILOGUE,
        Supplied.POOLING,
        Supplied.ATTRIBUTES,
    }
)


class AttributeGroup:
    """Attributes that belong together: a frozen dataclass that derives from this.

    A keyword-only parameter of such a class takes the attributes that are named as its fields.
    """


@dataclass(frozen=True, slots=True)
class _Attributes:
    """Attributes by name, of which `typed` ones arrive with their types."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    typed: frozenset[str] = frozenset()

    def arguments(self, op: str, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """What is given of them.

        Raises:
            KernelError: a required one is missing.
        """
        arguments = {name: attrs[name] for name in self.optional if name in attrs}
        for name in self.required:
            if name not in attrs:
                raise KernelError(f"missing attribute '{name}' of op '{op}'")
            arguments[name] = attrs[name]
        for name, attr in arguments.items():
            if name not in self.typed:
                arguments[name] = attr.value if type(attr) is OpAttr else attr
            elif type(attr) is not OpAttr:
                arguments[name] = OpAttrs.of({name: attr})[name]
        return arguments


@dataclass(frozen=True, slots=True)
class OpSignature:
    """What an op's function takes: between `least` and `most` inputs, and attributes by name.

    `groups` are parameters that stand for several attributes each, and `supplied` those that stand for none.
    """

    least: int
    most: float
    attributes: _Attributes
    groups: tuple[tuple[str, type[AttributeGroup], _Attributes], ...]
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
        arguments = self.attributes.arguments(op, attrs)
        for name, group, attributes in self.groups:
            arguments[name] = group(**attributes.arguments(op, attrs))
        for name, what in self.supplied:
            arguments[name] = supplied[what]
        return arguments


def read_signature(function: Callable[..., Any]) -> OpSignature:
    """What a function of an op takes.

    Raises:
        UsageError: its annotations cannot be resolved, or ask for what only kernels are given.
    """
    what = f"op function '{function.__qualname__}'"
    hints = annotations_of(what, function)
    own: list[tuple[inspect.Parameter, Any]] = []
    groups: list[tuple[str, type[AttributeGroup], _Attributes]] = []
    supplied: list[tuple[str, Supplied]] = []
    least, most = 0, 0.0
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        given = supplied_as(hint)
        if given in _SUPPLIED:
            supplied.append((parameter.name, given))
        elif given is not None:
            raise UsageError(f"{what}: '{parameter.name}' is what only kernels are given")
        elif isinstance(hint, type) and issubclass(hint, AttributeGroup):
            groups.append((parameter.name, hint, _attributes_of_group(hint)))
        elif parameter.kind is parameter.KEYWORD_ONLY:
            own.append((parameter, hint))
        elif parameter.kind is parameter.VAR_POSITIONAL:
            most = float("inf")
        else:
            least += parameter.default is parameter.empty
            most += 1
    return OpSignature(
        least=least,
        most=most,
        attributes=_attributes(own),
        groups=tuple(groups),
        supplied=tuple(supplied),
        takes_inputs_only=not (own or groups or supplied),
    )


def _attributes_of_group(group: type[AttributeGroup]) -> _Attributes:
    hints = annotations_of(f"attributes '{group.__qualname__}'", group)
    return _attributes((p, hints.get(p.name)) for p in inspect.signature(group).parameters.values())


def _attributes(parameters: Iterable[tuple[inspect.Parameter, Any]]) -> _Attributes:
    known = list(parameters)
    return _Attributes(
        required=tuple(p.name for p, _ in known if p.default is p.empty),
        optional=tuple(p.name for p, _ in known if p.default is not p.empty),
        typed=frozenset(p.name for p, hint in known if hint in (OpAttr, OpAttr | None)),
    )
