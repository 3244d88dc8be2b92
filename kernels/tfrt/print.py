"""Kernels of `tfrt` that print scalars, as C's ``printf`` formats them."""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.kernels.shared.c_semantics import f16_bits, format_f
from tfrt.kernels.shared.printing import printer


def _show_complex(value: complex) -> str:
    return f"{format_f(value.real)}+{format_f(value.imag)}i"


kernel("tfrt.print.i1")(printer("int1", "{:d}".format))
kernel("tfrt.print.i32")(printer("int32", str))
kernel("tfrt.print.i64")(printer("int64", str))
kernel("tfrt.print.f16")(printer("f16", lambda value: str(f16_bits(value))))  # its bits, as the reference does
kernel("tfrt.print.f32")(printer("f32", format_f))
kernel("tfrt.print.f64")(printer("f64", format_f))
kernel("tfrt.print.complex64")(printer("complex64", _show_complex))
kernel("tfrt.print.complex128")(printer("complex128", _show_complex))
