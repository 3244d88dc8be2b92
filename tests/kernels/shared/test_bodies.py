"""Bodies on whole arrays: what they spell, branches and loops for each element, captured values, what is refused."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tests.kernels.stablehlo.bodied_ops import F32, I1, I32, compare, step
from tfrt.executor.values.dtype import DType
from tfrt.kernels.shared.bodies import bind_body, read_body

BF16 = DType.BF16
X = np.array([1, -2, 3, 0], np.int32)


def run(attribute, *arrays):
    found = bind_body(read_body(attribute), [DType.of(each) for each in arrays])(*arrays)
    return [np.asarray(each) for each in found]


def constant(value, dtype=I32):
    return step("constant", gives=dtype, value=np.array(value, dtype.numpy))


def control(op, operands, results, **bodies):
    return f"stablehlo.{op}", list(operands), [list(each) for each in bodies.items()], results


def test_a_body_may_be_an_ops_name():
    body = read_body("stablehlo.subtract")
    assert (body.op, body.inputs) == ("stablehlo.subtract", 2)
    assert run("stablehlo.subtract", X, np.array(1, np.int32))[0].tolist() == [0, -3, 2, -1]
    halves = run("stablehlo.add", np.array([1.5], ml_dtypes.bfloat16), np.array([2], ml_dtypes.bfloat16))
    assert (halves[0].dtype, halves[0].tolist()) == (ml_dtypes.bfloat16, [3.5])


def test_steps_run_one_after_another():
    """Twice the first input minus the second one, and that as a float."""
    steps = [step("add", 0, 0), step("subtract", 2, 1), step("convert", 3, gives=F32)]
    found = run([2, steps, [3, 4]], X, np.array([[1], [2]], np.int32))
    assert [each.dtype for each in found] == [np.int32, np.float32]
    assert found[0].tolist() == found[1].tolist() == [[1, -5, 5, -1], [0, -6, 4, -2]]
    assert read_body([2, steps, [3, 4]]).op is None


def test_results_may_be_inputs_or_the_same_for_all_elements():
    first, five = run([1, [constant(5)], [0, 1]], X)
    assert first is X
    assert five.tolist() == 5


ABSOLUTE = control("if", [1, 0], [I32], branches=[[1, [], [0]], [1, [step("negate", 0)], [1]]])
"""Of the condition 1 the value 0 itself, or its opposite."""


def test_each_element_takes_its_own_branch():
    positive = [constant(0), compare("GE", 0, 1)]
    absolute = ABSOLUTE[0], [2, 0], *ABSOLUTE[2:]
    body = [1, [*positive, absolute], [3]]
    assert run(body, X)[0].tolist() == [1, 2, 3, 0]
    assert run(body, X[1])[0].tolist() == 2
    assert run(body, np.abs(X))[0].tolist() == [1, 2, 3, 0]
    assert run(body, X[:0])[0].tolist() == []


@pytest.mark.parametrize("dtype", [I32, F32, BF16, DType.I4, DType.COMPLEX64, I1])
def test_an_index_without_a_branch_takes_the_last_one(dtype):
    branches = [[1, [constant(number, dtype)], [1]] for number in (0, 1, 2)]
    index = np.array([-7, 0, 1, 2, 3, 1], np.int32)
    (found,) = run([2, [control("case", [0, 1], [dtype], branches=branches)], [2]], index, np.zeros(6, np.int8))
    assert found.dtype == dtype.numpy
    expected = np.array([2, 0, 1, 2, 2, 1], dtype.numpy)
    assert found.astype(np.complex64).tolist() == expected.astype(np.complex64).tolist()
    (only,) = run([2, [control("case", [0, 1], [dtype], branches=branches[1:2])], [2]], index, index)
    assert np.broadcast_to(only, 6).astype(np.complex64).tolist() == [1] * 6


# Halves a number, adding up how often and by how much, until it is below a captured one.
HALVES = control(
    "while",
    [0, 2, 1],
    [I32, I32],
    cond=[3, [compare("GE", 0, 2)], [3]],
    body=[3, [constant(2), step("divide", 0, 3), constant(1), step("add", 1, 5)], [4, 6]],
)


@given(st.lists(st.integers(0, 100), max_size=8), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
def test_each_element_loops_as_long_as_its_own_condition_holds(numbers, least):
    def count(number):
        turns = 0
        while number >= least:
            number, turns = number // 2, turns + 1
        return number, turns

    x, y = np.array(numbers, np.int32), np.array(least, np.int32)
    found = run([2, [constant(0), HALVES], [3, 4]], x, y)
    expected = [count(number) for number in numbers]
    assert [np.broadcast_to(each, x.shape).tolist() for each in found] == [[e[i] for e in expected] for i in (0, 1)]


def test_loops_in_branches_run_for_the_elements_that_take_them():
    """The loop would not end for numbers below zero."""
    down = control(
        "while", [0], [I32], cond=[1, [constant(0), compare("NE", 0, 1)], [2]],
        body=[1, [constant(1), step("subtract", 0, 1)], [2]],
    )  # fmt: skip
    choice = control("if", [2, 0], [I32], branches=[[1, [down], [1]], [1, [], [0]]])
    assert run([1, [constant(0), compare("GE", 0, 1), choice], [3]], X)[0].tolist() == [0, -2, 0, 0]


def test_bodies_of_regions_in_a_program():
    """A reduction whose body branches, loops, calls, and uses what is around it."""
    text = """
    func.func private @twice(%x: tensor<i32>) -> tensor<i32> {
      %0 = stablehlo.add %x, %x : tensor<i32>
      return %0 : tensor<i32>
    }
    func.func @main(%x: tensor<3xi32>, %most: tensor<i32>) -> tensor<i32> {
      %zero = stablehlo.constant dense<0> : tensor<i32>
      %0 = stablehlo.reduce(%x init: %zero) across dimensions = [0] : (tensor<3xi32>, tensor<i32>) -> tensor<i32>
        reducer(%a: tensor<i32>, %b: tensor<i32>) {
          %sum = stablehlo.add %a, %b : tensor<i32>
          %small = stablehlo.compare LT, %sum, %most : (tensor<i32>, tensor<i32>) -> tensor<i1>
          %1 = "stablehlo.if"(%small) ({
            %2 = func.call @twice(%sum) : (tensor<i32>) -> tensor<i32>
            stablehlo.return %2 : tensor<i32>
          }, {
            %2 = stablehlo.while(%i = %sum) : tensor<i32>
              cond {
                %3 = stablehlo.compare GE, %i, %most : (tensor<i32>, tensor<i32>) -> tensor<i1>
                stablehlo.return %3 : tensor<i1>
              } do {
                %3 = stablehlo.subtract %i, %most : tensor<i32>
                stablehlo.return %3 : tensor<i32>
              }
            stablehlo.return %2 : tensor<i32>
          }) : (tensor<i1>) -> tensor<i32>
          stablehlo.return %1 : tensor<i32>
        }
      return %0 : tensor<i32>
    }"""
    # 0 + 4 < 10, twice is 8; 8 + 5 >= 10, less ten is 3; 3 + 6 < 10, twice is 18.
    found = tfrt.load(tfrt.compile(text))["main"](np.array([4, 5, 6], np.int32), np.array(10, np.int32))
    assert found.tolist() == 18


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        (3, "a body must be an op's name or [inputs, steps, results]: cannot unpack non-iterable int object"),
        ([2, [("stablehlo.add", [0, 1])], [2]],
         "a body must be an op's name or [inputs, steps, results]: not enough values to unpack (expected 4, got 2)"),
        ([1, [], [0]], "a body takes 1 inputs, not 2"),
        ([2, [step("add", 0, 2)], [2]], "'stablehlo.add' in a body has an operand that is not there"),
        ([2, [step("add", 0, -1)], [2]], "'stablehlo.add' in a body has an operand that is not there"),
        ([2, [], [2]], "a result of a body is not there"),
        ([2, [("no.op", [0], [], [I32])], [2]], "the CPU has no op 'no.op' that works on arrays"),
        ([2, [("stablehlo.compare", [0, 1], [], [I1])], [2]],
         "missing attribute 'comparison_direction' of op 'stablehlo.compare'"),
        ([2, [control("if", [0, 1], [I32], branches=[[2, [], [0]]])], [2]], "a body takes 2 inputs, not 1"),
        ([2, [control("if", [0, 1], [I32])], [2]], "missing attribute 'branches' of op 'stablehlo.if'"),
        ([2, [control("while", [0], [I32], cond=[1, [], [0]])], [2]],
         "missing attribute 'body' of op 'stablehlo.while'"),
        ([2, [control("case", [0], [I32], branches=[])], [2]], "'stablehlo.case' in a body has no branches"),
        ([2, [control("while", [], [], cond=[0, [], []], body=[0, [], []])], [0]],
         "'stablehlo.while' in a body gives 0 values by its condition, not one"),
        ([2, [control("while", [0], [I32], cond=[1, [], [0]], body=[1, [], []])], [0]],
         "'stablehlo.while' in a body gives 0 values in place of 1"),
        ([2, [control("if", [0, 1], [I32], branches=[[1, [], [0]], [1, [], []]])], [0]],
         "'stablehlo.if' in a body gives 0 values in place of 1"),
    ],
)  # fmt: skip
def test_what_is_refused(attribute, message):
    with pytest.raises(tfrt.KernelError) as caught:
        run(attribute, X, X)
    assert caught.value.message == message
