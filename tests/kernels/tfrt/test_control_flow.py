"""The control-flow kernels of `tfrt`, on every kind of work queue, where the goldens do not reach."""

import pytest

import tfrt
from tests.loading import load

QUEUES = ["s", "mstd:2", "seeded:1", "seeded:2"]


@pytest.fixture(params=QUEUES)
def host(request):
    with tfrt.HostContext(request.param) as host:
        yield host


def test_deep_recursion(host):
    program = load(
        """
func.func @sum(%n: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %done = "tfrt.lessequal.i32"(%n, %one) : (i32, i32) -> i1
  %r = tfrt.if %done, %n, %one : (i32, i32) -> (i32) {
    tfrt.return %n : i32
  } else {
    %m = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    %s = tfrt.call @sum(%m) : (i32) -> i32
    %t = tfrt.add.i32 %n, %s
    tfrt.return %t : i32
  }
  tfrt.return %r : i32
}""",
        host,
    )
    assert program["sum"](3_000) == 3_000 * 3_001 // 2


REPEAT = """
func.func @repeat(%n: i32, %v: i32) -> i32 {
  %r = tfrt.repeat.i32 %n, %v : i32 {
    %one = tfrt.constant.i32 1
    %w = KERNEL
    tfrt.return %w : i32
  }
  tfrt.return %r : i32
}"""


@pytest.mark.parametrize(
    ("kernel", "count"),
    [
        ("tfrt.add.i32 %v, %one", 50_000),
        ('"tfrt_test.async_add.i32"(%v, %one) : (i32, i32) -> i32', 5_000),
    ],
)
def test_long_loops_do_not_recurse(host, kernel, count):
    assert load(REPEAT.replace("KERNEL", kernel), host)["repeat"](count, 7) == count + 7


@pytest.mark.parametrize("count", [0, -5])
def test_loops_of_no_iterations(host, count):
    assert load(REPEAT.replace("KERNEL", "tfrt.add.i32 %v, %one"), host)["repeat"](count, 7) == 7


@pytest.mark.parametrize("parallel_iterations", [1, 8])
@pytest.mark.parametrize("later", ["", "async"])
def test_while(host, parallel_iterations, later):
    add = "tfrt.add.i32 %i, %one" if not later else '"tfrt_test.async_add.i32"(%i, %one) : (i32, i32) -> i32'
    program = load(
        f"""
func.func @body(%i: i32, %n: i32) -> (i32, i32, i1) {{
  %one = tfrt.constant.i32 1
  %j = {add}
  %next = tfrt.add.i32 %j, %one
  %more = "tfrt.lessequal.i32"(%next, %n) : (i32, i32) -> i1
  tfrt.return %j, %n, %more : i32, i32, i1
}}
func.func @loop(%go: i1, %i: i32, %n: i32) -> (i32, i32) {{
  %r:2 = tfrt.while %go @body(%i, %n) parallel_iterations({parallel_iterations}) : (i32, i32) -> (i32, i32)
  tfrt.return %r#0, %r#1 : i32, i32
}}""",
        host,
    )
    assert program["loop"](True, 0, 3000) == (3000, 3000)
    assert program["loop"](False, 5, 3) == (5, 3)


def test_a_failed_condition_of_a_loop(host):
    program = load(
        """
func.func @body(%i: i32) -> (i32, i1) {
  %bad = "tfrt_test.fail"() : () -> i1
  tfrt.return %i, %bad : i32, i1
}
func.func @loop(%i: i32) -> i32 {
  %go = tfrt.constant.i1 true
  %r = tfrt.while %go @body(%i) parallel_iterations(1) : (i32) -> (i32)
  tfrt.return %r : i32
}""",
        host,
    )
    with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:3:10: something bad happened$"):
        program["loop"](1)


def test_a_failed_value_of_a_loop_passes_through(host):
    program = load(
        """
func.func @body(%i: i32) -> (i32, i1) {
  %no = tfrt.constant.i1 false
  %bad = "tfrt_test.fail"() : () -> i32
  tfrt.return %bad, %no : i32, i1
}
func.func @loop(%i: i32) -> i32 {
  %go = tfrt.constant.i1 true
  %r = tfrt.while %go @body(%i) parallel_iterations(1) : (i32) -> (i32)
  tfrt.return %r : i32
}""",
        host,
    )
    with pytest.raises(tfrt.KernelError, match="something bad happened"):
        program["loop"](1)


PARALLEL = """
func.func @sum(%from: i32, %to: i32, %block: i32) -> (i32, i32) {
  %ch0 = tfrt.new.chain
  %total = "tfrt_test.atomic.create.i32"() : () -> !test.atomic.i32
  %blocks = "tfrt_test.atomic.create.i32"() : () -> !test.atomic.i32
  %done = tfrt.parallel_for.i32 %from to %to fixed %block, %total, %blocks, %ch0
      : !test.atomic.i32, !test.atomic.i32, !tfrt.chain {
    %len = "tfrt.minus.i32"(%to, %from) : (i32, i32) -> i32
    %ch1 = "tfrt_test.atomic.add.i32"(%total, %len, %ch0) : (!test.atomic.i32, i32, !tfrt.chain) -> !tfrt.chain
    %ch2 = "tfrt_test.atomic.inc.i32"(%blocks, %ch1) : (!test.atomic.i32, !tfrt.chain) -> !tfrt.chain
    RETURN
  }
  %t, %ch = "tfrt_test.atomic.get.i32"(%total, %done) : (!test.atomic.i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %b, %ch3 = "tfrt_test.atomic.get.i32"(%blocks, %ch) : (!test.atomic.i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %t, %b : i32, i32
}"""


@pytest.mark.parametrize("returns", ["tfrt.return %ch2 : !tfrt.chain", "tfrt.return"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, 100, 7), (100, 15)),
        ((5, 6, 10), (1, 1)),
        ((-10, 10, 20), (20, 1)),
        ((3, 3, 1), (0, 0)),
        ((9, 2, 1), (0, 0)),
    ],
)
def test_parallel_for(host, returns, arguments, expected):
    assert load(PARALLEL.replace("RETURN", returns), host)["sum"](*arguments) == expected


def test_a_parallel_block_size_that_is_not_positive(host):
    program = load(PARALLEL.replace("RETURN", "tfrt.return"), host)
    with pytest.raises(tfrt.KernelError, match=r"(?m)test.mlir:6:11: parallel block size must be positive, got 0$"):
        program["sum"](0, 4, 0)


def test_an_error_in_a_parallel_block(host):
    program = load(
        """
func.func @block(%from: i32, %to: i32) -> !tfrt.chain {
  %ch = "tfrt_test.fail"() : () -> !tfrt.chain
  tfrt.return %ch : !tfrt.chain
}
func.func @f(%from: i32, %to: i32, %block: i32) -> !tfrt.chain {
  %done = tfrt.parallel_call.i32 %from to %to fixed %block @block()
  tfrt.return %done : !tfrt.chain
}""",
        host,
    )
    with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:3:9: something bad happened$"):
        program["f"](0, 10, 2)


def test_once_belongs_to_the_resource_context(host):
    program = load(
        """
func.func @id(%x: i32) -> i32 {
  tfrt.return %x : i32
}
func.func @f(%x: i32) -> i32 {
  %r = tfrt.once @id(%x) : (i32) -> (i32)
  tfrt.return %r : i32
}""",
        host,
    )
    shared = tfrt.ResourceContext()
    values = []
    for value in (1, 2, 3):
        (result,) = program["f"].start(value, context=tfrt.ExecutionContext(host, resources=shared))
        host.wait([result])
        values.append(result.value if isinstance(result, tfrt.AsyncValue) else result)
    assert values == [1, 1, 1]
    assert program["f"](4) == 4


@pytest.mark.parametrize(("index", "expected"), [(0, 6), (1, -6), (2, -6), (-1, -6)])
def test_case(host, index, expected):
    program = load(
        """
func.func @same(%x: i32) -> i32 {
  tfrt.return %x : i32
}
func.func @negated(%x: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %y = "tfrt.minus.i32"(%zero, %x) : (i32, i32) -> i32
  tfrt.return %y : i32
}
func.func @f(%i: i32, %x: i32) -> i32 {
  %r = tfrt.case %i [@same, @negated] (%x) : (i32) -> (i32)
  tfrt.return %r : i32
}""",
        host,
    )
    assert program["f"](index, 6) == expected


def test_cancelling_a_loop(host):
    program = load(
        """
func.func @f(%n: i32, %v: i32) -> i32 {
  %r = tfrt.repeat.i32 %n, %v : i32 {
    %ch = tfrt.new.chain
    %x, %ch1 = "tfrt_test.cancel"(%ch) : (!tfrt.chain) -> (i32, !tfrt.chain)
    tfrt.return %v : i32
  }
  tfrt.return %r : i32
}""",
        host,
    )
    with pytest.raises(tfrt.CancelledError, match=r"^Cancelled$"):
        program["f"](2_000_000_000, 1)
