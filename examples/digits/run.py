"""Recognise handwritten digits through the Python API, and show some of them.

    python examples/digits/run.py

Run it from the repository's root: the program reads its files relative to the current folder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tfrt
from tfrt.executor.tensor import dense_from_numpy

FOLDER = Path(__file__).parent
SHOWN = 8
INK = " .:-=+*#%@"


def picture(image: np.ndarray) -> list[str]:
    """Eight lines of text for an image of 8 x 8 pixels from 0 to 16, two characters a pixel."""
    shades = (image.reshape(8, 8) / 16 * (len(INK) - 1)).round().astype(int)
    return ["".join(2 * INK[shade] for shade in row) for row in shades]


def main() -> None:
    source = FOLDER / "digits.mlir"
    images = np.load(FOLDER / "images.npy")
    labels = np.load(FOLDER / "labels.npy")
    with tfrt.HostContext() as host:
        program = tfrt.load(tfrt.compile(source.read_text(), str(source)), host=host)
        digits = program["classify"](dense_from_numpy(images)).numpy()

    print("\n".join("  ".join(lines) for lines in zip(*map(picture, images[:SHOWN]), strict=True)))
    print("  ".join(f"looks like a {digit}".ljust(16) for digit in digits[:SHOWN]))
    right = digits == labels
    print(f"\n{right.sum()} of {right.size} held-out digits recognised ({right.mean():.2%})")


if __name__ == "__main__":
    main()
