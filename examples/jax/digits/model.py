"""Two networks that recognise digits: trained, and written as StableHLO.

The digits are scikit-learn's copy of *Optical Recognition of Handwritten Digits* (E. Alpaydin and C. Kaynak, UCI
Machine Learning Repository, CC BY 4.0). A fifth is held out, and never seen in training.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from making import FOLDER, Params, batches, train, weight, write_arrays, write_text, write_text_of_any_size

HELD_OUT = 360


def mlp(params: Params, images: Any) -> Any:
    """Scores of the ten digits for images ``[n, 64]`` with pixels from 0 to 16."""
    x = images / 16
    x = jnp.tanh(x @ params["w1"] + params["b1"])
    return jax.nn.log_softmax(x @ params["w2"] + params["b2"])


def cnn(params: Params, images: Any) -> Any:
    """Scores of the ten digits for images ``[n, 64]`` with pixels from 0 to 16."""
    x = images.reshape(-1, 8, 8, 1) / 16
    for layer in ("1", "2"):
        x = jax.lax.conv_general_dilated(
            x, params["conv" + layer], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        x = jax.nn.relu(x + params["bias" + layer])
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return jax.nn.log_softmax(x.reshape(x.shape[0], -1) @ params["dense"] + params["bias3"])


def initial(kind: str) -> Params:
    """Weights before training."""
    rng = np.random.default_rng(1)
    zeros = {f"b{size}": np.zeros(size, np.float32) for size in (10, 16, 48)}
    if kind == "mlp":
        return {"w1": weight(rng, 64, 48), "b1": zeros["b48"], "w2": weight(rng, 48, 10), "b2": zeros["b10"]}
    return {
        "conv1": weight(rng, 3, 3, 1, 16),
        "bias1": zeros["b16"],
        "conv2": weight(rng, 3, 3, 16, 16),
        "bias2": zeros["b16"],
        "dense": weight(rng, 64, 10),
        "bias3": zeros["b10"],
    }


def loss(scores: Any, labels: Any) -> Any:
    """The cross entropy of scores that are logarithms of probabilities."""
    return -jnp.mean(jnp.sum(scores * jax.nn.one_hot(labels, 10), axis=1))


def write_digits() -> None:
    """Write `digits.npz`, bytes all of it: images to train with and images held out, and the digits they show."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images, labels, test_size=HELD_OUT, random_state=0, stratify=labels)
    names = ("images", "held_out_images", "labels", "held_out_labels")
    np.savez_compressed(FOLDER / "digits.npz", **{n: p.astype(np.uint8) for n, p in zip(names, parts, strict=True)})


def make() -> None:
    """Train both networks and write them. The MLP takes any number of images, the CNN as many as are held out."""
    write_digits()
    digits = np.load(FOLDER / "digits.npz")
    images, held_out = digits["images"].astype(np.float32), digits["held_out_images"].astype(np.float32)
    for name, network in (("mlp", mlp), ("cnn", cnn)):
        rows = batches(np.random.default_rng(0), 64, images, digits["labels"].astype(np.int32))
        params = train(lambda p, x, y, network=network: loss(network(p, x), y), initial(name), rows, 600, 0.01)
        scores = np.asarray(jax.jit(network)(params, held_out))
        print(f"  {name}: {np.mean(scores.argmax(1) == digits['held_out_labels']):.4f} of the held-out digits")
        write_arrays(f"digits/{name}.npz", params, scores=scores)
        if name == "mlp":
            (count,) = jax.export.symbolic_shape("count")
            any_number = jax.ShapeDtypeStruct((count, 64), np.float32)
            write_text_of_any_size("digits/mlp.mlir", mlp, params, any_number)
        else:
            write_text("digits/cnn.mlir", cnn, params, held_out)
