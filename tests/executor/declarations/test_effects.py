"""Which functions have effects that their data orders completely."""

import pytest

import tfrt


def effects(text):
    """The summary of @f in a module."""
    program = tfrt.load(tfrt.compile(text, filename="t.mlir"))
    return program.plans.facts[program["f"].index].effects


def function(arguments, results, body, name="f"):
    return f"func.func @{name}({arguments}) -> ({results}) {{\n{body}\n}}\n"


CHAINED = """
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt.print.i32 %x, %c1
  tfrt.return %c2, %c1, %x : !tfrt.chain, !tfrt.chain, i32"""

UNCHAINED = """
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt.print.i32 %x, %ch
  tfrt.return %c1, %c2 : !tfrt.chain, !tfrt.chain"""

CALLEE = function(
    "%x: i32, %ch: !tfrt.chain",
    "!tfrt.chain, i32",
    """
  %c1 = tfrt.print.i32 %x, %ch
  tfrt.return %c1, %x : !tfrt.chain, i32""",
    "g",
)


def test_pure_functions_have_none():
    found = effects(
        function(
            "%x: i32",
            "i32",
            """
  %y = tfrt.add.i32 %x, %x
  %q, %r = tfrt.div.i32 %y, %x
  tfrt.return %q : i32""",
        )
    )
    assert (found.any, found.ordered, found.sealed) == (False, True, frozenset({0}))


def test_a_chain_orders_effects_and_seals_what_comes_after_the_last():
    found = effects(function("%x: i32, %ch: !tfrt.chain", "!tfrt.chain, !tfrt.chain, i32", CHAINED))
    assert (found.any, found.ordered, found.sealed) == (True, True, frozenset({0}))
    assert found.awaited == frozenset({0, 1})
    assert not found.observable_at_end


def test_effects_that_nothing_orders():
    found = effects(function("%x: i32, %ch: !tfrt.chain", "!tfrt.chain, !tfrt.chain", UNCHAINED))
    assert (found.ordered, found.disorder) == (False, (0, 1))


def test_pure_kernels_pass_the_order_on():
    body = """
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt.merge.chains %c1, %ch : !tfrt.chain, !tfrt.chain
  %c3 = tfrt.print.i32 %x, %c2
  tfrt.return %c3 : !tfrt.chain"""
    found = effects(function("%x: i32, %ch: !tfrt.chain", "!tfrt.chain", body))
    assert (found.ordered, found.sealed) == (True, frozenset({0}))


def test_an_effect_that_no_result_comes_after():
    body = """
  %c1 = tfrt.print.i32 %x, %ch
  tfrt.return %x : i32"""
    found = effects(function("%x: i32, %ch: !tfrt.chain", "i32", body))
    assert (found.ordered, found.sealed, found.observable_at_end) == (True, frozenset(), True)


@pytest.mark.parametrize(("waits_for", "ordered"), [("%c1", True), ("%ch", False)])
def test_calls_are_ordered_by_what_they_seal(waits_for, ordered):
    body = f"""
  %c1, %y = tfrt.call @g(%x, %ch) : (i32, !tfrt.chain) -> (!tfrt.chain, i32)
  %c2, %z = tfrt.call @g(%x, {waits_for}) : (i32, !tfrt.chain) -> (!tfrt.chain, i32)
  tfrt.return %c2 : !tfrt.chain"""
    assert effects(CALLEE + function("%x: i32, %ch: !tfrt.chain", "!tfrt.chain", body)).ordered is ordered


def test_a_result_that_is_not_sealed_orders_nothing():
    body = """
  %c1, %y = tfrt.call @g(%x, %ch) : (i32, !tfrt.chain) -> (!tfrt.chain, i32)
  %c2 = tfrt.print.i32 %y, %ch
  tfrt.return %c2 : !tfrt.chain"""
    found = effects(CALLEE + function("%x: i32, %ch: !tfrt.chain", "!tfrt.chain", body))
    assert (found.ordered, found.disorder) == (False, (0, 1))


def test_callers_of_unordered_functions_are_unordered():
    callee = function("%x: i32, %ch: !tfrt.chain", "!tfrt.chain, !tfrt.chain", UNCHAINED, "g")
    body = """
  %c1, %c2 = tfrt.call @g(%x, %ch) : (i32, !tfrt.chain) -> (!tfrt.chain, !tfrt.chain)
  tfrt.return %c1 : !tfrt.chain"""
    found = effects(callee + function("%x: i32, %ch: !tfrt.chain", "!tfrt.chain", body))
    assert (found.ordered, found.disorder) == (False, None)


def test_a_branch_seals_what_its_sides_seal():
    body = """
  %c1, %c2 = tfrt.if %b, %x, %ch : (i32, !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
    %p = tfrt.print.i32 %x, %ch
    tfrt.return %p, %p : !tfrt.chain, !tfrt.chain
  } else {
    %p = tfrt.print.i32 %x, %ch
    tfrt.return %p, %ch : !tfrt.chain, !tfrt.chain
  }
  tfrt.return %c1, %c2 : !tfrt.chain, !tfrt.chain"""
    found = effects(function("%b: i1, %x: i32, %ch: !tfrt.chain", "!tfrt.chain, !tfrt.chain", body))
    assert (found.ordered, found.sealed) == (True, frozenset({0}))


@pytest.mark.parametrize(("carried", "ordered"), [("%p", True), ("%ch", False)])
def test_a_loop_orders_its_iterations_if_they_wait_for_one_another(carried, ordered):
    body = f"""
  %c, %u = tfrt.repeat.i32 %n, %ch, %x : !tfrt.chain, i32 {{
    %p = tfrt.print.i32 %x, %ch
    tfrt.return {carried}, %x : !tfrt.chain, i32
  }}
  tfrt.return %c : !tfrt.chain"""
    assert effects(function("%n: i32, %x: i32, %ch: !tfrt.chain", "!tfrt.chain", body)).ordered is ordered


@pytest.mark.parametrize(("waits_for", "ordered"), [("%p", True), ("%ch", False)])
def test_recursion(waits_for, ordered):
    body = f"""
  %one = tfrt.constant.i32 1
  %last = "tfrt.lessequal.i32"(%n, %one) : (i32, i32) -> i1
  %c = tfrt.if %last, %n, %one, %ch : (i32, i32, !tfrt.chain) -> (!tfrt.chain) {{
    tfrt.return %ch : !tfrt.chain
  }} else {{
    %p = tfrt.print.i32 %n, %ch
    %m = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    %r = tfrt.call @f(%m, {waits_for}) : (i32, !tfrt.chain) -> (!tfrt.chain)
    tfrt.return %r : !tfrt.chain
  }}
  tfrt.return %c : !tfrt.chain"""
    found = effects(function("%n: i32, %ch: !tfrt.chain", "!tfrt.chain", body))
    assert (found.any, found.ordered) == (True, ordered)


@pytest.mark.parametrize(
    ("region", "ordered"),
    [("tfrt.return %ch : !tfrt.chain", True), ("%p = tfrt.print.i32 %n, %ch\n tfrt.return %p : !tfrt.chain", False)],
)
def test_kernels_that_run_functions_in_their_own_way(region, ordered):
    body = f"""
  %done = tfrt.parallel_for.i32 %n to %m fixed %b, %ch : !tfrt.chain {{
    {region}
  }}
  tfrt.return %done : !tfrt.chain"""
    found = effects(function("%n: i32, %m: i32, %b: i32, %ch: !tfrt.chain", "!tfrt.chain", body))
    assert (found.any, found.ordered) == (True, ordered)


def test_synchronous_functions_are_done_when_they_return():
    callee = """func.func @g(%x: i32) -> i32 attributes {tfrt.sync} {
  %y = "tfrt.add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %y : i32
}
"""
    body = """
  %y = tfrt.call @g(%x) : (i32) -> i32
  %z = tfrt.call @g(%y) : (i32) -> i32
  tfrt.return %z : i32"""
    found = effects(callee + function("%x: i32", "i32", body))
    assert (found.any, found.ordered, found.sealed) == (True, True, frozenset({0}))
