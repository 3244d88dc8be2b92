"""The `tfrt_dht_sync` dialect: dense host tensors in synchronous functions, where no chains are needed."""

from __future__ import annotations

from xdsl.ir import Dialect

from tfrt.dialects.tfrt_dht import ops_of_twins

TFRT_DHT_SYNC = Dialect("tfrt_dht_sync", list(ops_of_twins("tfrt_dht_sync", chained=False)), [])
