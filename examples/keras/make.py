"""Train a convolutional network with Keras, and import what it has become: everything that `run.py` needs.

    python examples/keras/make.py

Needs TensorFlow (``pip install 'tfrt[tensorflow]'``), and a minute. The digits are those of ``examples/jax``. Written
beside this file:

* ``digits.keras``: the trained model, as Keras saves it;
* ``digits.mlir``, ``digits.safetensors``: the program and its weights, which ``tfrt-import`` makes of that file;
* ``expected.npz``: what Keras computes for the held-out digits.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

from tfrt.compiler.tfrt_import import main as tfrt_import

FOLDER = Path(__file__).parent
EPOCHS = 30
INK = 16.0
SEED = 0


def network() -> keras.Model:
    """Pixels from 0 (paper) to 16 (ink), in images of any number, to probabilities of the ten digits."""
    return keras.Sequential(
        [
            keras.Input((8, 8), name="images"),
            layers.Rescaling(1 / INK),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main() -> None:
    keras.utils.set_random_seed(SEED)
    digits = np.load(FOLDER.parent / "jax" / "digits.npz")
    images, held_out = (digits[name].reshape(-1, 8, 8).astype(np.float32) for name in ("images", "held_out_images"))
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, digits["labels"].astype(np.int32), batch_size=32, epochs=EPOCHS, verbose=2)
    probabilities = model.predict(held_out, verbose=0)
    print(f"held-out accuracy: {np.mean(probabilities.argmax(1) == digits['held_out_labels']):.4f}")
    np.savez_compressed(FOLDER / "expected.npz", probabilities=probabilities)

    file = FOLDER / "digits.keras"
    # Without what only training needs.
    trained = network()
    trained.set_weights(model.get_weights())
    trained.save(file)
    weights = FOLDER / "digits.safetensors"
    if tfrt_import([str(file), "-o", str(FOLDER / "digits.mlir"), "--weights", str(weights)]):
        raise SystemExit("digits.keras was not imported")


if __name__ == "__main__":
    main()
