"""Ops whose operands are broadcast: as numpy does it, by `broadcast_dimensions`, and what does not go together."""

import numpy as np
import pytest

import tfrt

COLUMN, ROW, VECTOR = np.array([[1], [6]], np.int32), np.array([[3, 4, 5]], np.int32), np.array([2, 7], np.int32)
OF_INTEGERS = {
    "chlo.broadcast_add": np.add,
    "chlo.broadcast_and": np.bitwise_and,
    "chlo.broadcast_divide": np.floor_divide,
    "chlo.broadcast_maximum": np.maximum,
    "chlo.broadcast_minimum": np.minimum,
    "chlo.broadcast_multiply": np.multiply,
    "chlo.broadcast_or": np.bitwise_or,
    "chlo.broadcast_power": np.power,
    "chlo.broadcast_remainder": np.remainder,
    "chlo.broadcast_shift_left": np.left_shift,
    "chlo.broadcast_shift_right_arithmetic": np.right_shift,
    "chlo.broadcast_shift_right_logical": np.right_shift,
    "chlo.broadcast_subtract": np.subtract,
    "chlo.broadcast_xor": np.bitwise_xor,
}


@pytest.mark.parametrize("op", OF_INTEGERS)
def test_integers(op, array):
    assert array(op, COLUMN, ROW).tolist() == OF_INTEGERS[op](COLUMN, ROW).tolist()
    assert array(op, COLUMN, ROW[0]).tolist() == OF_INTEGERS[op](COLUMN, ROW[0]).tolist()
    scalar = np.array(3, np.int32)
    assert array(op, scalar, ROW).tolist() == OF_INTEGERS[op](scalar, ROW).tolist()
    named = array(op, VECTOR, np.broadcast_to(ROW, (2, 3)), broadcast_dimensions=[0])
    assert named.tolist() == OF_INTEGERS[op](VECTOR[:, None], ROW).tolist()


@pytest.mark.parametrize(
    ("op", "name"),
    [
        ("chlo.broadcast_atan2", "stablehlo.atan2"),
        ("chlo.broadcast_next_after", "chlo.next_after"),
        ("chlo.broadcast_polygamma", "chlo.polygamma"),
        ("chlo.broadcast_zeta", "chlo.zeta"),
    ],
)
def test_functions(op, name, array):
    x, y = COLUMN.astype(np.float64), ROW.astype(np.float64)
    whole = [np.ascontiguousarray(a) for a in np.broadcast_arrays(x, y)]
    assert array(op, x, y).tolist() == array(name, *whole).tolist()


def test_other_types_of_results(array):
    x, y = COLUMN.astype(np.float32), ROW[0].astype(np.float32)
    assert array("chlo.broadcast_compare", x, y, comparison_direction="LT").tolist() == (x < y).tolist()
    named = array(
        "chlo.broadcast_compare", VECTOR, ROW.T @ ROW[:, :2], broadcast_dimensions=[1], comparison_direction="GE"
    )
    assert named.tolist() == np.greater_equal(VECTOR, ROW.T @ ROW[:, :2]).tolist()
    found = array("chlo.broadcast_complex", x, y)
    assert (found.dtype, found.tolist()) == (np.complex64, (x + 1j * y).tolist())
    for pred in (np.array(True), np.array([True, False, True]), x < y):
        assert array("chlo.broadcast_select", pred, x, y).tolist() == np.where(pred, x, y).tolist()


def test_programs(array):
    text = """
      func.func @main(%x: tensor<2xi32>, %y: tensor<2x3xi32>) -> (tensor<2x3xi32>, tensor<2x3xi1>, tensor<2x3xi32>) {
        %sum = chlo.broadcast_add %x, %y {broadcast_dimensions = array<i64: 0>}
          : (tensor<2xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
        %less = chlo.broadcast_compare %y, %x {
            broadcast_dimensions = array<i64: 0>, comparison_direction = #chlo<comparison_direction LT>
          } : (tensor<2x3xi32>, tensor<2xi32>) -> tensor<2x3xi1>
        %one = stablehlo.constant dense<1> : tensor<i32>
        %picked = chlo.broadcast_select %less, %one, %y
          : (tensor<2x3xi1>, tensor<i32>, tensor<2x3xi32>) -> tensor<2x3xi32>
        return %sum, %less, %picked : tensor<2x3xi32>, tensor<2x3xi1>, tensor<2x3xi32>
      }"""
    y = np.array([[1, 2, 3], [6, 7, 8]], np.int32)
    for opt_level in (0, 2):
        found = tfrt.load(tfrt.compile(text, opt_level=opt_level))["main"](VECTOR, y)
        less = y < VECTOR[:, None]
        assert [a.tolist() for a in found] == [
            (y + VECTOR[:, None]).tolist(),
            less.tolist(),
            np.where(less, 1, y).tolist(),
        ]


X = np.ones((2, 3), np.int32)
REFUSED = [
    ("(C1) expects shapes that can be broadcast, but got [2, 3] and [2]", "add", [X, VECTOR], {}),
    ("(C2) expects operands of one element type, but got i32, f32", "add", [X, X.astype(np.float32)], {}),
    ("(C1) expects broadcast_dimensions for each of 1 dimensions, rising, in [0, 2), but got [2]", "add", [VECTOR, X],
     {"broadcast_dimensions": [2]}),
    ("(C1) expects broadcast_dimensions for each of 1 dimensions, rising, in [0, 2), but got [0, 1]", "add",
     [X, VECTOR], {"broadcast_dimensions": [0, 1]}),
    ("op 'stablehlo.atan2' does not take elements of i32", "atan2", [X, X], {}),
    ("op 'chlo.zeta' does not take elements of i32", "zeta", [X, X], {}),
    ("op 'stablehlo.complex' does not take elements of i32", "complex", [X, X], {}),
    ("(C1) expects shapes that can be broadcast, but got [2] and [2, 3]", "select", [VECTOR > 3, X, X], {}),
    ("(C2) expects operands of one element type, but got i32, f32", "select", [X > 3, X, X.astype(np.float32)], {}),
    ("(C2) expects operands of one element type, but got i32, f32", "compare", [X, X.astype(np.float32)],
     {"comparison_direction": "EQ"}),
]  # fmt: skip


@pytest.mark.parametrize(("message", "op", "operands", "attributes"), REFUSED)
def test_what_is_refused(message, op, operands, attributes, fails):
    fails(message, f"chlo.broadcast_{op}", *operands, **attributes)
