"""Run both networks twice, op by op from Python and as a program, and compare.

    python examples/convnets/run.py [PICTURE.svg] [--handler NAME]

Run it from the repository's root. It prints how many of the held-out digits each way recognises and how often the two
agree, and draws some digits with what the networks see in them. Op by op the networks run on the op handler NAME, e.g.
``sim`` or ``torch``; as a program always on the CPU.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import tfrt
from tfrt.executor.values.tensor_files import read_btf

FOLDER = Path(__file__).parent
LABELS = FOLDER.parent / "digits" / "labels.npy"
SHOWN = 12


class Eager:
    """The layers, executed at once on an op handler: each call returns a handle, and nothing waits."""

    def __init__(self, host: tfrt.HostContext, handler: str | None):
        self.runtime = tfrt.CoreRuntime.of(host)
        self.handler = handler

    def op(self, name: str, *arguments: object, **attrs: object) -> tfrt.TensorHandle:
        return self.runtime.execute(name, *arguments, handler=self.handler, **attrs)[0]

    def conv(self, x: object, weights: Iterator[object], padding: str = "SAME", stride: int = 1) -> tfrt.TensorHandle:
        return self.op("tf.Conv2D", x, next(weights), padding=padding, strides=(1, stride, stride, 1))

    def images(self, ink: np.ndarray) -> tfrt.TensorHandle:
        return self.op("tf.Mul", self.op("tf.Cast", ink, DstT=tfrt.DType.F32), np.float32(0.0625))

    def lenet(self, x: object) -> tfrt.TensorHandle:
        weights = _weights("lenet", (4, 1) * 4)
        for _ in range(2):
            x = self.op("tf.Relu", self.op("tf.BiasAdd", self.conv(x, weights), next(weights)))
            x = self.op("tf.MaxPool", x, ksize=(1, 2, 2, 1), padding="VALID", strides=(1, 2, 2, 1))
        x = self.op("tf.Relu", self.op("tf.BiasAdd", self.conv(x, weights, "VALID"), next(weights)))
        x = self.op("tf.BiasAdd", self.conv(x, weights, "VALID"), next(weights))
        return self.op("tf.Mean", x, np.array([1, 2], np.int32))

    def resnet(self, x: object) -> tfrt.TensorHandle:
        weights = _weights("resnet", (4, 1, 1, 1, 1) * 6 + (2, 1))

        def layer(x: object, stride: int = 1) -> tfrt.TensorHandle:
            y = self.conv(x, weights, stride=stride)
            normalization = [next(weights) for _ in range(4)]
            return self.op("tf.FusedBatchNormV3", y, *normalization, epsilon=0.001, is_training=False)

        x = self.op("tf.Relu", layer(x))
        x = self.op("tf.Relu", self.op("tf.AddV2", x, layer(self.op("tf.Relu", layer(x)))))
        y = layer(self.op("tf.Relu", layer(x, 2)))
        x = self.op("tf.Relu", self.op("tf.AddV2", layer(x, 2), y))
        features = self.op("tf.Mean", x, np.array([1, 2], np.int32))
        product = self.op("tf.MatMul", features, next(weights), transpose_a=False, transpose_b=False)
        return self.op("tf.BiasAdd", product, next(weights))


def main(picture: str | None, handler: str | None) -> None:
    ink, labels = np.load(FOLDER / "images.npy"), np.load(LABELS)
    program_text = (FOLDER / "nets.mlir").read_text()
    seen = {}
    with tfrt.HostContext(work_queue="mstd:2") as host:
        eager = Eager(host, handler)
        program = tfrt.load(tfrt.compile(program_text, filename="nets.mlir"), host=host)
        program["register_cpu"]()
        images = program["images"](None)
        for name in ("lenet", "resnet"):
            logits = getattr(eager, name)(eager.images(ink))
            one_by_one = logits.to("cpu").numpy().argmax(1)
            as_program = program[name](None, images).numpy().argmax(1)
            print(
                f"{name:7} accuracy eager {np.mean(one_by_one == labels):.4f}, "
                f"program {np.mean(as_program == labels):.4f}, "
                f"top-1 agreement {np.mean(one_by_one == as_program):.4f}"
            )
            seen[name] = as_program
    if picture is not None:
        Path(picture).write_text(_draw(ink[:SHOWN, :, :, 0], labels[:SHOWN], seen))
        print(f"drew {picture}")


def _weights(name: str, ranks: tuple[int, ...]) -> Iterator[object]:
    """The tensors of a weights file, in order."""
    path = FOLDER / f"{name}.btf"
    return (read_btf(path, index, tfrt.DType.F32, rank) for index, rank in enumerate(ranks))


def _draw(images: np.ndarray, labels: np.ndarray, seen: dict[str, np.ndarray]) -> str:
    """The images side by side as SVG, each with its label and what the networks see; mistakes in red."""
    cell, pixel = 120, 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{cell * len(images)}" height="160" '
        'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>'
    ]
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        left = number * cell + 12
        for (row, column), value in np.ndenumerate(image):
            grey = 255 - int(value) * 15
            parts.append(
                f'<rect x="{left + column * pixel}" y="{8 + row * pixel}" width="{pixel}" height="{pixel}" '
                f'fill="rgb({grey},{grey},{grey})"/>'
            )
        for line, (name, digits) in enumerate(seen.items()):
            colour = "black" if digits[number] == label else "red"
            parts.append(f'<text x="{left}" y="{124 + line * 16}" fill="{colour}">{name}: {digits[number]}</text>')
        parts.append(f'<text x="{left}" y="156" fill="grey">label: {label}</text>')
    return "".join(parts) + "</svg>\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run two convolutional networks in two ways, and compare.")
    parser.add_argument("picture", nargs="?", metavar="PICTURE.svg", help="where to draw some digits")
    parser.add_argument("--handler", metavar="NAME", help="the op handler for running op by op (default: the CPU)")
    main(**vars(parser.parse_args()))
