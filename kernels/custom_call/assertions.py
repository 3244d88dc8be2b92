"""What programs with unknown sizes demand of them."""

from __future__ import annotations

import re

import numpy as np

from tfrt.executor.declarations.custom_calls import custom_call
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.stablehlo_shapes import require
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

_PLACE = re.compile(r"\{(\d+)\}")


def _no_results(holds: TensorMetadata, *values: TensorMetadata) -> tuple[()]:
    require(holds == TensorMetadata(DType.I1, ()), "I1", f"expects a predicate of one i1, but got {holds}")
    require(
        all(value.rank == 0 and value.dtype in (DType.I32, DType.I64) for value in values),
        "I2",
        f"expects integers to fill the message with, but got {', '.join(map(str, values))}",
    )
    return ()


@custom_call("shape_assertion", metadata=_no_results)
def shape_assertion(holds: TensorMetadata, *values: TensorMetadata, error_message: str) -> ArrayForm:
    """Fails unless the first operand is true. The message's ``{0}``, ``{1}``, … stand for the others, integers."""
    _no_results(holds, *values)

    def run(predicate: np.ndarray, *numbers: np.ndarray) -> tuple[()]:
        if not predicate:
            given = [int(number) for number in numbers]
            message = _PLACE.sub(
                lambda place: str(given[int(place[1])]) if int(place[1]) < len(given) else place[0], error_message
            )
            raise KernelError(message, code="INVALID_ARGUMENT")
        return ()

    return run
