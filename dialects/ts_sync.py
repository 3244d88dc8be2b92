"""The `ts_sync` dialect: tensor shapes in synchronous functions."""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.ts import ops_of_twins

TWINS = ops_of_twins("ts_sync")

TS_SYNC = define_dialect("ts_sync", __name__)
