"""Kernels of `tfrt_test` on strings.

Strings are Python's; bytes that are not UTF-8 are kept as surrogate escapes.
"""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.files import ALL_FILES, Files, Refused
from tfrt.executor.values.attributes import String
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.kernels.shared.c_semantics import format_i32


@kernel("tfrt_test.get_string_sync", constant=True)
@kernel("tfrt_test.get_string", constant=True)
def get_string(*, value: String) -> str:
    return value


@kernel("tfrt_test.print_string")
def print_string(text: str, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"string = {text}\n")
    return chain


@kernel("tfrt_test.append_string", inline="({0}) + ({1})")
def append_string(head: str, tail: str) -> str:
    return head + tail


@kernel("tfrt_test.string_equal", inline="({0}) == ({1})")
def string_equal(lhs: str, rhs: str) -> bool:
    return lhs == rhs


@kernel("tfrt_test.format_string")
def format_string(template: str, index: int) -> str:
    """``printf`` of one integer: ``"file-%03d"`` and 7 make ``"file-007"``."""
    return format_i32(template, index)


@kernel("tfrt_test.read_string_from_file", blocking=True)
def read_string_from_file(path: str, *, files: Files = ALL_FILES) -> str:
    try:
        with files.open(path) as file:
            return file.read().decode("utf-8", "surrogateescape")
    except Refused as refusal:
        raise KernelError(f"failed to read from file {path}: {refusal}") from None
    except OSError:
        raise KernelError(f"failed to read from file {path}") from None
