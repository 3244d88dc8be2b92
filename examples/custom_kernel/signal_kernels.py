"""Kernels of one's own. Each is a function; its signature is its declaration.

Positional parameters are operands, keyword-only ones are attributes (in alphabetical order), and what a kernel
needs of the host it asks for by annotation. Importing the module registers them; `bef-run --kernels` does that.
"""

from __future__ import annotations

import numpy as np

import tfrt


@tfrt.kernel("signal.load")
def load(*, samples: tfrt.Dense) -> tfrt.DenseHostTensor:
    """The samples as a tensor. The attribute is a read-only view of the BEF file; nothing is copied."""
    return tfrt.DenseHostTensor(samples, tfrt.DType.of(samples))


@tfrt.kernel("signal.moving_average")
def moving_average(signal: tfrt.DenseHostTensor, *, window: tfrt.I32) -> tfrt.DenseHostTensor:
    """The means of `window` neighbouring samples each; the result is shorter by ``window - 1``."""
    samples = signal.array
    if not 1 <= window <= samples.size:
        raise tfrt.KernelError(f"a window of {window} does not fit a signal of {samples.size} samples")
    means = np.convolve(samples, np.full(window, 1 / window), mode="valid")
    return tfrt.DenseHostTensor(means.astype(samples.dtype), signal.dtype)


@tfrt.kernel("signal.plot")
def plot(signal: tfrt.DenseHostTensor, chain: tfrt.Chain, host: tfrt.HostContext, *, label: tfrt.String) -> tfrt.Chain:
    """Draw the samples as bars. What kernels print goes through the host, which may send it elsewhere."""
    bars = "\n".join(f"  {value:5.2f} {'#' * round(float(value) * 8)}" for value in signal.array)
    host.write(f"{label}:\n{bars}\n")
    return chain
