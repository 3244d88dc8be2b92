"""Objects that are made once, however many threads ask for them.

They are in a dictionary. Who finds none puts a promise there, which ``setdefault`` lets only one of several do, and
whoever holds the promise's lock makes the object, which takes the promise's place.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar, overload

from tfrt.executor.support.fork import restart_after_fork

T = TypeVar("T")


class _Promise:
    """Stands for an object that is being made, or could not be made so far."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who was making the object is gone."""
        self.lock = RLock()


def get_or_make(made: dict[Any, Any], key: Any, make: Callable[[], Any]) -> Any:
    """The object of that key, which `make` makes if nobody has; who asks while it is being made waits for it.

    Where making it fails, whoever asks next tries again.
    """
    while True:
        found = made.get(key)
        if found is None:
            found = made.setdefault(key, _Promise())
        if type(found) is not _Promise:
            return found
        with found.lock:
            if made.get(key) is found:
                made[key] = result = make()
                return result


def get(made: dict[Any, Any], key: Any) -> Any:
    """The object of that key, or None where it is not made (yet)."""
    found = made.get(key)
    return None if type(found) is _Promise else found


class once_per_object(Generic[T]):
    """A property that a method makes, once for each object: threads wait for one another only at the same object.

    `functools.cached_property` has one lock for all objects of a class before Python 3.12, and none from then on.
    """

    def __init__(self, make: Callable[[Any], T]):
        self._make = make
        self._name = make.__name__
        self._key = f"{make.__name__} once"
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> once_per_object[T]: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> T: ...
    def __get__(self, instance: Any, owner: type) -> once_per_object[T] | T:
        if instance is None:
            return self
        found: T = get_or_make(instance.__dict__, self._key, lambda: self._make(instance))
        # From now on Python finds it there, and does not come here.
        instance.__dict__[self._name] = found
        return found

    def forget(self, instance: Any) -> None:
        """Let it be made anew when it is asked for again."""
        instance.__dict__.pop(self._name, None)
        instance.__dict__.pop(self._key, None)
