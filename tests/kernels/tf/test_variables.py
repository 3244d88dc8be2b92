"""Variables, as an eager caller and as programs use them; the expected values are TensorFlow 2.21's."""

import threading

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.eager_op import OpChain

RESOURCE = "tensor<!tf_type.resource>"
HANDLE = f'"tf.VarHandleOp"() <{{container = "", shared_name = "v"}}> : () -> {RESOURCE}'
V1 = f"""
func.func @set(%x: tensor<2xf32>) {{
  %h = {HANDLE}
  "tf.AssignVariableOp"(%h, %x) <{{validate_shape = false}}> : ({RESOURCE}, tensor<2xf32>) -> ()
  return
}}
func.func @checked_set(%x: tensor<?xf32>) {{
  %h = {HANDLE}
  "tf.AssignVariableOp"(%h, %x) <{{validate_shape = true}}> : ({RESOURCE}, tensor<?xf32>) -> ()
  return
}}
func.func @wrong_set(%x: tensor<2xi32>) {{
  %h = {HANDLE}
  "tf.AssignVariableOp"(%h, %x) : ({RESOURCE}, tensor<2xi32>) -> ()
  return
}}
func.func @get() -> tensor<2xf32> {{
  %h = {HANDLE}
  %0 = "tf.ReadVariableOp"(%h) : ({RESOURCE}) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}}
func.func @around(%x: tensor<?xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<?xi64>, tensor<i1>) {{
  %h = {HANDLE}
  %0 = "tf.ReadVariableOp"(%h) : ({RESOURCE}) -> tensor<2xf32>
  "tf.AssignAddVariableOp"(%h, %x) : ({RESOURCE}, tensor<?xf32>) -> ()
  %1 = "tf.ReadVariableOp"(%h) : ({RESOURCE}) -> tensor<2xf32>
  "tf.AssignSubVariableOp"(%h, %0) : ({RESOURCE}, tensor<2xf32>) -> ()
  %2 = "tf.ReadVariableOp"(%h) : ({RESOURCE}) -> tensor<2xf32>
  %3 = "tf.VariableShape"(%h) : ({RESOURCE}) -> tensor<?xi64>
  %4 = "tf.VarIsInitializedOp"(%h) : ({RESOURCE}) -> tensor<i1>
  return %0, %1, %2, %3, %4 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<?xi64>, tensor<i1>
}}
func.func @is_there() -> tensor<i1> {{
  %h = {HANDLE}
  %0 = "tf.VarIsInitializedOp"(%h) : ({RESOURCE}) -> tensor<i1>
  return %0 : tensor<i1>
}}
func.func @destroy() {{
  %h = {HANDLE}
  "tf.DestroyResourceOp"(%h) <{{ignore_lookup_error = true}}> : ({RESOURCE}) -> ()
  return
}}
"""
MISSING = "Could not find variable v: it has been deleted, or has never been initialized"


@pytest.fixture(params=[(0, "s"), (2, "s"), (2, "mstd:2")], ids=str)
def program(request):
    level, queue = request.param
    with tfrt.HostContext(queue) as host:
        yield tfrt.load(tfrt.compile(V1, opt_level=level), host=host)


def test_values_last_from_call_to_call(program):
    x = np.float32([1, 2])
    program["set"](x)
    x[:] = 9
    first = program["get"]()
    before, added, back, shape, is_there = program["around"](np.float32([10, 20]))
    assert (before.tolist(), added.tolist(), back.tolist()) == ([1, 2], [11, 22], [10, 20])
    assert shape.tolist() == [2] and is_there
    assert program["get"]().tolist() == [10, 20] and first.tolist() == [1, 2]
    # What is given is the caller's own.
    program["get"]()[:] = 0
    assert program["get"]().tolist() == [10, 20]


def test_each_program_has_its_own(program):
    program["set"](np.float32([1, 2]))
    other = tfrt.load(tfrt.compile(V1), host=program.host)
    assert not other["is_there"]() and program["is_there"]()
    assert program.resources.get("v").read().tolist() == [1, 2]


def test_what_is_not_there(program):
    for name, arguments in (("get", ()), ("around", (np.float32([1, 2]),))):
        with pytest.raises(tfrt.KernelError) as caught:
            program[name](*arguments)
        assert caught.value.message == MISSING
    program["set"](np.float32([1, 2]))
    program["destroy"]()
    with pytest.raises(tfrt.KernelError, match=MISSING):
        program["get"]()


def test_what_does_not_fit(program):
    program["set"](np.float32([1, 2]))
    for name, x, message in (
        (
            "around",
            np.float32([1, 2, 3]),
            "cannot update variable 'v', which holds f32 of shape [2], by f32 of shape [3]",
        ),
        ("wrong_set", np.int32([1, 2]), "cannot assign i32 of shape [2] to variable 'v', which holds f32 of shape [2]"),
        (
            "checked_set",
            np.float32([1]),
            "cannot assign f32 of shape [1] to variable 'v', which holds f32 of shape [2]",
        ),
    ):
        with pytest.raises(tfrt.KernelError) as caught:
            program[name](x)
        assert caught.value.message == message
    assert program["get"]().tolist() == [1, 2]


def test_a_value_that_the_program_does_not_expect():
    program = tfrt.load(tfrt.compile(V1))
    program["checked_set"](np.float32([1, 2, 3]))
    with pytest.raises(tfrt.KernelError) as caught:
        program["get"]()
    assert caught.value.message == "variable 'v' holds f32 of shape [3], but the program reads f32 of shape [2]"


def test_updates_from_several_threads_are_all_there():
    text = f"""
func.func @add(%x: tensor<f32>) -> tensor<f32> {{
  %h = "tf.VarHandleOp"() <{{shared_name = "v"}}> : () -> {RESOURCE}
  "tf.AssignAddVariableOp"(%h, %x) : ({RESOURCE}, tensor<f32>) -> ()
  %0 = "tf.ReadVariableOp"(%h) : ({RESOURCE}) -> tensor<f32>
  return %0 : tensor<f32>
}}
func.func @set(%x: tensor<f32>) {{
  %h = "tf.VarHandleOp"() <{{shared_name = "v"}}> : () -> {RESOURCE}
  "tf.AssignVariableOp"(%h, %x) : ({RESOURCE}, tensor<f32>) -> ()
  return
}}"""
    with tfrt.HostContext("mstd:2") as host:
        program = tfrt.load(tfrt.compile(text, opt_level=2), host=host)
        program["set"](0.0)
        threads = [threading.Thread(target=lambda: [program["add"](1.0) for _ in range(50)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert program["add"](0.0) == 200


@pytest.fixture
def runtime():
    with tfrt.HostContext() as host:
        yield CoreRuntime.of(host)


def test_eager_variables_are_the_hosts(runtime):
    (handle,) = runtime.execute("tf.VarHandleOp", shared_name="v", container="c")
    runtime.execute("tf.AssignVariableOp", handle, np.float32([1, 2]))
    runtime.execute("tf.AssignAddVariableOp", handle, np.float32([1, 1]))
    (same,) = runtime.execute("tf.VarHandleOp", shared_name="v", container="c")
    (value,) = runtime.execute("tf.ReadVariableOp", same)
    assert value.result().array.tolist() == [2, 3]
    (other,) = runtime.execute("tf.VarHandleOp", shared_name="v")
    (is_there,) = runtime.execute("tf.VarIsInitializedOp", other)
    assert not is_there.result().array
    chain = OpChain(runtime.host)
    runtime.execute("tf.DestroyResourceOp", other, ignore_lookup_error=False, chain=chain)
    with pytest.raises(tfrt.KernelError, match=MISSING):
        chain.wait()


def test_variables_without_a_name_are_their_own(runtime):
    handles = [runtime.execute("tf.VarHandleOp", np.float32(number))[0] for number in range(2)]
    values = [runtime.execute("tf.ReadVariableOp", handle)[0].result().array for handle in handles]
    assert values == [0, 1]


def test_variables_as_arguments():
    text = f"""func.func @main(%h: {RESOURCE}, %x: tensor<f32>) -> tensor<f32> {{
  "tf.AssignAddVariableOp"(%h, %x) : ({RESOURCE}, tensor<f32>) -> ()
  %0 = "tf.ReadVariableOp"(%h) : ({RESOURCE}) -> tensor<f32>
  return %0 : tensor<f32>
}}"""
    main = tfrt.load(tfrt.compile(text, opt_level=2))["main"]
    first = np.float32([1.5]).reshape(())
    variable = tfrt.Variable("count", first)
    assert [float(main(variable, 1.0)) for _ in range(2)] == [2.5, 3.5]
    assert variable.read() == 3.5 and first == 1.5
    with pytest.raises(tfrt.UsageError) as caught:
        main(first, 1.0)
    assert str(caught.value).startswith("argument 0 of function 'main' must be a tfrt.Variable, got ")
