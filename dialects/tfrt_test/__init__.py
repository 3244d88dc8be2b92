"""The `tfrt_test` dialect: what tests of the runtime use. Ops it does not define keep the generic form.

One file a family of ops, mirrored by `tfrt.kernels.tfrt_test`.
"""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect

TFRT_TEST = define_dialect("tfrt_test", __name__, is_open=True)
