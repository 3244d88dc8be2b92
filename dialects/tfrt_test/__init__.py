"""The `tfrt_test` dialect: what tests of the runtime use. Ops it does not define keep the generic form.

One file a family of ops, mirrored by `tfrt.kernels.tfrt_test`.
"""

from __future__ import annotations

from xdsl.ir import Dialect

from tfrt.dialects.tfrt_test import async_, benchmark, misc, strings, tensors

TFRT_TEST = Dialect(
    "tfrt_test",
    [*async_.OPS, *benchmark.OPS, *misc.OPS, *strings.OPS, *tensors.OPS],
    [],
)
