"""The attribute `data_format`: where images have their channels."""

from __future__ import annotations

from tfrt.executor.support.errors import KernelError


def channels_first(data_format: str) -> bool:
    """Whether images are (batch, channel, height, width), ``NCHW``, and not ``NHWC``, in upper or lower case.

    Raises:
        KernelError: it is neither.
    """
    match data_format.upper():
        case "NCHW":
            return True
        case "NHWC":
            return False
    raise KernelError(f"Invalid data format string: {data_format}; 'data_format' must be NHWC or NCHW")
