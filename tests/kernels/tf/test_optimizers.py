"""Steps of optimizers; the expected values, after two steps, are TensorFlow 2.21's."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.eager_op import OpChain

START = [np.float32([1, 2]), np.float32([0.5, 0.25]), np.float32([0.1, 0.2])]
GRADIENT = np.float32([0.3, -0.4])
RATE, MOMENTUM = np.float32(0.1), np.float32(0.9)
ADAM = [*map(np.float32, (0.9, 0.99, 0.1, 0.9, 0.99, 1e-7)), GRADIENT]
MEANS = [[0.4619999825954437, 0.1264999806880951], [0.09980099648237228, 0.1992039978504181]]


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("tf.ResourceApplyGradientDescent", [RATE, GRADIENT], {}, [[0.940000057220459, 2.0799999237060547]]),
        (
            "tf.ResourceApplyMomentum",
            [RATE, GRADIENT, MOMENTUM],
            {},
            [[0.8274999856948853, 2.0732498168945312], [0.9749999642372131, -0.5575000047683716]],
        ),
        (
            "tf.ResourceApplyMomentum",
            [RATE, GRADIENT, MOMENTUM],
            {"use_nesterov": True},
            [[0.7847500443458557, 2.1459248065948486], [0.9749999642372131, -0.5575000047683716]],
        ),
        (
            "tf.ResourceApplyKerasMomentum",
            [RATE, GRADIENT, MOMENTUM],
            {},
            [[1.7679998874664307, 2.5434999465942383], [0.3479999899864197, 0.2784999907016754]],
        ),
        (
            "tf.ResourceApplyKerasMomentum",
            [RATE, GRADIENT, MOMENTUM],
            {"use_nesterov": True},
            [[1.6312000751495361, 2.569149971008301], [0.3479999899864197, 0.2784999907016754]],
        ),
        ("tf.ResourceApplyAdam", ADAM, {}, [[0.7018921971321106, 1.9302486181259155], *MEANS]),
        (
            "tf.ResourceApplyAdam",
            ADAM,
            {"use_nesterov": True},
            [[0.7127151489257812, 1.95513916015625], *MEANS],
        ),
    ],
)
def test_two_steps(op, operands, attrs, expected):
    with tfrt.HostContext() as host:
        runtime, chain = CoreRuntime.of(host), OpChain(host)
        handles = [runtime.execute("tf.VarHandleOp", start)[0] for start in START[: len(expected)]]
        for _ in range(2):
            runtime.execute(op, *handles, *operands, chain=chain, **attrs)
        chain.wait()
        found = [runtime.execute("tf.ReadVariableOp", handle)[0].result().array for handle in handles]
        assert all(each.dtype == np.float32 for each in found)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_gradient_of_another_shape():
    with tfrt.HostContext() as host:
        runtime, chain = CoreRuntime.of(host), OpChain(host)
        (handle,) = runtime.execute("tf.VarHandleOp", START[0], shared_name="w")
        runtime.execute("tf.ResourceApplyGradientDescent", handle, RATE, np.float32([1]), chain=chain)
        with pytest.raises(tfrt.KernelError) as caught:
            chain.wait()
    assert caught.value.message == ("tf.ResourceApplyGradientDescent: variable 'w' has shape [2], but its gradient [1]")
