"""Write what JAX makes of the networks to `texts/`, as StableHLO.

python benchmarks/networks/write_texts.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import jax

from networks import in_jax
from networks.architectures import NETWORKS


def main() -> None:
    folder = Path(__file__).parent / "texts"
    for name, network in NETWORKS.items():
        weights, inputs = network.arrays()
        # A tuple: arguments in a dictionary would be passed in alphabetical order.
        names, arrays = tuple(weights), tuple(weights.values())

        def forward(arrays, inputs, network=network, names=names):
            return network.forward(in_jax, dict(zip(names, arrays, strict=True)), inputs)

        text = jax.jit(forward).lower(arrays, inputs).as_text()
        (folder / f"{name}.mlir").write_text(text, encoding="utf-8")
        print(f"{name}: {len(text):,} characters")


if __name__ == "__main__":
    main()
