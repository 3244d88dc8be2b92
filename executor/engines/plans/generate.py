"""The second tier: a function as generated Python source, with registers as local variables.

* Cheap pure kernels are expressions; constants are literals. Prepared kernels that say how they are written
  (`tfrt.executor.declarations.prepared`) are these statements. All others are called by name.
* Regions of branches and loops are inlined as ``if`` and ``for``; other functions are called directly.
* Around each call of a kernel or a function stands a handler, which costs nothing until something is raised. After it
  one comparison looks whether the result is plain, and of its class. Both lead to an exit (`hand_over.py`).
* Buffers are deleted after their last use.

So whatever else is raised comes from outside of the program, and nobody takes it for a kernel's failure. No name of a
program means anything in the source: names are a letter or a word, a number, and only then, to be read, a program's.

Python's compiler takes as long for a kernel as running it some hundred times, so regions that have hardly run are not
inlined but called. Beyond `MAX_INLINED` kernels regions are called, not inlined; a function with more kernels than
`MAX_PART` is split into parts, called one after the other.
"""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from typing import Any

from tfrt.executor.declarations.runs import Control
from tfrt.executor.engines.binding import BoundKernel, taking_context
from tfrt.executor.engines.graph import Node
from tfrt.executor.engines.plans.classes import is_checked, is_inline
from tfrt.executor.engines.plans.hand_over import Exits
from tfrt.executor.engines.plans.plan import Plan
from tfrt.executor.engines.plans.scope import Exit, Generated, LoopNames, Scope, Site, Stands
from tfrt.executor.engines.plans.table import constant_of, last_uses

MAX_INLINED = 2000
"""Kernels of a plan beyond which further regions are called as functions of their own."""

MAX_INDENT = 15
"""How deeply regions are inlined; Python limits how deeply blocks nest."""

MAX_PART = 25_000
"""Kernels in one Python function. Splitting costs time, for what later parts need is passed on; not splitting, memory
while Python compiles it."""


def generate(plan: Plan, *, with_cold: bool = False) -> Generated:
    """A function as Python.

    Args:
        with_cold: whether to inline regions, too, that have hardly run.
    """
    writer = Writer(plan, with_cold)
    graph = plan.graph
    scope = Scope(graph, "")
    count = graph.argument_count
    for register in range(count):
        scope.names[register] = f"r{register}"
    parameters = ["context", *(f"r{register}" for register in range(count))]
    if len(graph.nodes) > MAX_PART:
        return _generate_parts(writer, scope, parameters)
    writer.define(plan.python_name, parameters)
    writer.stop_if_cancelled(1, Exit(Stands.BEFORE, scope, 0))
    writer.kernels(scope, graph.kernels, 1)
    writer.line(1, f"return {tuple_text([scope.names[r] for r in graph.result_registers])}", None)
    return writer.finish(plan.python_name)


def generate_loop(owner: Plan, node: Node) -> Generated:
    """The loop that a kernel of `owner` runs, as a function of the kernel's operands."""
    writer = Writer(owner)
    bound = node.bound
    body = owner.plan_of(bound.functions[0])
    name = f"{owner.python_name}_loop_{node.number}"
    carried = [f"v{i}" for i in range(len(node.arguments) - 1)]
    writer.define(name, ["context", "control", *carried])
    names = writer.loop(bound, body, Scope(body.graph, "b_"), "control", carried, 1)
    writer.line(1, f"return {tuple_text(names)}", None)
    return writer.finish(name, is_loop=True)


def _generate_parts(writer: Writer, scope: Scope, parameters: list[str]) -> Generated:
    """A driver that calls the parts in turn; each takes and returns what those after it need."""
    graph, name = scope.graph, writer.plan.python_name
    kernels = graph.kernels
    parts = [kernels[first : first + MAX_PART] for first in range(0, len(kernels), MAX_PART)]
    needed: list[set[int]] = [set(graph.result_registers)]
    for part in reversed(parts[1:]):
        needed.append(needed[-1].union(*(node.arguments for node in part)))
    needed.reverse()
    available = set(range(len(parameters) - 1))
    driver = [f"def {name}({', '.join(parameters)}):"]
    taken = parameters
    for number, (part, later) in enumerate(zip(parts, needed, strict=True)):
        writer.define(f"{name}_part_{number}", taken)
        writer.stop_if_cancelled(1, Exit(Stands.BEFORE, scope, part[0].number))
        writer.kernels(scope, part, 1)
        available.update(*(node.results for node in part))
        given = list(dict.fromkeys(scope.names[r] for r in sorted(available & later) if r not in scope.constants))
        is_last = number == len(parts) - 1
        results = [scope.names[r] for r in graph.result_registers] if is_last else given
        writer.line(1, f"return {tuple_text(results)}", None)
        call = f"{name}_part_{number}({', '.join(taken)})"
        driver.append(f"    return {call}" if is_last else f"    {_targets(given)}{call}")
        taken = ["context", *given]
    for line in driver:
        writer.line(0, line, None)
    return writer.finish(name)


class _Source:
    """The source of a plan, as Python's tracebacks ask for it: each line with the op that it runs."""

    def __init__(self, generated: Generated):
        self._generated = generated

    def get_source(self, _: str) -> str:
        return annotated(self._generated)


def annotated(generated: Generated) -> str:
    """The source of a plan; each line ends with the place and the name of the op that it runs."""
    lines = generated.source.splitlines()
    width = max(map(len, lines)) + 2 if lines else 0
    shown = []
    last: Site | None = None
    for line, site in zip(lines, generated.sites[1:], strict=True):
        said = None if site is None or site == last else _op(site)
        last = site or last
        shown.append(f"{line:{min(width, 80)}}  # {said}" if said else line)
    return "\n".join(shown) + "\n"


def _op(site: Site) -> str:
    scope, kernel = site
    return f"{scope.graph.location(kernel)} {scope.graph.nodes[kernel].bound.name}"


class Writer:
    """Source as it grows, with what each line does."""

    cancelled = "context.cancellation is not None"

    def __init__(self, plan: Plan, with_cold: bool = False):
        self.plan = plan
        self.exits = Exits()
        self.exit_name = plan.names.reserve("exit", "", self.exits)
        self.with_cold = with_cold
        self.lines: list[str] = []
        self.sites: list[Site | None] = [None]
        self.scopes = 0
        self.inlined = 0
        # Where the function that is being written begins, and what it has looked up there.
        self.top = 0
        self.looked_up: dict[tuple[int, str], str] = {}
        # The operands of the kernel that is being written which are numbers.
        self.numbers: set[str] = set()

    def finish(self, name: str, *, is_loop: bool = False) -> Generated:
        """Compile what has been written; the function of that name is the plan."""
        source = "\n".join(self.lines) + "\n"
        filename = f"plan of {name}"
        namespace = self.plan.names.namespace
        exec(compile(source, filename, "exec"), namespace)
        generated = Generated(namespace[name], source, self.sites, is_loop)
        # Tracebacks show the lines with the program's locations, which are looked up only then.
        linecache.cache.pop(filename, None)
        linecache.lazycache(filename, {"__name__": filename, "__loader__": _Source(generated)})
        return generated

    def define(self, name: str, parameters: Sequence[str]) -> None:
        self.line(0, f"def {name}({', '.join(parameters)}):", None)
        self.top = len(self.lines)
        self.looked_up.clear()

    def constant(self, value: Any, wish: str = "") -> str:
        """See `tfrt.executor.declarations.prepared.Scribe`."""
        return self.plan.names.of_constant(value, wish)

    def attribute(self, value: Any, attribute: str) -> str:
        """See `tfrt.executor.declarations.prepared.Scribe`."""
        key = (id(value), attribute)
        if key not in self.looked_up:
            held = self.constant(value)
            found = self.looked_up[key] = f"{attribute}_{held}"
            self.lines.insert(self.top, f"    {found} = {held}.{attribute}")
            self.sites.insert(self.top + 1, None)
        return self.looked_up[key]

    def is_number(self, operand: str) -> bool:
        """See `tfrt.executor.declarations.prepared.Scribe`."""
        return operand in self.numbers

    def line(self, indent: int, text: str, site: Site | None) -> None:
        self.lines.append("    " * indent + text)
        self.sites.append(site)

    def exit(self, exit: Exit) -> str:
        """What takes an exit."""
        return f"{self.exit_name}({self.exits.add(exit)})"

    def stop_if_cancelled(self, indent: int, exit: Exit) -> None:
        self.line(indent, f"if {self.cancelled}: {self.exit(exit)}", None)

    def guarded(self, indent: int, text: str, site: Site | None, handlers: dict[str, Exit]) -> None:
        """A line, and what becomes of exceptions: exits by the class, which may be empty for all."""
        self.line(indent, f"try: {text}", site)
        for caught, exit in handlers.items():
            self.line(indent, f"except{caught and ' '}{caught}: {self.exit(exit)}", None)

    def invocation(self, callee: Plan, arguments: Sequence[str]) -> str:
        return f"{callee.name_in_plans}({', '.join(['context', *arguments])})"

    def expression(self, scope: Scope, node: Node, names: Sequence[str]) -> str | None:
        """A kernel with one result as an expression of its operands that cannot fail, where it is one."""
        bound = node.bound
        if bound.inline is None or not bound.is_exact:
            return None
        if not is_inline(bound, *self.plan.facts.classes_at(scope.graph, node)):
            return None
        return bound.inline.format(*names)

    def kernels(self, scope: Scope, kernels: Sequence[Node], indent: int) -> None:
        drops = last_uses(scope.graph)
        for node in kernels:
            self.kernel(scope, node, indent)
            names = [scope.names[r] for r in drops[node.number] if scope.names[r] == f"{scope.prefix}r{r}"]
            if names:
                self.line(indent, f"del {', '.join(names)}", None)

    def kernel(self, scope: Scope, node: Node, indent: int) -> None:
        graph, results = scope.graph, node.results
        constant = constant_of(node, self.plan.facts.classes(graph))
        if constant is not None:
            scope.constants[results[0]] = constant[0]
            scope.names[results[0]] = self.plan.names.literal(constant[0])
            return
        names = [scope.names[r] for r in node.arguments]
        targets = [f"{scope.prefix}r{r}" for r in results]
        expression = self.expression(scope, node, names)
        if expression is not None:
            self.line(indent, f"{targets[0]} = {expression}", (scope, node.number))
        elif self.plan.facts.runs_directly(graph, node):
            targets = self.control(scope, node, names, targets, indent)
        else:
            self.call(scope, node, names, targets, indent)
        scope.names.update(zip(results, targets, strict=True))

    def call(self, scope: Scope, node: Node, names: list[str], targets: list[str], indent: int) -> None:
        """Call the kernel itself."""
        bound, kernel = node.bound, node.number
        site = (scope, kernel)
        if bound.only_starts:
            # It is started in the dataflow executor, whose order the work queue sees.
            self.line(indent, self.exit(Exit(Stands.BEFORE, scope, kernel)), site)
            return
        if bound.prepared is not None and bound.prepared.write is not None and len(targets) == 1:
            classes = self.plan.facts.classes_at(scope.graph, node)[0]
            self.numbers = {name for name, known in zip(names, classes, strict=True) if known is int}
            statements = bound.prepared.write(names, targets[0], self)
            self.guarded(indent, "; ".join(statements), site, {"": Exit(Stands.RAISED, scope, kernel)})
            return
        if bound.inline is not None and not bound.is_exact:
            call = bound.inline.format(*names)
        else:
            function = self.plan.names.of_kernel(bound)
            call = f"{function}({', '.join(['context', *names] if bound.needs_context else names)})"
        count = len(targets)
        results = targets or ["value"]
        if count > 1 or (count and bound.returns_tuple):
            call = f"unpack({call}, {count}, {bound.returns_tuple})"
            targets = [*targets, ""] if count == 1 else targets
        handlers = {"": Exit(Stands.RAISED, scope, kernel)}
        self.guarded(indent, f"{', '.join(targets or results)} = {call}", site, handlers)
        expected = self.plan.facts.classes_at(scope.graph, node)[1]
        doubts = []
        if not is_checked(bound, expected):
            doubts = [
                f"type({name}) is not {wanted.__name__}" if wanted else f"type({name}) is AsyncValue"
                for name, wanted in zip(results, expected or (None,), strict=True)
            ]
        cancelled = [] if bound.is_pure else [self.cancelled]
        doubts += cancelled
        if bound.conversion is not None:
            # What fits its type is there, too, and of the type's class.
            misfits = bound.conversion.misfits.format(results[0])
            self.line(indent, f"if {' or '.join([misfits, *cancelled])}:", None)
            indent += 1
            finish = self.plan.names.of_constant(bound.conversion.finish, "finish")
            self.guarded(indent, f"{results[0]} = {finish}({results[0]})", site, handlers)
        if doubts:
            leave = self.exit(Exit(Stands.RETURNED, scope, kernel, tuple(results)))
            self.line(indent, f"if {' or '.join(doubts)}: {leave}", None)
        if not count and bound.returns_tuple:
            self.guarded(indent, "unpack(value, 0, True)", site, handlers)

    def control(self, scope: Scope, node: Node, names: list[str], targets: list[str], indent: int) -> list[str]:
        """Run the kernel's functions in its stead; returns what its results are called."""
        bound, kernel = node.bound, node.number
        functions = [self.plan.plan_of(function) for function in bound.functions]
        match bound.control:
            case Control.CALL:
                self.callee(functions[0], scope, node, None, targets, indent)
            case Control.BRANCH:
                self.line(indent, f"if {names[0]}:", (scope, kernel))
                self.callee(functions[0], scope, node, 1, targets, indent + 1)
                self.line(indent, "else:", None)
                self.callee(functions[1], scope, node, 1, targets, indent + 1)
            case Control.CASE:
                for index, function in enumerate(functions[:-1]):
                    self.line(indent, f"{'el' if index else ''}if {names[0]} == {index}:", (scope, kernel))
                    self.callee(function, scope, node, 1, targets, indent + 1)
                if len(functions) > 1:
                    self.line(indent, "else:", None)
                self.callee(functions[-1], scope, node, 1, targets, indent + (len(functions) > 1))
            case _:
                body = functions[0]
                inner = self.inner(body, scope, kernel)
                carried = [f"{inner.prefix}v{i}" for i in range(len(names) - 1)]
                for name, operand in zip(carried, names[1:], strict=True):
                    self.line(indent, f"{name} = {operand}", (scope, kernel))
                return self.loop(bound, body, inner, names[0], carried, indent)
        return targets

    def callee(self, callee: Plan, scope: Scope, node: Node, skip: int | None, targets: list[str], indent: int) -> None:
        """Run a function on the kernel's operands (without the first `skip`): inlined if it is a region."""
        kernel, operands = node.number, node.arguments[skip:]
        if self.is_inlined(callee, indent):
            inner = self.inner(callee, scope, kernel)
            for register, operand in enumerate(operands):
                inner.bind(register, scope, operand)
            self.body(callee, inner, indent)
            results = [inner.names[r] for r in callee.graph.result_registers]
            self.assign(targets, results, indent)
            return
        call = self.invocation(callee, [scope.names[r] for r in operands])
        handlers = {"HandOver": Exit(Stands.HANDED_OVER, scope, kernel)}
        if self.plan.facts.starts_again(self.plan.function, callee.function):
            handlers["RecursionError"] = Exit(Stands.BEFORE, scope, kernel)
        self.guarded(indent, f"{_targets(targets, unpack=False)}{call}", (scope, kernel), handlers)

    def is_inlined(self, callee: Plan, indent: int) -> bool:
        return (
            callee.is_region
            and (callee.is_warm or self.with_cold)
            and indent < MAX_INDENT
            and self.inlined + len(callee.graph.nodes) <= MAX_INLINED
        )

    def inner(self, callee: Plan, scope: Scope, kernel: int) -> Scope:
        self.scopes += 1
        return Scope(callee.graph, f"s{self.scopes}_", scope, kernel)

    def body(self, callee: Plan, inner: Scope, indent: int) -> None:
        self.inlined += len(callee.graph.nodes)
        before = len(self.lines)
        self.kernels(inner, callee.graph.kernels, indent)
        if len(self.lines) == before:
            self.line(indent, "pass", None)

    def loop(
        self, bound: BoundKernel, body: Plan, inner: Scope, control: str, carried: list[str], indent: int
    ) -> list[str]:
        """A loop over `body`, whose operands are `control` and what it carries; returns the results' names."""
        prefix = inner.prefix
        kind = bound.control
        assert kind is not None
        repeats = kind is Control.REPEAT
        total, index = f"{prefix}total", f"{prefix}index"
        inner.loop = LoopNames(kind, taking_context(bound), total, index, tuple(carried))
        self.line(indent, f"{total} = {control}", None)
        if repeats:
            self.line(indent, f"for {index} in range({total}):", None)
        else:
            self.line(indent, f"while {total}:", None)
        self.stop_if_cancelled(indent + 1, Exit(Stands.AT_ITERATION, inner, 0))
        loop_results = carried if repeats else [*carried, total]
        if self.is_inlined(body, indent):
            inner.names.update(enumerate(carried))
            self.body(body, inner, indent + 1)
            self.assign(loop_results, [inner.names[r] for r in body.graph.result_registers], indent + 1)
        else:
            call = self.invocation(body, carried)
            handlers = {"HandOver": Exit(Stands.IN_ITERATION, inner, 0)}
            if self.plan.facts.starts_again(self.plan.function, body.function):
                handlers["RecursionError"] = Exit(Stands.AT_ITERATION, inner, 0)
            self.guarded(indent + 1, f"{_targets(loop_results, unpack=False)}{call}", None, handlers)
        return carried

    def assign(self, targets: list[str], values: list[str], indent: int) -> None:
        pairs = [(target, value) for target, value in zip(targets, values, strict=True) if target != value]
        if pairs:
            self.line(indent, f"{', '.join(t for t, _ in pairs)} = {', '.join(v for _, v in pairs)}", None)


def _targets(names: Sequence[str], *, unpack: bool = True) -> str:
    """The left-hand side of an assignment. Functions return one result as it is; `unpack` is for sequences."""
    if not names:
        return ""
    return f"{', '.join(names)}{',' if unpack and len(names) == 1 else ''} = "


def tuple_text(names: Sequence[str]) -> str:
    """What a plan returns: None, a value or a tuple."""
    return ", ".join(names) if names else "None"
