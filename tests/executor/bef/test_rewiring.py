"""Programs that nobody meant (see `tests.executor.bef.rewiring`), on the real kernels, run the same in all tiers.

Each is refused when it is loaded, or runs to an end: without plans, from tables, and generated. No exception escapes,
nobody waits for what nobody provides, and what can be seen is the same. ``TFRT_REWIRED`` says how many programs;
``TFRT_REWIRED_FROM`` is the first one's number, which is all that a program is made of.

Kernels that sleep, and that measure time, are left out. A program may run for ever, or use up the memory, so each call
may look only so often whether it has been cancelled, and then it is; such calls must end, and are not compared.
"""

from __future__ import annotations

import io
import os
import random
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfrt
from tests.executor.bef.bounded_runs import SAMPLES, Budget, Impatient, Kernels
from tests.executor.bef.rewiring import rewire
from tfrt.executor.bef import BefFile, read_bef
from tfrt.executor.core_runtime import handlers
from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import KernelError, LoadError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.tensor import DenseHostTensor

COUNT = int(os.environ.get("TFRT_REWIRED", "300"))
FIRST = int(os.environ.get("TFRT_REWIRED_FROM", "0"))

TESTS = Path(__file__).parents[2]

# By name: with another list, a number would be another program.
GOLDEN = """attributes cancel_1 cancel_2 cancel_3 cancel_4 cancel_5 concurrency control_flow core_runtime errors
    locations modules op_attributes scalars streams sync_functions tensors tf_ops"""
COMPILED = """composite_ops control_flow core_runtime core_runtime_control_flow core_runtime_synchronous eigen
    errors functions logging_op_handler op_attributes plans scheduling strings synchronous tensor_kinds tensors
    tf_ops"""
OPTIMISED = ("control_flow", "core_runtime_control_flow", "plans", "tf_ops")
"""The programs that are there optimised, too."""

TABLE = 1_000_000
TIERS: dict[str, dict[str, Any]] = {
    "no plans": {"plans": False},
    "table": {"plan_threshold": TABLE},
    "generated": {"plan_threshold": 0},
}

Observation = tuple[Any, ...]


@cache
def sources() -> list[BefFile]:
    """What programs are made of: the reference's files, and ours of the tests of `bef-run`."""
    files = [(TESTS / "golden" / f"{name}.bef").read_bytes() for name in GOLDEN.split()]
    for name in COMPILED.split():
        text = (TESTS / "filecheck" / "run" / f"{name}.mlir").read_text(encoding="utf-8")
        levels = (0, 2) if name in OPTIMISED else (0,)
        files += [tfrt.compile(text, f"{name}.mlir", opt_level=level) for level in levels]
    return [read_bef(file) for file in files]


def make(number: int) -> tuple[BefFile, set[int]]:
    """A file, and the functions in it that are not what they were, or call such."""
    rng = random.Random(number)
    source = rng.choices(sources(), [len(source.functions) for source in sources()])[0]
    bef = read_bef(rewire(source, rng))
    pairs = zip(bef.functions, source.functions, strict=True)
    changed = {new.index for new, old in pairs if replace(new, register_types=old.register_types) != old}
    while True:
        callers = {f.index for f in bef.functions for k in f.kernels if not changed.isdisjoint(k.functions)}
        if callers <= changed:
            return bef, changed
        changed |= callers


def observe(bef: BefFile, changed: set[int], **options: Any) -> dict[str, Observation] | None:
    """What can be seen of each function; None where the file is refused, and for functions that do not end."""
    found: dict[str, Observation] = {}
    diagnostics: list[Diagnostic] = []
    out = io.StringIO()
    with HostContext(
        Impatient(),
        registry=Kernels(),
        native=False,
        out=out,
        files=False,
        diagnostic_handler=diagnostics.append,
        **options,
    ) as host:
        try:
            program = Program(bef, host)
        except LoadError:
            return None
        for function in program.all_functions:
            arguments = [SAMPLES.get(type) for type in function.argument_types]
            if function.index not in changed or None in arguments:
                continue
            diagnostics.clear()
            out.seek(0)
            out.truncate()
            context = Budget(host)
            try:
                results = function.execute(context, arguments)
                host.wait(results)
                seen = tuple(map(_show, results))
            except KernelError as error:
                seen = (f"raised {error}",)
            host.quiesce()
            # Names are not unique, and regions have none.
            if context.left >= 0:
                shown = Counter(_masked(d.headline()) for d in diagnostics)
                found[f"{function.index} {function.name}"] = (seen, _masked(out.getvalue()), sorted(shown.items()))
    return found


def _show(value: Any) -> Any:
    if type(value) is AsyncValue:
        return f"error: {_masked(str(value.error))}" if value.is_error else _show(value.value)
    if isinstance(value, bool | int | float | complex | str | Chain):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, DenseHostTensor):
        return f"{value.dtype.mlir} {value.shape} {sha256(np.ascontiguousarray(value.array)).hexdigest()}"
    return type(value).__name__


def _masked(message: str) -> str:
    """Without what depends on chance: where Python's stack happens to end, and where memory happens to be."""
    message = re.sub(r"(RecursionError: maximum recursion depth exceeded).*", r"\1", message)
    return re.sub(r"\b0x[0-9a-f]+", "0x", message)


def check(number: int) -> None:
    bef, changed = make(number)
    seen = {tier: observe(bef, changed, **options) for tier, options in TIERS.items()}
    expected = seen["no plans"]
    for tier, found in seen.items():
        assert (found is None) == (expected is None), tier
        for name in (expected or {}).keys() & (found or {}).keys():
            assert found[name] == expected[name], (tier, name)  # type: ignore[index]


@pytest.fixture(autouse=True)
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs ask in loops for handlers that there are not; to look through all installed packages takes its time."""
    monkeypatch.setattr(handlers, "find_device", lambda name: None)


@pytest.mark.parametrize("block", range(FIRST, FIRST + COUNT, 50))
def test_rewired_programs(block: int) -> None:
    for number in range(block, min(block + 50, FIRST + COUNT)):
        try:
            check(number)
        except BaseException as error:
            error.add_note(f"program {number}")
            raise
