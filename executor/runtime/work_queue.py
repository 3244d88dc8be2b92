"""What a work queue is: who runs what, when. `queues.py` makes those that come with tfrt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

Task = Callable[[], None]


class WorkQueue(Protocol):
    """What the host needs of a work queue."""

    name: str

    @property
    def parallelism(self) -> int:
        """How many tasks can compute at the same time."""

    @property
    def has_threads(self) -> bool:
        """Whether tasks make progress while nobody waits."""

    def add_task(self, task: Task) -> None:
        """Run `task` some time; it must not block."""

    def add_blocking_task(self, task: Task) -> None:
        """Run `task`, which may block, some time."""

    def wait(self, values: Iterable[Any]) -> None:
        """Return once every `AsyncValue` among `values` is resolved, as soon as they are.

        Where there are no threads the calling thread runs tasks.
        """

    def quiesce(self) -> None:
        """Return once no task is waiting or running; the calling thread helps to run tasks. Not from a task."""

    def run_one(self) -> bool:
        """Run one waiting task on this thread; False where there is none, or threads of their own run them."""

    def close(self) -> None:
        """Finish the tasks that are waiting and end all threads. May be called twice.

        Tasks that are added later still run, on threads that the next call ends.
        """
