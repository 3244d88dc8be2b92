"""Programs with inputs and what their framework computed from these, and whether results are the same numbers.

Files are laid out so: `NAME.json` has the entry, the tolerances and, for each case, the `.npz` file, and for inputs
and outputs ``[element type, shape]``; the `.npz` file has `arg0`, `arg1`, … and `out0`, `out1`, …, of which types that
such files lack are kept as integers of their size.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfrt.executor.values.dtype import DType

_DTYPES = {dtype.mlir: dtype for dtype in DType}


@dataclass(frozen=True)
class Case:
    """Arguments, and the results for them."""

    arguments: tuple[np.ndarray, ...]
    results: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Model:
    """A program, and how near its numbers must be."""

    path: Path
    entry: str
    rtol: float
    atol: float
    cases: tuple[Case, ...]

    @staticmethod
    def read(description: Path) -> Model:
        """The model that a `.json` file describes."""
        found = json.loads(description.read_text())
        cases = tuple(_case(description.parent / case["file"], case) for case in found["cases"])
        return Model(description.with_suffix(".mlir"), found["entry"], found["rtol"], found["atol"], cases)


def _case(path: Path, described: dict[str, Any]) -> Case:
    with np.load(path) as arrays:
        return Case(
            tuple(_as(arrays[f"arg{n}"], *known) for n, known in enumerate(described["inputs"])),
            tuple(_as(arrays[f"out{n}"], *known) for n, known in enumerate(described["outputs"])),
        )


def _as(array: np.ndarray, element: str, shape: Sequence[int]) -> np.ndarray:
    wanted = _DTYPES[element].numpy
    found = array if array.dtype == wanted else array.view(wanted)
    assert found.shape == tuple(shape)
    return found


def require_same(got: Any, wanted: Sequence[np.ndarray], rtol: float, atol: float) -> None:
    """Fails unless results have the element types, shapes and, nearly, the numbers that are wanted."""
    results = got if isinstance(got, tuple) else (got,)
    assert len(results) == len(wanted)
    for number, (result, expected) in enumerate(zip(results, wanted, strict=True)):
        where = f"result {number}"
        assert (result.dtype, result.shape) == (expected.dtype, expected.shape), where
        if expected.dtype.kind in "biu":
            np.testing.assert_array_equal(result, expected, err_msg=where)
            continue
        wide = np.complex128 if expected.dtype.kind == "c" else np.float64
        np.testing.assert_allclose(result.astype(wide), expected.astype(wide), rtol, atol, err_msg=where)
