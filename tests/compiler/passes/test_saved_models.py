"""Text of saved models: variables that stay, those that are constant, and the names that users know."""

import threading

import numpy as np
import pytest

import tfrt
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import parse_pipeline
from tfrt.compiler.printer import print_module

RESOURCE = "tensor<!tf_type.resource<tensor<f32>>>"
ANY = "tensor<!tf_type.resource>"


def variable(name="c", value="value = dense<1.5> : tensor<f32>", exported='["count"]'):
    return (
        f'"tf_saved_model.global_tensor"() <{{is_mutable, sym_name = "{name}", type = tensor<f32>, {value}}}>'
        f" {{tf_saved_model.exported_names = {exported}}} : () -> ()\n"
    )


BOUND = f"%c: {RESOURCE} {{tf_saved_model.bound_input = @c}}"
COUNTER = f"""
{variable()}
func.func @__inference_step_7(%x: tensor<f32> {{tf_saved_model.index_path = ["x"]}}, {BOUND})
    -> (tensor<f32> {{tf_saved_model.index_path = ["before"]}}, tensor<f32> {{tf_saved_model.index_path = ["after"]}})
    attributes {{tf_saved_model.exported_names = ["step", "serving_default"]}} {{
  %h = "tf.Cast"(%c) <{{Truncate = false}}> : ({RESOURCE}) -> {ANY}
  %0 = "tf.ReadVariableOp"(%h) : ({ANY}) -> tensor<f32>
  %1 = "tf.StatefulPartitionedCall"(%x, %h) <{{f = @add}}> : (tensor<f32>, {ANY}) -> tensor<f32>
  return %0, %1 : tensor<f32>, tensor<f32>
}}
func.func private @add(%x: tensor<f32>, %h: {ANY}) -> tensor<f32> {{
  "tf.AssignAddVariableOp"(%h, %x) : ({ANY}, tensor<f32>) -> ()
  %0 = "tf.ReadVariableOp"(%h) : ({ANY}) -> tensor<f32>
  return %0 : tensor<f32>
}}
"""
LEVELS = pytest.mark.parametrize(("level", "queue"), [(0, "s"), (1, "s"), (2, "mstd:2"), (3, "s")], ids=str)


@LEVELS
def test_a_counter(level, queue):
    with tfrt.HostContext(queue) as host:
        bef = tfrt.compile(COUNTER, opt_level=level)
        program, other = tfrt.load(bef, host=host), tfrt.load(bef, host=host)
        assert {"step", "serving_default", "__inference_step_7"} <= set(program)
        assert [float(v) for v in program["step"](x=2.0)] == [1.5, 3.5]
        assert [float(v) for v in program["serving_default"](1.0)] == [3.5, 4.5]
        assert [float(v) for v in program["__inference_step_7"](1.0)] == [4.5, 5.5]
        assert program["step"].result_names == ("before", "after")
        assert [float(v) for v in other["step"](x=0.0)] == [1.5, 1.5]
        assert program.resources.get("count").read() == 5.5


def test_first_calls_at_once_initialise_once():
    with tfrt.HostContext("mstd:2") as host:
        program = tfrt.load(tfrt.compile(COUNTER, opt_level=2), host=host)
        start = threading.Barrier(4)

        def call():
            start.wait()
            program["step"](1.0)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert float(program["step"](0.0)[1]) == 5.5


LOOP = f"""
{variable()}
func.func @f(%limit: tensor<f32>, {BOUND}) -> (tensor<f32>, tensor<i32>) {{
  %zero = "tf.Const"() <{{value = dense<0> : tensor<i32>}}> : () -> tensor<i32>
  %0:3 = "tf.While"(%zero, %c, %limit) <{{body = @body, cond = @cond, is_stateless = false}}>
      : (tensor<i32>, {RESOURCE}, tensor<f32>) -> (tensor<i32>, {RESOURCE}, tensor<f32>)
  %1 = "tf.ReadVariableOp"(%c) : ({RESOURCE}) -> tensor<f32>
  return %1, %0#0 : tensor<f32>, tensor<i32>
}}
func.func private @cond(%i: tensor<i32>, %h: {ANY}, %limit: tensor<f32>) -> tensor<i1> {{
  %0 = "tf.ReadVariableOp"(%h) : ({ANY}) -> tensor<f32>
  %1 = "tf.Less"(%0, %limit) : (tensor<f32>, tensor<f32>) -> tensor<i1>
  return %1 : tensor<i1>
}}
func.func private @body(%i: tensor<i32>, %h: {ANY}, %limit: tensor<f32>) -> (tensor<i32>, {ANY}, tensor<f32>) {{
  %one = "tf.Const"() <{{value = dense<1> : tensor<i32>}}> : () -> tensor<i32>
  %step = "tf.Const"() <{{value = dense<1.5> : tensor<f32>}}> : () -> tensor<f32>
  %two = "tf.Const"() <{{value = dense<2> : tensor<i32>}}> : () -> tensor<i32>
  %odd = "tf.FloorMod"(%i, %two) : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %0 = "tf.Case"(%odd, %h, %step) <{{branches = [@once, @twice], is_stateless = false}}>
      : (tensor<i32>, {ANY}, tensor<f32>) -> tensor<f32>
  %1 = "tf.AddV2"(%i, %one) : (tensor<i32>, tensor<i32>) -> tensor<i32>
  return %1, %h, %limit : tensor<i32>, {ANY}, tensor<f32>
}}
func.func private @once(%h: {ANY}, %x: tensor<f32>) -> tensor<f32> {{
  "tf.AssignAddVariableOp"(%h, %x) : ({ANY}, tensor<f32>) -> ()
  return %x : tensor<f32>
}}
func.func private @twice(%h: {ANY}, %x: tensor<f32>) -> tensor<f32> {{
  "tf.AssignAddVariableOp"(%h, %x) : ({ANY}, tensor<f32>) -> ()
  "tf.AssignAddVariableOp"(%h, %x) : ({ANY}, tensor<f32>) -> ()
  return %x : tensor<f32>
}}
"""


@LEVELS
def test_a_loop_whose_condition_reads_what_its_body_changes(level, queue):
    with tfrt.HostContext(queue) as host:
        f = tfrt.load(tfrt.compile(LOOP, opt_level=level), host=host)["f"]
        assert [v.item() for v in f(5.0)] == [6.0, 2]
        assert [v.item() for v in f(5.0)] == [6.0, 0]
        assert [v.item() for v in f(9.0)] == [10.5, 2]


def lowered(text):
    module = parse_module(text, allow_unregistered=True)
    run_passes(module, parse_pipeline("lower-tf"))
    return print_module(module)


READING = f"""
{variable()}{variable("d", "value = dense<2.5> : tensor<f32>", "[]")}
func.func @f(%p: tensor<i1>, {BOUND}, %d: {RESOURCE} {{tf_saved_model.bound_input = @d}}) -> tensor<*xf32> {{
  %0 = "tf.If"(%p, %c, %d) <{{else_branch = @read, then_branch = @read, is_stateless = false}}>
      : (tensor<i1>, {RESOURCE}, {RESOURCE}) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}}
func.func private @read(%c: {ANY}, %d: {ANY}) -> tensor<*xf32> {{
  %0 = "tf.ReadVariableOp"(%c) : ({ANY}) -> tensor<*xf32>
  %1 = "tf.ReadVariableOp"(%d) : ({ANY}) -> tensor<*xf32>
  %2 = "tf.Sub"(%0, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}}
"""


def test_variables_that_nobody_changes_are_constants():
    text = lowered(READING)
    assert "tf.ReadVariableOp" not in text and "tf_saved_model.global_tensor" not in text
    for level in (0, 2):
        assert tfrt.load(tfrt.compile(READING, opt_level=level))["f"](True) == -1


def test_one_that_is_changed_somewhere_is_not():
    text = lowered(
        READING
        + f"""
func.func @set(%x: tensor<f32>, {BOUND}) {{
  "tf.AssignVariableOp"(%c, %x) <{{validate_shape = true}}> : ({RESOURCE}, tensor<f32>) -> ()
  return
}}"""
    )
    assert text.count("tf.ReadVariableOp") == 1


def test_handles_of_either_of_two_variables_are_followed_by_both():
    both = READING.replace("then_branch = @read", "then_branch = @other") + (
        f"""
func.func private @other(%c: {ANY}, %d: {ANY}) -> tensor<*xf32> {{
  %0 = "tf.StatefulPartitionedCall"(%d, %c) <{{f = @read}}> : ({ANY}, {ANY}) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}}"""
    )
    assert lowered(both).count("tf.ReadVariableOp") == 2
    program = tfrt.load(tfrt.compile(both, opt_level=2))
    assert [program["f"](p) for p in (True, False)] == [1, -1]


def test_first_values_in_a_file_of_weights():
    text = COUNTER.replace("value = dense<1.5> : tensor<f32>", 'tfrt.weight = "c0"')
    program = tfrt.load(tfrt.compile(text), weights={"c0": np.float32(7)})
    assert [float(v) for v in program["step"](1.0)] == [7, 8]


def test_one_without_a_first_value():
    program = tfrt.load(tfrt.compile(COUNTER.replace(", value = dense<1.5> : tensor<f32>", "")))
    with pytest.raises(tfrt.KernelError) as caught:
        program["step"](1.0)
    assert caught.value.message == "Could not find variable count: it has been deleted, or has never been initialized"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            COUNTER.replace("bound_input = @c", "bound_input = @nowhere"),
            "'func.func' op has argument 1 bound to @nowhere, which is not defined",
        ),
        (
            COUNTER.replace(
                variable(), '"tf_saved_model.asset"() <{filename = "words.txt", sym_name = "c"}> : () -> ()'
            ),
            "'tf_saved_model.asset' op is not supported: function @__inference_step_7 reads a file beside the model",
        ),
        (
            COUNTER + '"tf_saved_model.session_initializer"() <{initializers = [@add]}> : () -> ()',
            "'tf_saved_model.session_initializer' op is not supported: @add would have to run before all else",
        ),
    ],
)
def test_what_is_not_supported(text, message):
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(text)
    assert [d.message for d in caught.value.diagnostics] == [message]


def test_initializers_that_do_nothing():
    text = COUNTER + (
        '"tf_saved_model.session_initializer"() <{initializers = [@nothing]}> : () -> ()\n'
        'func.func @nothing() {\n  "tf.NoOp"() : () -> ()\n  return\n}'
    )
    assert float(tfrt.load(tfrt.compile(text))["step"](1.0)[1]) == 2.5


def test_a_variable_has_one_first_value():
    op = '%1 = cpu.variable %0, %0 {name = "c"} : (memref<f32>, memref<f32>) -> !tf_type.resource'
    text = f"func.func @f() {{ %0 = cpu.constant {{value = dense<0.0> : tensor<f32>}} : memref<f32> {op} tfrt.return }}"
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(text)
    assert [d.message for d in caught.value.diagnostics] == ["'cpu.variable' op expects at most one array, but got 2"]


BY_NAME = f"""
"tf_saved_model.session_initializer"() <{{initializers = [@init]}}> : () -> ()
func.func @init() attributes {{tf_saved_model.exported_names = ["__tf_saved_model_session_initializer_init"]}} {{
  %0 = arith.constant dense<1.5> : tensor<f32>
  %1 = "tf.VarHandleOp"() <{{container = "", shared_name = "count"}}> : () -> {RESOURCE}
  "tf.AssignVariableOp"(%1, %0) : ({RESOURCE}, tensor<f32>) -> ()
  return
}}
func.func @step(%x: tensor<f32>) -> tensor<f32> {{
  %0 = "tf.VarHandleOp"() <{{container = "", shared_name = "count"}}> : () -> {RESOURCE}
  "tf.AssignAddVariableOp"(%0, %x) : ({RESOURCE}, tensor<f32>) -> ()
  %1 = "tf.ReadVariableOp"(%0) : ({RESOURCE}) -> tensor<f32>
  return %1 : tensor<f32>
}}
"""


@LEVELS
def test_initializers_that_assign_constants_give_first_values(level, queue):
    with tfrt.HostContext(queue) as host:
        program = tfrt.load(tfrt.compile(BY_NAME, opt_level=level), host=host)
        assert "init" not in program
        assert [float(program["step"](1.0)) for _ in range(2)] == [2.5, 3.5]


@LEVELS
def test_branches_and_calls_that_give_nothing(level, queue):
    text = f"""
{variable()}
func.func @f(%p: tensor<i1>, {BOUND}) -> tensor<f32> {{
  %one = "tf.Const"() <{{value = dense<1.0> : tensor<f32>}}> : () -> tensor<f32>
  "tf.If"(%p, %c, %one) <{{else_branch = @nothing, then_branch = @add, is_stateless = false}}>
      : (tensor<i1>, {RESOURCE}, tensor<f32>) -> ()
  "tf.PartitionedCall"(%c, %one) <{{f = @add}}> : ({RESOURCE}, tensor<f32>) -> ()
  %0 = "tf.ReadVariableOp"(%c) : ({RESOURCE}) -> tensor<f32>
  return %0 : tensor<f32>
}}
func.func private @add(%h: {ANY}, %x: tensor<f32>) {{
  "tf.AssignAddVariableOp"(%h, %x) : ({ANY}, tensor<f32>) -> ()
  return
}}
func.func private @nothing(%h: {ANY}, %x: tensor<f32>) {{
  return
}}
"""
    with tfrt.HostContext(queue) as host:
        f = tfrt.load(tfrt.compile(text, opt_level=level), host=host)["f"]
        assert [float(f(p)) for p in (True, False, True)] == [3.5, 4.5, 6.5]
