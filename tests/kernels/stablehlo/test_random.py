"""`rng_bit_generator`, whose bits are JAX's, and `rng`."""

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.random.counter_based import philox, three_fry

OP = "stablehlo.rng_bit_generator"
TOP = (1 << 64) - 1


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ([0, 0], [0x6B200159, 0x99BA4EFE]),
        ([TOP, TOP], [0x1CB996FC, 0xBB002BE7]),
        ([0x03707344_13198A2E, 0x85A308D3_243F6A88], [0xC4923A9C, 0x483DF7A0]),
    ],
)
def test_three_fry_gives_its_authors_numbers(state, expected):
    """Random123's known answers for 20 rounds."""
    assert three_fry(state, (2,), 32)[1].tolist() == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ([0, 0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([TOP, TOP, TOP], [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x299F31D0_A4093822, 0x85A308D3_243F6A88, 0x03707344_13198A2E],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_its_authors_numbers(state, expected):
    """Random123's known answers for 10 rounds."""
    assert philox(state, (4,), 32)[1].tolist() == expected


def bits(run, algorithm, kind, shape, state):
    after, found = run(
        OP, np.array(state, np.uint64), rng_algorithm=algorithm, shape=shape, dtype=DType.of(np.dtype(kind))
    )
    assert found.array.shape == tuple(shape)
    return after.array.tolist(), found.array


@pytest.mark.parametrize(
    ("algorithm", "kind", "shape", "state", "after", "first", "last"),
    [
        ("THREE_FRY", "uint32", (5, 7), [1, 2], [1, 22], [43444564, 2150618427, 3979645651], 2225782060),
        (
            "THREE_FRY",
            "uint32",
            (3, 4),
            [9223372036854775813, 4294967303],
            [9223372036854775813, 4294967309],
            [3214102964, 305984414, 755676848],
            3031422124,
        ),
        (
            "THREE_FRY",
            "uint64",
            (3,),
            [18446744073709551615, 18446744073709551614],
            [18446744073709551615, 1],
            [7225411326129570610, 13474818356711888636, 5645538382004713924],
            5645538382004713924,
        ),
        ("THREE_FRY", "uint16", (), [1, 2], [1, 3], [59732], 59732),
        ("THREE_FRY", "uint8", (2, 3, 5), [1, 2], [1, 17], [84, 211, 211], 215),
        (
            "PHILOX",
            "uint32",
            (3,),
            [18446744073709551615, 18446744073709551614],
            [18446744073709551615, 18446744073709551615],
            [25431128, 3820715433, 3113638199],
            3113638199,
        ),
        (
            "DEFAULT",
            "uint64",
            (3,),
            [1, 2],
            [1, 4],
            [12229731395331991369, 3437131457114678231, 13465615291114923006],
            13465615291114923006,
        ),
        ("PHILOX", "uint8", (5, 7), [1, 2], [1, 11], [73, 232, 215], 170),
    ],
)
def test_bits_and_states_are_those_of_jax(run, algorithm, kind, shape, state, after, first, last):
    """What `jax.lax.rng_bit_generator` gives on a CPU."""
    state_after, found = bits(run, algorithm, kind, shape, state)
    assert state_after == after
    assert found.ravel()[: len(first)].tolist() == first
    assert int(found.ravel()[-1]) == last


def test_counters_of_philox_carry(run):
    state, found = bits(run, "PHILOX", np.uint32, [5], [11, TOP, TOP])
    assert state == [11, 1, 0]
    assert found.tolist() == [3646979813, 1788542185, 625800541, 4033657230, 3848496742]
    after_first = bits(run, "PHILOX", np.uint32, [4], [11, 0, 0])[1]
    assert found[4] == after_first[0]


@pytest.mark.parametrize("algorithm", ["THREE_FRY", "PHILOX"])
def test_bits_are_those_of_any_type(run, algorithm):
    """Signed ones, and floats."""
    whole = bits(run, algorithm, np.uint32, [6], [3, 4])[1]
    np.testing.assert_array_equal(bits(run, algorithm, np.int32, [6], [3, 4])[1], whole.view(np.int32))
    np.testing.assert_array_equal(bits(run, algorithm, np.float32, [6], [3, 4])[1].view(np.uint32), whole)
    np.testing.assert_array_equal(bits(run, algorithm, np.int8, [6], [3, 4])[1], whole.astype(np.int8))
    half = bits(run, algorithm, ml_dtypes.bfloat16, [6], [3, 4])[1]
    np.testing.assert_array_equal(half.view(np.uint16), whole.astype(np.uint16))
    fours = bits(run, algorithm, ml_dtypes.uint4, [6], [3, 4])[1]
    np.testing.assert_array_equal(fours.astype(int), whole % 16)


def test_no_bits(run):
    for algorithm in ("THREE_FRY", "PHILOX"):
        state, found = bits(run, algorithm, np.uint32, [0, 3], [3, 4])
        assert (state, found.size) == ([3, 4], 0)


def test_programs_do_the_same(run):
    text = """
        func.func @main(%s: tensor<2xui64>) -> (tensor<2xui64>, tensor<3x3xui32>) {
          %a, %b = stablehlo.rng_bit_generator %s, algorithm = THREE_FRY
            : (tensor<2xui64>) -> (tensor<2xui64>, tensor<3x3xui32>)
          return %a, %b : tensor<2xui64>, tensor<3x3xui32>
        }"""
    after, found = tfrt.load(tfrt.compile(text, opt_level=2))["main"](np.array([1, 2], np.uint64))
    state, expected = bits(run, "THREE_FRY", np.uint32, [3, 3], [1, 2])
    assert after.tolist() == state
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("algorithm", "words", "message"),
    [
        ("THREE_FRY", 3, "(C2) expects a state of 2 elements of ui64 for THREE_FRY, but got [3] of ui64"),
        ("PHILOX", 4, "(C2) expects a state of 2 or 3 elements of ui64 for PHILOX, but got [4] of ui64"),
        ("DICE", 2, "(I1) expects rng_algorithm to be one of DEFAULT, THREE_FRY, PHILOX, but got DICE"),
    ],
)
def test_states_that_are_none(run, algorithm, words, message):
    with pytest.raises(KernelError) as error:
        bits(run, algorithm, np.uint32, [1], [0] * words)
    assert error.value.message == message


def drawn(array, low, high, shape, distribution="UNIFORM"):
    found = array("stablehlo.rng", low, high, np.array(shape), rng_distribution=distribution)
    assert found.shape == tuple(shape)
    assert found.dtype == low.dtype
    return found


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ml_dtypes.bfloat16])
def test_uniform_floats_are_in_their_range(array, kind):
    low, high = np.array(1).astype(kind), np.array(1.0078125).astype(kind)
    found = drawn(array, low, high, [100]).astype(float)
    assert found.min() >= 1
    assert found.max() < 1.0078125


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64])
def test_uniform_integers_are_in_their_range(array, kind):
    limits = np.iinfo(kind)
    found = drawn(array, np.array(limits.max - 2, kind), np.array(limits.max, kind), [64])
    assert set(found.tolist()) == {limits.max - 2, limits.max - 1}


def test_normal_numbers_have_their_mean_and_deviation(array):
    found = drawn(array, np.array(3.0), np.array(0.5), [100, 100], "NORMAL")
    assert abs(found.mean() - 3) < 0.05
    assert abs(found.std() - 0.5) < 0.05


def test_numbers_are_fresh_each_time():
    text = """
        func.func @main(%a: tensor<f64>, %b: tensor<f64>, %s: tensor<1xi64>) -> (tensor<8xf64>, tensor<8xf64>) {
          %x = stablehlo.rng %a, %b, %s, distribution = UNIFORM
            : (tensor<f64>, tensor<f64>, tensor<1xi64>) -> tensor<8xf64>
          %y = stablehlo.rng %a, %b, %s, distribution = UNIFORM
            : (tensor<f64>, tensor<f64>, tensor<1xi64>) -> tensor<8xf64>
          return %x, %y : tensor<8xf64>, tensor<8xf64>
        }"""
    program = tfrt.load(tfrt.compile(text, opt_level=3))["main"]
    operands = np.array(0.0), np.array(1.0), np.array([8])
    seen = [*program(*operands), *program(*operands)]
    assert len({tuple(numbers.tolist()) for numbers in seen}) == 4


@pytest.mark.parametrize(
    ("low", "high", "distribution", "message"),
    [
        (np.int32(0), np.int32(1), "NORMAL", "(C2) expects floats for NORMAL, but got i32"),
        (np.int32(0), np.int64(1), "UNIFORM", "(C1) expects operands of one element type, but got i32 and i64"),
        (np.int32(0), np.int32(1), "ZIPF", "(I4) expects rng_distribution to be UNIFORM or NORMAL, but got ZIPF"),
    ],
)
def test_distributions_that_are_none(run, low, high, distribution, message):
    with pytest.raises(KernelError) as error:
        run("stablehlo.rng", np.asarray(low), np.asarray(high), np.array([1]), rng_distribution=distribution)
    assert error.value.message == message
