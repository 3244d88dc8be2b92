"""Train the network that `digits.mlir` runs, and write the files it reads.

    python examples/digits/train.py

Needs scikit-learn (``pip install 'tfrt[train]'``), for its 1,797 scanned digits of 8 x 8 pixels and for the
training. A fifth of the digits is held out: the network never sees it, and `digits.mlir` is measured on it.
Written beside this file:

* ``weights.btf``: a perceptron 64 -> 64 -> 10, as f32: weights and biases of each layer in turn;
* ``images.npy``: the held-out images, f32 of shape (360, 64), pixels from 0 (paper) to 16 (ink);
* ``labels.npy``: the digits they show, i32 of shape (360,).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from tfrt.executor.values.tensor_files import write_btf

FOLDER = Path(__file__).parent
HELD_OUT = 360
HIDDEN = 64
INK = 16.0
SEED = 0


def main() -> None:
    pixels, digits = load_digits(return_X_y=True)
    images, held_out_images, labels, held_out_labels = train_test_split(
        pixels, digits, test_size=HELD_OUT, random_state=SEED, stratify=digits
    )
    model = MLPClassifier((HIDDEN,), alpha=0.1, max_iter=500, random_state=SEED)
    model.fit(images / INK, labels)
    print(f"held-out accuracy: {model.score(held_out_images / INK, held_out_labels):.4f}")

    # The program feeds pixels as they are: their scale goes into the first layer.
    hidden, output = model.coefs_
    tensors = [hidden / INK, model.intercepts_[0], output, model.intercepts_[1]]
    write_btf(FOLDER / "weights.btf", [tensor.astype(np.float32) for tensor in tensors])
    np.save(FOLDER / "images.npy", held_out_images.astype(np.float32))
    np.save(FOLDER / "labels.npy", held_out_labels.astype(np.int32))


if __name__ == "__main__":
    main()
