"""The `tfrt_dht_sync` dialect: dense host tensors in synchronous functions, where no chains are needed."""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.tfrt_dht import ops_of_twins

TWINS = ops_of_twins("tfrt_dht_sync", chained=False)

TFRT_DHT_SYNC = define_dialect("tfrt_dht_sync", __name__, is_open=True)
