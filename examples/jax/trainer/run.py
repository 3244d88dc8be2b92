"""Train a network on handwritten digits, without JAX: only the step of training was written with it.

    python examples/jax/trainer/run.py

`step.mlir` takes what is trained (weights, and what Adam keeps of their gradients), a batch of images and the digits
they show; it gives the loss and what is to be passed to the next step. `jax.grad` has derived the gradients in it. The
loop, the order of the images and the weights at the start are this script's. What is learnt is measured on digits held
out, with the perceptron of `../digits`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tfrt

FOLDER = Path(__file__).parent
BATCH = 64
EPOCHS = 12
ENOUGH = 0.97


def load(path: Path) -> tfrt.Function:
    """The function of a text."""
    return tfrt.load(tfrt.compile(path.read_text(encoding="utf-8"), path.name, opt_level=2))["main"]


def initial_state(rng: np.random.Generator) -> list[np.ndarray]:
    """Biases of zero and small random weights, twice zeros for Adam, and how many steps it has made."""
    shapes = [(48,), (10,), (64, 48), (48, 10)]
    weights = [np.zeros(s) if len(s) == 1 else rng.standard_normal(s) / np.sqrt(s[0]) for s in shapes]
    state = weights + [np.zeros(s) for s in 2 * shapes] + [np.zeros(())]
    return [np.asarray(array, np.float32) for array in state]


def main() -> None:
    digits = np.load(FOLDER.parent / "digits.npz")
    images, held_out = digits["images"].astype(np.float32), digits["held_out_images"].astype(np.float32)
    labels = digits["labels"].astype(np.int32)
    step, network = load(FOLDER / "step.mlir"), load(FOLDER.parent / "digits" / "mlp.mlir")

    rng = np.random.default_rng(0)
    state = initial_state(rng)
    for epoch in range(1, EPOCHS + 1):
        losses = []
        order = rng.permutation(len(images))
        for chosen in order[: len(order) // BATCH * BATCH].reshape(-1, BATCH):
            loss, *state = step(*state, images[chosen], labels[chosen])
            losses.append(float(loss))
        accuracy = np.mean(network(*state[:4], held_out).argmax(1) == digits["held_out_labels"])
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}, {accuracy:.2%} of the held-out digits recognised")
        if accuracy >= ENOUGH:
            break


if __name__ == "__main__":
    main()
