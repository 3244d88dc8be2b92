"""The program of `stress.py`, whose kernels count their effects, and some of which misbehave."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from queue import SimpleQueue
from typing import Any

import tfrt

effects: Counter[tuple[int, str]] = Counter()
"""How often each effect of a ticket has happened, by ticket and name."""

promised: SimpleQueue[tuple[tfrt.AsyncValue, int]] = SimpleQueue()
"""What `stress.later` has promised, with the tickets that the values become."""

programs: dict[int, Any] = {}
"""The program of each host, by the host's id."""

_shared_error = ValueError("one object for all")


class Unusual(BaseException):
    """Not an Exception."""


class Mute(Exception):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError


def _count(ticket: int, name: str) -> int:
    # Each effect has its own key, which one thread alone touches unless it happens twice.
    effects[ticket, name] += 1
    return ticket


@tfrt.kernel("stress.plain")
def plain(ticket: int) -> int:
    return _count(ticket, "plain")


@tfrt.kernel("stress.second")
def second(ticket: int) -> int:
    return _count(ticket, "second")


@tfrt.kernel("stress.enqueued", enqueued=True)
def enqueued(ticket: int) -> int:
    return _count(ticket, "enqueued")


@tfrt.kernel("stress.blocking", blocking=True)
def blocking(ticket: int) -> int:
    time.sleep(0.0005)
    return _count(ticket, "blocking")


@tfrt.kernel("stress.later")
def later(ticket: int) -> tfrt.AsyncValue:
    _count(ticket, "later")
    value = tfrt.AsyncValue()
    promised.put((value, ticket))
    return value


@tfrt.kernel("stress.nested", blocking=True)
def nested(ticket: int, host: tfrt.HostContext) -> int:
    """A blocking kernel that calls a function with a blocking kernel."""
    _count(ticket, "nested")
    return int(programs[id(host)]["inner"](ticket))


def _misbehave(ticket: int) -> int:
    _count(ticket, "misbehaving")
    errors = (ValueError("bad"), Mute(), Unusual(), asyncio.CancelledError(), _shared_error, GeneratorExit())
    error = errors[ticket % len(errors)]
    # Python adds to the traceback of one object each time it is raised.
    raise error.with_traceback(None)


for _name, _options in {"plain": {}, "enqueued": {"enqueued": True}, "blocking": {"blocking": True}}.items():
    tfrt.kernel(f"stress.bad_{_name}", **_options)(_misbehave)

EXPECTED = {
    "ok": ("plain", "enqueued", "blocking", "later", "second"),
    "inner": ("blocking", "second"),
    "outer": ("nested", "blocking", "second"),
    "loop": ("plain",),
    "kept": ("plain",),
}
"""The functions that succeed, with their effects."""

BAD = ("bad_plain", "bad_enqueued", "bad_blocking")


def _function(name: str, *kernels: str) -> str:
    lines = [f'  %{i + 1} = "stress.{kernel}"(%{i}) : (i64) -> i64' for i, kernel in enumerate(kernels)]
    body = "\n".join(lines).replace("%0)", "%x)")
    return f"func.func @{name}(%x: i64) -> i64 {{\n{body}\n  tfrt.return %{len(kernels)} : i64\n}}\n"


SOURCE = (
    _function("ok", "plain", "enqueued", "blocking", "later", "second")
    + _function("inner", "blocking", "second")
    + _function("outer", "nested")
    + "".join(_function(name, "plain", name, "second") for name in BAD)
    + _function("first", "plain")
    + """
func.func @kept(%x: i64) -> i64 {
  %y = tfrt.once @first(%x) : (i64) -> (i64)
  tfrt.return %y : i64
}
func.func @loop(%x: i64) -> i64 {
  %n = tfrt.constant.i32 20
  %one = tfrt.constant.i32 1
  %a = tfrt.repeat.i32 %n, %one : i32 {
    %b = "tfrt_test.async_add.i32"(%one, %one) : (i32, i32) -> i32
    tfrt.return %b : i32
  }
  %y = "stress.plain"(%x) : (i64) -> i64
  tfrt.return %y : i64
}
"""
)
