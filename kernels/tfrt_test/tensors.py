"""Kernels of `tfrt_test` on dense host tensors: the building blocks of small neural networks.

Most of them write into a tensor that the program allocated. Chains order the writes, so a kernel that returns
a new tensor also accepts one. Reference: ``backends/cpu/lib/ops/test/mnist_tensor_kernels.cc`` and
``resnet_tensor_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import I32Array, String
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.shape import TensorShape
from tfrt.executor.values.tensor import DenseHostTensor, expect
from tfrt.kernels.numerics.quiet import quiet

# The reference's maxima start from C's FLT_MIN, the smallest positive normal number: none is below it.
_FLT_MIN = np.float32(np.finfo(np.float32).tiny)


def argmax_along(array: np.ndarray, axis: int) -> np.ndarray:
    """The positions of the first maxima along an axis, as i32; NaN counts as the smallest number.

    Raises:
        KernelError: the axis has no elements.
    """
    if array.shape[axis] == 0:
        raise KernelError(f"argmax of rows without elements: shape {list(array.shape)}")
    if array.dtype.kind == "f":
        # The sum of squares is NaN just where an element is, and BLAS is fast at it.
        flat = array.reshape(-1)
        squares = quiet.call(flat.dot, flat)
        if squares != squares:
            array = np.where(np.isnan(array), array.dtype.type(-np.inf), array)
    found = array.argmax(axis)
    return found.astype(np.int32) if array.ndim > 1 else np.asarray(found, np.int32)


def mean_along(array: np.ndarray, axis: int) -> np.ndarray:
    """The means along an axis, in the array's dtype; sums of integers wrap around and are divided toward zero.

    Raises:
        KernelError: the elements are integers, and the axis has none.
    """
    count = array.shape[axis]
    with np.errstate(all="ignore"):
        total = array.sum(axis=axis, dtype=array.dtype)
        if array.dtype.kind == "f":
            return np.asarray(total / array.dtype.type(count))
    if count == 0:
        raise KernelError("reduce_mean of integers without elements")
    wide = total.astype(np.uint64 if array.dtype.kind == "u" else np.int64)
    divisor = wide.dtype.type(count)
    return np.asarray((wide - np.fmod(wide, divisor)) // divisor, array.dtype)


def _register_for_type(suffix: str, dtype: DType) -> None:
    zero = np.zeros((), dtype.numpy)

    def arrays(*tensors: DenseHostTensor) -> list[np.ndarray]:
        found = [expect(tensor, dtype) for tensor in tensors]
        _expect_same_shape(*tensors)
        return found

    @kernel(f"tfrt_test.add.{suffix}")
    def add(lhs: DenseHostTensor, rhs: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
        a, b, c = arrays(lhs, rhs, result)
        quiet.call(np.add, a, b, out=c)
        return chain

    @kernel(f"tfrt_test.add_inplace.{suffix}")
    def add_inplace(lhs: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
        a, c = arrays(lhs, result)
        quiet.call(np.add, a, c, out=c)
        return chain

    @kernel(f"tfrt_test.equal.{suffix}")
    def equal(lhs: DenseHostTensor, rhs: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
        a, b, c = arrays(lhs, rhs, result)
        c[...] = a == b
        return chain

    @kernel(f"tfrt_test.equal_inplace.{suffix}")
    def equal_inplace(lhs: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
        a, c = arrays(lhs, result)
        c[...] = a == c
        return chain

    @kernel(f"tfrt_test.relu.{suffix}")
    def relu(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
        a, b = arrays(operand, result)
        np.maximum(a, zero, out=b)
        return chain

    @kernel(f"tfrt_test.relu_inplace.{suffix}")
    def relu_inplace(operand: DenseHostTensor, chain: Chain) -> Chain:
        array = expect(operand, dtype)
        np.maximum(array, zero, out=array)
        return chain

    @kernel(f"tfrt_test.relu_grad_inplace.{suffix}")
    def relu_grad_inplace(activation: DenseHostTensor, gradient: DenseHostTensor, chain: Chain) -> Chain:
        """``gradient`` where the activation is positive, zero elsewhere."""
        a, g = arrays(activation, gradient)
        quiet.call(np.multiply, g, a > 0, out=g)
        return chain

    def broadcast(rank: int) -> None:
        @kernel(f"tfrt_test.broadcast.{suffix}.{rank}", pure=True)
        def broadcast(operand: DenseHostTensor, shape: TensorShape, chain: Chain = CHAIN) -> DenseHostTensor:
            """A tensor of that shape whose innermost rows are all the operand, which has rank 1."""
            row = expect(operand, dtype, 1)
            if len(shape) != rank:
                raise KernelError(f"expected a shape of rank {rank}, got {list(shape)}")
            if shape[-1] != row.shape[0]:
                raise KernelError(
                    f"broadcast input tensor dimension and target shape mismatch: {list(row.shape)} vs. {list(shape)}"
                )
            result = DenseHostTensor.uninitialized(dtype, shape)
            result.array[...] = row
            return result

    broadcast(2)
    broadcast(3)

    @kernel(f"tfrt_test.argmax.{suffix}.2", pure=True)
    def argmax(operand: DenseHostTensor, chain: Chain = CHAIN) -> DenseHostTensor:
        """The position of each row's first maximum, as i32."""
        return DenseHostTensor(argmax_along(expect(operand, dtype, 2), axis=1), DType.I32)

    @kernel(f"tfrt_test.reduce_mean.{suffix}.1", pure=True)
    def reduce_mean(operand: DenseHostTensor, chain: Chain = CHAIN) -> DenseHostTensor:
        """The mean of a vector, as a tensor of rank 0; integers wrap around and divide toward zero."""
        return DenseHostTensor(mean_along(expect(operand, dtype, 1), axis=0), dtype)

    @kernel(f"tfrt_test.slice_inplace.{suffix}.3")
    def slice_inplace(operand: DenseHostTensor, begin: DenseHostTensor, chain: Chain, result: DenseHostTensor) -> Chain:
        """Fill `result` with the block of its shape that starts at the coordinate `begin`."""
        source, target = expect(operand, dtype, 3), expect(result, dtype, 3)
        starts = expect(begin, DType.I64, 1).tolist()
        if len(starts) != 3:
            raise KernelError("the size of 'begin_index' should match the input tensor rank")
        ends = [start + size for start, size in zip(starts, target.shape, strict=True)]
        if min(starts) < 0 or any(end > size for end, size in zip(ends, source.shape, strict=True)):
            raise KernelError(
                f"slice of shape {list(target.shape)} at {starts} does not lie within "
                f"the input shape {list(source.shape)}"
            )
        target[...] = source[tuple(map(slice, starts, ends))]
        return chain


for _suffix, _dtype in {"f32": DType.F32, "i32": DType.I32, "i64": DType.I64}.items():
    _register_for_type(_suffix, _dtype)


@kernel("tfrt_test.cast.i32_to_f32")
def cast_i32_to_f32(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    source, target = expect(operand, DType.I32), expect(result, DType.F32)
    _expect_same_shape(operand, result)
    target[...] = source
    return chain


@kernel("tfrt_test.subtract_inplace.f32")
def subtract_inplace(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    """``result = result - operand``."""
    source, target = expect(operand, DType.F32), expect(result, DType.F32)
    _expect_same_shape(operand, result)
    quiet.call(np.subtract, target, source, out=target)
    return chain


@kernel("tfrt_test.gradient_descent.f32")
def gradient_descent(gradient: DenseHostTensor, rate: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    """``result = result - gradient * rate``, where the rate is a single number."""
    source, target, step = (expect(t, DType.F32) for t in (gradient, result, rate))
    if step.size != 1:
        raise KernelError("GradientDescent lr should have only one element")
    _expect_same_shape(gradient, result)
    with np.errstate(all="ignore"):
        target -= source * step.reshape(())
    return chain


@kernel("tfrt_test.softmax_inplace.f32")
def softmax_inplace(operand: DenseHostTensor, chain: Chain) -> Chain:
    """The softmax over all elements at once, whatever the shape; large ones overflow, as in the reference."""
    array = expect(operand, DType.F32)
    with np.errstate(all="ignore"):
        # Exponentials are correctly rounded, and summed one after the other, to print the reference's digits.
        array[...] = np.exp(array, dtype=np.float64)
        array /= np.add.accumulate(array.reshape(-1))[-1:].sum()
    return chain


@kernel("tfrt_test.mean_axis_zero.f32")
def mean_axis_zero(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    matrix, target = expect(operand, DType.F32, 2), expect(result, DType.F32, 1)
    if matrix.shape[1] != target.shape[0]:
        raise _output_mismatch("MeanAxisZero", operand, result)
    with np.errstate(all="ignore"):
        np.divide(matrix.sum(axis=0), np.float32(matrix.shape[0]), out=target)
    return chain


@kernel("tfrt_test.tensor_transpose.f32")
def tensor_transpose(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    matrix, target = expect(operand, DType.F32, 2), expect(result, DType.F32, 2)
    if target.shape != matrix.shape[::-1]:
        raise _output_mismatch("TensorTranspose", operand, result)
    target[...] = matrix.T
    return chain


@kernel("tfrt_test.broadcast_2d.f32")
def broadcast_2d(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    """Repeat a matrix of (batch, channel) over the two middle dimensions of a rank 4 tensor."""
    matrix, target = expect(operand, DType.F32, 2), expect(result, DType.F32, 4)
    if matrix.shape != (target.shape[0], target.shape[3]):
        raise _output_mismatch("Broadcast2D", operand, result)
    target[...] = matrix[:, None, None, :]
    return chain


@kernel("tfrt_test.flatten.f32")
def flatten(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    """Copy the elements in row-major order; the first dimension stays."""
    source, target = expect(operand, DType.F32), expect(result, DType.F32)
    if source.size != target.size or source.shape[:1] != target.shape[:1]:
        raise _output_mismatch("Flatten", operand, result)
    target[...] = source.reshape(target.shape)
    return chain


@kernel("tfrt_test.zero_padding.f32")
def zero_padding(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain, *, padding: I32Array) -> Chain:
    """Surround images (batch, height, width, channel) with zeros; `padding` is rows, columns on each side."""
    images, target = expect(operand, DType.F32, 4), expect(result, DType.F32, 4)
    if len(padding) != 2:
        raise KernelError("ZeroPadding expects padding of length 2")
    if min(padding) < 0:
        raise KernelError(f"ZeroPadding expects padding that is not negative, got {list(padding)}")
    rows, columns = padding
    batch, height, width, channels = images.shape
    expected = (batch, height + 2 * rows, width + 2 * columns, channels)
    if target.shape != expected:
        raise _unexpected_output("ZeroPadding", result, expected)
    target[...] = np.pad(images, ((0, 0), (rows, rows), (columns, columns), (0, 0)))
    return chain


@kernel("tfrt_test.global_average_pooling.f32")
def global_average_pooling(operand: DenseHostTensor, result: DenseHostTensor, chain: Chain) -> Chain:
    """The mean of each channel over an image: (batch, height, width, channel) to (batch, channel)."""
    images, target = expect(operand, DType.F32, 4), expect(result, DType.F32, 2)
    expected = (images.shape[0], images.shape[3])
    if target.shape != expected:
        raise _unexpected_output("GlobalAveragePooling", result, expected)
    with np.errstate(all="ignore"):
        np.divide(images.sum(axis=(1, 2)), np.float32(images.shape[1] * images.shape[2]), out=target)
    return chain


@kernel("tfrt_test.max_pooling_2d.f32")
def max_pooling_2d(
    operand: DenseHostTensor,
    result: DenseHostTensor,
    chain: Chain,
    *,
    padding: String,
    pool_size: I32Array,
    strides: I32Array,
) -> Chain:
    """The maxima of windows over images (batch, height, width, channel); "same" adds a border first."""
    images, target = expect(operand, DType.F32, 4), expect(result, DType.F32, 4)
    if len(pool_size) != 2:
        raise KernelError("MaxPool2D expects pool_size to have 2 elements")
    if len(strides) != 2:
        raise KernelError("MaxPool2D expects strides to have 2 elements")
    if min(*pool_size, *strides) < 1:
        raise KernelError(
            f"MaxPool2D expects positive pool_size and strides, got {list(pool_size)} and {list(strides)}"
        )
    if padding not in ("same", "valid"):
        raise KernelError(f"MaxPool2D padding '{padding}' is not recognized")
    borders = [(0, 0)] * 4
    if padding == "same":
        sides = zip(images.shape[1:3], pool_size, strides, strict=True)
        borders[1:3] = [_same_border(*side) for side in sides]
    padded = np.pad(images, borders, constant_values=_FLT_MIN)
    batch, height, width, channels = padded.shape
    expected = (
        batch,
        max(0, (height - pool_size[0]) // strides[0] + 1),
        max(0, (width - pool_size[1]) // strides[1] + 1),
        channels,
    )
    if target.shape != expected:
        raise _unexpected_output("MaxPool2D", result, expected)
    if target.size:
        windows = np.lib.stride_tricks.sliding_window_view(padded, pool_size, (1, 2))
        windows = windows[:, :: strides[0], :: strides[1]]
        target[...] = np.fmax.reduce(windows, axis=(-2, -1), initial=_FLT_MIN)
    return chain


def _same_border(size: int, pool: int, stride: int) -> tuple[int, int]:
    """How much a side grows before and after, so that windows start at every `stride`-th element."""
    total = max(0, pool - (size % stride or stride))
    return total // 2, total - total // 2


def _expect_same_shape(*tensors: DenseHostTensor) -> None:
    if any(t.shape != tensors[0].shape for t in tensors):
        raise KernelError("tensor shape mismatch: " + " vs. ".join(str(list(t.shape)) for t in tensors))


def _output_mismatch(kernel_name: str, operand: DenseHostTensor, result: DenseHostTensor) -> KernelError:
    return KernelError(
        f"{kernel_name} output shape {list(result.shape)} does not match the input shape {list(operand.shape)}"
    )


def _unexpected_output(kernel_name: str, result: DenseHostTensor, expected: tuple[int, ...]) -> KernelError:
    return KernelError(
        f"{kernel_name} output shape {list(result.shape)} does not match the expected output shape {list(expected)}"
    )
