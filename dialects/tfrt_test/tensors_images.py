"""Preparing images for a model."""

from __future__ import annotations

from xdsl.dialects.builtin import i64

from tfrt.dialects.shared.definitions import define_op
from tfrt.dialects.tfrt.types import STRING
from tfrt.dialects.tfrt_tensor import TENSOR

DecodeJpegOp = define_op(
    "tfrt_test.decode_jpeg",
    operands={"encoded": STRING},
    results={"image": TENSOR},
    summary="The pixels of a JPEG file, in three channels.",
)

ResizeBilinearOp = define_op(
    "tfrt_test.resize_bilinear",
    operands={"image": TENSOR, "height": i64, "width": i64},
    results={"resized": TENSOR},
    summary="An image scaled to a height and width, interpolating linearly both ways.",
)
