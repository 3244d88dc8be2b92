"""Small modules of LLVM's intermediate representation."""

from __future__ import annotations

from tfrt.executor.support.machine_code import DATA_OFFSET

DOUBLE = f"""
define void @double(ptr %array) {{
  %place = getelementptr i8, ptr %array, i64 {DATA_OFFSET}
  %elements = load ptr, ptr %place
  %x = load i64, ptr %elements
  %y = add i64 %x, %x
  store i64 %y, ptr %elements
  ret void
}}
"""
"""Doubles the first integer of an array."""
