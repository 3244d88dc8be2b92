"""The `tfrt` dialect: scalars, chains, control flow.

One file a family of ops, mirrored by `tfrt.kernels.tfrt`.
"""

from __future__ import annotations

from xdsl.ir import Dialect

from tfrt.dialects.tfrt import arithmetic, chain, constants, control_flow, print
from tfrt.dialects.tfrt.types import ChainType, DeviceType, StringType, TensorTypeType

TFRT = Dialect(
    "tfrt",
    [*arithmetic.OPS, *constants.OPS, *chain.OPS, *print.OPS, *control_flow.OPS],
    [ChainType, StringType, TensorTypeType, DeviceType],
)
