"""Train a small vision transformer with PyTorch, export it to ONNX and import that: everything that `run.py` needs.

    python examples/torch/make.py

Needs PyTorch and ONNX (``pip install 'tfrt[onnx]' torch onnxscript``), and a minute. The digits are those of
``examples/jax``. Written beside this file:

* ``digits.onnx``: the trained network, as ``torch.onnx.export`` writes it;
* ``digits.mlir``, ``digits.safetensors``: the program and its weights, which ``tfrt-import`` makes of that file;
* ``expected.npz``: what PyTorch computes for the held-out digits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from tfrt.compiler.tfrt_import import main as tfrt_import

FOLDER = Path(__file__).parent
STEPS = 1500
BATCH = 64
INK = 16.0
WIDTH = 24
HEADS = 3
SEED = 0


class Block(nn.Module):
    """Attention among patches, then a perceptron for each; both added to what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH) for _ in range(2)])
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.wide, self.narrow = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.qkv(self.norms[0](x)).unflatten(2, (3, HEADS, WIDTH // HEADS)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*heads.unbind(0))
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        return x + self.narrow(functional.gelu(self.wide(self.norms[1](x))))


class Network(nn.Module):
    """Images, pixels from 0 (paper) to 16 (ink), are 16 patches of 2 x 2 pixels; what is said of a patch is summed up
    as the scores of the ten digits."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, WIDTH, 2, 2)
        self.places = nn.Parameter(torch.randn(16, WIDTH) * 0.1)
        self.blocks = nn.ModuleList([Block() for _ in range(2)])
        self.norm = nn.LayerNorm(WIDTH)
        self.scores = nn.Linear(WIDTH, 10)

    def forward(self, images: Tensor) -> Tensor:
        x = self.patches(images.unsqueeze(1) / INK).flatten(2).transpose(1, 2) + self.places
        for block in self.blocks:
            x = block(x)
        return self.scores(self.norm(x.mean(1)))


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    digits = np.load(FOLDER.parent / "jax" / "digits.npz")
    images, held_out = (
        torch.from_numpy(digits[name].reshape(-1, 8, 8).astype(np.float32)) for name in ("images", "held_out_images")
    )
    labels = torch.from_numpy(digits["labels"].astype(np.int64))
    network = Network()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.1)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, STEPS)
    for step in range(STEPS):
        chosen = torch.randint(len(labels), (BATCH,))
        loss = functional.cross_entropy(network(images[chosen]), labels[chosen], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
        if step % 300 == 0 or step == STEPS - 1:
            print(f"step {step}: loss {loss.item():.4f}")

    network.eval()
    with torch.no_grad():
        scores = network(held_out).numpy()
    print(f"held-out accuracy: {np.mean(scores.argmax(1) == digits['held_out_labels']):.4f}")
    np.savez_compressed(FOLDER / "expected.npz", scores=scores)

    file = FOLDER / "digits.onnx"
    exported = torch.onnx.export(
        network, (held_out[:2],), input_names=["images"], output_names=["scores"],
        dynamic_shapes=({0: torch.export.Dim("n")},), dynamo=True,
    )  # fmt: skip
    assert exported is not None
    model = exported.model_proto
    for node in model.graph.node:
        # Where in which file a node was written.
        node.ClearField("metadata_props")
    onnx.save(model, file)
    weights = FOLDER / "digits.safetensors"
    if tfrt_import([str(file), "-o", str(FOLDER / "digits.mlir"), "--weights", str(weights)]):
        raise SystemExit("digits.onnx was not imported")


if __name__ == "__main__":
    main()
