"""Kernels of `eigen`: linear algebra and layers on images, with numpy in place of the reference's Eigen.

Images are f32 and (batch, height, width, channel). Results are written into tensors that the program allocated, so
their shapes are checked. Reference: ``backends/common/lib/compat/eigen/kernels`` in tensorflow/runtime.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import F32, I64Array, String
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, expect
from tfrt.kernels.numerics import normalization, products
from tfrt.kernels.numerics.convolution.channels_last import conv2d
from tfrt.kernels.numerics.convolution.gradients import conv2d_filter_gradient, conv2d_input_gradient
from tfrt.kernels.numerics.pooling import max_pool2d
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window, window

# The reference's maxima start from C's FLT_MIN, the smallest positive normal number: none is below it.
_FLT_MIN = float(np.finfo(np.float32).tiny)


def _register_matmul(name: str, dtype: DType) -> None:
    @kernel(name)
    def matmul(
        alpha: float,
        lhs: DenseHostTensor,
        rhs: DenseHostTensor,
        beta: float,
        result: DenseHostTensor,
        chain: Chain,
        host: HostContext,
    ) -> Chain:
        """``result = alpha * lhs @ rhs + beta * result``, in place."""
        a, b, c = lhs.array, rhs.array, result.array
        if not (lhs.dtype is rhs.dtype is result.dtype is dtype and a.ndim == b.ndim == c.ndim == 2):
            for tensor in (lhs, rhs, result):
                expect(tensor, dtype, 2)
        rows, inner = a.shape
        inner_too, columns = b.shape
        if inner != inner_too:
            raise KernelError(f"MatMul input tensors inner dimension mismatch: {list(a.shape)} vs. {list(b.shape)}")
        if c.shape != (rows, columns):
            raise KernelError(
                f"MatMul output shape {list(c.shape)} does not match product shape of inputs: "
                f"{list(a.shape)} * {list(b.shape)}"
            )
        if beta == 0:
            # The result may be uninitialized: it must not be read.
            products.matmul(a, b, host, out=c)
            if alpha != 1:
                quiet.call(np.multiply, c, c.dtype.type(alpha), out=c)
            return chain
        product = products.matmul(a, b, host)
        call = quiet.call
        if alpha != 1:
            call(np.multiply, product, c.dtype.type(alpha), product)
        if beta != 1:
            call(np.multiply, c, c.dtype.type(beta), c)
        call(np.add, c, product, c)
        return chain


_register_matmul("eigen.matmul.f32", DType.F32)
_register_matmul("eigen.matmul.i32", DType.I32)


@kernel("eigen.conv2d.f32")
def conv2d_f32(
    images: DenseHostTensor,
    filters: DenseHostTensor,
    result: DenseHostTensor,
    chain: Chain,
    *,
    padding: String,
    strides: I64Array,
    host: HostContext,
) -> Chain:
    """The images' correlation with filters (height, width, input channel, output channel)."""
    _convolve(images, filters, result, padding=padding, strides=strides, host=host)
    return chain


@kernel("eigen.conv2d.bias.f32")
def conv2d_bias_f32(
    images: DenseHostTensor,
    filters: DenseHostTensor,
    bias: DenseHostTensor,
    result: DenseHostTensor,
    chain: Chain,
    *,
    padding: String,
    strides: I64Array,
    host: HostContext,
) -> Chain:
    """`conv2d_f32`, and a bias for each output channel."""
    names = {"bias shape": bias}
    target, (offset,) = _convolve(images, filters, result, names, padding=padding, strides=strides, host=host)
    quiet.call(np.add, target, offset, out=target)
    return chain


def _register_conv2d_batch_norm(name: str, relu: bool) -> None:
    @kernel(name)
    def conv2d_batch_norm(
        images: DenseHostTensor,
        filters: DenseHostTensor,
        scale: DenseHostTensor,
        offset: DenseHostTensor,
        mean: DenseHostTensor,
        variance: DenseHostTensor,
        result: DenseHostTensor,
        chain: Chain,
        *,
        epsilon: F32,
        padding: String,
        strides: I64Array,
        host: HostContext,
    ) -> Chain:
        """`conv2d_f32`, then batch normalization with given moments, then perhaps the greater of it and 0."""
        names = {
            "scale shape": scale,
            "offset shape": offset,
            "estimated mean shape": mean,
            "estimated var shape": variance,
        }
        target, parameters = _convolve(images, filters, result, names, padding=padding, strides=strides, host=host)
        target[...] = normalization.batch_norm(target, *parameters, epsilon=epsilon)
        if relu:
            np.maximum(target, np.float32(0), out=target)
        return chain


_register_conv2d_batch_norm("eigen.conv2d.batch_norm.f32", relu=False)
_register_conv2d_batch_norm("eigen.conv2d.batch_norm.relu.f32", relu=True)


@kernel("eigen.conv2d.grad.input.f32")
def conv2d_grad_input_f32(
    gradient: DenseHostTensor,
    filters: DenseHostTensor,
    images_gradient: DenseHostTensor,
    chain: Chain,
    *,
    padding: String,
    strides: I64Array,
) -> Chain:
    """The gradient of `conv2d_f32` with respect to its images, given `gradient`, that of its result."""
    dy, w, dx = _image_arrays(gradient, filters, images_gradient)
    rows, columns = _windows(dx, w, padding, strides)
    _check_shape("output gradient shape", dy, _convolved_shape(dx, w, rows, columns))
    with np.errstate(all="ignore"):
        dx[...] = conv2d_input_gradient(dy, w, rows, columns, height=dx.shape[1], width=dx.shape[2])
    return chain


@kernel("eigen.conv2d.grad.filter.f32")
def conv2d_grad_filter_f32(
    gradient: DenseHostTensor,
    images: DenseHostTensor,
    filters_gradient: DenseHostTensor,
    chain: Chain,
    *,
    padding: String,
    strides: I64Array,
) -> Chain:
    """The gradient of `conv2d_f32` with respect to its filters, given `gradient`, that of its result."""
    dy, x, dw = _image_arrays(gradient, images, filters_gradient)
    rows, columns = _windows(x, dw, padding, strides)
    _check_shape("output gradient shape", dy, _convolved_shape(x, dw, rows, columns))
    with np.errstate(all="ignore"):
        dw[...] = conv2d_filter_gradient(dy, x, rows, columns)
    return chain


@kernel("eigen.batch_norm.f32")
def batch_norm_f32(
    images: DenseHostTensor,
    scale: DenseHostTensor,
    offset: DenseHostTensor,
    mean: DenseHostTensor,
    variance: DenseHostTensor,
    chain: Chain,
    *,
    epsilon: F32,
) -> Chain:
    """Batch normalization with given moments, in place."""
    target = expect(images, DType.F32, 4)
    parameters = [expect(tensor, DType.F32).reshape(-1) for tensor in (scale, offset, mean, variance)]
    if any(parameter.size != target.shape[3] for parameter in parameters):
        raise KernelError("parameter does not match the input channel number")
    target[...] = normalization.batch_norm(target, *parameters, epsilon=epsilon)
    return chain


@kernel("eigen.batch_norm.grad.f32")
def batch_norm_grad_f32(
    gradient: DenseHostTensor,
    images: DenseHostTensor,
    scale: DenseHostTensor,
    mean: DenseHostTensor,
    variance: DenseHostTensor,
    chain: Chain,
    images_gradient: DenseHostTensor,
    scale_gradient: DenseHostTensor,
    offset_gradient: DenseHostTensor,
    *,
    epsilon: F32,
) -> tuple[Chain, Chain, Chain]:
    """The gradients of training's batch normalization, given `gradient`, that of its result.

    One chain for each of the three gradients.
    """
    dy, x, dx = _image_arrays(gradient, images, images_gradient)
    for name, array in (("output_grad shape", dy), ("input shape", x)):
        if array.shape != dx.shape:
            raise _mismatch(name, array.shape, "input_grad shape", dx.shape)
    named = {
        "gamma shape": scale,
        "mean shape": mean,
        "variance shape": variance,
        "gamma_grad shape": scale_gradient,
        "beta_grad shape": offset_gradient,
    }
    channels = dx.shape[3:]
    for name, tensor in named.items():
        if tensor.shape != channels:
            raise _mismatch("channels dimension size", channels, name, tensor.shape)
    gamma, mu, sigma, dgamma, dbeta = (expect(tensor, DType.F32) for tensor in named.values())
    gradients = normalization.batch_norm_gradients(dy, x, gamma, mu, sigma, epsilon=epsilon)
    dx[...], dgamma[...], dbeta[...] = gradients
    return chain, chain, chain


@kernel("eigen.max_pooling_2d.f32")
def max_pooling_2d_f32(
    images: DenseHostTensor,
    result: DenseHostTensor,
    chain: Chain,
    *,
    ksize: I64Array,
    padding: String,
    strides: I64Array,
) -> Chain:
    """The maxima of windows of `ksize`; as in the reference, none is below the smallest positive normal number."""
    x, target = _image_arrays(images, result)
    for name, values in (("strides", strides), ("ksize", ksize)):
        if len(values) != 2:
            raise KernelError(f"{name} should have 2 elements")
    if padding not in ("SAME", "same", "VALID", "valid"):
        raise KernelError("padding type is not supported")
    rows, columns = (
        window(extent, size, stride=stride, padding=padding)
        for extent, size, stride in zip(x.shape[1:3], ksize, strides, strict=True)
    )
    if target.shape != (x.shape[0], rows.count, columns.count, x.shape[3]):
        raise KernelError("output tensor has the wrong shape")
    target[...] = max_pool2d(x, rows, columns, _FLT_MIN)
    return chain


@kernel("eigen.zero_padding.f32")
def zero_padding_f32(images: DenseHostTensor, result: DenseHostTensor, chain: Chain, *, padding: I64Array) -> Chain:
    """Surround images with zeros: `padding` is how many rows, and how many columns, on each side."""
    if len(padding) != 2:
        raise KernelError("ZeroPadding expects padding of length 2")
    if min(padding) < 0:
        raise KernelError(f"ZeroPadding expects padding that is not negative, got {list(padding)}")
    x, target = _image_arrays(images, result)
    (batch, height, width, channels), (rows, columns) = x.shape, padding
    expected = (batch, height + 2 * rows, width + 2 * columns, channels)
    if target.shape != expected:
        raise KernelError(
            f"ZeroPadding output shape {list(target.shape)} does not match the expected output shape {list(expected)}"
        )
    target[...] = 0
    target[:, rows : rows + height, columns : columns + width] = x
    return chain


def _image_arrays(*tensors: DenseHostTensor) -> list[np.ndarray]:
    return [expect(tensor, DType.F32, 4) for tensor in tensors]


def _convolve(
    images: DenseHostTensor,
    filters: DenseHostTensor,
    result: DenseHostTensor,
    per_channel: dict[str, DenseHostTensor] | None = None,
    *,
    padding: str,
    strides: tuple[int, ...],
    host: HostContext,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Write the convolution into the result.

    `per_channel` names vectors that must have one element for each output channel. Everything is checked before
    anything is written. Returns the result's array and those of the vectors.
    """
    x, w, target = _image_arrays(images, filters, result)
    rows, columns = _windows(x, w, padding, strides)
    _check_shape("output tensor shape", target, _convolved_shape(x, w, rows, columns))
    vectors = []
    for name, tensor in (per_channel or {}).items():
        vectors.append(expect(tensor, DType.F32, 1))
        if tensor.shape[0] != w.shape[3]:
            raise _dimension_mismatch(name, tensor.shape[0], "output channels size", w.shape[3])
    target[...] = conv2d(x, w, rows, columns, host)
    return target, vectors


def _windows(images: np.ndarray, filters: np.ndarray, padding: str, strides: tuple[int, ...]) -> tuple[Window, Window]:
    if len(strides) != 2:
        raise KernelError("strides should have 2 elements")
    if images.shape[3] != filters.shape[2]:
        raise _dimension_mismatch("input channels", images.shape[3], "kernel depth", filters.shape[2])
    rows, columns = (
        window(extent, size, stride=stride, padding=padding)
        for extent, size, stride in zip(images.shape[1:3], filters.shape[:2], strides, strict=True)
    )
    return rows, columns


def _convolved_shape(images: np.ndarray, filters: np.ndarray, rows: Window, columns: Window) -> tuple[int, ...]:
    return (images.shape[0], rows.count, columns.count, filters.shape[3])


def _check_shape(name: str, result: np.ndarray, computed: tuple[int, ...]) -> None:
    if result.shape != computed:
        raise _mismatch(name, result.shape, "computed output shape", computed)


def _mismatch(name: str, shape: tuple[int, ...], other: str, other_shape: tuple[int, ...]) -> KernelError:
    return KernelError(f"Tensor shapes do not match: {name} is {list(shape)} and {other} is {list(other_shape)}")


def _dimension_mismatch(name: str, size: int, other: str, other_size: int) -> KernelError:
    return KernelError(f"Dimensions does not match: {name} is {size} and {other} is {other_size}")
