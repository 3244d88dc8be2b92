"""Kernels of `tfrt_test` that are not about tensors, called as the executor calls them."""

import re
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.direct_calls import call, fails
from tfrt.executor.bef import FunctionKind
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.native_functions import find_native_function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.location import UNKNOWN, CallSiteLocation, FileLineCol, FusedLocation, NameLocation
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN
from tfrt.kernels.tfrt_test.benchmark import Stopwatch
from tfrt.kernels.tfrt_test.work import enqueue_work


@dataclass
class Function:
    """Stands for a function of a program."""

    body: object
    argument_types: tuple = ()
    result_types: tuple = ("i32",)
    kind: FunctionKind = FunctionKind.ASYNC
    name: str = "f"
    contexts: list = field(default_factory=list)

    def execute(self, context, arguments):
        self.contexts.append(context)
        return list(self.body(*arguments))


# --- Asynchronous kernels


@pytest.mark.parametrize(
    ("name", "operands", "attributes", "value"),
    [
        ("report_error_concrete_async", (0,), {}, 0),
        ("report_error_indirect_async", (0,), {}, 0),
    ],
)
def test_results_that_come_later(name, operands, attributes, value, any_host):
    result = call(f"tfrt_test.{name}", *operands, **attributes, host=any_host)
    any_host.wait([result])
    assert result.value == value
    assert type(result.value) is type(value)


@pytest.mark.parametrize(
    ("name", "operands", "attributes", "value"),
    [
        ("async_add.i32", (2147483647, 1), {}, -2147483648),
        ("async_constant.i1", (), {"value": True}, True),
        ("async_constant.i32", (), {"value": -3}, -3),
        ("async_copy.i32", (4,), {}, 4),
        ("async_copy_2.i32", (5,), {}, 5),
    ],
)
def test_kernels_that_the_work_queue_runs(name, operands, attributes, value):
    kernel = BUILTIN.get(f"tfrt_test.{name}")
    assert kernel.enqueued
    assert kernel.function(*operands, **attributes) == value


@pytest.mark.parametrize(
    ("name", "operands"),
    [("report_error_async", ()), ("report_error_concrete_async", (1,)), ("report_error_indirect_async", (1,))],
)
def test_errors_that_come_later(name, operands, any_host):
    result = call(f"tfrt_test.{name}", *operands, host=any_host)
    any_host.wait([result])
    assert str(result.error) == "something bad happened asynchronously"


@pytest.mark.parametrize(
    "name", ["copy.with_delay.i32", "copy.with_delay.i64", "async_copy.with_delay.i32", "async_copy.with_delay.i64"]
)
def test_delayed_copies_use_blocking_threads(name):
    kernel = BUILTIN.get(f"tfrt_test.{name}")
    assert kernel.blocking
    assert kernel.function(1 << 20) == 1 << 20


def test_sleeping(host):
    assert BUILTIN.get("tfrt_test.usleep").blocking
    assert BUILTIN.get("tfrt_test.blocking.usleep").blocking
    assert call("tfrt_test.usleep", 10, host=host) is None
    assert call("tfrt_test.blocking.usleep", 20, host=host) is CHAIN
    assert call("tfrt_test.blocking.usleep", -1, host=host) is CHAIN
    assert host.printed == ("Slept for 10 microseconds\nSlept for 20 microseconds\nSlept for -1 microseconds\n")


def test_do_async_runs_its_region_on_the_queue(any_host):
    context = ExecutionContext(any_host)
    error = AsyncValue.failed(KernelError("no"))
    body = Function(lambda a, b: (a + b, AsyncValue.of(a), error))
    total, first, failed = call("tfrt_test.do.async", 1, 2, body=body, context=context, result_count=3)
    any_host.wait([total, first, failed])
    assert (total.value, first.value, str(failed.error)) == (3, 1, "no")
    assert body.contexts == [context]


def test_do_async_without_results(host):
    body = Function(lambda: (), result_types=())
    assert call("tfrt_test.do.async", body=body, context=ExecutionContext(host), result_count=0) == ()
    host.quiesce()
    assert len(body.contexts) == 1


def test_as_chain_waits_for_all_operands(host):
    first, second = AsyncValue(), AsyncValue()
    chain = call("tfrt_test.as_chain", 1, first, second, host=host)
    first.set(1)
    assert chain.is_pending
    second.set_error(KernelError("errors count, too"))
    assert chain.value is CHAIN


def test_quiesce(host):
    result = enqueue_work(host, lambda: 1)
    assert call("tfrt_test.quiesce", CHAIN, host=host) is CHAIN
    assert result.is_available


def test_quiesce_within_a_task_does_not_wait_for_itself():
    with HostContext("mstd:1") as host:
        done = enqueue_work(host, lambda: call("tfrt_test.quiesce", CHAIN, host=host))
        host.wait([done])
        assert done.value is CHAIN


# --- Errors


def test_failures():
    fails("something bad happened", "tfrt_test.fail")
    fails("something bad happened", "tfrt_test.fail", CHAIN)
    fails("error chain", "tfrt_test.error_chain", CHAIN)
    good, bad = call("tfrt_test.partial_fail")
    assert good == 1
    assert str(bad.error) == "something bad happened"


def test_cancel(host):
    context = ExecutionContext(host)
    assert call("tfrt_test.cancel", CHAIN, context=context) == (0, CHAIN)
    assert context.is_cancelled


# --- Atomics


def test_atomics_wrap_around():
    counter = call("tfrt_test.atomic.create.i32")
    assert call("tfrt_test.atomic.add.i32", counter, 2147483647, CHAIN) is CHAIN
    assert call("tfrt_test.atomic.inc.i32", counter, CHAIN) is CHAIN
    assert call("tfrt_test.atomic.get.i32", counter, CHAIN) == (-2147483648, CHAIN)


def test_additions_of_all_threads_count():
    counter = call("tfrt_test.atomic.create.i32")

    def count():
        for _ in range(2000):
            call("tfrt_test.atomic.inc.i32", counter, CHAIN)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call("tfrt_test.atomic.get.i32", counter, CHAIN)[0] == 8000


# --- Strings


def test_strings(host):
    assert call("tfrt_test.get_string", value="bark") == "bark"
    assert call("tfrt_test.get_string_sync", value="bark") == "bark"
    assert call("tfrt_test.append_string", "bark", "rarf") == "barkrarf"
    assert call("tfrt_test.string_equal", "a", "a") is True
    assert call("tfrt_test.string_equal", "a", "b") is False
    assert call("tfrt_test.format_string", "shard-%05d-of-7", 42) == "shard-00042-of-7"
    assert call("tfrt_test.print_string", "hä", CHAIN, host=host) is CHAIN
    assert host.printed == "string = hä\n"


def test_format_string_of_a_bad_template():
    fails(
        "cannot format an integer as '%s': expected one conversion such as %d or %03x",
        "tfrt_test.format_string",
        "%s",
        1,
    )


def test_reading_files(tmp_path):
    assert BUILTIN.get("tfrt_test.read_string_from_file").blocking
    path = tmp_path / "file"
    path.write_bytes(b"caf\xc3\xa9\n\xff")
    text = call("tfrt_test.read_string_from_file", str(path))
    assert text.encode("utf-8", "surrogateescape") == path.read_bytes()
    for bad in (str(tmp_path / "none"), str(tmp_path)):
        fails(f"failed to read from file {bad}", "tfrt_test.read_string_from_file", bad)
    message = "failed to read from file nul\0: a path has no null byte"
    fails(message, "tfrt_test.read_string_from_file", "nul\0")


# --- Synchronous functions


SUM = Function(lambda a, b: [a + b], ("i32", "i32"), ("i32",), FunctionKind.SYNC)
BOTH = Function(lambda a, b: [a, b], ("i32", "i32"), ("i32", "i32"), FunctionKind.SYNC)


@pytest.mark.parametrize("how", ["invoke_sync_function", "sync_function_runner"])
def test_calling_synchronous_functions(how, host):
    context = ExecutionContext(host)
    assert call(f"tfrt_test.{how}.i32_i32.i32", 3, 4, fn=SUM, context=context) == 7
    assert call(f"tfrt_test.{how}.i32_i32.i32_i32", 3, 4, fn=BOTH, context=context) == (3, 4)


def test_a_runner_makes_a_request_of_its_own(host):
    context = ExecutionContext(host, data=[5])
    call("tfrt_test.invoke_sync_function.i32_i32.i32", 3, 4, fn=SUM, context=context)
    call("tfrt_test.sync_function_runner.i32_i32.i32", 3, 4, fn=SUM, context=context)
    invoked, ran = SUM.contexts[-2:]
    assert invoked is context
    assert ran is not context
    assert ran.resources is context.resources
    assert ran.data == {}


def test_calling_functions_that_do_not_fit(host):
    context = ExecutionContext(host)
    name = "tfrt_test.invoke_sync_function.i32_i32.i32"
    not_sync = Function(lambda a, b: [a], ("i32", "i32"))
    fails("function 'f' must be a sync function", name, 1, 2, fn=not_sync, context=context)
    fails(
        "Invalid signature for function f. Expected 2 arguments and 1 results, but get 2 arguments and 2 results",
        name,
        1,
        2,
        fn=BOTH,
        context=context,
    )


def test_summing_attributes():
    assert call("tfrt_test.sync_sum_attributes", values=(1, 2147483647)) == -2147483648


def test_native_functions():
    assert find_native_function("native_sink")(1, 2) is None
    assert find_native_function("native_async_sink")() is CHAIN
    assert find_native_function("native_add")(2147483647, 1) == -2147483648
    assert find_native_function("native_async_add")(1, 2).value == 3
    with pytest.raises(KernelError) as caught:
        find_native_function("native_error")()
    assert str(caught.value) == "something bad happened"


# --- Benchmarks


REPORT = re.compile(
    r"BM:(.*):Duration\(ns\): \d+\n"
    r"BM:\1:Count: (\d+)\n"
    + "".join(rf"BM:\1:{what} {p}\(ns\): \d+\n" for what in ("Time", "CPU") for p in ("Min", "50%", "95%", "99%"))
    + r"BM:\1:CPU utilization\(percent\): \d\.\d{6}e[+-]\d\d\n"
)


@pytest.mark.parametrize("result", [1, AsyncValue.failed(KernelError("errors do not stop it"))])
def test_benchmark(result, any_host):
    body = Function(lambda x: [result])
    settings = {"duration_secs": 100, "max_count": 5, "name": "one", "num_warmup_runs": 2}
    done = call("tfrt_test.benchmark", 1, **settings, body=body, context=ExecutionContext(any_host))
    any_host.wait([done])
    assert done.value is CHAIN
    assert REPORT.fullmatch(any_host.printed).groups() == ("one", "5")
    assert len(body.contexts) == 7


def test_benchmark_waits_for_each_result(host):
    running = []
    settings = {"duration_secs": 100, "max_count": 2, "name": "", "num_warmup_runs": 0}

    def body():
        running.append(AsyncValue())
        return [running[-1]]

    done = call("tfrt_test.benchmark", **settings, body=Function(body), context=ExecutionContext(host))
    host.quiesce()
    assert len(running) == 1
    running[0].set(1)
    host.quiesce()
    assert len(running) == 2
    running[1].set(1)
    assert done.value is CHAIN


def test_benchmark_of_many_results(host):
    fails(
        "Benchmark op requires the input function have exactly one return value",
        "tfrt_test.benchmark",
        duration_secs=1,
        max_count=1,
        name="",
        num_warmup_runs=1,
        body=Function(lambda: (1, 2), result_types=("i32", "i32")),
        context=ExecutionContext(host),
    )


SYNC_SETTINGS = {"duration_secs": 100, "max_count": 3, "num_warmup_runs": 1}


def test_sync_benchmark(host):
    target = Function(lambda x: [], ("i32",), (), FunctionKind.SYNC, name="target")
    context = ExecutionContext(host)
    assert call("tfrt_test.sync_benchmark", 1, **SYNC_SETTINGS, target_fn=target, context=context) is None
    assert REPORT.fullmatch(host.printed).groups() == ("target", "3")
    assert len(target.contexts) == 4


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            Function(list, (), ()),
            "SyncBenchmark op requires the input function be a sync function",
        ),
        (
            Function(lambda: [1], (), ("i32",), FunctionKind.SYNC),
            "SyncBenchmark op requires the input function have zero return value",
        ),
        (
            Function(lambda x: [], ("i32",), (), FunctionKind.SYNC),
            "Incorrect number of arguments for the target function for the SyncBenchmark op",
        ),
    ],
)
def test_sync_benchmark_of_other_functions(target, message, host):
    context = ExecutionContext(host)
    fails(message, "tfrt_test.sync_benchmark", **SYNC_SETTINGS, target_fn=target, context=context)


def test_a_benchmark_ends_when_its_time_is_up():
    stopwatch = Stopwatch("b", warmup_runs=1, max_runs=10**9, max_seconds=0)
    stopwatch.start()
    stopwatch.stop()
    assert not stopwatch.wants_more
    assert stopwatch.report() == "BM:b:Duration(ns): 0\nBM:b:Count: 0\n"


@given(st.lists(st.integers(0, 100), min_size=1))
def test_percentiles(times):
    stopwatch = Stopwatch("b", 0, 1, 1)
    stopwatch.wall_times = stopwatch.cpu_times = times
    lines = dict(line.removeprefix("BM:b:").split(": ") for line in stopwatch.report().splitlines())
    ordered = sorted(times)
    assert int(lines["Time Min(ns)"]) == ordered[0]
    assert int(lines["CPU 50%(ns)"]) == ordered[len(times) // 2]
    assert int(lines["Time 99%(ns)"]) == ordered[len(times) * 99 // 100]


# --- What the runtime knows


def test_fixed_texts(host):
    assert call("tfrt_test.print_hello", CHAIN, host=host) is CHAIN
    assert call("tfrt_test.print_bool", CHAIN, True, host=host) is CHAIN
    assert call("tfrt_test.print_bool", CHAIN, False, host=host) is CHAIN
    assert call("tfrt_test.test_cost", 1, 2, id=7, host=host) == 0
    assert host.printed == "hello host executor!\ntrue\nfalse\nid: 7\n"


FILE = FileLineCol("foo.py", 42, 314)


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (UNKNOWN, "Kernel has no debug info"),
        (FILE, "Kernel has no debug info"),
        (NameLocation("scope/op", UNKNOWN), "scope/op"),
        (NameLocation("scope/op", FILE), "scope/op"),
        (FusedLocation((NameLocation("foo", UNKNOWN), FILE, NameLocation("bar", FILE))), "foobar"),
        (FusedLocation((FILE,)), ""),
        (CallSiteLocation(NameLocation("foo", UNKNOWN), FILE), "foo"),
        (CallSiteLocation(FILE, NameLocation("foo", UNKNOWN)), "Kernel has no debug info"),
    ],
)
def test_debug_info(location, text, host):
    assert call("tfrt_test.print_debug_info", CHAIN, location=location, host=host) is CHAIN
    assert host.printed == f"{text}\n"


def test_unique_locations(host):
    def unique(name, location):
        return call("tfrt_test.unique_loc", name=name, location=location, host=host)

    assert unique("a", FILE) is CHAIN
    assert unique("a", FILE) is CHAIN
    assert unique("b", FileLineCol("foo.py", 42, 315)) is CHAIN
    assert unique("c", UNKNOWN) is CHAIN
    assert unique("d", UNKNOWN) is CHAIN
    fails("duplicate locations foo.py:42:314", "tfrt_test.unique_loc", name="b", location=FILE, host=host)


def test_uniqueness():
    assert call("tfrt_test.get_uniqueness", 1, CHAIN) == (False, False)


def test_thread_ids():
    ids = [call("tfrt_test.get_thread_id", CHAIN)]
    thread = threading.Thread(target=lambda: ids.append(call("tfrt_test.get_thread_id", CHAIN)))
    thread.start()
    thread.join()
    assert call("tfrt_test.get_thread_id", CHAIN) == ids[0]
    assert ids[1] != ids[0]


def test_logging(capsys):
    assert call("tfrt_test.logging", "hello", CHAIN) is CHAIN
    lines = capsys.readouterr().err.splitlines()
    expected = [
        ("I", "from TFRT_LOG(INFO): hello"),
        ("W", "from TFRT_LOG(WARNING): hello"),
        ("E", "from TFRT_LOG(ERROR): hello"),
        ("I", "from TFRT_LOG_IF(INFO, true): hello"),
        ("W", "from TFRT_LOG_IF(WARNING, true): hello"),
        ("E", "from TFRT_LOG_IF(ERROR, true): hello"),
    ]
    assert len(lines) == len(expected)
    for line, (severity, message) in zip(lines, expected, strict=True):
        pattern = rf"{severity} \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{{6}} \d+ debug\.py:\d+\] {re.escape(message)}"
        assert re.fullmatch(pattern, line)


def test_request_data(host):
    name = "tfrt_test.get_request_context_data.i32"
    assert call(name, context=ExecutionContext(host, data=[5, "other"])) == 5
    fails("the request carries no data of type int", name, context=ExecutionContext(host))


def test_shared_context(host):
    first = call("tfrt_test.use_sample_shared_context", CHAIN, host=host)
    assert first == call("tfrt_test.use_sample_shared_context", CHAIN, host=host)
    assert first == ("sample_shared_context0", CHAIN)


# --- Values and attributes


def test_passing_values_through():
    value = object()
    assert call("tfrt_test.identity", CHAIN, 1, value) == (1, value)
    assert call("tfrt_test.multi_arg_result", 1, value) == (1, value)
    assert call("tfrt_test.share_to_two", value) == (value, value)


def test_indirect_values():
    pending = AsyncValue()
    known, unknown = call("tfrt_test.make_indirect", 7, pending)
    assert known.value == 7
    assert unknown is not pending
    assert unknown.is_pending
    pending.set(8)
    assert unknown.value == 8


def test_counting_and_summing():
    assert call("tfrt_test.count3.i32", 2147483645) == (2147483646, 2147483647, -2147483648)
    assert call("tfrt_test.count3.i64", (1 << 63) - 2) == ((1 << 63) - 1, -(1 << 63), 1 - (1 << 63))
    assert call("tfrt_test.sum", 1) == 1
    assert call("tfrt_test.sum", 2147483647, 1, 1) == -2147483647


@pytest.mark.parametrize(
    ("initial", "total"), [("11", 23), ("0x10", 28), ("010", 20), ("0b11", 15), ("0", 12), ("-5", 7)]
)
def test_summing_arrays(initial, total, host):
    resources = ResourceContext()
    resources.get_or_create("val", lambda: 4)
    context = ExecutionContext(host, resources=resources, data=[2])
    for suffix in ("i32", "i64"):
        assert call(f"tfrt_test.sum_array_attr.{suffix}", initial=initial, values=(1, 2, 3), context=context) == total


def test_summing_arrays_without_what_it_takes(host):
    name = "tfrt_test.sum_array_attr.i32"
    context = ExecutionContext(host)
    fails("the request has no resource 'val'", name, initial="1", values=(), context=context)
    context.resources.get_or_create("val", lambda: 4)
    fails("the request carries no data of type int", name, initial="1", values=(), context=context)
    fails("Cannot convert 1x to target int", name, initial="1x", values=(), context=context)


def test_flattening():
    assert call("tfrt_test.flat", value=(("text", (1, 0)), (1.0,))) == ("text", 1, 0, 1.0)


def test_dense_attributes_become_tensors_of_their_own():
    stored = np.arange(4, dtype=np.int32).reshape(2, 2)
    stored.flags.writeable = False
    tensor = call("tfrt_test.const_dense_attr", value=stored)
    assert (tensor.array == stored).all()
    tensor.array[0, 0] = 9
    assert stored[0, 0] == 0


def test_protocols_of_async_values():
    assert call("tfrt_test.async_value_get") == "base1:base2:final_class:3"
    assert call("tfrt_test.async_value_ref") == "available:2;unavailable;(3);available:3;unavailable;available:4"


def test_a_resource_is_destroyed_once(host):
    resource, chain = call("tfrt_test.allocate_resource", CHAIN, host=host)
    assert call("tfrt_test.deallocate_resource", resource, chain, host=host) is CHAIN
    del resource
    assert host.printed == ("Allocated TestResource\nDestroyed TestResource\ntfrt_test.deallocate_resource done\n")


def test_a_resource_that_nobody_deallocates_is_destroyed(host):
    resource, _ = call("tfrt_test.allocate_resource", CHAIN, host=host)
    del resource
    assert host.printed == "Allocated TestResource\nDestroyed TestResource\n"


def test_a_leak(host):
    assert call("tfrt_test.memory_leak_one_int32", host=host) is None


@pytest.mark.parametrize("name", ["DenseHost", "StringHost", "CooHost", "ScalarHost", "Unknown"])
def test_tensor_types(name, host):
    tensor_type = call("tfrt_test.get_static_tensor_type", tensor_type=name)
    assert call("tfrt_test.print_tensor_type", tensor_type, CHAIN, host=host) is CHAIN
    assert host.printed == f"tensor_type = {name}\n"


def test_a_tensor_type_that_does_not_exist():
    found = call("tfrt_test.get_static_tensor_type", tensor_type="Quantum")
    assert found == call("tfrt_test.get_static_tensor_type", tensor_type="Unknown")
