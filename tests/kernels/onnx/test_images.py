"""Images of other sizes, boxes in them, and signals."""

import numpy as np
import pytest

from tests.kernels.onnx.running import check
from tfrt.executor.support.errors import KernelError

f32 = np.float32
LINE = f32([[[1, 2, 4]]])
SCALE = f32([1, 1, 2])


@pytest.mark.parametrize(
    ("expected", "attrs"),
    [
        ([1, 1, 2, 2, 4, 4], {}),
        ([1, 1, 2, 2, 4, 4], {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}),
        ([1, 1.25, 1.75, 2.5, 3.5, 4], {"mode": "linear"}),
        ([1, 1.4, 1.8, 2.4, 3.2, 4], {"mode": "linear", "coordinate_transformation_mode": "align_corners"}),
        ([1, 1.5, 2, 3, 4, 4], {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}),
    ],
)
def test_resize(expected, attrs):
    check("Resize", [LINE, SCALE], f32([[expected]]), absent=(1,), **attrs)


def test_resize_to_sizes():
    check("Resize", [LINE, [2]], f32([[[1, 4]]]), absent=(1, 2), axes=(2,), nearest_mode="ceil",
          coordinate_transformation_mode="align_corners")  # fmt: skip
    check("Upsample", [LINE, SCALE], f32([[[1, 1, 2, 2, 4, 4]]]))
    with pytest.raises(KernelError, match="expects a mode nearest, linear or cubic, but got area"):
        check("Resize", [LINE, SCALE], LINE, absent=(1,), mode="area")
    with pytest.raises(KernelError, match="there is no nearest_mode 'even'"):
        check("Resize", [LINE, SCALE], LINE, absent=(1,), nearest_mode="even")
    with pytest.raises(KernelError, match="there is no coordinate_transformation_mode 'corners'"):
        check("Resize", [LINE, SCALE], LINE, absent=(1,), coordinate_transformation_mode="corners")


def test_grid_sample():
    x = f32([[[[0, 1], [2, 3]]]])
    grid = f32([[[[-1, -1], [1, 1], [0, 0], [3, 0]]]])
    check("GridSample", [x, grid], f32([[[[0, 3, 1.5, 0]]]]), align_corners=1)
    check("GridSample", [x, grid], f32([[[[0, 3, 1.5, 2]]]]), align_corners=1, padding_mode="border")
    check("GridSample", [x, grid[:, :, :2]], f32([[[[0, 3]]]]), mode="nearest", align_corners=1)
    with pytest.raises(KernelError, match="expects a padding_mode zeros, border or reflection, but got ones"):
        check("GridSample", [x, grid], x, padding_mode="ones")


def test_boxes():
    boxes = f32([[[0, 0, 1, 1], [0, 0, 1, 0.9], [0, 2, 1, 3]]])
    scores = f32([[[0.5, 0.9, 0.7]]])
    check("NonMaxSuppression", [boxes, scores, [3], f32([0.5])], np.array([[0, 0, 1], [0, 0, 2]]))
    check("NonMaxSuppression", [boxes, scores, [3], f32([0.5]), f32([0.8])], np.array([[0, 0, 1]]))
    check("NonMaxSuppression", [boxes, scores], np.zeros((0, 3), np.int64))
    x = np.arange(16, dtype=f32).reshape(1, 1, 4, 4)
    given = [x, f32([[0, 0, 2, 2]]), [0]]
    attrs = {"output_height": 1, "output_width": 1, "coordinate_transformation_mode": "output_half_pixel"}
    check("RoiAlign", given, f32([[[[5]]]]), sampling_ratio=1, **attrs)
    with pytest.raises(KernelError, match="expects a mode avg or max, but got min"):
        check("RoiAlign", given, x, mode="min")


def test_signals():
    x = f32([[[1], [2], [3]]])
    spectrum = np.fft.fft([1, 2, 3])
    pairs = f32(np.stack([spectrum.real, spectrum.imag], -1))[None]
    check("DFT", [x, 1], pairs, absent=(1,), rtol=1e-5)
    check("DFT", [pairs, 1], f32([[[1, 0], [2, 0], [3, 0]]]), absent=(1,), inverse=1, rtol=1e-5)
    check("DFT", [x, 1], pairs[:, :2], absent=(1,), onesided=1, rtol=1e-5)
    frames = f32([[[[3, 0], [-1, 0]], [[5, 0], [-1, 0]]]])
    check("STFT", [x, 1, f32([1, 1])], frames)
    check("HannWindow", [4], f32([0, 0.5, 1, 0.5]))
    check("HammingWindow", [2], f32([4 / 46, 1]), rtol=1e-5)
    check("BlackmanWindow", [3], f32([0, 1, 0]), periodic=0)
    mel = np.zeros((5, 2), f32)
    mel[0, 0] = mel[1, 1] = 1
    check("MelWeightMatrix", [2, 8, 8192, f32(0), f32(4096)], mel)
