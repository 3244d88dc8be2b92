"""Constants of `tfrt`; `constant_s` is the form for synchronous functions.

The executor decodes an attribute once, when it binds the kernel, so running one returns a value that is there already.
"""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.values.attributes import BF16, F16, F32, F64, I1, I32, I64, UI32, UI64


@kernel("tfrt.constant.i1", inline="{value}")
def constant_i1(*, value: I1) -> bool:
    return value


@kernel("tfrt.constant_s.i32", inline="{value}")
@kernel("tfrt.constant.i32", inline="{value}")
def constant_i32(*, value: I32) -> int:
    return value


@kernel("tfrt.constant_s.i64", inline="{value}")
@kernel("tfrt.constant.i64", inline="{value}")
def constant_i64(*, value: I64) -> int:
    return value


@kernel("tfrt.constant.ui32", inline="{value}")
def constant_ui32(*, value: UI32) -> int:
    return value


@kernel("tfrt.constant.ui64", inline="{value}")
def constant_ui64(*, value: UI64) -> int:
    return value


@kernel("tfrt.constant.bf16", inline="{value}")
def constant_bf16(*, value: BF16) -> float:
    return value


@kernel("tfrt.constant_s.f16", inline="{value}")
@kernel("tfrt.constant.f16", inline="{value}")
def constant_f16(*, value: F16) -> float:
    return value


@kernel("tfrt.constant_s.f32", inline="{value}")
@kernel("tfrt.constant.f32", inline="{value}")
def constant_f32(*, value: F32) -> float:
    return value


@kernel("tfrt.constant_s.f64", inline="{value}")
@kernel("tfrt.constant.f64", inline="{value}")
def constant_f64(*, value: F64) -> float:
    return value


@kernel("tfrt.constant.complex64", constant=True)
def constant_complex64(*, imaginary: F32, real: F32) -> complex:
    return complex(real, imaginary)


@kernel("tfrt.constant.complex128", constant=True)
def constant_complex128(*, imaginary: F64, real: F64) -> complex:
    return complex(real, imaginary)
