"""The `ts_sync` dialect: tensor shapes in synchronous functions."""

from __future__ import annotations

from xdsl.ir import Dialect

from tfrt.dialects.ts import ops_of_twins

TS_SYNC = Dialect("ts_sync", list(ops_of_twins("ts_sync")), [])
