"""Train the two networks of this example, and write the files that the programs read.

    python examples/convnets/train.py

Needs PyTorch and scikit-learn (``pip install 'tfrt[train]'``). The digits are those of ``examples/digits``, held out
in the same way; the networks see images of shape (height, width, channel) = (8, 8, 1), pixels from 0 to 1.

Written beside this file:

* ``lenet.btf``, ``resnet.btf``: weights as f32, in the order in which the programs read them; filters are (height,
  width, input channel, output channel);
* ``images.npy``: the held-out images, ui8 of shape (360, 8, 8, 1), pixels from 0 (paper) to 16 (ink).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

from tfrt.executor.values.tensor_files import write_btf

FOLDER = Path(__file__).parent
HELD_OUT = 360
INK = 16.0
EPOCHS = 40
SEED = 0


class LeNet(nn.Module):
    """Convolutions and pooling in turn; the fully connected layers are convolutions of the size of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Conv2d(1, 8, 3), nn.Conv2d(8, 16, 3), nn.Conv2d(16, 32, 2), nn.Conv2d(32, 10, 1)]
        )

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.layers[:2]:
            x = functional.max_pool2d(functional.relu(functional.conv2d(x, conv.weight, conv.bias, padding=1)), 2)
        x = functional.relu(self.layers[2](x))
        return self.layers[3](x).mean((2, 3))

    def tensors(self) -> Iterator[Tensor]:
        for conv in self.layers:
            yield _filters(conv)
            yield conv.bias


class ResNet(nn.Module):
    """A stem, a residual block, a residual block that halves the image, the mean over the image, a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 3, bias=False)
        self.first = nn.ModuleList([nn.Conv2d(16, 16, 3, bias=False) for _ in range(2)])
        self.second = nn.ModuleList([nn.Conv2d(16, 32, 3, bias=False), nn.Conv2d(32, 32, 3, bias=False)])
        self.shortcut = nn.Conv2d(16, 32, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(n, eps=1e-3) for n in (16, 16, 16, 32, 32, 32)])
        self.dense = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        norms = iter(self.norms)
        x = functional.relu(next(norms)(_same(x, self.stem)))
        y = functional.relu(next(norms)(_same(x, self.first[0])))
        x = functional.relu(x + next(norms)(_same(y, self.first[1])))
        y = functional.relu(next(norms)(_same(x, self.second[0], 2)))
        y = next(norms)(_same(y, self.second[1]))
        x = functional.relu(next(norms)(_same(x, self.shortcut, 2)) + y)
        return self.dense(x.mean((2, 3)))

    def tensors(self) -> Iterator[Tensor]:
        for conv, norm in zip([self.stem, *self.first, *self.second, self.shortcut], self.norms, strict=True):
            yield _filters(conv)
            yield from (norm.weight, norm.bias, norm.running_mean, norm.running_var)
        yield self.dense.weight.T
        yield self.dense.bias


def _same(x: Tensor, conv: nn.Conv2d, stride: int = 1) -> Tensor:
    """TensorFlow's SAME padding: what is missing for a whole number of steps, the odd pixel after the image."""
    size = conv.kernel_size[0]
    missing = max((-(-x.shape[-1] // stride) - 1) * stride + size - x.shape[-1], 0)
    before, after = missing // 2, missing - missing // 2
    return functional.conv2d(functional.pad(x, (before, after, before, after)), conv.weight, stride=stride)


def _filters(conv: nn.Conv2d) -> Tensor:
    return conv.weight.permute(2, 3, 1, 0)


def _train(model: nn.Module, images: Tensor, labels: Tensor) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    model.train()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
        schedule.step()
    model.eval()


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    pixels, digits = load_digits(return_X_y=True)
    parts = train_test_split(pixels, digits, test_size=HELD_OUT, random_state=0, stratify=digits)
    images, held_out = (torch.tensor(p.reshape(-1, 1, 8, 8) / INK, dtype=torch.float32) for p in parts[:2])
    labels, held_out_labels = (torch.tensor(p) for p in parts[2:])
    np.save(FOLDER / "images.npy", parts[1].reshape(-1, 8, 8, 1).astype(np.uint8))
    for name, model in (("lenet", LeNet()), ("resnet", ResNet())):
        _train(model, images, labels)
        with torch.no_grad():
            right = (model(held_out).argmax(1) == held_out_labels).float().mean()
        print(f"{name}: held-out accuracy {right:.4f}")
        write_btf(
            FOLDER / f"{name}.btf", [np.ascontiguousarray(t.detach().numpy(), np.float32) for t in model.tensors()]
        )


if __name__ == "__main__":
    main()
