"""Arrays that a caller gives up: functions write to them where they would copy them, and give the same results."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt

WAYS = {
    "dataflow": {"plans": False},
    "table": {"plan_threshold": 1 << 30},
    "generated": {"plan_threshold": 0},
    "threads": {"work_queue": "mstd:2"},
}
A, R, N = "tensor<64x32xf32>", "tensor<1x32xf32>", "tensor<i32>"
PUT = f"stablehlo.dynamic_update_slice {{}}, {{}}, %i, %zero : ({A}, {R}, {N}, {N}) -> {A}"
SUM = f"""stablehlo.reduce({{}} init: %nought) applies stablehlo.add across dimensions = [0]
    : ({A}, tensor<f32>) -> tensor<32xf32>"""
LOOP = f"""%r:2 = stablehlo.while(%j = %zero, %b = %x) : {N}, {A} cond {{
    %n = stablehlo.constant dense<64> : {N}
    %more = stablehlo.compare LT, %j, %n : ({N}, {N}) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  }} do {{
    %one = stablehlo.constant dense<1> : {N}
    %start = stablehlo.constant dense<0> : {N}
    %k = stablehlo.add %j, %one : {N}
    %c = stablehlo.dynamic_update_slice %b, %row, %j, %start : ({A}, {R}, {N}, {N}) -> {A}
    stablehlo.return %k, %c : {N}, {A}
  }}"""
BODIES = {
    "put": (f"%a = {PUT.format('%x', '%row')}", ["%a"], True),
    "put twice": (f"%a = {PUT.format('%x', '%row')}\n  %b = {PUT.format('%a', '%new')}", ["%b"], True),
    "read before": (
        f"%s = {SUM.format('%x')}\n  %t = stablehlo.reshape %s : (tensor<32xf32>) -> {R}\n"
        f"  %a = {PUT.format('%x', '%t')}",
        ["%a", "%s"],
        True,
    ),
    "read after": (f"%a = {PUT.format('%x', '%row')}\n  %s = {SUM.format('%a')}", ["%a", "%s"], True),
    "loop": (LOOP, ["%r#1"], True),
    "given back": (f"%a = {PUT.format('%x', '%row')}", ["%a", "%x"], False),
    "read otherwise": (f"%a = {PUT.format('%x', '%row')}\n  %s = {SUM.format('%x')}", ["%a", "%s"], False),
    "its own row": (
        f"%t = stablehlo.slice %x [3:4, 0:32] : ({A}) -> {R}\n  %a = {PUT.format('%x', '%t')}",
        ["%a"],
        False,
    ),
    "put in two": (f"%a = {PUT.format('%x', '%row')}\n  %b = {PUT.format('%x', '%new')}", ["%a", "%b"], False),
}  # fmt: skip


def program(body: str, results: list[str]) -> str:
    types = ", ".join("tensor<32xf32>" if result == "%s" else A for result in results)
    return f"""func.func @f(%x: {A}, %row: {R}, %i: {N}) -> ({types}) {{
  %zero = stablehlo.constant dense<0> : {N}
  %nought = stablehlo.constant dense<0.0> : tensor<f32>
  %new = stablehlo.add %row, %row : {R}
  {body}
  return {", ".join(results)} : {types}
}}"""


def bytes_of(results) -> list[bytes]:
    return [result.tobytes() for result in (results if type(results) is tuple else (results,))]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BODIES)
def test_results_are_the_same_and_the_memory_is_used_where_nothing_else_needs_it(name, way):
    body, results, is_used = BODIES[name]
    text = program(body, results)
    random = np.random.default_rng(0)
    row = random.standard_normal((1, 32)).astype("f")
    plain = tfrt.load(tfrt.compile(text))["f"]
    with tfrt.HostContext(**WAYS[way]) as host:
        run = tfrt.load(tfrt.compile(text, opt_level=2), host=host)["f"]
        for start in (5, 70, -3):
            x = random.standard_normal((64, 32)).astype("f")
            before, start = x.copy(), np.array(start, np.int32)
            expected = bytes_of(plain(x, row, start))
            assert bytes_of(run(x, row, start)) == expected
            assert np.array_equal(x, before)
            found = run(tfrt.donate(x), row, start)
            assert bytes_of(found) == expected
            first = found[0] if type(found) is tuple else found
            assert (first is x) == is_used
            if not is_used:
                assert np.array_equal(x, before)


@pytest.mark.parametrize("make", [np.asfortranarray, lambda x: x[::-1], lambda x: np.broadcast_to(x[:1], x.shape)])
def test_memory_that_is_no_result_is_copied(make):
    run = tfrt.load(tfrt.compile(program(*BODIES["put"][:2]), opt_level=2))["f"]
    x, row = make(np.ones((64, 32), "f")), np.zeros((1, 32), "f")
    before = x.copy()
    found = run(tfrt.donate(x), row, np.array(1, np.int32))
    assert not found[1].any() and found[2:].all()
    assert np.array_equal(x, before)


def test_what_is_refused():
    run = tfrt.load(tfrt.compile(program(*BODIES["put"][:2]), opt_level=2))["f"]
    x, start = np.ones((64, 32), "f"), np.array(0, np.int32)
    with pytest.raises(tfrt.UsageError) as caught:
        run(tfrt.donate(x), x[1:2], start)
    assert str(caught.value) == "argument 0 of function 'f' is donated, but argument 1 is in the same memory"
    with pytest.raises(tfrt.UsageError) as caught:
        run(tfrt.donate(x[:3]), x[1:2], start)
    assert str(caught.value) == (
        "argument 0 of function 'f' must be an array of type tensor<64x32xf32>, but has the shape [3, 32]"
    )
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.donate([1.0])
    assert str(caught.value) == "only numpy arrays can be donated, not list"
