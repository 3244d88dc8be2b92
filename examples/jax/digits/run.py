"""Recognise handwritten digits with two networks that JAX has trained, and show some digits.

    python examples/jax/digits/run.py

Each network is a text of StableHLO, compiled when the script starts; its weights are arguments, in the order of the
text's. The perceptron takes any number of images: its text says `tensor<?x64xf32>`. The convolutional network takes
360.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tfrt

FOLDER = Path(__file__).parent
SHOWN = 8
INK = " .:-=+*#%@"


def load(name: str) -> tuple[tfrt.Function, list[np.ndarray]]:
    """A network as a function, and its weights."""
    text = (FOLDER / f"{name}.mlir").read_text(encoding="utf-8")
    program = tfrt.load(tfrt.compile(text, f"{name}.mlir", opt_level=2))
    arrays = np.load(FOLDER / f"{name}.npz")
    return program["main"], [arrays[key] for key in arrays.files if key.startswith("arg")]


def picture(image: np.ndarray) -> list[str]:
    """Eight lines of text for an image of 8 x 8 pixels from 0 to 16, two characters a pixel."""
    shades = (image.reshape(8, 8) / 16 * (len(INK) - 1)).round().astype(int)
    return ["".join(2 * INK[shade] for shade in row) for row in shades]


def main() -> None:
    digits = np.load(FOLDER.parent / "digits.npz")
    images, labels = digits["held_out_images"].astype(np.float32), digits["held_out_labels"]

    mlp, mlp_weights = load("mlp")
    seen = mlp(*mlp_weights, images[:SHOWN]).argmax(1)
    print("\n".join("  ".join(lines) for lines in zip(*map(picture, images[:SHOWN]), strict=True)))
    print("  ".join(f"looks like a {digit}".ljust(16) for digit in seen))

    cnn, cnn_weights = load("cnn")
    for name, network, weights in (("perceptron", mlp, mlp_weights), ("convolutional", cnn, cnn_weights)):
        right = np.mean(network(*weights, images).argmax(1) == labels)
        print(f"{name}: {right:.2%} of {len(labels)} held-out digits recognised")


if __name__ == "__main__":
    main()
