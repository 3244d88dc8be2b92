"""Recognise handwritten digits through the Python API, as a program and op by op, and show some of them.

    python examples/digits/run.py [--handler NAME]

Run it from the repository's root: the program reads its files relative to the current folder. Op by op the network runs
on the op handler NAME, e.g. ``sim`` or ``torch``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import tfrt
from tfrt.executor.values.tensor import dense_from_numpy
from tfrt.executor.values.tensor_files import read_btf

FOLDER = Path(__file__).parent
SHOWN = 8
INK = " .:-=+*#%@"


def picture(image: np.ndarray) -> list[str]:
    """Eight lines of text for an image of 8 x 8 pixels from 0 to 16, two characters a pixel."""
    shades = (image.reshape(8, 8) / 16 * (len(INK) - 1)).round().astype(int)
    return ["".join(2 * INK[shade] for shade in row) for row in shades]


def classify(runtime: tfrt.CoreRuntime, images: np.ndarray, handler: str | None) -> np.ndarray:
    """The digits that the network sees, one op after the other; nothing waits before the last line."""

    def op(name: str, *arguments: object, **attrs: object) -> tfrt.TensorHandle:
        return runtime.execute(name, *arguments, handler=handler, **attrs)[0]

    def layer(x: object, weights: object, bias: object) -> tfrt.TensorHandle:
        return op("tf.BiasAdd", op("tf.MatMul", x, weights, transpose_a=False, transpose_b=False), bias)

    file = FOLDER / "weights.btf"
    weights1, bias1, weights2, bias2 = (read_btf(file, i, tfrt.DType.F32, rank) for i, rank in enumerate((2, 1, 2, 1)))
    scores = layer(op("tf.Relu", layer(images, weights1, bias1)), weights2, bias2)
    return scores.to("cpu").numpy().argmax(1)


def main(handler: str | None) -> None:
    source = FOLDER / "digits.mlir"
    images = np.load(FOLDER / "images.npy")
    labels = np.load(FOLDER / "labels.npy")
    with tfrt.HostContext() as host:
        program = tfrt.load(tfrt.compile(source.read_text(), str(source)), host=host)
        digits = program["classify"](dense_from_numpy(images)).numpy()
        one_by_one = classify(tfrt.CoreRuntime.of(host), images, handler)

    print("\n".join("  ".join(lines) for lines in zip(*map(picture, images[:SHOWN]), strict=True)))
    print("  ".join(f"looks like a {digit}".ljust(16) for digit in digits[:SHOWN]))
    right = digits == labels
    print(f"\n{right.sum()} of {right.size} held-out digits recognised ({right.mean():.2%})")
    print(f"{np.mean(one_by_one == labels):.2%} op by op, top-1 agreement {np.mean(one_by_one == digits):.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Recognise handwritten digits in two ways, and compare.")
    parser.add_argument("--handler", metavar="NAME", help="the op handler for running op by op (default: the CPU)")
    main(**vars(parser.parse_args()))
