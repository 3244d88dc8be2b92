"""Ops on boxes in images: cropping, and choosing those that do not overlap.

A box is ``(y1, x1, y2, x2)``, two opposite corners. Source of the semantics: ``tensorflow/core/ops/image_ops.cc``.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.tf.reshaping import sizes


def _places(low: np.ndarray, high: np.ndarray, before: int, after: int) -> np.ndarray:
    """Where the pixels of crops are: one row for each box, in single precision."""
    last = np.float32(before - 1)
    if after == 1:
        return (np.float32(0.5) * (low + high) * last)[:, None]
    step = (high - low) * last / np.float32(after - 1)
    return low[:, None] * last + np.arange(after, dtype=np.float32) * step[:, None]


def _round(x: np.ndarray) -> np.ndarray:
    """Halves away from zero."""
    return np.floor(np.abs(x) + np.float32(0.5)) * np.sign(x)


@array_op("tf.CropAndResize", shaped_by=(3,))
def crop_and_resize(
    images: TensorMetadata,
    boxes: TensorMetadata,
    box_ind: TensorMetadata,
    crop_size: TensorMetadata,
    *,
    extrapolation_value: float = 0.0,
    method: str = "bilinear",
) -> ArrayForm:
    """What is in boxes of images, NHWC, in one size; corners are shares of height and width, and beyond the image there
    is `extrapolation_value`."""
    if images.rank != 4 or boxes.rank != 2 or boxes.shape[1] != 4 or box_ind.shape != boxes.shape[:1]:
        raise KernelError(f"expects images, boxes and an image for each box, got {images}, {boxes} and {box_ind}")
    if method not in ("bilinear", "nearest"):
        raise KernelError(f"method must be 'bilinear' or 'nearest', got '{method}'")

    def run(
        x: np.ndarray, boxes: np.ndarray, which: np.ndarray, size: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        crop, (height, width) = sizes(size), x.shape[1:3]
        if min(crop) < 1:
            raise KernelError(f"crop dimensions must be positive, got {list(crop)}")
        if which.size and not 0 <= which.min() <= which.max() < len(x):
            raise KernelError(f"box_index has values outside [0, {len(x)})")
        rows = _places(boxes[:, 0], boxes[:, 2], height, crop[0])[:, :, None]
        columns = _places(boxes[:, 1], boxes[:, 3], width, crop[1])[:, None, :]
        inside = (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)
        rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
        image = which[:, None, None]

        def at(r: np.ndarray, c: np.ndarray) -> np.ndarray:
            return x[image, r.astype(int), c.astype(int)].astype(np.float32)

        if method == "nearest":
            found = at(_round(rows), _round(columns))
        else:
            top, bottom, left, right = np.floor(rows), np.ceil(rows), np.floor(columns), np.ceil(columns)
            across, down = (columns - left)[..., None], (rows - top)[..., None]
            upper = at(top, left) + (at(top, right) - at(top, left)) * across
            lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * across
            found = upper + (lower - upper) * down
        return np.where(inside[..., None], found, np.float32(extrapolation_value))

    return run


def _chosen(boxes: np.ndarray, scores: np.ndarray, limit: int, overlap: float, least: float) -> list[int]:
    """Boxes by falling score, of equal ones the first, that share no more than `overlap` with one chosen before."""
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    areas = np.prod(high - low, 1)
    order = np.argsort(-scores, kind="stable")
    waiting, found = order[scores[order] > least], list[int]()
    while waiting.size and len(found) < limit:
        best, waiting = waiting[0], waiting[1:]
        found.append(int(best))
        shared = np.prod(np.maximum(np.minimum(high[waiting], high[best]) - np.maximum(low[waiting], low[best]), 0), 1)
        total = areas[waiting] + areas[best] - shared
        is_flat = (areas[waiting] <= 0) | (areas[best] <= 0)
        share = np.where(is_flat, 0, shared / np.where(is_flat, 1, total))
        waiting = waiting[share <= overlap]
    return found


def _checked(boxes: TensorMetadata, scores: TensorMetadata) -> None:
    if boxes.rank != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
        raise KernelError(f"expects boxes and a score for each, got {boxes} and {scores}")


def _suppressed(boxes: np.ndarray, scores: np.ndarray, *limits: np.ndarray) -> np.ndarray:
    """The numbers of boxes; `limits` are how many, the overlap and the least score, where these are given."""
    most, overlap, *least = [limit.item() for limit in limits]
    if most < 0:
        raise KernelError(f"max_output_size must be non-negative, got {most}")
    if not 0 <= overlap <= 1:
        raise KernelError("iou_threshold must be in [0, 1]")
    chosen = _chosen(boxes, scores, most, overlap, least[0] if least else -np.inf)
    return np.array(chosen, np.int32)


@array_op("tf.NonMaxSuppressionV2")
def non_max_suppression_v2(
    boxes: TensorMetadata, scores: TensorMetadata, most: TensorMetadata, overlap: TensorMetadata
) -> ArrayForm:
    """The numbers of at most so many boxes that overlap no better one by more than a share."""
    _checked(boxes, scores)
    return lambda b, s, most, overlap, out=None: _suppressed(b, s, most, overlap)


@array_op("tf.NonMaxSuppressionV3")
def non_max_suppression_v3(
    boxes: TensorMetadata, scores: TensorMetadata, most: TensorMetadata, overlap: TensorMetadata, least: TensorMetadata
) -> ArrayForm:
    """As `tf.NonMaxSuppressionV2`, of boxes with more than a score."""
    _checked(boxes, scores)
    return lambda b, s, most, overlap, least, out=None: _suppressed(b, s, most, overlap, least)


@array_op("tf.NonMaxSuppressionV4")
def non_max_suppression_v4(
    boxes: TensorMetadata,
    scores: TensorMetadata,
    most: TensorMetadata,
    overlap: TensorMetadata,
    least: TensorMetadata,
    *,
    pad_to_max_output_size: bool = False,
) -> ArrayForm:
    """As `tf.NonMaxSuppressionV3`, with zeros up to the most, and how many there are."""
    _checked(boxes, scores)

    def run(
        b: np.ndarray, s: np.ndarray, most: np.ndarray, overlap: np.ndarray, least: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        found = _suppressed(b, s, most, overlap, least)
        count = np.array(found.size, np.int32)
        return np.pad(found, (0, most.item() - found.size)) if pad_to_max_output_size else found, count

    return run


@array_op("tf.CombinedNonMaxSuppression", shaped_by=(2, 3))
def combined_non_max_suppression(
    boxes: TensorMetadata,
    scores: TensorMetadata,
    most_of_class: TensorMetadata,
    most: TensorMetadata,
    overlap: TensorMetadata,
    least: TensorMetadata,
    *,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
) -> ArrayForm:
    """For each of a batch, the best boxes of all classes, chosen for each class by itself: boxes, scores, classes, all
    filled up with zeros, and how many there are."""
    if boxes.rank != 4 or scores.rank != 3 or boxes.shape[2] not in (1, scores.shape[2]):
        raise KernelError(f"expects boxes of one or all classes and scores, got {boxes} and {scores}")

    def run(
        b: np.ndarray, s: np.ndarray, of_class: np.ndarray, most: np.ndarray, overlap: np.ndarray, least: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        classes, limit = s.shape[2], of_class.item()
        total = min(most.item(), limit * classes) if pad_per_class else most.item()
        found = np.zeros((len(b), total, 4), b.dtype)
        rated, kinds = np.zeros((2, len(b), total), s.dtype)
        counts = np.zeros(len(b), np.int32)
        for number in range(len(b)):
            candidates = [
                (-s[number, box, kind], kind, box)
                for kind in range(classes)
                for box in _chosen(
                    b[number, :, kind % b.shape[2]], s[number, :, kind], limit, overlap.item(), least.item()
                )
            ]
            best = sorted(candidates, key=lambda each: each[0])[:total]
            counts[number] = len(best)
            for place, (score, kind, box) in enumerate(best):
                found[number, place] = b[number, box, kind % b.shape[2]]
                rated[number, place], kinds[number, place] = -score, kind
        return np.clip(found, 0, 1) if clip_boxes else found, rated, kinds, counts

    return run
