"""Machine code is the process's: what a test changes about it is as it was afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tfrt.executor.support import machine_code
from tfrt.executor.support.saved_code import Process, process


@pytest.fixture
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """A process that has made no machine code."""
    for name, value in (("level", None), ("files", {}), ("is_begun", False), ("is_recording", False), ("made", {})):
        monkeypatch.setattr(process, name, value)
    machine_code.processor.cache_clear()
    machine_code._target.cache_clear()
    yield process
    machine_code.processor.cache_clear()
    machine_code._target.cache_clear()
