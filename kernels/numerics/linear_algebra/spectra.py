"""Singular values and eigenvalues of stacks of matrices, by LAPACK's routines for the matrices' own precision.

numpy's public functions compute matrices of single precision in double, where vectors may get other signs than LAPACK's
routines of single precision give them, and so than JAX has. The loops beneath them are there for both; where a version
of numpy has no such loop, the public function stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def svd(x: np.ndarray, *, full: bool) -> Sequence[np.ndarray]:
    """Left vectors, singular values, adjoint right vectors: all vectors, or as many as values."""
    found = _in_single("svd_f" if full else "svd_s", {"f": "f->fff", "F": "F->FfF"}, x)
    return np.linalg.svd(x, full_matrices=full) if found is None else found


def singular_values(x: np.ndarray) -> np.ndarray:
    """The singular values."""
    found = _in_single("svd", {"f": "f->f", "F": "F->f"}, x)
    return np.linalg.svd(x, compute_uv=False) if found is None else found[0]


def eigh(x: np.ndarray, *, lower: bool) -> Sequence[np.ndarray]:
    """Eigenvalues and vectors of Hermitian matrices, of which one triangle is read."""
    found = _in_single("eigh_lo" if lower else "eigh_up", {"f": "f->ff", "F": "F->fF"}, x)
    return np.linalg.eigh(x, "L" if lower else "U") if found is None else found


def eigvalsh(x: np.ndarray, *, lower: bool) -> np.ndarray:
    """Eigenvalues of Hermitian matrices, of which one triangle is read."""
    found = _in_single("eigvalsh_lo" if lower else "eigvalsh_up", {"f": "f->f", "F": "F->f"}, x)
    return np.linalg.eigvalsh(x, "L" if lower else "U") if found is None else found[0]


def eig(x: np.ndarray) -> Sequence[np.ndarray]:
    """Eigenvalues and right vectors, as complex numbers where one of them is."""
    found = _in_single("eig", {"f": "f->FF"}, x)
    return np.linalg.eig(x) if found is None else found


def eigvals(x: np.ndarray) -> np.ndarray:
    """Eigenvalues, as complex numbers where one of them is."""
    found = _in_single("eigvals", {"f": "f->F"}, x)
    return np.linalg.eigvals(x) if found is None else found[0]


def _in_single(name: str, signatures: dict[str, str], x: np.ndarray) -> tuple[np.ndarray, ...] | None:
    """What numpy's loop of single precision gives, if there is one for matrices like these.

    Raises:
        LinAlgError: the routine does not converge, or there are elements that are no finite numbers.
    """
    signature = signatures.get(x.dtype.char)
    routine: Any = getattr(getattr(np.linalg, "_umath_linalg", None), name, None)
    if signature is None or routine is None or signature not in routine.types or not x.size:
        return None
    if not np.isfinite(x).all():
        raise np.linalg.LinAlgError("matrices must have finite elements")
    found = routine(x, signature=signature)
    results = found if isinstance(found, tuple) else (found,)
    if any(np.isnan(result).any() for result in results):
        raise np.linalg.LinAlgError("the routine does not converge")
    return results
