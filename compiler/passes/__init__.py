"""The passes: ours, one file each, and xDSL's own.

Adding a pass is one line in `_OURS`. A pass keeps locations: a run-time error must point at the source, and an error
that was reported before a pass is reported after it, with the same location. xDSL's ``canonicalize``, ``cse`` and
``dce`` are replaced by ours, which keep locations and know from the kernels which ops are pure. `pipeline.py` reads
pipelines, `manager.py` runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

_OURS: dict[str, tuple[str, str]] = {
    # pass: (module, class)
    "apply-profile": ("tfrt.compiler.passes.apply_profile", "ApplyProfile"),
    "canonicalize": ("tfrt.compiler.passes.canonicalize", "Canonicalize"),
    "cse": ("tfrt.compiler.passes.cse", "Cse"),
    "dce": ("tfrt.compiler.passes.dce", "Dce"),
    "dead-argument-elimination": ("tfrt.compiler.passes.dead_argument_elimination", "DeadArgumentElimination"),
    "fuse-cpu-ops": ("tfrt.compiler.passes.fuse_cpu_ops", "FuseCpuOps"),
    "inline": ("tfrt.compiler.passes.inline", "Inline"),
    "loop-invariant-code-motion": ("tfrt.compiler.passes.loop_invariant_code_motion", "LoopInvariantCodeMotion"),
    "lower-to-cpu": ("tfrt.compiler.passes.lower_to_cpu", "LowerToCpu"),
    "outline-regions": ("tfrt.compiler.passes.outline_regions", "OutlineRegions"),
    "plan-buffers": ("tfrt.compiler.passes.plan_buffers", "PlanBuffers"),
    "relax-chains": ("tfrt.compiler.passes.relax_chains", "RelaxChains"),
    "schedule": ("tfrt.compiler.passes.schedule", "Schedule"),
    "symbol-dce": ("tfrt.compiler.passes.symbol_dce", "SymbolDce"),
    "tfrt-print-stream": ("tfrt.compiler.passes.print_stream", "PrintStream"),
    "unroll": ("tfrt.compiler.passes.unroll", "Unroll"),
}

PASSES: tuple[str, ...] = tuple(_OURS)
"""The passes that are known to work on TFRT programs; xDSL's others are available, too."""

MODULE_PASSES: tuple[str, ...] = (
    "dead-argument-elimination",
    "inline",
    "loop-invariant-code-motion",
    "lower-to-cpu",
    "outline-regions",
    "schedule",
    "symbol-dce",
)
"""Those that look at several functions at a time."""


def get_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Every pass by name, each behind a callable that imports it."""
    from xdsl.transforms import get_all_passes

    return get_all_passes() | {name: _loader(*where) for name, where in _OURS.items()}


def _loader(module: str, name: str) -> Callable[[], type[ModulePass]]:
    def load() -> type[ModulePass]:
        found: type[ModulePass] = getattr(import_module(module), name)
        return found

    return load
