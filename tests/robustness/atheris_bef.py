"""Coverage-guided fuzzing of the BEF reader by atheris, where that is installed (``pip install atheris``).

    python tests/robustness/atheris_bef.py FOLDER -runs=1000000 -max_len=6000 -rss_limit_mb=2048 -timeout=20

Arguments are libFuzzer's; FOLDER collects what has reached something new. The module that looks at files is that of
`tests.robustness.fuzz`, and so is, in half of the steps, what changes them. Runs from the repository's root.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["tfrt.executor.bef"]):
    from tests.robustness import bef_inputs
    from tests.robustness.bef_campaign import decode_all, read_unmeasured
    from tfrt.executor.support.errors import BefError


def one(data: bytes) -> None:
    bef = read_unmeasured(data)
    if bef is not None:
        decode_all(bef)


def changed(data: bytes, max_size: int, seed: int) -> bytes:
    rng = random.Random(seed)
    if rng.random() < 0.5:
        return bytes(atheris.Mutate(data, max_size))
    try:
        found = bef_inputs.damaged(bef_inputs.take_apart(data), rng)
    except (BefError, ValueError):
        # It is none any more, or its locations are not.
        found = bef_inputs.bytes_changed(data, rng)
    return found[:max_size]


def main() -> None:
    folder = Path(next(word for word in sys.argv[1:] if not word.startswith("-")))
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(bef_inputs.seeds()):
        (folder / f"seed-{number}.bef").write_bytes(seed.data)
    atheris.Setup(sys.argv, one, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
