"""`cholesky` and `triangular_solve`: what products of results with operands must be, edges and refusals."""

import ml_dtypes
import numpy as np
import pytest

from tfrt.executor.support.errors import KernelError

FLOATS = [np.float32, np.float64, np.complex64, np.complex128]
EXAMPLE = {"left_side": True, "lower": True, "unit_diagonal": False, "transpose_a": "NO_TRANSPOSE"}


def tolerance(kind):
    return 1e-4 if np.dtype(kind).char in "fF" else 1e-11


def matrices(*shape, kind, seed=0):
    random = np.random.default_rng(seed)
    found = random.standard_normal(shape)
    if np.dtype(kind).kind == "c":
        found = found + 1j * random.standard_normal(shape)
    return found.astype(kind)


def positive(*shape, kind):
    found = matrices(*shape, kind=kind)
    return (found @ found.mT.conj() + shape[-1] * np.eye(shape[-1])).astype(kind)


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 5, 5), (1, 1), (0, 0), (0, 2, 2)])
@pytest.mark.parametrize("lower", [True, False])
def test_factors_give_the_matrix(array, kind, shape, lower):
    a = positive(*shape, kind=kind)
    found = array("stablehlo.cholesky", a, lower=lower)
    assert found.dtype == kind
    whole = found @ found.mT.conj() if lower else found.mT.conj() @ found
    np.testing.assert_allclose(whole, a, rtol=tolerance(kind), atol=tolerance(kind))
    np.testing.assert_array_equal(found, np.tril(found) if lower else np.triu(found))


def test_an_example_of_cholesky_in_a_program(in_program):
    a = np.array([[4, 99], [2, 5]], np.float32)
    found = in_program("stablehlo.cholesky %0, lower = true", "tensor<2x2xf32> -> tensor<2x2xf32>", a)
    np.testing.assert_array_equal(found, [[2, 0], [1, 2]])
    found = in_program("stablehlo.cholesky %0", "tensor<2x2xf32> -> tensor<2x2xf32>", a.T.copy())
    np.testing.assert_array_equal(found, [[2, 1], [0, 2]])


def test_what_is_not_positive_definite_alone_has_a_factor_of_nans(array):
    a = np.array([[[4, 2], [2, 5]], [[1, 2], [2, 1]]], np.float64)
    found = array("stablehlo.cholesky", a, lower=True)
    np.testing.assert_array_equal(found, [[[2, 0], [1, 2]], [[np.nan, 0], [np.nan, np.nan]]])


def test_narrow_floats_are_factored_in_single_precision(array):
    a = np.array([[4, 2], [2, 5]]).astype(ml_dtypes.bfloat16)
    found = array("stablehlo.cholesky", a, lower=True)
    assert found.dtype == a.dtype
    np.testing.assert_array_equal(found.astype(float), [[2, 0], [1, 2]])


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("transpose", ["NO_TRANSPOSE", "TRANSPOSE", "ADJOINT"])
@pytest.mark.parametrize("left_side", [True, False])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("unit_diagonal", [True, False])
def test_solutions_give_the_right_side(array, kind, transpose, left_side, lower, unit_diagonal):
    size = 40
    a = matrices(2, size, size, kind=kind) / size + np.eye(size, dtype=kind)
    b = matrices(2, *((size, 3) if left_side else (3, size)), kind=kind, seed=1)
    found = array(
        "stablehlo.triangular_solve",
        a,
        b,
        left_side=left_side,
        lower=lower,
        unit_diagonal=unit_diagonal,
        transpose_a=transpose,
    )
    triangle = np.tril(a) if lower else np.triu(a)
    if unit_diagonal:
        triangle[:, np.arange(size), np.arange(size)] = 1
    triangle = {"NO_TRANSPOSE": triangle, "TRANSPOSE": triangle.mT, "ADJOINT": triangle.mT.conj()}[transpose]
    assert found.dtype == kind
    given = triangle @ found if left_side else found @ triangle
    np.testing.assert_allclose(given, b, rtol=tolerance(kind), atol=tolerance(kind))


def test_an_example_of_a_system_in_a_program(in_program):
    """The other triangle is not read."""
    a = np.array([[2, np.nan], [1, 4]], np.float32)
    b = np.array([[4, 8], [10, 4]], np.float32)
    found = in_program(
        '"stablehlo.triangular_solve"(%0, %1) <{left_side = true, lower = true, unit_diagonal = false,'
        " transpose_a = #stablehlo<transpose NO_TRANSPOSE>}>",
        "tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>",
        a,
        b,
    )
    np.testing.assert_array_equal(found, [[2, 4], [2, 0]])


def test_zeros_on_the_diagonal_give_infinities(array):
    a, b = np.array([[0, 0], [1, 1]], np.float32), np.array([[1], [0]], np.float32)
    np.testing.assert_array_equal(array("stablehlo.triangular_solve", a, b, **EXAMPLE), [[np.inf], [-np.inf]])


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16])
def test_systems_of_narrow_floats(array, kind):
    a, b = np.array([[2, 0], [1, 4]]).astype(kind), np.array([[4], [10]]).astype(kind)
    found = array("stablehlo.triangular_solve", a, b, **EXAMPLE)
    assert found.dtype == kind
    np.testing.assert_array_equal(found.astype(float), [[2], [2]])


@pytest.mark.parametrize(
    ("op", "shapes", "attrs", "message"),
    [
        ("cholesky", [(2,)], {}, "(C2) expects matrices, of rank 2 or more, but got rank 1"),
        ("cholesky", [(2, 3)], {}, "(C3) expects square matrices, but got [2, 3]"),
        ("triangular_solve", [(2, 2), (2,)], EXAMPLE, "(C2) expects operands of one rank, 2 or more, but got 2 and 1"),
        (
            "triangular_solve",
            [(2, 2), (3, 2)],
            EXAMPLE,
            "(C3) expects square matrices of the size of b's rows, 3, but got [2, 2]",
        ),
        (
            "triangular_solve",
            [(2, 2), (2, 2)],
            {**EXAMPLE, "transpose_a": "UPSIDE_DOWN"},
            "(I6) expects transpose_a to be one of NO_TRANSPOSE, TRANSPOSE, ADJOINT, but got UPSIDE_DOWN",
        ),
    ],
)
def test_what_does_not_fit(run, op, shapes, attrs, message):
    with pytest.raises(KernelError) as error:
        run(f"stablehlo.{op}", *[np.ones(shape, np.float32) for shape in shapes], **attrs)
    assert error.value.message == message


def test_operands_of_two_element_types(run):
    with pytest.raises(KernelError) as error:
        run("stablehlo.triangular_solve", np.ones((1, 1)), np.ones((1, 1), np.float32), **EXAMPLE)
    assert error.value.message == "(C1) expects operands of one element type, but got f64 and f32"
