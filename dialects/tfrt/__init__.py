"""The `tfrt` dialect: scalars, chains, control flow.

One file a family of ops, mirrored by `tfrt.kernels.tfrt`.
"""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect

TFRT = define_dialect("tfrt", __name__, is_open=True)
