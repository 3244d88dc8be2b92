"""The `tfrt_test_sync` dialect: it is open to ops in generic form, and defines none."""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect

TFRT_TEST_SYNC = define_dialect("tfrt_test_sync", __name__, is_open=True)
