"""`bef-run --step`: a debugger in the terminal. It stops before kernels, on the thread that runs them.

It is an observer of kernels, so programs run in the dataflow executor, kernel by kernel, on a host without threads.
"""

from __future__ import annotations

import cmd
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import IO, Any

from tfrt.executor.bef import BefFile
from tfrt.executor.bef.named_attributes import array_ops
from tfrt.executor.runtime.observer import Place
from tfrt.executor.support.diagnostics import Diagnostic, SourceLookup
from tfrt.executor.support.location import position
from tfrt.executor.tools.cli_values import show
from tfrt.executor.tools.recorded_values import kept
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.brief import brief

_AROUND = 3
"""Lines of the source that are listed before and after the current one."""


class Stepper:
    """Asks a `Debugger` what to do before kernels run: ``HostContext("s", profile=Stepper(debugger))``."""

    def __init__(self, debugger: Debugger):
        self._debugger = debugger

    def watched(
        self,
        call: Callable[..., Any],
        place: Place,
        run_when_ready: Callable[[Iterable[Any], Callable[[], None]], None],
    ) -> Callable[..., Any]:
        """`call`, a kernel at one place, before which the program may stop."""
        debugger = self._debugger

        def run(*operands: Any, **keywords: Any) -> Any:
            debugger.before(place, operands)
            try:
                value = call(*operands, **keywords)
            except BaseException:
                debugger.after(place, None)
                raise
            debugger.after(place, tuple(value) if isinstance(value, tuple | list) else (value,))
            return value

        return run


class Debugger(cmd.Cmd):
    """Commands; see their documentation, which ``help`` shows.

    Args:
        patterns: where to stop, as ``break`` takes them; at the first kernel where there are none.
        source: the text of source files.
        commands, output: where commands come from, and where everything is shown.
    """

    prompt = "(bef-run) "

    def __init__(
        self, bef: BefFile, patterns: Sequence[str], source: SourceLookup, commands: IO[str] | None, output: IO[str]
    ):
        super().__init__(stdin=commands, stdout=output)
        self.use_rawinput = commands is None
        self._source = source
        self._breaks = list(patterns)
        self._steps = not patterns
        self._stack: list[tuple[Place, tuple[Any, ...]]] = []
        self._results: tuple[Any, ...] | None = ()
        self._shows_results = False
        self._names = sorted({name for name in bef.kernel_names if name})
        self._ops: dict[tuple[int, int], list[str]] = {}
        for function in bef.functions:
            numbers = {id(kernel): number for number, kernel in enumerate(function.kernels)}
            for kernel, op in array_ops(bef, function):
                self._ops.setdefault((function.index, numbers[id(kernel)]), []).append(op)

    def before(self, place: Place, operands: tuple[Any, ...]) -> None:
        """A kernel is about to run: stop, if that is wanted.

        Raises:
            SystemExit: the user has had enough.
        """
        self._stack.append((place, operands))
        if self._steps or any(self._is_at(place, pattern) for pattern in self._breaks):
            self._show_place()
            self.cmdloop()

    def after(self, place: Place, results: tuple[Any, ...] | None) -> None:
        """A kernel has run; without results, it has failed."""
        self._stack.pop()
        self._results = results
        if self._steps and results:
            self._say(f"  {place.kernel} -> {', '.join(map(_shown, results))}")

    # -- commands -----------------------------------------------------------------------------------------------

    def do_step(self, _: str) -> bool:
        """step: run this kernel, and stop before the next one (s)."""
        self._steps = True
        return True

    def do_continue(self, _: str) -> bool:
        """continue: run until a kernel where to stop (c)."""
        self._steps = False
        return True

    def do_break(self, pattern: str) -> None:
        """break PATTERN: stop before kernels of that name (cpu.*), op (stablehlo.dot*) or place (FILE:LINE, or LINE);
        without a pattern, list where to stop (b)."""
        if pattern:
            self._breaks.append(pattern)
        for number, known in enumerate(self._breaks, 1):
            self._say(f"  {number}  {known}")

    def do_delete(self, number: str) -> None:
        """delete N: do not stop any more where break lists N; without a number, nowhere."""
        if not number:
            self._breaks.clear()
        elif number.isdecimal() and 1 <= int(number) <= len(self._breaks):
            del self._breaks[int(number) - 1]
        else:
            self._say(f"there is no '{number}'; break lists what there is")

    def do_print(self, number: str) -> None:
        """print [N]: show operand N of this kernel, from 0, in full; without a number, all in brief (p)."""
        operands = self._stack[-1][1]
        if not number:
            for index, operand in enumerate(operands):
                self._say(f"  {index}  {_shown(operand)}")
        elif number.isdecimal() and int(number) < len(operands):
            value = _there(operands[int(number)])
            self._say(f"  {(show(kept(value), '') if kept(value) is not None else None) or brief(value)}")
        else:
            self._say(f"there is no operand '{number}'; the kernel takes {len(operands)}")

    def do_result(self, _: str) -> None:
        """result: show what the kernel before this one gave (r)."""
        self._say("it failed" if self._results is None else "\n".join(f"  {_shown(r)}" for r in self._results))

    def do_where(self, _: str) -> None:
        """where: show the kernels that are calling functions, down to this one (w)."""
        for place, operands in self._stack:
            name = f"in @{place.function.name}" if place.function.name else "in a region"
            self._say(f"  {place.location}: {self._name(place)}({', '.join(map(brief, operands))}) {name}")

    def do_list(self, _: str) -> None:
        """list: show the source around this kernel (l)."""
        at = position(self._stack[-1][0].location)
        text = None if at is None else self._source(at.filename)
        if at is None or text is None:
            self._say("the source is not at hand")
            return
        lines = text.split("\n")
        for number in range(max(1, at.line - _AROUND), min(len(lines), at.line + _AROUND) + 1):
            self._say(f"{'>' if number == at.line else ' '}{number:5}  {lines[number - 1]}")

    def do_quit(self, _: str) -> bool:
        """quit: end the program (q)."""
        raise SystemExit(0)

    do_s, do_c, do_b, do_p, do_r, do_w, do_l, do_q = (
        do_step, do_continue, do_break, do_print, do_result, do_where, do_list, do_quit
    )  # fmt: skip

    def do_EOF(self, _: str) -> bool:
        """End of input: as quit."""
        # The prompt's line ends here.
        self._say("")
        return self.do_quit("")

    def emptyline(self) -> bool:
        return self.onecmd(self.lastcmd) if self.lastcmd else False

    def default(self, line: str) -> None:
        self._say(f"there is no command '{line.split()[0]}'; help lists them")

    def completenames(self, text: str, *_: Any) -> list[str]:
        return [name for name in super().completenames(text) if len(name) > 1 and name != "EOF"]

    def complete_break(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """Names of kernels and ops of the program."""
        ops = {op for found in self._ops.values() for op in found}
        return [name for name in sorted({*self._names, *ops}) if name.startswith(text)]

    complete_b = complete_break

    def get_names(self) -> list[str]:
        # Short forms stand with the long ones.
        return [name for name in super().get_names() if name != "do_EOF" and (name[:3] != "do_" or len(name) > 4)]

    # -- showing ------------------------------------------------------------------------------------------------

    def _is_at(self, place: Place, pattern: str) -> bool:
        at = position(place.location)
        places = () if at is None else (f"{at.filename}:{at.line}", str(at), str(at.line))
        names = (place.kernel, *self._ops.get((place.function.index, place.number), ()), *places)
        return any(fnmatchcase(name, pattern) for name in names)

    def _name(self, place: Place) -> str:
        ops = self._ops.get((place.function.index, place.number))
        return place.kernel if ops is None else f"{place.kernel} ({', '.join(ops)})"

    def _show_place(self) -> None:
        place, operands = self._stack[-1]
        message = f"{self._name(place)}({', '.join(map(brief, operands))})"
        self._say("\n".join(_without_severity(Diagnostic("note", message, place.location), self._source)))

    def _say(self, text: str) -> None:
        self.stdout.write(f"{text}\n")


def _without_severity(diagnostic: Diagnostic, source: SourceLookup) -> Iterator[str]:
    first, *rest = diagnostic.render(source).split("\n")
    yield first.replace(": note: ", ": ", 1)
    yield from rest


def _there(value: Any) -> Any:
    return value.value if type(value) is AsyncValue and value.is_available else value


def _shown(value: Any) -> str:
    """A value in one line: the beginning of an array."""
    plain = kept(_there(value))
    return (None if plain is None else show(plain, "", 8)) or brief(_there(value))
