"""Kernels as the functions that they are, called without a program."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError

HOST = HostContext("s")


def call(name: str, /, *operands: Any, **attributes: Any) -> Any:
    """What a kernel gives. One that takes a host, and is not given it, gets one."""
    kernel = BUILTIN.get(name)
    assert kernel is not None
    given = inspect.signature(kernel.function).bind_partial(*operands, **attributes).arguments
    takes = [parameter for parameter, what in kernel.signature.injected if what is Supplied.HOST]
    return kernel.function(*operands, **attributes, **{each: HOST for each in takes if each not in given})


def fails(message: str, name: str, /, *operands: Any, **attributes: Any) -> None:
    """Call a kernel that fails with that message."""
    with pytest.raises(KernelError) as caught:
        call(name, *operands, **attributes)
    assert str(caught.value) == message
