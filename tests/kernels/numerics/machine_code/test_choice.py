"""When machine code takes over: at once, after a while, where it is faster, or never."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import CannotAssemble, Processor
from tfrt.kernels.numerics import replacing
from tfrt.kernels.numerics.machine_code import choice as native_choice
from tfrt.kernels.numerics.machine_code.choice import native_or

SLOW, FAST = np.array("numpy"), np.array("native")


@pytest.fixture(autouse=True)
def there_is_a_compiler(monkeypatch):
    monkeypatch.setattr(native_choice, "is_available", lambda: True)
    monkeypatch.setattr(native_choice, "processor", lambda: Processor(32, 16, True))


class Clock:
    """Time that passes only when something is said to take it."""

    def __init__(self):
        self.now = 0.0

    def taking(self, seconds, result):
        def run(*arrays, out=None):
            self.now += seconds
            return result

        return run


@pytest.mark.parametrize("native_takes, expected", [(1.0, "native"), (4.0, "numpy")])
def test_after_a_while_the_faster_one(monkeypatch, native_takes, expected):
    clock = Clock()
    for module in (native_choice, replacing):
        monkeypatch.setattr(module, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(native_choice, "NATIVE_AFTER", 5.0)
    with HostContext("s") as host:
        run = native_or(clock.taking(2.0, SLOW), lambda: clock.taking(native_takes, FAST), host, "a test")
        assert [str(run(SLOW)) for _ in range(5)] == ["numpy"] * 3 + [expected] * 2


@pytest.mark.parametrize("native, expected", [(True, "native"), (False, "numpy")])
def test_as_the_host_asks(native, expected):
    with HostContext("s", native=native) as host:
        assert (
            str(native_or(lambda *_, out=None: SLOW, lambda: lambda *_, out=None: FAST, host, "a test")(SLOW))
            == expected
        )


def test_without_a_compiler(monkeypatch):
    monkeypatch.setattr(native_choice, "is_available", lambda: False)
    with HostContext("s", native=True) as host:
        assert str(native_or(lambda *_: SLOW, lambda: lambda *_: FAST, host, "a test")(SLOW)) == "numpy"


@pytest.mark.parametrize("error", [CannotAssemble("no such machine"), NotImplementedError("no such machine")])
def test_what_cannot_be_made_is_done_by_numpy(error, caplog):
    def refuse():
        raise error

    with HostContext("s", native=True) as host, caplog.at_level("INFO", logger="tfrt"):
        assert str(native_or(lambda *_: SLOW, refuse, host, "a test")(SLOW)) == "numpy"
    assert "no machine code for a test: no such machine" in caplog.text


def test_other_processors(monkeypatch, caplog):
    monkeypatch.setattr(native_choice, "processor", lambda: Processor(16, 16, False))
    with HostContext("s", native=True) as host, caplog.at_level("INFO", logger="tfrt"):
        assert str(native_or(lambda *_: SLOW, lambda: lambda *_: FAST, host, "a test")(SLOW)) == "numpy"
    assert "no machine code for a test: this processor, or Python, is not like those it is written for" in caplog.text
