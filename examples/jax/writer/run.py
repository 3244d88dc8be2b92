"""Let a transformer write, byte by byte.

    python examples/jax/writer/run.py [PROMPT] [--temperature T] [--seed N]

Two functions of StableHLO do it: `prefill` reads the prompt, of any length, and gives scores of the byte after it and a
cache of keys and values; `step` takes the cache and a byte, and gives the scores of the next and the cache with one
byte more. Which byte is taken is this script's business: the most likely, or at a higher temperature a random one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import tfrt

FOLDER = Path(__file__).parent
CONTEXT = 128


def load(name: str) -> tfrt.Function:
    """The function of a text."""
    text = (FOLDER / f"{name}.mlir").read_text(encoding="utf-8")
    return tfrt.load(tfrt.compile(text, f"{name}.mlir", opt_level=2))["main"]


def choose(scores: np.ndarray, temperature: float, rng: np.random.Generator) -> int:
    """A byte by its score: at temperature 0 the most likely, at 1 as likely as the network thinks."""
    if temperature == 0:
        return int(scores.argmax())
    odds = np.exp((scores - scores.max()) / temperature)
    return int(rng.choice(len(odds), p=odds / odds.sum()))


def write(prompt: bytes, temperature: float, rng: np.random.Generator) -> Iterator[int]:
    """The bytes after a prompt, as long as there is room in the cache."""
    prefill, step = load("prefill"), load("step")
    arrays = np.load(FOLDER / "weights.npz")
    weights = [arrays[key] for key in arrays.files]
    scores, cache = prefill(*weights, np.frombuffer(prompt, np.uint8).astype(np.int32))
    for position in range(len(prompt), CONTEXT):
        byte = choose(scores, temperature, rng)
        yield byte
        scores, cache = step(*weights, cache, np.array(byte, np.int32), np.array(position, np.int32))


def main(prompt: str, temperature: float, seed: int) -> None:
    print(prompt, end="")
    for byte in write(prompt.encode("ascii"), temperature, np.random.default_rng(seed)):
        print(chr(byte), end="", flush=True)
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Continue a text.")
    parser.add_argument("prompt", nargs="?", default="Humpty Dumpty", help="how the text begins, in ASCII")
    parser.add_argument("--temperature", type=float, default=0.0, help="how random bytes are (default: not at all)")
    parser.add_argument("--seed", type=int, default=0, help="of random bytes")
    main(**vars(parser.parse_args()))
