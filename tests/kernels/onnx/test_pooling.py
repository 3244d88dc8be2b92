"""Pools and normalizations."""

import math

import numpy as np
import pytest

from tests.kernels.onnx.running import check

f32 = np.float32
LINE = f32([[[1, 3, 2, 6]]])


@pytest.mark.parametrize(
    ("name", "expected", "attrs"),
    [
        ("MaxPool", [3, 3, 6], {}),
        ("MaxPool", [3, 6], {"strides": (2,)}),
        ("MaxPool", [1, 3, 3, 6, 6], {"pads": (1, 1)}),
        ("AveragePool", [2, 2.5, 4], {}),
        ("AveragePool", [1, 2, 2.5, 4, 6], {"pads": (1, 1)}),
        ("AveragePool", [0.5, 2, 2.5, 4, 3], {"pads": (1, 1), "count_include_pad": 1}),
        ("AveragePool", [2, 6], {"strides": (3,), "ceil_mode": 1}),
        ("LpPool", [math.sqrt(10), math.sqrt(13), math.sqrt(40)], {}),
        ("LpPool", [4, 5, 8], {"p": 1}),
    ],
)
def test_pools(name, expected, attrs):
    check(name, [LINE], f32([[expected]]), kernel_shape=(2,), **attrs)


def test_where_maxima_are():
    check("MaxPool", [LINE], f32([[[3, 3, 6]]]), np.array([[[1, 1, 3]]]), kernel_shape=(2,))
    x = np.arange(4, dtype=f32).reshape(1, 1, 2, 2)
    check("MaxPool", [x], f32([[[[3]]]]), np.array([[[[3]]]]), kernel_shape=(2, 2), storage_order=1)


def test_whole_images():
    check("GlobalAveragePool", [LINE], f32([[[3]]]))
    check("GlobalMaxPool", [LINE], f32([[[6]]]))
    check("GlobalLpPool", [LINE], f32([[[math.sqrt(50)]]]))


def test_normalizations():
    x = f32([[[1, 3]], [[5, 7]]])
    check("BatchNormalization", [x, f32([2]), f32([1]), f32([1]), f32([4])], f32([[[1, 3]], [[5, 7]]]), epsilon=0.0)
    check("BatchNormalization", [x, f32([1]), f32([0]), f32([0]), f32([0])],
          f32([[[-3, -1]], [[1, 3]]]) / f32(math.sqrt(5)), f32([2]), f32([2.5]),
          epsilon=0.0, momentum=0.5, training_mode=1)  # fmt: skip
    check("InstanceNormalization", [x, f32([2]), f32([1])], f32([[[-1, 3]], [[-1, 3]]]), epsilon=0.0)
    check("LayerNormalization", [x, f32([1, 1])], f32([[[-1, 1]], [[-1, 1]]]), f32([[[2]], [[6]]]), f32([[[1]], [[1]]]),
          epsilon=0.0)  # fmt: skip
    check("GroupNormalization", [x, f32([2]), f32([1])], f32([[[-1, 3]], [[-1, 3]]]), epsilon=0.0, num_groups=1)
    check("LpNormalization", [f32([[3, 4], [0, 0]])], f32([[0.6, 0.8], [0, 0]]))
    check("LpNormalization", [f32([[3, 1]])], f32([[0.75, 0.25]]), p=1)
    check("MeanVarianceNormalization", [x], f32([[[-1, 1]], [[-1, 1]]]), axes=(1, 2))
    check("LRN", [f32([[[2]], [[2]]])], f32([[[2 / 3]], [[2 / 3]]]), alpha=1.0, beta=0.5, bias=5.0, size=1, rtol=1e-5)
    check("LRN", [f32([[[1], [2], [3]]])], f32([[[1 / 6], [2 / 15], [3 / 14]]]), alpha=3.0, beta=1.0, bias=1.0, size=3)
