"""`bef-run --step`: a debugger in the terminal. It stops before kernels, on the thread that runs them.

Where it stops `tfrt.executor.engines.stepping` knows; these are the commands.
"""

from __future__ import annotations

import cmd
from collections.abc import Iterator
from typing import IO, Any

from tfrt.executor.engines.stepping import Activation, Stepping, Until
from tfrt.executor.support.diagnostics import Diagnostic, SourceLookup
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.location import position
from tfrt.executor.tools.cli_values import show
from tfrt.executor.tools.recorded_values import kept
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.brief import brief

_AROUND = 3
"""Lines of the source that are listed before and after the current one."""


class Prompt(cmd.Cmd):
    """Commands; see their documentation, which ``help`` shows.

    Args:
        stepping: watches the program, on a host without threads.
        source: the text of source files.
        commands, output: where commands come from, and where everything is shown.
    """

    prompt = "(bef-run) "

    def __init__(self, stepping: Stepping, source: SourceLookup, commands: IO[str] | None, output: IO[str]):
        super().__init__(stdin=commands, stdout=output)
        self.use_rawinput = commands is None
        self._stepping = stepping
        self._source = source
        self._at: Activation | None = None
        self._results: tuple[Any, ...] | None = ()
        stepping.on_stop, stepping.on_return = self._stop, self._return

    def _stop(self, at: Activation) -> None:
        """A kernel is about to run: ask what to do.

        Raises:
            SystemExit: the user has had enough.
        """
        self._at = at
        self._show_place()
        self.cmdloop()

    def _return(self, at: Activation, results: tuple[Any, ...] | None) -> None:
        """A kernel has run; without results, it has failed."""
        self._results = results
        if results and self._stepping.until is not Until.BREAK and self._stepping.is_due(at):
            self._say(f"  {at.place.kernel} -> {', '.join(map(_shown, results))}")

    @property
    def _here(self) -> Activation:
        assert self._at is not None
        return self._at

    def _go_on(self, until: Until) -> bool:
        self._stepping.go_on(until, self._here)
        return True

    # -- commands -----------------------------------------------------------------------------------------------

    def do_step(self, _: str) -> bool:
        """step: run this kernel, and stop before the next one (s)."""
        return self._go_on(Until.STEP)

    def do_next(self, _: str) -> bool:
        """next: run this kernel with all that it calls, and stop before the next one (n)."""
        return self._go_on(Until.NEXT)

    def do_finish(self, _: str) -> bool:
        """finish: run until this function, or this region, has ended (f)."""
        return self._go_on(Until.FINISH)

    def do_continue(self, _: str) -> bool:
        """continue: run until a kernel where to stop (c)."""
        return self._go_on(Until.BREAK)

    def do_break(self, pattern: str) -> None:
        """break PATTERN: stop before kernels of that name (cpu.*), op (stablehlo.dot*) or place (FILE:LINE, or LINE),
        or where a function begins (@main); without a pattern, list where to stop (b)."""
        if pattern:
            try:
                self._stepping.add(pattern)
            except UsageError as error:
                self._say(str(error))
                return
        for number, known in enumerate(self._stepping.breaks, 1):
            self._say(f"  {number}  {known}")

    def do_delete(self, number: str) -> None:
        """delete N: do not stop any more where break lists N; without a number, nowhere."""
        if not number:
            self._stepping.clear()
        elif number.isdecimal() and 1 <= int(number) <= len(self._stepping.breaks):
            self._stepping.remove(int(number) - 1)
        else:
            self._say(f"there is no '{number}'; break lists what there is")

    def do_print(self, number: str) -> None:
        """print [N]: show operand N of this kernel, from 0, in full; without a number, all in brief (p)."""
        operands = self._here.operands
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

    def do_registers(self, _: str) -> None:
        """registers: show the values of this function that are known, in brief."""
        for name, value in self._here.registers().items():
            self._say(f"  {name} = {_shown(value)}")

    def do_where(self, _: str) -> None:
        """where: show the kernels that are calling functions, down to this one (w)."""
        for at in reversed(list(self._here.stack())):
            place = at.place
            name = f"in @{place.function.name}" if place.function.name else "in a region"
            self._say(f"  {place.location}: {self._message(at)} {name}")

    def do_list(self, _: str) -> None:
        """list: show the source around this kernel (l)."""
        at = position(self._here.place.location)
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

    do_s, do_n, do_f, do_c, do_b, do_p, do_r, do_w, do_l, do_q = (
        do_step, do_next, do_finish, do_continue, do_break, do_print, do_result, do_where, do_list, do_quit
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
        """Names of kernels, ops and functions of the program."""
        # Where a word begins, the library that reads lines says; it parts them at characters that names have.
        word = line[:end].rpartition(" ")[2]
        kept = len(word) - len(text)
        return [name[kept:] for name in self._stepping.names() if name.startswith(word)]

    complete_b = complete_break

    def get_names(self) -> list[str]:
        # Short forms stand with the long ones.
        return [name for name in super().get_names() if name != "do_EOF" and (name[:3] != "do_" or len(name) > 4)]

    # -- showing ------------------------------------------------------------------------------------------------

    def _message(self, at: Activation) -> str:
        ops = self._stepping.ops(at)
        name = f"{at.place.kernel} ({', '.join(ops)})" if ops else at.place.kernel
        return f"{name}({', '.join(map(brief, at.operands))})"

    def _show_place(self) -> None:
        at = self._here
        diagnostic = Diagnostic("note", self._message(at), at.place.location)
        self._say("\n".join(_without_severity(diagnostic, self._source)))

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
