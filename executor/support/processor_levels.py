"""What machine code may be made for besides the processor it is made on: levels of x86-64, which many processors have.

Source: System V ABI, AMD64 supplement, table 3.1, "Micro-Architecture Levels".
"""

from __future__ import annotations

from dataclasses import dataclass

from tfrt.executor.support.errors import UsageError


@dataclass(frozen=True, slots=True)
class Level:
    """A level.

    Attributes:
        name: what LLVM calls it, too.
        flags: what a processor must have, in the words of Linux's ``/proc/cpuinfo``.
        vector_bytes: the size of the vectors that code is written with.
        registers: how many of these there are.
        features: what LLVM is told besides the name.
    """

    name: str
    flags: frozenset[str]
    vector_bytes: int
    registers: int
    features: str = ""


_V2 = "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
_V3 = f"{_V2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
_V4 = f"{_V3} avx512bw avx512cd avx512dq avx512f avx512vl"

LEVELS = (
    # LLVM would take vectors of 512 bits apart.
    Level("x86-64-v4", frozenset(_V4.split()), 64, 32, "-prefer-256-bit"),
    Level("x86-64-v3", frozenset(_V3.split()), 32, 16),
)
"""The best one first. Older processors do not multiply and add in one step, which code here asks for."""


def level_named(name: str) -> Level:
    """The level of that name.

    Raises:
        UsageError: there is none.
    """
    for level in LEVELS:
        if level.name == name:
            return level
    known = " and ".join(f"'{level.name}'" for level in LEVELS)
    raise UsageError(f"there is no processor level '{name}'; there are {known}")


def best_level(flags: frozenset[str]) -> Level | None:
    """The best one that a processor has; None where it has none."""
    return next((level for level in LEVELS if level.flags <= flags), None)
