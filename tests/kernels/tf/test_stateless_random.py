"""Random numbers that follow from a seed; the expected ones are TensorFlow 2.21's."""

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.executor.values.dtype import DType

SEED = np.int64([123, -7])
KEY, COUNTER = np.uint64([3486656218651891197]), np.uint64([0, 9895657231350572938])
SHAPE, ALGORITHM = np.int32([5, 7]), np.int32(1)
# Ops by seed; those by key, "tf.StatelessRandomNormalV2", "tf.StatelessRandomUniformV2" and
# "tf.StatelessTruncatedNormalV2", give the same.
FLOATS = {
    ("StatelessRandomUniform", "f32"): [0.317264199256897, 0.3556702136993408, 0.6582311391830444, 0.9986512660980225],
    ("StatelessRandomUniform", "f64"): [
        0.5381142485061106,
        0.26584915444003654,
        0.3869595961353598,
        0.9316393650937937,
    ],
    ("StatelessRandomUniform", "f16"): [0.0283203125, 0.650390625, 0.2294921875, 0.951171875],
    ("StatelessRandomUniform", "bf16"): np.uint16([15976, 15952, 16214, 16156]).view(ml_dtypes.bfloat16).tolist(),
    ("StatelessRandomNormal", "f32"): [
        1.1933759450912476,
        -0.9337528944015503,
        -0.007749947719275951,
        0.9145152568817139,
    ],
    ("StatelessRandomNormal", "f64"): [
        1.1077539249957518,
        -0.11067975763694309,
        -0.573847734310362,
        1.2528243157499317,
    ],
    ("StatelessRandomNormal", "f16"): [1.193359375, -0.93359375, -0.00775146484375, 0.91455078125],
    ("StatelessTruncatedNormal", "f32"): [
        1.1933759450912476,
        -0.9337528944015503,
        -0.007749947719275951,
        0.9145152568817139,
    ],
    ("StatelessTruncatedNormal", "f64"): [
        1.1077539249957518,
        -0.11067975763694309,
        -1.4708701166289773,
        -0.3693042702286676,
    ],
}


def test_a_seed_as_a_key_and_a_counter(run):
    key, counter = run("tf.StatelessRandomGetKeyCounter", SEED)
    assert key.array.tolist() == KEY.tolist() and counter.array.tolist() == COUNTER.tolist()
    assert [each.array.tolist() for each in run("tf.StatelessRandomGetKeyCounterAlg", SEED)] == [
        KEY.tolist(),
        COUNTER.tolist(),
        1,
    ]
    assert run("tf.StatelessRandomGetAlg").array == 1


@pytest.mark.parametrize(("name", "dtype"), FLOATS, ids=str)
def test_floats(array, name, dtype):
    dtype, expected = DType[dtype.upper()], FLOATS[name, dtype]
    found = array(f"tf.{name}V2", SHAPE, KEY, COUNTER, ALGORITHM, dtype=dtype)
    assert found.shape == (5, 7) and found.dtype == dtype.numpy
    exact = name == "StatelessRandomUniform"
    np.testing.assert_allclose(found.reshape(-1)[:4].astype(float), expected, rtol=0 if exact else 1e-6)
    np.testing.assert_array_equal(array(f"tf.{name}", SHAPE, SEED, dtype=dtype), found)
    assert array(f"tf.{name}", np.zeros(0, np.int32), SEED, dtype=dtype) == found[0, 0]


def test_truncated_normals_stay_within_two_deviations(array):
    found = array("tf.StatelessTruncatedNormal", np.int32([500]), SEED)
    assert np.abs(found).max() < 2 and np.abs(found).max() > 1.9 and len(np.unique(found)) > 490


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (DType.I32, [-1935107043, -1347582310, -288079637, 184538062]),
        (DType.I64, [-5787821947758273507, 792584945164108011, -8384465194486189828, -5923386211941029890]),
        (DType.UI32, [2359860253, 2947384986, 4006887659, 184538062]),
        (DType.UI64, [12658922125951278109, 792584945164108011, 10062278879223361788, 12523357861768521726]),
    ],
)
def test_integers_of_the_whole_range(array, dtype, expected):
    found = array("tf.StatelessRandomUniformFullIntV2", np.int32([4]), KEY, COUNTER, ALGORITHM, dtype=dtype)
    assert found.tolist() == expected
    assert array("tf.StatelessRandomUniformFullInt", np.int32([4]), SEED, dtype=dtype).tolist() == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (np.int32(-3), np.int32(10), [7, -3, 5, 4]),
        (np.int64(-3), np.int64(1 << 40), [663750284168, 888767988079, 361068970954, 685714539590]),
    ],
)
def test_integers_between_bounds(array, low, high, expected):
    given = (np.int32([4]), KEY, COUNTER, np.int32(3), low, high)
    assert array("tf.StatelessRandomUniformIntV2", *given).tolist() == expected
    assert array("tf.StatelessRandomUniformInt", np.int32([4]), SEED, low, high).tolist() == expected


LOGITS = np.log(np.float32([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25], [0.9, 0.05, 0.05]]))


def test_categories(array):
    found = array("tf.StatelessMultinomial", LOGITS, np.int32(7), SEED, output_dtype=DType.I32)
    assert found.tolist() == [[2, 1, 2, 2, 2, 0, 2], [0, 1, 2, 0, 2, 0, 0], [0, 0, 1, 0, 0, 0, 0]]


def test_what_does_not_fit(fails):
    fails(
        "Unsupported algorithm id: 2", "tf.StatelessRandomUniformV2", SHAPE, KEY, COUNTER, np.int32(2), dtype=DType.F32
    )
    fails(
        "tf.StatelessRandomUniformInt: Need minval < maxval, got 3 >= 3",
        "tf.StatelessRandomUniformInt",
        SHAPE,
        SEED,
        np.int32(3),
        np.int32(3),
    )


def test_programs_say_the_type_by_that_of_the_result():
    text = """func.func @main(%seed: tensor<2xi32>) -> tensor<3xf64> {
  %shape = "tf.Const"() <{value = dense<3> : tensor<1xi32>}> : () -> tensor<1xi32>
  %0 = "tf.StatelessRandomUniform"(%shape, %seed) {device = ""} : (tensor<1xi32>, tensor<2xi32>) -> tensor<3xf64>
  return %0 : tensor<3xf64>
}"""
    for level in (0, 2):
        found = tfrt.load(tfrt.compile(text, opt_level=level))["main"](np.int32([123, -7]))
        assert found.tolist() == FLOATS["StatelessRandomUniform", "f64"][:3]
