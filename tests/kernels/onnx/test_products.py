"""Products of matrices, and convolutions."""

import numpy as np
import pytest

from tests.kernels.onnx.running import check
from tfrt.executor.support.errors import KernelError

f32 = np.float32
A, B = f32([[1, 2], [3, 4]]), f32([[5, 6], [7, 8]])
LINE = f32([[[1, 2, 3, 4]]])


def test_products():
    check("MatMul", [A, B], f32([[19, 22], [43, 50]]))
    check("MatMul", [np.float16(A), np.float16(B)], np.float16([[19, 22], [43, 50]]))
    check("Gemm", [A, B, f32([1, 2])], f32([[20, 24], [44, 52]]))
    check("Gemm", [A, B, f32([[1]])], f32([[2 * 26 + 3, 2 * 30 + 3], [2 * 38 + 3, 2 * 44 + 3]]), alpha=2.0, beta=3.0,
          transA=1)  # fmt: skip
    check("Gemm", [A, B], f32([[17, 23], [39, 53]]), transB=1)
    check("Einsum", [A, B], f32([[19, 22], [43, 50]]), equation="i j, j k -> i k")
    check("Det", [A], f32(-2))
    check("MatMulInteger", [np.uint8(A), np.uint8(B), np.uint8(1), np.uint8(5)], np.int32([[2, 3], [6, 11]]))


def test_convolutions():
    w = f32([[[1, 10]]])
    check("Conv", [LINE, w], f32([[[21, 32, 43]]]))
    check("Conv", [LINE, w, f32([100])], f32([[[110, 132]]]), pads=(1, 0), strides=(2,), dilations=(1,))
    check("Conv", [LINE, w], f32([[[21, 32, 43, 4]]]), auto_pad="SAME_UPPER")
    check("Conv", [LINE, w], f32([[[10, 21, 32, 43]]]), auto_pad="SAME_LOWER")
    check("Conv", [LINE, w], f32([[[31, 42]]]), dilations=(2,))
    check("Conv", [np.concatenate([LINE, LINE], 1), f32([[[1]], [[2]]])], np.concatenate([LINE, 2 * LINE], 1))
    check("ConvInteger", [np.uint8(LINE), np.uint8(w), np.uint8(1)], np.int32([[[10, 21, 32]]]))
    with pytest.raises(KernelError, match="expects an auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, but got SAME"):
        check("Conv", [LINE, w], LINE, auto_pad="SAME")


def test_transposed_convolutions():
    x, w = f32([[[1, 2]]]), f32([[[1, 10, 100]]])
    check("ConvTranspose", [x, w], f32([[[1, 12, 120, 200]]]))
    check("ConvTranspose", [x, w, f32([1])], f32([[[2, 11, 103, 21, 201, 1]]]), strides=(2,), output_padding=(1,))
    check("ConvTranspose", [x, w], f32([[[12, 120]]]), pads=(1, 1))
    check("ConvTranspose", [x, w], f32([[[1, 10, 102, 20]]]), strides=(2,), output_shape=(4,), auto_pad="SAME_UPPER")


def test_convolutions_whose_filters_are_moved():
    x = np.arange(9, dtype=f32).reshape(1, 1, 3, 3)
    offset = np.zeros((1, 2, 3, 3), f32)
    check("DeformConv", [x, f32([[[[1]]]]), offset], x)
    check("DeformConv", [x, f32([[[[1]]]]), offset + f32(0.5)], f32([[[[2, 3, 1.75], [5, 6, 3.25], [3.25, 3.75, 2]]]]))
    check("DeformConv", [x, f32([[[[1]]]]), offset, np.full((1, 1, 3, 3), 2, f32)], 2 * x, absent=(3,))
