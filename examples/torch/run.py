"""Recognise handwritten digits with the transformer that PyTorch has trained, without PyTorch and without the compiler.

    tfrt-translate -O2 examples/torch/digits.mlir -o digits.bef
    python examples/torch/run.py digits.bef

Running the program needs only numpy. Printed are some digits and what the network sees, how many of all held-out ones
it recognises, and how far its scores are from those that PyTorch has computed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import tfrt

FOLDER = Path(__file__).parent
SHOWN = 8
INK = " .:-=+*#%@"


def picture(image: np.ndarray) -> list[str]:
    """Eight lines of text for an image of 8 x 8 pixels from 0 to 16, two characters a pixel."""
    shades = (image / 16 * (len(INK) - 1)).round().astype(int)
    return ["".join(2 * INK[shade] for shade in row) for row in shades]


def main(program: str) -> None:
    digits = np.load(FOLDER.parent / "jax" / "digits.npz")
    images = digits["held_out_images"].reshape(-1, 8, 8).astype(np.float32)
    loaded = tfrt.load(Path(program).read_bytes(), weights=str(FOLDER / "digits.safetensors"))
    classify = loaded["main"]

    seen = classify(images=images[:SHOWN])
    print("\n".join("  ".join(lines) for lines in zip(*map(picture, images[:SHOWN]), strict=True)))
    print("  ".join(f"looks like a {row.argmax()}".ljust(16) for row in seen))

    scores = classify(images=images)
    right = np.mean(scores.argmax(1) == digits["held_out_labels"])
    print(f"{right:.2%} of {len(images)} held-out digits recognised")
    difference = np.abs(scores - np.load(FOLDER / "expected.npz")["scores"]).max()
    print(f"largest difference from PyTorch: {difference:.0e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Recognise handwritten digits with a network of PyTorch's.")
    parser.add_argument("program", metavar="FILE.bef", help="what tfrt-translate makes of digits.mlir")
    main(**vars(parser.parse_args()))
