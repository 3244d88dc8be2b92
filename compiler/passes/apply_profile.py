"""`apply-profile`: measured costs in place of declared ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.passes import ModulePass

from tfrt.compiler.locations import location_of
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.dialects.shared.traits import MEASURED_COST_ATTRIBUTE
from tfrt.executor.declarations.kernel_profile import KernelProfile, read_profile
from tfrt.executor.support.cli import decode_text, read_bytes
from tfrt.executor.support.errors import UsageError


@dataclass(frozen=True)
class ApplyProfile(ModulePass):
    """Gives ops the costs that `bef-run --profile` has measured, in the attribute `_tfrt_measured_cost`.

    An op gets the median time of its kernel at its location, or else, if it was not measured there, that of the kernel
    everywhere. Ops whose kernel was not measured at all keep the costs that they have. Streams, and passes that look at
    costs, use measured costs before declared ones. A program that was profiled after passes should get its costs after
    the same passes.

    Args:
        file: the profile.
        unit: how many nanoseconds a cost of 1 stands for. A cost is at least 1.
    """

    name = "apply-profile"

    file: str = ""
    unit: int = 1000

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if not self.file:
            raise UsageError("pass 'apply-profile' needs a profile: apply-profile{file=\"profile.json\"}")
        if self.unit < 1:
            raise UsageError(f"pass 'apply-profile' needs a unit of at least 1 nanosecond, got {self.unit}")
        text = decode_text(read_bytes(self.file), self.file)
        try:
            profile = read_profile(text)
        except UsageError as error:
            raise UsageError(f"'{self.file}' is no profile of bef-run: {error}") from error
        there = {(entry.kernel, entry.location): entry.median_ns for entry in profile}
        everywhere = _by_kernel(profile)
        for found in op.walk():
            kernel = name_of(found)
            time = there.get((kernel, str(location_of(found.location))), everywhere.get(kernel))
            if time is not None:
                cost = max(1, round(time / self.unit))
                found.attributes[MEASURED_COST_ATTRIBUTE] = IntegerAttr(cost, i64)


def _by_kernel(profile: Iterable[KernelProfile]) -> dict[str, float]:
    """The mean of each kernel's medians, each place as often as it ran."""
    runs: dict[str, int] = {}
    times: dict[str, int] = {}
    for entry in profile:
        runs[entry.kernel] = runs.get(entry.kernel, 0) + entry.runs
        times[entry.kernel] = times.get(entry.kernel, 0) + entry.runs * entry.median_ns
    return {kernel: times[kernel] / count for kernel, count in runs.items() if count}
