"""The `tfrt_test_sync` dialect: it is open to ops in generic form, and defines none."""

from __future__ import annotations

from xdsl.ir import Dialect

TFRT_TEST_SYNC = Dialect("tfrt_test_sync", [], [])
