"""Random well-typed programs, as MLIR text, with calls of their functions.

A module has a few functions with names, each of which may call those before it, itself (with a count that goes down)
and helpers made for it: branches of a ``tfrt.case``, bodies of loops. In programs whose effects are *chained*, one
chain goes through all effects of a call, so that any executor must show them in one order. Where effects are *free*,
they are ordered by some chain or by none.

Ops are in generic form, so that each can say its stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from tests.executor.engines.plans.random_ops import (
    ANY,
    BOX,
    CHAIN,
    CONSTANTS,
    COUNT,
    DATA,
    I1,
    I32,
    VALUES,
    Features,
    Op,
    menu,
    of_synchronous_functions,
)

FUNCTIONS = 4
"""Functions with names in a module; each, with all that it calls, is a program."""

MAX_COST = 300
"""The most kernels that one call of a function runs, roughly."""

MAX_OPS = 10
MAX_NESTING = 2


@dataclass(frozen=True)
class Argument:
    """A value, and how it is passed: "plain", "available", "pending", "failed" or "failing"."""

    value: Any
    how: str = "plain"


@dataclass(frozen=True)
class Call:
    """A call from outside; `is_cancelled`: of a request that is cancelled before it begins."""

    function: str
    arguments: tuple[Argument, ...]
    is_cancelled: bool = False


@dataclass(frozen=True)
class RandomModule:
    """A module and what to call in it, in order."""

    text: str
    calls: tuple[Call, ...]


@lru_cache
def _upto(number: int) -> st.SearchStrategy[int]:
    return st.integers(0, number)


@dataclass(frozen=True, slots=True)
class Signature:
    """A function that may be called.

    Attributes:
        cost: how many kernels a call runs at most, roughly.
        chain_result: which result is the chain that goes through it, or None.
    """

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    cost: int
    chain_result: int | None = None


def _spell(type: str) -> str:
    return "i32" if type == COUNT else type


def _listed(types: Sequence[str]) -> str:
    return ", ".join(map(_spell, types))


class _Module:
    """A module as it grows."""

    def __init__(self, draw: Callable[..., Any], features: Features):
        self.draw = draw
        self.features = features
        self.texts: list[str] = []
        self.callable: list[Signature] = []
        self.numbers = 0

    def upto(self, number: int) -> int:
        return self.draw(_upto(number)) if number else 0

    def one_in(self, number: int) -> bool:
        return self.upto(number - 1) == number - 1

    def choose(self, items: Sequence[Any]) -> Any:
        return items[self.upto(len(items) - 1)]

    def types(self, most: int) -> tuple[str, ...]:
        pool = (*DATA, CHAIN, CHAIN) if self.features.effects == "free" else DATA
        return tuple(self.choose(pool) for _ in range(min(most, self.choose((0, 1, 1, 2, 2, 3)))))

    def name(self, prefix: str) -> str:
        self.numbers += 1
        return f"{prefix}{self.numbers}"

    def threads_chain(self) -> bool:
        return self.features.effects == "chained" and not self.one_in(5)

    def function(
        self,
        name: str,
        arguments: Sequence[str],
        results: Sequence[str],
        threads: bool,
        fill: Callable[[_Body], None],
        *,
        depth: int = 0,
        ends: Callable[[_Body], list[str]] = lambda body: [],
        attributes: str = "",
        visibility: str = "",
    ) -> int:
        """Write a function; returns its cost. The chain that goes through it is the last argument.

        Args:
            results: their types; a result of type `CHAIN` is the chain that goes through, if any.
            ends: the names of the last results, in place of values of the body.
        """
        streams = None
        options = [attributes] if attributes else []
        if self.features.streams and not attributes:
            match self.upto(3):
                case 1:
                    options = [f"tfrt.cost_threshold = {self.choose((1, 10, 100))} : i64"]
                case 2:
                    options = ["tfrt.merge_inter_dependent_streams = true"]
                case 3:
                    streams = self.upto(2) + 1
        body = _Body(self, threads, depth, streams)
        parameters = [f"{body.parameter(type)}: {_spell(type)}" for type in arguments]
        fill(body)
        body.finish(results, ends(body))
        dictionary = f" attributes {{{', '.join(options)}}}" if options else ""
        head = f"func.func {visibility}@{name}({', '.join(parameters)}) -> ({_listed(results)}){dictionary} {{"
        self.texts.append("\n".join([head, *body.lines, "}\n"]))
        return body.cost

    def top_level(self, name: str) -> Signature:
        """A function that is called from outside."""
        kinds = ["plain", "plain", "plain"]
        kinds += ["recursive"] if self.features.control else []
        kinds += ["sync"] if self.features.others else []
        kind = self.choose(kinds)
        if kind == "sync":
            return self.synchronous(name)
        threads = self.threads_chain()
        arguments = tuple(t for t in self.types(3) if t in VALUES)
        results = list(self.types(3))
        if kind == "recursive":
            arguments = (COUNT, *arguments)
        if threads:
            arguments = (*arguments, CHAIN)
            results.insert(self.upto(len(results)), CHAIN)
        chain_result = results.index(CHAIN) if threads else None
        signature = Signature(name, arguments, tuple(results), 0, chain_result)
        if kind == "recursive":
            cost = 16 * self.function(name, arguments, results, threads, lambda body: body.recurse(signature))
        else:
            cost = self.function(name, arguments, results, threads, lambda body: body.fill(MAX_OPS, 1))
        signature = Signature(name, arguments, tuple(results), cost, chain_result)
        self.callable.append(signature)
        return signature

    def synchronous(self, name: str) -> Signature:
        arguments, results = (I32,) * self.upto(2), (I32,) * (1 + self.upto(1))
        choices = of_synchronous_functions(self.features)

        def fill(body: _Body) -> None:
            for _ in range(self.upto(4)):
                body.run(self.choose(self.choose(choices)))

        def ends(body: _Body) -> list[str]:
            # A synchronous function returns neither an argument nor a value twice.
            sums = [body.emit("tfrt.add.i32", [body.value(I32), body.value(I32)], [I32, I32], [I32]) for _ in results]
            return [name for (name,) in sums]

        cost = self.function(name, arguments, results, False, fill, ends=ends, attributes="tfrt.sync")
        signature = Signature(name, arguments, results, cost)
        self.callable.append(signature)
        return signature


class _Body:
    """The body of a function or a region as it grows.

    Attributes:
        chain: the chain that goes through it; "" where none does.
        values: the names of values by type, the newest last.
        cost: how many kernels it runs at most, roughly.
    """

    def __init__(self, module: _Module, threads: bool, depth: int, streams: int | None, indent: str = "  "):
        self.module = module
        self.threads = threads
        self.depth = depth
        self.streams = streams
        self.indent = indent
        self.lines: list[str] = []
        self.values: dict[str, list[str]] = {}
        self.chain = ""
        self.cost = 1

    def parameter(self, type: str) -> str:
        name = self.module.name("%a")
        self.add(type, name)
        return name

    def add(self, type: str, name: str) -> None:
        if type == CHAIN and self.threads:
            self.chain = name
            return
        self.values.setdefault(type, []).append(name)

    def value(self, type: str) -> str:
        """Some value of a type, an old one or a new constant."""
        if type == CHAIN and self.threads:
            return self.chain
        found = self.values.get(type, ())
        if type == I32 and COUNT in self.values and self.module.one_in(8):
            found = self.values[COUNT]
        back = self.module.upto(len(found))
        if back < len(found):
            return found[-1 - back]
        if type == CHAIN:
            return self.emit("tfrt.new.chain", [], [], [CHAIN])[0]
        if type == BOX:
            return self.emit("rnd.box", [self.value(I32)], [I32], [BOX])[0]
        kernel, constants = CONSTANTS[type]
        return self.emit(kernel, [], [], [type], f"value = {self.module.choose(constants)}")[0]

    def emit(
        self,
        op: str,
        operands: Sequence[str],
        operand_types: Sequence[str],
        result_types: Sequence[str],
        attributes: str = "",
        regions: str = "",
    ) -> list[str]:
        """Write an op; returns the names of its results."""
        names = [self.module.name("%v") for _ in result_types]
        given = [attributes] if attributes else []
        if self.streams is not None:
            given.append(f"_tfrt_stream = {self.module.upto(self.streams)} : i64")
        dictionary = f" {{{', '.join(given)}}}" if given else ""
        assigned = f"{', '.join(names)} = " if names else ""
        types = f"({_listed(operand_types)}) -> ({_listed(result_types)})"
        self.lines.append(f'{self.indent}{assigned}"{op}"({", ".join(operands)}){regions}{dictionary} : {types}')
        for type, name in zip(result_types, names, strict=True):
            self.add(type, name)
        self.cost += 1
        return names

    def run(self, op: Op) -> None:
        any = self.module.choose(DATA) if ANY in op.operands else ANY
        operands, results = ([any if type == ANY else type for type in part] for part in (op.operands, op.results))
        self.emit(op.name, [self.value(type) for type in operands], operands, results, op.attributes)

    def fill(self, most: int, least: int = 0) -> None:
        has_control = self.module.features.control and self.depth < MAX_NESTING
        offered = menu(self.module.features, self.threads, has_control)
        for _ in range(least + self.module.upto(most - least)):
            item = self.module.draw(offered)
            if isinstance(item, Op):
                self.run(item)
            else:
                getattr(self, item)()

    def finish(self, results: Sequence[str], last: Sequence[str] = ()) -> None:
        """Return values of these types, `last` being the last ones."""
        names = [self.value(type) for type in results[: len(results) - len(last)]]
        self.emit("tfrt.return", [*names, *last], results, [])

    def affords(self, cost: int) -> bool:
        return self.cost + cost <= MAX_COST

    # Ops that run functions. Where the chain goes through this body, it goes through them too.

    def call(self) -> None:
        found = [s for s in self.module.callable if self.affords(s.cost) and self.fits(s)]
        if found:
            self.call_to(self.module.choose(found[::-1]))

    def fits(self, signature: Signature) -> bool:
        return self.threads or signature.chain_result is None or self.module.features.effects == "free"

    def call_to(self, signature: Signature, **given: str) -> None:
        operands = [given.get(type) or self.value(type) for type in signature.arguments]
        self.invoke("tfrt.call", operands, signature, f"callee = @{signature.name}")

    def invoke(self, op: str, operands: list[str], signature: Signature, attributes: str) -> None:
        before = self.chain
        names = self.emit(op, operands, signature.arguments, signature.results, attributes)
        if self.threads:
            self.chain = before if signature.chain_result is None else names[signature.chain_result]
        self.cost += signature.cost

    def merge(self) -> None:
        """Let the chain wait for a value."""
        type = self.module.choose(DATA)
        self.emit("tfrt.merge.chains", [self.value(type), self.chain], [type, CHAIN], [CHAIN])

    def operands(self, most: int = 3) -> tuple[list[str], list[str]]:
        """The names and types of what a region or a helper is given; the chain, if any, comes last."""
        types = [*self.module.types(most), *([CHAIN] if self.threads else [])]
        return [self.value(type) for type in types], types

    def region(
        self,
        types: Sequence[str],
        results: Sequence[str],
        fill: Callable[[_Body], None],
        *,
        threads: bool | None = None,
    ) -> str:
        """A region with these arguments and results."""
        threads = self.threads if threads is None else threads
        body = _Body(self.module, threads, self.depth + 1, self.streams, self.indent + "  ")
        parameters = ", ".join(f"{body.parameter(type)}: {_spell(type)}" for type in types)
        fill(body)
        body.finish(results)
        self.cost += body.cost
        label = [f"{self.indent}^entry({parameters}):"] if parameters else []
        return "\n".join(["{", *label, *body.lines, f"{self.indent}}}"])

    def helper(
        self,
        arguments: Sequence[str],
        results: Sequence[str],
        threads: bool,
        fill: Callable[[_Body], None],
        **options: Any,
    ) -> Signature:
        """A function of its own that this body may run."""
        name = self.module.name("h")
        cost = self.module.function(
            name, arguments, results, threads, fill, depth=self.depth + 1, visibility="private ", **options
        )
        return Signature(name, tuple(arguments), tuple(results), cost, len(results) - 1 if threads else None)

    def results(self) -> list[str]:
        return [*self.module.types(3), *([CHAIN] if self.threads else [])]

    def if_(self) -> None:
        condition = self.value(I1)
        names, types = self.operands()
        results = self.results()
        regions = ", ".join(self.region(types, results, lambda body: body.fill(4, 1)) for _ in range(2))
        self.emit("tfrt.if", [condition, *names], [I1, *types], results, regions=f" ({regions})")

    def repeat(self) -> None:
        if not self.affords(60):
            return
        count = self.value(COUNT)
        names, types = self.operands()
        before = self.cost
        region = self.region(types, types, lambda body: body.fill(4, 1))
        self.cost += 2 * (self.cost - before)
        self.emit("tfrt.repeat.i32", [count, *names], [COUNT, *types], types, regions=f" ({region})")

    def while_(self) -> None:
        if not self.affords(60):
            return
        names, types = self.operands(2)
        arguments = [COUNT, *types]

        def ends(body: _Body) -> list[str]:
            count = body.values[COUNT][0]
            (one,) = body.emit("tfrt.constant.i32", [], [], [I32], "value = 1 : i32")
            (left,) = body.emit("tfrt.minus.i32", [count, one], [I32, I32], [I32])
            (condition,) = body.emit("tfrt.lessequal.i32", [one, left], [I32, I32], [I1])
            if self.module.one_in(2):
                (condition,) = body.emit("tfrt.and.i1", [condition, body.value(I1)], [I1, I1], [I1])
            if self.module.features.asynchrony and self.module.one_in(3):
                (condition,) = body.emit("rnd.later", [condition], [I1], [I1])
            rest = [body.value(type) for type in types]
            return [left, *rest, condition]

        threads = self.threads
        helper = self.helper(arguments, [*arguments, I1], threads, lambda body: body.fill(4, 1), ends=ends)
        condition, count = self.value(I1), self.value(COUNT)
        parallel = self.module.choose((1, 1, 4))
        loop = Signature(
            helper.name, (I1, *arguments), tuple(arguments), 3 * helper.cost, len(types) if threads else None
        )
        attributes = f"body_fn = @{helper.name}, parallel_iterations = {parallel} : i64"
        self.invoke("tfrt.while", [condition, count, *names], loop, attributes)

    def case(self) -> None:
        self.choose_of("tfrt.case", COUNT, self.module.upto(2) + 1, "branches = [{}]")

    def cond(self) -> None:
        self.choose_of("tfrt.cond", I1, 2, "a_true_fn = {}, b_false_fn = {}")

    def choose_of(self, op: str, type: str, count: int, attributes: str) -> None:
        chosen = self.value(type)
        names, types = self.operands(2)
        results = self.results()
        helpers = [self.helper(types, results, self.threads, lambda body: body.fill(4, 1)) for _ in range(count)]
        symbols = [f"@{helper.name}" for helper in helpers]
        last = helpers[-1]
        cost = max(helper.cost for helper in helpers)
        signature = Signature("", (type, *types), last.results, cost, last.chain_result)
        spelled = attributes.format(*symbols) if op == "tfrt.cond" else attributes.format(", ".join(symbols))
        self.invoke(op, [chosen, *names], signature, spelled)

    def apply(self, op: str = "rnd.apply") -> None:
        names, types = self.operands(2)
        helper = self.helper(types, self.results(), self.threads, lambda body: body.fill(4, 1))
        self.invoke(op, names, helper, f"function = @{helper.name}")

    def apply_later(self) -> None:
        self.apply("rnd.apply_later")

    def once(self) -> None:
        """Without arguments, so that it does not matter which call is the first."""
        if self.module.features.effects == "free":
            return
        helper = self.helper((), self.module.types(2), False, lambda body: body.fill(3))
        self.invoke("tfrt.once", [], helper, f"function = @{helper.name}")

    def do_async(self) -> None:
        names, types = self.operands(2)
        results = self.results()
        region = self.region(types, results, lambda body: body.fill(4, 1))
        self.emit("tfrt_test.do.async", names, types, results, regions=f" ({region})")

    def parallel_for(self) -> None:
        """Outside the chain: its blocks run in no order."""
        if not self.affords(60):
            return
        start, end = self.value(COUNT), self.value(COUNT)
        (size,) = self.emit("tfrt.constant.i32", [], [], [I32], f"value = {self.module.choose((1, 2))} : i32")
        types = [*self.module.types(2)]
        names = [self.value(type) for type in types]
        results = [CHAIN] if self.module.features.effects == "free" and self.module.one_in(2) else []
        before, chain = self.cost, self.chain
        region = self.region([I32, I32, *types], results, lambda body: body.fill(3), threads=False)
        self.cost += 3 * (self.cost - before)
        (done,) = self.emit(
            "tfrt.parallel_for.i32",
            [start, end, size, *names],
            [COUNT, COUNT, I32, *types],
            [CHAIN],
            regions=f" ({region})",
        )
        if self.threads:
            self.chain = chain
            self.emit("tfrt.merge.chains", [chain, done], [CHAIN, CHAIN], [CHAIN])

    def recurse(self, signature: Signature) -> None:
        """End, or call the function itself with a smaller count."""
        count = self.values[COUNT][0]
        self.fill(2)
        (zero,) = self.emit("tfrt.constant.i32", [], [], [I32], "value = 0 : i32")
        (is_last,) = self.emit("tfrt.lessequal.i32", [count, zero], [I32, I32], [I1])
        types = list(signature.arguments)
        names = [count if type == COUNT else self.value(type) for type in types]

        def again(body: _Body) -> None:
            body.depth = MAX_NESTING
            body.fill(2)
            (one,) = body.emit("tfrt.constant.i32", [], [], [I32], "value = 1 : i32")
            (less,) = body.emit("tfrt.minus.i32", [body.values[COUNT][0], one], [I32, I32], [COUNT])
            for _ in range(1 + self.module.upto(1)):
                body.call_to(signature, count=less)
            body.fill(2)

        ends = self.region(types, signature.results, lambda body: body.fill(2))
        goes_on = self.region(types, signature.results, again)
        before = self.chain
        found = self.emit(
            "tfrt.if", [is_last, *names], [I1, *types], signature.results, regions=f" ({ends}, {goes_on})"
        )
        if self.threads:
            self.chain = before if signature.chain_result is None else found[signature.chain_result]


@st.composite
def modules(draw: Callable[..., Any], features: Features) -> RandomModule:
    """A module of `FUNCTIONS` functions, each called three times, the third time as the first."""
    module = _Module(draw, features)
    signatures = [module.top_level(f"f{number}") for number in range(FUNCTIONS)]
    calls = []
    for signature in signatures:
        first, second = (_call(module, signature) for _ in range(2))
        calls += [first, second, first]
    return RandomModule("".join(module.texts), tuple(calls))


def _call(module: _Module, signature: Signature) -> Call:
    ways = ["plain"] * 6
    if module.features.asynchrony:
        ways += ["pending", "available"]
    if module.features.errors:
        ways += ["failed"]
    if module.features.errors and module.features.asynchrony:
        ways += ["failing"]
    arguments = [Argument(module.choose(VALUES[type]), module.choose(ways)) for type in signature.arguments]
    return Call(signature.name, tuple(arguments), module.features.cancellation and module.one_in(12))
