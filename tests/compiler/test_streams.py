"""Stream analysis on small programs, whose streams are derived by hand from the algorithm.

In short: ops are looked at from the last one back. An op without ops hung under it opens the next stream; the others
join the stream of their costliest op, or of the one that returns. Streams cheaper than the threshold are merged into
the one before. ``cost`` below is an op of a stated cost; every other op counts as much as the threshold.
"""

from __future__ import annotations

import pytest

from tfrt.compiler import compile
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.streams import _in_hash_order, analyse_streams
from tfrt.executor.bef import read_bef


def cost(result: str, operands: str, value: int) -> str:
    types = ", ".join("i32" for _ in operands.split(","))
    return f"%{result} = tfrt_test.test_cost {operands} {{id = 0 : i64, _tfrt_cost = {value} : i64}} : {types}"


def function(*lines: str, returns: str = "", **options: str) -> str:
    attributes = "".join(f", tfrt.{name} = {value}" for name, value in options.items())
    results = ", ".join("i32" for _ in returns.split(",")) if returns else ""
    header = f"func.func @f(%x: i32, %ch: !tfrt.chain) -> ({results}) attributes {{{attributes[2:]}}} {{"
    return "\n".join([header, *lines, f"tfrt.return {returns} : {results}" if returns else "tfrt.return", "}"])


def streams(text: str) -> list[int]:
    """The streams of the entry, then of the ops but the last one, which returns, as the file has them."""
    return [kernel.stream for kernel in read_bef(compile(text)).functions[-1].kernels]


def test_a_chain_of_ops_is_one_stream():
    assert streams(function(cost("a", "%x", 5), cost("b", "%a", 5), returns="%b", cost_threshold="10 : i64")) == [0] * 3


def test_two_expensive_arms():
    # The return opens 0, which goes on through c and b, the costlier arm; a opens 1 and is too expensive to merge.
    text = function(
        cost("a", "%x", 12), cost("b", "%x", 15), cost("c", "%a, %b", 1), returns="%c", cost_threshold="10 : i64"
    )
    assert streams(text) == [0, 1, 0, 0]


def test_cheap_arms_are_merged():
    # a's stream, 1, is the first of the entry's, so that b's is merged into it, and the entry goes on in it.
    text = function(
        cost("a", "%x", 2), cost("b", "%x", 3), cost("c", "%a, %b", 1), returns="%c", cost_threshold="10 : i64"
    )
    assert streams(text) == [1, 1, 1, 1]


def test_merging_stops_at_the_threshold():
    # The return 0, c 1, b 2, a 3. From a on: 3 takes in 2 and then costs 6; 1 takes in 0, which returns.
    text = function(cost("a", "%x", 3), cost("b", "%x", 3), cost("c", "%x", 3), cost_threshold="5 : i64")
    assert streams(text) == [1, 3, 3, 1]


def test_what_is_left_over_joins_the_op_itself():
    # b's stream 0 is expensive and returns; a's stream 1 is the last cheap one.
    text = function(cost("b", "%x", 9), cost("a", "%x", 2), returns="%b", cost_threshold="5 : i64")
    assert streams(text) == [0, 0, 0]


def test_ops_that_state_no_cost_count_as_expensive():
    # The return hangs under the first of two equally expensive ops.
    lines = ['%a = "t.op"(%x) : (i32) -> i32', '%b = "t.op"(%x) : (i32) -> i32']
    assert streams(function(*lines, returns="%a, %b", cost_threshold="10 : i64")) == [0, 0, 1]


@pytest.mark.parametrize("threshold", [{}, {"cost_threshold": "0 : i64"}, {"cost_threshold": "-3 : i64"}])
def test_without_a_threshold_the_costliest_path_is_kept_apart(threshold):
    # 1 + 50 + 1 + 1 = 53 is the costliest path: entry, a, r, return. From the root, b and c cost 11.
    text = function(
        cost("a", "%x", 50),
        cost("b", "%x", 5),
        cost("c", "%b", 5),
        cost("r", "%a, %c", 1),
        returns="%r",
        **threshold,
    )
    assert streams(text) == [0, 0, 1, 1, 0]


def test_without_a_threshold_ops_that_state_no_cost_cost_one():
    lines = ['%a = "t.op"(%x) : (i32) -> i32', '%b = "t.op"(%x) : (i32) -> i32']
    assert streams(function(*lines, returns="%a, %b")) == [0, 0, 1]


ARMS = [cost("a", "%x", 6), cost("b", "%x", 12), cost("c", "%a, %b", 1), cost("d", "%x", 6)]


def test_streams_that_exchange_data_stay_apart_by_default():
    # The return 0, d 1, a 2. The cheap ones, 2 and 1, are merged and then cost 12.
    assert streams(function(*ARMS, returns="%c", cost_threshold="10 : i64")) == [0, 2, 0, 0, 2]


def test_streams_that_exchange_data_are_merged_on_demand():
    # a feeds c, so 2 is merged into 0; d's is the last cheap one and joins the entry's.
    text = function(*ARMS, returns="%c", cost_threshold="10 : i64", merge_inter_dependent_streams="true")
    assert streams(text) == [0, 0, 0, 0, 0]


def test_chains_are_no_data():
    lines = [
        "%a = tfrt.merge.chains %ch : !tfrt.chain",
        cost("b", "%x", 25),
        '%c = "t.op"(%a, %b) : (!tfrt.chain, i32) -> i32',
        cost("d", "%x", 19),
    ]
    options = {"cost_threshold": "20 : i64", "merge_inter_dependent_streams": "true"}
    # As by default above: the chain from a to c, which costs 20, does not merge their streams.
    assert streams(function(*lines, returns="%c", **options)) == [0, 2, 0, 0, 2]


def test_options_of_the_module_count_where_the_function_has_none():
    body = function(*ARMS, returns="%c")
    options = "tfrt.cost_threshold = 10 : i64, tfrt.merge_inter_dependent_streams = true"
    assert streams(f"module attributes {{{options}}} {{\n{body}\n}}") == [0, 0, 0, 0, 0]
    own = body.replace("attributes {}", "attributes {tfrt.merge_inter_dependent_streams = false}")
    assert streams(f"module attributes {{{options}}} {{\n{own}\n}}") == [0, 2, 0, 0, 2]


def stated(last: str) -> str:
    return (
        'func.func @f() {\n  "t.op"() {_tfrt_stream = 7 : i64} : () -> ()\n'
        f'  "t.op"() {{_tfrt_stream = 9 : i64}} : () -> ()\n  "tfrt.return"() {last} : () -> ()\n}}'
    )


def test_stated_streams():
    assert streams(stated("{_tfrt_stream = 3 : i64}")) == [3, 7, 9]
    bef = read_bef(compile(stated("{_tfrt_stream = 3 : i64}")))
    assert bef.functions[0].kernels[1].attributes == ()


def test_streams_that_are_not_stated_for_every_op_are_derived():
    assert streams(stated("")) == streams(stated("").replace("{_tfrt_stream = 7 : i64}", ""))


def test_every_op_has_a_stream():
    text = function(*ARMS, returns="%c", cost_threshold="10 : i64")
    (operation,) = parse_module(text).ops
    block = operation.regions[0].block
    found = analyse_streams(block)
    assert list(found.by_op) == list(block.ops)
    assert found.root == found.by_op[block.last_op]


@pytest.mark.parametrize(
    ("inserted", "order"),
    [
        ([3], [3]),
        # Buckets 37 * 3 = 111 and 37: the higher id is first where its bucket is.
        ([3, 1], [1, 3]),
        ([2, 1], [2, 1]),
        # 0 and 64 share bucket 0: whichever comes second goes to bucket 1, ahead of or behind 45, whose own that is.
        ([0, 64], [0, 64]),
        ([64, 0], [64, 0]),
        ([0, 64, 45], [0, 64, 45]),
        ([0, 45, 64], [0, 45, 64]),
        ([64, 45, 0, 128], [64, 45, 0, 128]),
    ],
)
def test_streams_are_merged_in_the_order_of_a_hash_table(inserted, order):
    assert _in_hash_order(inserted) == order


def test_the_hash_table_grows_before_it_is_three_quarters_full():
    by_bucket = [sorted(range(count), key=lambda i, size=size: i * 37 % size) for count, size in ((47, 64), (48, 128))]
    assert [_in_hash_order(range(47)), _in_hash_order(range(48))] == by_bucket
