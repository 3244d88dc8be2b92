"""Random numbers that go on from call to call; the expected ones are TensorFlow 2.21's, for the seeds 5 and 9."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.values.dtype import DType

SEEDS = "seed = 5 : i64, seed2 = 9 : i64"
LOGITS = np.log(np.float32([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25], [0.9, 0.05, 0.05]]))
PROGRAM = f"""
func.func @main(%logits: tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xi32>, tensor<10xi32>,
    tensor<6x2xi32>, tensor<3x7xi64>) {{
  %square = "tf.Const"() <{{value = dense<3> : tensor<2xi32>}}> : () -> tensor<2xi32>
  %five = "tf.Const"() <{{value = dense<5> : tensor<1xi32>}}> : () -> tensor<1xi32>
  %zero = "tf.Const"() <{{value = dense<0> : tensor<i32>}}> : () -> tensor<i32>
  %hundred = "tf.Const"() <{{value = dense<100> : tensor<i32>}}> : () -> tensor<i32>
  %seven = "tf.Const"() <{{value = dense<7> : tensor<i32>}}> : () -> tensor<i32>
  %row = "tf.Const"() <{{value = dense<{list(range(10))}> : tensor<10xi32>}}> : () -> tensor<10xi32>
  %rows = "tf.Const"() <{{value = dense<{np.arange(12).reshape(6, 2).tolist()}> : tensor<6x2xi32>}}> : () -> tensor<6x2xi32>
  %0 = "tf.RandomUniform"(%square) <{{{SEEDS}}}> : (tensor<2xi32>) -> tensor<3x3xf32>
  %1 = "tf.RandomStandardNormal"(%five) <{{{SEEDS}}}> : (tensor<1xi32>) -> tensor<5xf32>
  %2 = "tf.TruncatedNormal"(%five) <{{{SEEDS}}}> : (tensor<1xi32>) -> tensor<5xf32>
  %3 = "tf.RandomUniformInt"(%five, %zero, %hundred) <{{{SEEDS}}}> : (tensor<1xi32>, tensor<i32>, tensor<i32>) -> tensor<5xi32>
  %4 = "tf.RandomShuffle"(%row) <{{{SEEDS}}}> : (tensor<10xi32>) -> tensor<10xi32>
  %5 = "tf.RandomShuffle"(%rows) <{{{SEEDS}}}> : (tensor<6x2xi32>) -> tensor<6x2xi32>
  %6 = "tf.Multinomial"(%logits, %seven) <{{{SEEDS}}}> : (tensor<3x3xf32>, tensor<i32>) -> tensor<3x7xi64>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<3x3xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xi32>, tensor<10xi32>,
      tensor<6x2xi32>, tensor<3x7xi64>
}}
"""  # noqa: E501
CALLS = [
    [
        [
            [0.8590066432952881, 0.2115098237991333, 0.17018115520477295],
            [0.7587670087814331, 0.6983988285064697, 0.99495530128479],
            [0.010920405387878418, 0.6679587364196777, 0.30313587188720703],
        ],
        [0.5352789759635925, 0.13203659653663635, -1.879108190536499, 0.10361495614051819, -0.026852285489439964],
        [0.5352789759635925, 0.13203659653663635, -1.879108190536499, 0.10361495614051819, 0.2581433355808258],
        [42, 33, 15, 39, 86],
        [2, 0, 9, 1, 8, 7, 3, 4, 5, 6],
        [[4, 5], [8, 9], [10, 11], [0, 1], [2, 3], [6, 7]],
        [[2, 2, 2, 0, 2, 2, 2], [0, 0, 0, 0, 0, 0, 2], [0, 0, 0, 0, 0, 0, 0]],
    ],
    [
        [
            [0.43834710121154785, 0.09527719020843506, 0.8569484949111938],
            [0.4554274082183838, 0.6504136323928833, 0.7360819578170776],
            [0.591156005859375, 0.6034384965896606, 0.8953447341918945],
        ],
        [0.059214916080236435, 3.202014923095703, -0.18167243897914886, 0.478848397731781, -1.2053109407424927],
        [0.059214916080236435, -0.18167243897914886, 0.478848397731781, -1.2053109407424927, -0.30022960901260376],
        [61, 43, 54, 33, 19],
        [9, 6, 8, 2, 5, 4, 1, 0, 7, 3],
        [[0, 1], [4, 5], [2, 3], [8, 9], [10, 11], [6, 7]],
        [[2, 2, 2, 2, 2, 2, 1], [1, 2, 0, 2, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0]],
    ],
]


@pytest.mark.parametrize(("level", "queue"), [(0, "s"), (2, "mstd:2")], ids=str)
def test_they_go_on_from_call_to_call(level, queue):
    with tfrt.HostContext(queue) as host:
        main = tfrt.load(tfrt.compile(PROGRAM, opt_level=level), host=host)["main"]
        for expected in CALLS:
            for number, wanted in zip(main(LOGITS), expected, strict=True):
                np.testing.assert_allclose(number, wanted, rtol=1e-6, atol=1e-7)


def test_without_seeds_nobody_can_know_them():
    text = """func.func @main(%shape: tensor<1xi32>) -> tensor<?xf32> {
  %0 = "tf.RandomUniform"(%shape) <{seed = 0 : i64, seed2 = 0 : i64}> : (tensor<1xi32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}"""
    bef = tfrt.compile(text, opt_level=2)
    one, other = tfrt.load(bef)["main"], tfrt.load(bef)["main"]
    found = np.concatenate([one(np.int32([50])), one(np.int32([50])), other(np.int32([50]))])
    assert len(np.unique(found)) > 140 and found.min() >= 0 and found.max() < 1


def test_eager_ones_start_anew():
    with tfrt.HostContext() as host:
        runtime = CoreRuntime.of(host)
        for _ in range(2):
            (found,) = runtime.execute("tf.RandomUniform", np.int32([3, 3]), seed=5, seed2=9, dtype=DType.F32)
            assert found.result().array.tolist() == CALLS[0][0]
        (same,) = runtime.execute("tf.RandomShuffle", np.int32([7]), seed=5, seed2=9)
        assert same.result().array.tolist() == [7]


def test_generators_are_variables():
    with tfrt.HostContext() as host:
        runtime = CoreRuntime.of(host)
        (handle,) = runtime.execute("tf.VarHandleOp", np.int64([-1, 2, 11]))
        for expected in ([-1, 2, 11], [511, 3, 11]):
            (held,) = runtime.execute("tf.RngReadAndSkip", handle, np.int32(1), np.uint64(2))
            assert held.result().array.tolist() == expected
