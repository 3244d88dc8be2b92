"""Convolutions of no images at all."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.convolution.channels_last import conv2d
from tfrt.kernels.numerics.convolution.gradients import conv2d_filter_gradient
from tfrt.kernels.numerics.windows import window

WINDOW = window(4, 3, padding="SAME")


def test_no_images_have_no_results_and_no_gradient():
    images, filters = np.zeros((0, 4, 4, 1), np.float32), np.ones((3, 3, 1, 2), np.float32)
    assert conv2d(images, filters, WINDOW, WINDOW).shape == (0, 4, 4, 2)
    gradient = conv2d_filter_gradient(np.zeros((0, 4, 4, 2), np.float32), images, WINDOW, WINDOW)
    assert np.array_equal(gradient, np.zeros((3, 3, 1, 2)))
