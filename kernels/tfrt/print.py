"""Kernels of `tfrt` that print scalars, as C's ``printf`` formats them.

The chain operand may be left out, as for all kernels of the reference that do not need its value.
"""

from __future__ import annotations

from tfrt.executor.host_context import HostContext
from tfrt.executor.kernel_registry import kernel
from tfrt.executor.values import CHAIN, Chain
from tfrt.kernels.c_semantics import f16_bits, format_f


@kernel("tfrt.print.i1")
def print_i1(value: bool, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"int1 = {value:d}\n")
    return chain


@kernel("tfrt.print.i32")
def print_i32(value: int, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"int32 = {value}\n")
    return chain


@kernel("tfrt.print.i64")
def print_i64(value: int, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"int64 = {value}\n")
    return chain


@kernel("tfrt.print.f16")
def print_f16(value: float, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    """Prints the number's bits, as the reference does."""
    host.write(f"f16 = {f16_bits(value)}\n")
    return chain


@kernel("tfrt.print.f32")
def print_f32(value: float, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"f32 = {format_f(value)}\n")
    return chain


@kernel("tfrt.print.f64")
def print_f64(value: float, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"f64 = {format_f(value)}\n")
    return chain


@kernel("tfrt.print.complex64")
def print_complex64(value: complex, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"complex64 = {format_f(value.real)}+{format_f(value.imag)}i\n")
    return chain


@kernel("tfrt.print.complex128")
def print_complex128(value: complex, chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write(f"complex128 = {format_f(value.real)}+{format_f(value.imag)}i\n")
    return chain
