"""Random programs of all that runs late or elsewhere, and what can be seen of a run of one.

`make` draws a program's text from its number. Its kernels are synchronous, tasks, blocking tasks, promises that a task
keeps, and such that fail; effects are ordered by chains, of which there are several. `Run` is what kernels get with
the request: they tell it where they begin and end, which are the points where a test may interfere.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN, Chain

MODULUS = 1_000_003
CHAINS = 3


@dataclass
class Run:
    """One run, as its kernels tell of it.

    Attributes:
        at: called with the number of each point, from 1.
        points: how many there have been.
        effects: what has had its effect, in order: the chain that it is on, its number, what it was given.
        is_stopped: whether the request has been stopped.
        late: for each kernel that has begun nevertheless, whether it is a task.
    """

    at: Callable[[int], None] = lambda _: None
    points: int = 0
    effects: list[tuple[int, int, int]] = field(default_factory=list)
    is_stopped: bool = False
    late: list[bool] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    def point(self) -> None:
        with self._lock:
            self.points += 1
            number = self.points
        self.at(number)


def _begin(context: ExecutionContext, *, is_task: bool) -> Run:
    """The run that a kernel is in, which is told that it begins."""
    run: Run = context.data[Run]
    if run.is_stopped:
        run.late.append(is_task)
    run.point()
    return run


def _value(number: int, *operands: int) -> int:
    return (number * 31 + sum(3 * operand + 1 for operand in operands)) % MODULUS


def _promise(x: int, y: int, *, number: tfrt.Attributes, context: ExecutionContext) -> AsyncValue:
    run, promise = _begin(context, is_task=False), AsyncValue()

    def keep() -> None:
        run.point()
        promise.set(_value(number[0], x, y))

    context.host.enqueue(keep)
    run.point()
    return promise


def _kernels(is_task: bool) -> dict[str, Callable[..., Any]]:
    def pure(x: int, y: int, *, number: tfrt.Attributes, context: ExecutionContext) -> int:
        run = _begin(context, is_task=is_task)
        found = _value(number[0], x, y)
        run.point()
        return found

    def fail(x: int, *, number: tfrt.Attributes, context: ExecutionContext) -> int:
        _begin(context, is_task=is_task)
        raise KernelError(f"failure {number[0]} of {x}")

    def effect(x: int, chain: Chain, *, number: tfrt.Attributes, context: ExecutionContext) -> tuple[int, Chain]:
        run = _begin(context, is_task=is_task)
        run.effects.append((number[1], number[0], x))
        run.point()
        return _value(number[0], x), CHAIN

    return {"pure": pure, "fail": fail, "effect": effect}


REGISTRY = KernelRegistry(BUILTIN)
HOW: dict[str, dict[str, Any]] = {"plain": {}, "task": {"enqueued": True}, "blocking": {"blocking": True}}
for _how, _options in HOW.items():
    for _name, _function in _kernels(bool(_options)).items():
        REGISTRY.register(Kernel(f"robust.{_name}.{_how}", _function, **_options))
REGISTRY.register(Kernel("robust.promise", _promise))


class _Writer:
    """Writes one program."""

    def __init__(self, seed: int):
        self.draw = random.Random(f"program {seed}")
        self.numbers = 0
        self.names = 0
        self.helpers: list[str] = []
        self.texts: list[str] = []

    def name(self) -> str:
        self.names += 1
        return f"%v{self.names}"

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def statements(self, values: list[str], chains: list[str], depth: int, count: int) -> list[str]:
        """So many statements, which may use and extend the values, and advance the chains."""
        lines: list[str] = []
        for _ in range(count):
            lines += self.statement(values, chains, depth)
        return lines

    def statement(self, values: list[str], chains: list[str], depth: int) -> list[str]:
        draw, result = self.draw, self.name()
        x, y, chain = draw.choice(values[-5:]), draw.choice(values[-5:]), draw.randrange(len(chains))
        kind = draw.choices(("pure", "effect", "fail", "call", "if", "repeat", "while"), (8, 6, 0.6, 1, 1, 1, 0.5))[0]
        how = draw.choice(tuple(HOW))
        if kind in ("call", "if", "repeat", "while") and depth >= 2:
            kind = "pure"
        # Operands are drawn already.
        values.append(result)
        match kind:
            case "pure":
                kernel = draw.choice((f"robust.pure.{how}", "robust.promise"))
                return [f'{result} = "{kernel}"({x}, {y}) {{number = {self.number()} : i64}} : (i32, i32) -> i32']
            case "fail":
                number = self.number()
                return [f'{result} = "robust.fail.{how}"({x}) {{number = {number} : i64}} : (i32) -> i32']
            case "effect":
                new = self.name()
                line = (
                    f'{result}, {new} = "robust.effect.{how}"({x}, {chains[chain]}) '
                    f"{{number = {self.number()} : i64, on = {chain} : i64}} : (i32, !tfrt.chain) -> (i32, !tfrt.chain)"
                )
                chains[chain] = new
                return [line]
        return self.nested(kind, result, x, y, chain, values, chains, depth)

    def nested(
        self, kind: str, result: str, x: str, y: str, chain: int, values: list[str], chains: list[str], depth: int
    ) -> list[str]:
        """A statement that runs others, once or several times; it advances all chains."""
        old, new = list(chains), [self.name() for _ in chains]
        types = ", ".join(["i32", *["!tfrt.chain"] * len(chains)])
        results = ", ".join([result, *new])
        chains[:] = new
        if kind in ("call", "while"):
            helper = self.helper(depth, loops=kind == "while")
            if kind == "call":
                return [f"{results} = tfrt.call @{helper}({x}, {', '.join(old)}) : ({types}) -> ({types})"]
            yes = self.name()
            return [
                f"{yes} = tfrt.constant.i1 true",
                f"{results} = tfrt.while {yes} @{helper}({x}, {', '.join(old)}) parallel_iterations(1) "
                f": ({types}) -> ({types})",
            ]
        inner = list(old)
        own = [x]
        body = self.statements(own, inner, depth + 1, self.draw.randrange(1, 4))
        ending = [*body, f"tfrt.return {own[-1]}, {', '.join(inner)} : {types}"]
        if kind == "repeat":
            times = self.name()
            return [
                f"{times} = tfrt.constant.i32 {self.draw.randrange(3)}",
                f"{results} = tfrt.repeat.i32 {times}, {x}, {', '.join(old)} : {types} {{",
                *ending,
                "}",
            ]
        small = self.name()
        return [
            f'{small} = "tfrt.lessequal.i32"({x}, {y}) : (i32, i32) -> i1',
            f"{results} = tfrt.if {small}, {x}, {', '.join(old)} : ({types}) -> ({types}) {{",
            *ending,
            "} else {",
            f"tfrt.return {x}, {', '.join(old)} : {types}",
            "}",
        ]

    def helper(self, depth: int, *, loops: bool) -> str:
        """A function of a value and the chains; one for loops says that there is no further round."""
        name = f"helper{len(self.helpers)}"
        self.helpers.append(name)
        chains = [f"%c{i}" for i in range(CHAINS)]
        arguments = ", ".join(["%x: i32", *(f"{chain}: !tfrt.chain" for chain in chains)])
        types = ["i32", *["!tfrt.chain"] * CHAINS]
        values = ["%x"]
        lines = self.statements(values, chains, depth + 1, self.draw.randrange(1, 4))
        returned = [values[-1], *chains]
        if loops:
            lines.append("%more = tfrt.constant.i1 false")
            returned, types = [*returned, "%more"], [*types, "i1"]
        listed = ", ".join(types)
        self.texts.append(
            f"func.func @{name}({arguments}) -> ({listed}) {{\n"
            + "\n".join([*lines, f"tfrt.return {', '.join(returned)} : {listed}"])
            + "\n}"
        )
        return name

    def main(self) -> str:
        chains = [f"%c{i}" for i in range(CHAINS)]
        values = ["%x"]
        arguments = ", ".join(["%x: i32", *(f"{chain}: !tfrt.chain" for chain in chains)])
        lines = self.statements(values, chains, 0, self.draw.randrange(6, 16))
        returned = [values[-1], values[-4], *chains]
        types = ", ".join(["i32", "i32", *["!tfrt.chain"] * CHAINS])
        return (
            f"func.func @main({arguments}) -> ({types}) {{\n"
            + "\n".join([*lines, f"tfrt.return {', '.join(returned)} : {types}"])
            + "\n}"
        )


@cache
def make(number: int) -> str:
    """The text of the program of that number."""
    writer = _Writer(number)
    main = writer.main()
    return "\n".join([*writer.texts, main]) + "\n"


@cache
def compiled(number: int) -> bytes:
    return tfrt.compile(make(number), f"program{number}.mlir")


def load(number: int, queue: str, reported: list[str], **options: Any) -> Any:
    """The program of that number on a host of its own; messages of diagnostics are added to `reported`."""
    host = HostContext(
        queue, registry=REGISTRY, native=False, diagnostic_handler=lambda d: reported.append(d.message), **options
    )
    return tfrt.load(compiled(number), host=host)


ARGUMENTS = (7, *[CHAIN] * CHAINS)


def shown(value: Any) -> Any:
    """A result as it is compared: a number, a chain, or what an error says."""
    if type(value) is not AsyncValue:
        return value
    if value.error is None:
        return value.value
    return f"{type(value.error).__name__}: {value.error.message}"  # type: ignore[attr-defined]
