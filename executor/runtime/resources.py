"""Named objects that kernels keep: those of a program from call to call, and those of a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.support.once import get, get_or_make

T = TypeVar("T")


class ResourceContext:
    """Named objects that outlive an op: state that kernels share within a request, or across several.

    Kernels that ask for one get that of the program that they are in.
    """

    supplied_as: ClassVar[Supplied] = Supplied.RESOURCES

    __slots__ = ("__weakref__", "_resources")

    def __init__(self) -> None:
        self._resources: dict[str, Any] = {}

    def get_or_create(self, name: str, factory: Callable[[], T]) -> T:
        """The resource of that name, made by `factory`, once, where there is none yet."""
        found: T = get_or_make(self._resources, name, factory)
        return found

    def get(self, name: str) -> Any:
        """The resource of that name, or None."""
        return get(self._resources, name)

    def pop(self, name: str) -> Any:
        """Remove the resource of that name and return it, or None where there is none."""
        return None if self.get(name) is None else self._resources.pop(name, None)
