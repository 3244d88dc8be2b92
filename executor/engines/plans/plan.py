"""A function with a plan, as the tiers see it that make plans of it and of its callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tfrt.executor.engines.binding import Callee
from tfrt.executor.engines.graph import Graph, Runnable
from tfrt.executor.engines.plans.facts import Facts
from tfrt.executor.engines.plans.names import Names


class Plan(Protocol):
    """See `tfrt.executor.engines.plans.planned.Planned`, which is one."""

    function: Runnable
    facts: Facts
    names: Names
    python_name: str
    is_region: bool
    runs: int
    call: Callable[..., Any]

    @property
    def call_in_plans(self) -> Callable[..., Any]:
        """What other plans call: a function of the context and plain operands."""

    @property
    def name_in_plans(self) -> str:
        """The global name of what other plans call."""

    @property
    def graph(self) -> Graph:
        """The function, ready to run."""

    @property
    def is_warm(self) -> bool:
        """Whether it has run so often that generating it, along with what runs it, pays."""

    def plan_of(self, function: Callee) -> Plan:
        """The plan of another function of the program."""
