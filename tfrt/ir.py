"""What dialects and passes are made of, beside what xDSL has: for packages that add their own.

``docs/extending.md`` shows how. The words of a dialect are xDSL's; `define_dialect`, `define_op` and `define_type` are
short ways to say them. A pass is an xDSL ``ModulePass``; `apply_patterns` applies rewrite patterns that keep locations,
and `is_pure` and `cannot_fail` say what it may assume of an op. `module_to_svg` draws a module.
"""

from __future__ import annotations

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.locations import fuse
from tfrt.compiler.module_graphs import module_to_dot, module_to_svg
from tfrt.compiler.passes.shared.fold import is_returned_by_sync_function
from tfrt.compiler.passes.shared.purity import cannot_fail, is_pure
from tfrt.compiler.passes.shared.rewriting import apply_patterns
from tfrt.compiler.passes.shared.splice import can_splice
from tfrt.compiler.printer import print_module
from tfrt.dialects.shared.bodies import Function, RunsFunctions, RunsRegions
from tfrt.dialects.shared.definitions import (
    I64Array,
    OpenDialect,
    StringArray,
    define_dialect,
    define_op,
    define_type,
    number_of,
)
from tfrt.dialects.shared.traits import AttributeCost, FixedCost, HasCost
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.tfrt.types import CHAIN, STRING

__all__ = [
    "CHAIN",
    "STRING",
    "AttributeCost",
    "FixedCost",
    "Function",
    "HasCost",
    "I64Array",
    "OpenDialect",
    "RunsFunctions",
    "RunsRegions",
    "StringArray",
    "apply_patterns",
    "can_splice",
    "cannot_fail",
    "define_dialect",
    "define_op",
    "define_type",
    "fail",
    "fuse",
    "is_pure",
    "is_returned_by_sync_function",
    "module_to_dot",
    "module_to_svg",
    "number_of",
    "parse_module",
    "print_module",
]
