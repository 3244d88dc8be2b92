"""Kernels of `ts` and `ts_sync`, and shapes as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.direct_calls import call, fails
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.shape import PartialTensorShape, TensorShape


def shape(*sizes):
    return call("ts.build_shape", value=sizes)


def partial(*sizes):
    return call("ts.build_partial_shape", value=sizes)


@given(st.lists(st.integers(0, 10**6), max_size=5))
def test_a_shape_is_a_tuple_that_prints_as_a_list(sizes):
    built = shape(*sizes)
    assert isinstance(built, TensorShape)
    assert built == tuple(sizes)
    assert str(built) == str(sizes)
    assert call("ts.to_shape", call("ts.to_partial_shape", built)) == built
    assert [call("ts.get_dimension", built, i) for i in range(len(sizes))] == sizes


@pytest.mark.parametrize(
    ("sizes", "count"), [((), 1), ((3,), 3), ((2, 0, 5), 0), ((4, 5), 20), ((1 << 40, 1 << 40), 0)]
)
def test_number_of_elements(sizes, count):
    assert call("ts.get_num_elements", shape(*sizes)) == count
    assert call("ts_sync.get_num_elements", shape(*sizes)) == count


def test_equality():
    assert call("ts.equal_shape", shape(1, 2), shape(1, 2)) is True
    assert call("ts.equal_shape", shape(1, 2), shape(2, 1)) is False
    assert call("ts.equal_shape", shape(1), shape(1, 1)) is False


def test_dimensions_out_of_range():
    fails("shape [2, 3] has no dimension 2", "ts.get_dimension", shape(2, 3), 2)
    fails("shape [2, 3] has no dimension -1", "ts.get_dimension", shape(2, 3), -1)


def test_negative_dimensions():
    fails("dimensions must not be negative: [2, -1]", "ts.build_shape", value=(2, -1))
    fails("dimensions must not be negative, except -1: [-1, -2]", "ts.build_partial_shape", value=(-1, -2))


def test_partial_shapes():
    assert partial(1, -1) == PartialTensorShape((1, None))
    assert call("ts.build_unranked_partial_shape") == PartialTensorShape(None)
    assert call("ts.to_shape", partial(4, 2)) == (4, 2)
    assert call("ts.to_partial_shape", shape(4, 2)) == partial(4, 2)
    fails("Unknown rank", "ts.to_shape", PartialTensorShape(None))
    fails("Unknown dimensions at following indices = [0, 2]", "ts.to_shape", partial(-1, 5, -1))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("print_shape", shape(1, 57, 92), "shape = [1, 57, 92]"),
        ("print_shape", shape(), "shape = []"),
        ("print_partial_shape", partial(1, -1), "partial_tensor_shape = [1, -1]"),
        ("print_partial_shape", partial(), "partial_tensor_shape = []"),
        ("print_partial_shape", PartialTensorShape(None), "partial_tensor_shape = Unknown rank"),
        ("print_fixed_rank_shape.1", shape(7), "fixed_rank_shape = [7]"),
        ("print_fixed_rank_shape.2", shape(7, 0), "fixed_rank_shape = []"),
        ("print_fixed_rank_shape.3", shape(7, 8, 9), "fixed_rank_shape = [7, 8, 9]"),
    ],
)
def test_printing(name, value, text, host):
    assert call(f"ts.{name}", value, CHAIN, host=host) is CHAIN
    assert host.printed == f"{text}\n"


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_fixed_ranks(rank):
    fitting = shape(*range(1, rank + 1))
    assert call(f"ts.as_fixed_rank_shape.{rank}", fitting) == fitting
    fails(f"expected a shape of rank {rank}, got []", f"ts.as_fixed_rank_shape.{rank}", shape())


def test_synchronous_twins():
    assert call("ts_sync.build_shape", value=(2, 3)) == (2, 3)
    assert call("ts_sync.build_partial_shape", value=(2, -1)) == PartialTensorShape((2, None))
    assert call("ts_sync.to_shape", partial(2, 3)) == (2, 3)
    assert call("ts_sync.to_partial_shape", shape(2, 3)) == partial(2, 3)
