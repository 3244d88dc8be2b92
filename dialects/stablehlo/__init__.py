"""The `stablehlo` dialect: what JAX and other frameworks write their programs in.

One module for each family of ops. Definitions follow the specification (`docs/spec.md` of StableHLO); where an op does
not hold what it demands, the message names the constraint as it does: ``(C3)``, or the input: ``(I2)``. Quantized types
and ops that need several devices are refused with a message that says so.
"""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect

STABLEHLO = define_dialect("stablehlo", __name__, is_source=True)
