"""Operators on boxes in images."""

from __future__ import annotations

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.shared.operators import ints, operator

Array = np.ndarray


@operator("NonMaxSuppression", shaped_by=None)
def non_max_suppression(
    boxes: Array,
    scores: Array,
    most: Array | None = None,
    iou_threshold: Array | None = None,
    score_threshold: Array | None = None,
    *,
    center_point_box: int = 0,
) -> Array:
    """For each batch and class the boxes by falling score that overlap none chosen before: batch, class, box."""
    limit = 0 if most is None else ints(most)[0]
    overlap = 0.0 if iou_threshold is None else float(iou_threshold.reshape(-1)[0])
    least = None if score_threshold is None else float(score_threshold.reshape(-1)[0])
    found: list[tuple[int, int, int]] = []
    for batch, of_batch in enumerate(boxes):
        corners = _corners(of_batch, center_point_box)
        for kind, of_class in enumerate(scores[batch]):
            order = np.argsort(-of_class, kind="stable")
            if least is not None:
                order = order[of_class[order] > least]
            chosen: list[int] = []
            for number in order.tolist():
                if len(chosen) >= limit:
                    break
                if all(_overlap(corners[number], corners[other]) <= overlap for other in chosen):
                    chosen.append(number)
            found += [(batch, kind, number) for number in chosen]
    return np.array(found, np.int64).reshape(-1, 3)


def _corners(boxes: Array, is_centered: int) -> Array:
    if is_centered:
        half = boxes[:, 2:] / 2
        return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], 1)
    first, second = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], 1)


def _overlap(a: Array, b: Array) -> float:
    """What two boxes share of what they cover."""
    sides = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))
    shared = float(sides[0] * sides[1])
    total = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared
    return shared / total if total > 0 else 0.0


@operator("RoiAlign", in_single=True)
def roi_align(
    x: Array,
    rois: Array,
    batch_indices: Array,
    *,
    coordinate_transformation_mode: str = "half_pixel",
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Array:
    """Boxes of images, each as a grid of means, or maxima, of elements that are read bilinearly."""
    if mode not in ("avg", "max"):
        raise KernelError(f"expects a mode avg or max, but got {mode}")
    offset = 0.5 if coordinate_transformation_mode == "half_pixel" else 0.0
    result = np.zeros((len(rois), x.shape[1], output_height, output_width), x.dtype)
    for number, (roi, batch) in enumerate(zip(rois, ints(batch_indices), strict=True)):
        left, top, right, bottom = (float(edge) * spatial_scale - offset for edge in roi)
        height, width = bottom - top, right - left
        if not offset:
            height, width = max(height, 1.0), max(width, 1.0)
        ys, rows = _samples(top, height, output_height, sampling_ratio)
        xs, columns = _samples(left, width, output_width, sampling_ratio)
        if mode == "avg":
            read = _weights(ys, x.shape[2]) @ x[batch] @ _weights(xs, x.shape[3]).T
            parts = read.reshape(-1, output_height, rows, output_width, columns)
            result[number] = np.mean(parts, (2, 4))
        else:
            result[number] = _greatest(x[batch], ys, xs, output_height, rows, output_width, columns)
    return result


def _samples(start: float, length: float, bins: int, ratio: int) -> tuple[Array, int]:
    """Where a side of a box is read, and how often in each bin."""
    count = ratio if ratio > 0 else max(1, int(np.ceil(length / bins)))
    size = length / bins
    return start + (np.arange(bins)[:, None] * size + (np.arange(count) + 0.5) * size / count).reshape(-1), count


def _places(at: Array, length: int) -> tuple[Array, Array, Array, Array]:
    """The two elements next to each place, and what they count."""
    outside = (at < -1) | (at > length)
    clipped = np.clip(at, 0, length - 1)
    low = np.floor(clipped).astype(np.int64)
    high = np.minimum(low + 1, length - 1)
    share = clipped - low
    return low, high, np.where(outside, 0, 1 - share), np.where(outside, 0, share)


def _weights(at: Array, length: int) -> Array:
    low, high, less, more = _places(at, length)
    result = np.zeros((len(at), length))
    np.add.at(result, (np.arange(len(at)), low), less)
    np.add.at(result, (np.arange(len(at)), high), more)
    return result


def _greatest(image: Array, ys: Array, xs: Array, height: int, rows: int, width: int, columns: int) -> Array:
    """The greatest of the four elements next to each place, weighted, in each bin."""
    y0, y1, wy0, wy1 = _places(ys, image.shape[1])
    x0, x1, wx0, wx1 = _places(xs, image.shape[2])
    corners = [
        image[:, y][:, :, x] * wy[:, None] * wx for y, wy in ((y0, wy0), (y1, wy1)) for x, wx in ((x0, wx0), (x1, wx1))
    ]
    read = np.maximum.reduce(corners)
    return np.max(read.reshape(-1, height, rows, width, columns), (2, 4))
