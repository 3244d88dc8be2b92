"""Elements of variables; the expected values are TensorFlow 2.21's."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.eager_op import OpChain

START = np.arange(1, 7, dtype=np.float32).reshape(3, 2)
ROWS = np.int32([2, 0, 2])
UPDATES = np.float32([[1, 2], [3, 4], [5, 0.5]])


@pytest.fixture
def runtime():
    with tfrt.HostContext() as host:
        yield CoreRuntime.of(host)


def changed(runtime, op, *operands, start=START, **attrs):
    (handle,) = runtime.execute("tf.VarHandleOp", start)
    chain = OpChain(runtime.host)
    runtime.execute(op, handle, *operands, chain=chain, **attrs)
    chain.wait()
    return runtime.execute("tf.ReadVariableOp", handle)[0].result().array.tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ResourceScatterUpdate", [[3, 4], [3, 4], [5, 0.5]]),
        ("ResourceScatterAdd", [[4, 6], [3, 4], [11, 8.5]]),
        ("ResourceScatterSub", [[-2, -2], [3, 4], [-1, 3.5]]),
        ("ResourceScatterMul", [[3, 8], [3, 4], [25, 6]]),
        ("ResourceScatterDiv", [[1 / 3, 0.5], [3, 4], [1, 6]]),
        ("ResourceScatterMin", [[1, 2], [3, 4], [1, 0.5]]),
        ("ResourceScatterMax", [[3, 4], [3, 4], [5, 6]]),
    ],
)
def test_scattering_rows(runtime, name, expected):
    np.testing.assert_allclose(changed(runtime, f"tf.{name}", ROWS, UPDATES), expected, rtol=1e-6)


def test_one_update_for_all(runtime):
    assert changed(runtime, "tf.ResourceScatterAdd", np.int32([0, 0]), np.float32(1)) == [[3, 4], [3, 4], [5, 6]]


def test_quotients_of_integers_are_toward_zero(runtime):
    start = np.int32([7, -7, 9])
    assert changed(runtime, "tf.ResourceScatterDiv", np.int32([0, 1, 2, 2]), np.int32([2, 2, -2, 2]), start=start) == [
        3,
        -3,
        -2,
    ]
    with pytest.raises(tfrt.KernelError, match="Integer division by zero"):
        changed(runtime, "tf.ResourceScatterDiv", np.int32([0]), np.int32([0]), start=start)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ResourceScatterNdUpdate", 9),
        ("ResourceScatterNdAdd", 15),
        ("ResourceScatterNdSub", -3),
        ("ResourceScatterNdMin", 6),
        ("ResourceScatterNdMax", 9),
    ],
)
def test_scattering_at_places(runtime, name, expected):
    found = changed(runtime, f"tf.{name}", np.int32([[2, 1]]), np.float32([9]))
    assert found == [[1, 2], [3, 4], [5, expected]]


def test_a_part(runtime):
    bounds = [np.int32([0, 1]), np.int32([2, 0]), np.int32([1, 1])]
    found = changed(
        runtime, "tf.ResourceStridedSliceAssign", *bounds, np.float32([8, 9]), shrink_axis_mask=2, begin_mask=1
    )
    assert found == [[1, 8], [3, 9], [5, 6]]


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("tf.ResourceGather", [ROWS], {}, [[5, 6], [1, 2], [5, 6]]),
        ("tf.ResourceGather", [np.int32([[1], [0], [1]])], {"batch_dims": 1}, [[2], [3], [6]]),
        ("tf.ResourceGatherNd", [np.int32([[2, 1], [0, 0]])], {}, [6, 1]),
    ],
)
def test_gathering(runtime, op, operands, attrs, expected):
    (handle,) = runtime.execute("tf.VarHandleOp", START)
    (found,) = runtime.execute(op, handle, *operands, **attrs)
    assert found.result().array.tolist() == expected


@pytest.mark.parametrize(
    ("op", "operands", "message"),
    [
        ("tf.ResourceGather", [np.int32([3])], "tf.ResourceGather: index 3 is not in [0, 3)"),
        ("tf.ResourceScatterAdd", [np.int32([3]), UPDATES[:1]], "tf.ResourceScatterAdd: index 3 is not in [0, 3)"),
        (
            "tf.ResourceScatterAdd",
            [np.int32([0]), UPDATES],
            "tf.ResourceScatterAdd: updates must be a scalar or of shape [1, 2], got [3, 2]",
        ),
        (
            "tf.ResourceScatterNdAdd",
            [np.int32([[0, 2]]), np.float32([1])],
            "tf.ResourceScatterNdAdd: index 2 is not in [0, 2)",
        ),
        (
            "tf.ResourceStridedSliceAssign",
            [np.int32([0]), np.int32([1]), np.int32([1]), np.ones(3, np.float32)],
            "tf.ResourceStridedSliceAssign: could not broadcast input array from shape (3,) into shape (1,2)",
        ),
    ],
)
def test_what_does_not_fit(runtime, op, operands, message):
    (handle,) = runtime.execute("tf.VarHandleOp", START)
    chain = OpChain(runtime.host)
    runtime.execute(op, handle, *operands, chain=chain)
    with pytest.raises(tfrt.KernelError) as caught:
        chain.wait()
    assert caught.value.message == message
    assert runtime.execute("tf.ReadVariableOp", handle)[0].result().array.tolist() == START.tolist()


def test_programs_run_them_in_order():
    resource = "tensor<!tf_type.resource<tensor<3x2xf32>>>"
    text = f"""
"tf_saved_model.global_tensor"() <{{is_mutable, sym_name = "t", type = tensor<3x2xf32>,
    value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>}}> : () -> ()
func.func @main(%i: tensor<?xi32>, %x: tensor<?x2xf32>, %t: {resource} {{tf_saved_model.bound_input = @t}})
    -> (tensor<?x2xf32>, tensor<?x2xf32>) {{
  %0 = "tf.ResourceGather"(%t, %i) <{{batch_dims = 0 : i64}}> : ({resource}, tensor<?xi32>) -> tensor<?x2xf32>
  "tf.ResourceScatterAdd"(%t, %i, %x) : ({resource}, tensor<?xi32>, tensor<?x2xf32>) -> ()
  %1 = "tf.ResourceGather"(%t, %i) <{{batch_dims = 0 : i64}}> : ({resource}, tensor<?xi32>) -> tensor<?x2xf32>
  return %0, %1 : tensor<?x2xf32>, tensor<?x2xf32>
}}"""
    for level in (0, 2):
        main = tfrt.load(tfrt.compile(text, opt_level=level))["main"]
        assert [found.tolist() for found in main(ROWS[:1], UPDATES[:1])] == [[[5, 6]], [[6, 8]]]
        assert [found.tolist() for found in main(ROWS[:1], UPDATES[:1])] == [[[6, 8]], [[7, 10]]]
