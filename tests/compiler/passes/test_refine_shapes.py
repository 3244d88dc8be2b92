"""Programs whose arguments' shapes are given do what they do without, and their ops know all shapes beforehand."""

import re

import numpy as np
import pytest

import tfrt
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef import read_bef

LEVELS = [0, 1, 2, 3]
X = np.arange(12, dtype=np.float32).reshape(3, 4)


def bef_of(text, shapes, level=0):
    return tfrt.compile(text, "m.mlir", opt_level=level, input_shapes=shapes)


def messages(text, shapes):
    with pytest.raises(tfrt.CompileError) as caught:
        bef_of(text, shapes)
    return [diagnostic.headline() for diagnostic in caught.value.diagnostics]


DENSE = """
func.func @main(%x: tensor<?x?xf32>, %w: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = "tf.MatMul"(%x, %w) {transpose_a = false, transpose_b = false}
    : (tensor<?x?xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %1 = "tf.Relu"(%0) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}"""

FLATTEN = """
func.func @main(%x: tensor<*xf32>) -> tensor<*xf32> {
  %shape = "tf.Shape"(%x) : (tensor<*xf32>) -> tensor<?xi32>
  %zero = "tf.Const"() {value = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %one = "tf.Const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %rest = "tf.Const"() {value = dense<-1> : tensor<i32>} : () -> tensor<i32>
  %n = "tf.StridedSlice"(%shape, %zero, %one, %one)
    {begin_mask = 0 : i64, ellipsis_mask = 0 : i64, end_mask = 0 : i64, new_axis_mask = 0 : i64,
     shrink_axis_mask = 1 : i64}
    : (tensor<?xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<i32>
  %to = "tf.Pack"(%n, %rest) {axis = 0 : i64} : (tensor<i32>, tensor<i32>) -> tensor<2xi32>
  %0 = "tf.Reshape"(%x, %to) : (tensor<*xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  %1 = "tf.PartitionedCall"(%0) {config = "", config_proto = "", executor_type = "", f = @softmax}
    : (tensor<?x?xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}
func.func private @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = "tf.Softmax"(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}"""

LOOP = """
func.func @main(%x: tensor<?x?xf32>, %n: tensor<i32>) -> tensor<?x?xf32> {
  %zero = "tf.Const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %0:3 = "tf.While"(%zero, %n, %x) {body = @body, cond = @cond, is_stateless = true, parallel_iterations = 10 : i64}
    : (tensor<i32>, tensor<i32>, tensor<?x?xf32>) -> (tensor<i32>, tensor<i32>, tensor<?x?xf32>)
  return %0#2 : tensor<?x?xf32>
}
func.func private @cond(%i: tensor<i32>, %n: tensor<i32>, %x: tensor<*xf32>) -> tensor<*xi1> {
  %0 = "tf.Less"(%i, %n) : (tensor<i32>, tensor<i32>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}
func.func private @body(%i: tensor<i32>, %n: tensor<i32>, %x: tensor<*xf32>)
    -> (tensor<*xi32>, tensor<i32>, tensor<*xf32>) {
  %one = "tf.Const"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>
  %0 = "tf.AddV2"(%i, %one) : (tensor<i32>, tensor<i32>) -> tensor<*xi32>
  %1 = "tf.Tanh"(%x) : (tensor<*xf32>) -> tensor<*xf32>
  %2 = "tf.AddV2"(%1, %x) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %0, %n, %2 : tensor<*xi32>, tensor<i32>, tensor<*xf32>
}"""

COLLECTED = """
func.func @main(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %zero = "tf.Const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %n = "tf.Const"() {value = dense<4> : tensor<i32>} : () -> tensor<i32>
  %row = "tf.Const"() {value = dense<-1> : tensor<1xi32>} : () -> tensor<1xi32>
  %l = "tf.TensorListReserve"(%row, %n) : (tensor<1xi32>, tensor<i32>) -> tensor<!tf_type.variant<tensor<?xf32>>>
  %r:4 = "tf.While"(%zero, %n, %x, %l) {body = @body, cond = @cond, is_stateless = true, parallel_iterations = 10 : i64}
    : (tensor<i32>, tensor<i32>, tensor<?x?xf32>, tensor<!tf_type.variant<tensor<?xf32>>>)
    -> (tensor<i32>, tensor<i32>, tensor<?x?xf32>, tensor<!tf_type.variant<tensor<?xf32>>>)
  %0 = "tf.TensorListStack"(%r#3, %row) {num_elements = -1 : i64}
    : (tensor<!tf_type.variant<tensor<?xf32>>>, tensor<1xi32>) -> tensor<?x?xf32>
  %1 = "tf.Relu"(%0) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}
func.func private @cond(%i: tensor<i32>, %n: tensor<i32>, %x: tensor<?x?xf32>,
                        %l: tensor<!tf_type.variant<tensor<?xf32>>>) -> tensor<i1> {
  %0 = "tf.Less"(%i, %n) : (tensor<i32>, tensor<i32>) -> tensor<i1>
  return %0 : tensor<i1>
}
func.func private @body(%i: tensor<i32>, %n: tensor<i32>, %x: tensor<?x?xf32>,
                        %l: tensor<!tf_type.variant<tensor<?xf32>>>)
    -> (tensor<i32>, tensor<i32>, tensor<?x?xf32>, tensor<!tf_type.variant<tensor<?xf32>>>) {
  %one = "tf.Const"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>
  %axis = "tf.Const"() {value = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %j = "tf.AddV2"(%i, %one) : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %y = "tf.Tanh"(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %sum = "tf.Sum"(%y, %axis) {keep_dims = false} : (tensor<?x?xf32>, tensor<1xi32>) -> tensor<?xf32>
  %m = "tf.TensorListSetItem"(%l, %i, %sum) {resize_if_index_out_of_bounds = false}
    : (tensor<!tf_type.variant<tensor<?xf32>>>, tensor<i32>, tensor<?xf32>) -> tensor<!tf_type.variant<tensor<?xf32>>>
  return %j, %n, %y, %m : tensor<i32>, tensor<i32>, tensor<?x?xf32>, tensor<!tf_type.variant<tensor<?xf32>>>
}"""

SYMBOLIC = """
func.func @main(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %n = stablehlo.get_dimension_size %x, dim = 0 : (tensor<?x?xf32>) -> tensor<i32>
  %0 = call @sums(%n, %x) : (tensor<i32>, tensor<?x?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
func.func private @sums(%n: tensor<i32>, %x: tensor<?x?xf32>) -> tensor<?xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1]
    : (tensor<?x?xf32>, tensor<f32>) -> tensor<?xf32>
  %shape = stablehlo.reshape %n : (tensor<i32>) -> tensor<1xi32>
  %counted = stablehlo.dynamic_iota %shape, dim = 0 : (tensor<1xi32>) -> tensor<?xf32>
  %1 = stablehlo.multiply %0, %counted : tensor<?xf32>
  return %1 : tensor<?xf32>
}"""

OPERATORS = """
func.func @main(%x: tensor<*xf32>) -> tensor<*xf32> {
  %axes = stablehlo.constant dense<1> : tensor<1xi64>
  %0 = "onnx.ReduceMean"(%x, %axes) {keepdims = 1 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %1 = "onnx.Sub"(%x, %0) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %shape = "onnx.Shape"(%x) : (tensor<*xf32>) -> tensor<?xi64>
  %2 = "onnx.Expand"(%1, %shape) : (tensor<*xf32>, tensor<?xi64>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}"""

PROGRAMS = {
    "dense": (DENSE, (X, np.ones((4, 2), np.float32))),
    "flatten": (FLATTEN, (X.reshape(3, 2, 2),)),
    "loop": (LOOP, (X, np.int32(3))),
    "collected": (COLLECTED, (X,)),
    "symbolic": (SYMBOLIC, (X,)),
    "operators": (OPERATORS, (X,)),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_results_are_those_without_shapes(name, level):
    text, arguments = PROGRAMS[name]
    bef = bef_of(text, {number: np.shape(argument) for number, argument in enumerate(arguments)}, level)
    left = set(re.findall(r'cpu.execute.*op_name = "([\w.]+)"', disassemble(read_bef(bef))))
    assert all(op.startswith("tf.TensorList") for op in left)
    expected = tfrt.load(tfrt.compile(text))["main"](*arguments)
    for queue in ("s", "mstd:2"):
        with tfrt.HostContext(queue) as host:
            found = tfrt.load(bef, host=host)["main"](*arguments)
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("level", LEVELS)
def test_sizes_may_stay_unknown(level):
    main = tfrt.load(bef_of(DENSE, {"x": (None, 4), "w": (4, 2)}, level))["main"]
    for rows in (1, 3):
        assert (
            main(X[:rows], np.ones((4, 2), np.float32)).tolist() == X[:rows].sum(1, keepdims=True).repeat(2, 1).tolist()
        )


def test_arguments_of_another_shape_are_refused():
    main = tfrt.load(bef_of(DENSE, {"x": (3, 4), "w": (4, 2)}))["main"]
    with pytest.raises(tfrt.UsageError) as caught:
        main(X[:2], np.ones((4, 2), np.float32))
    assert str(caught.value) == (
        "argument 0 of function 'main' must be an array of type tensor<3x4xf32>, but has the shape [2, 4]"
    )


@pytest.mark.parametrize("key", ["x", "%x", "main.x", 0, "0", "%arg0", "arg0", "main.0"])
def test_names_of_arguments(key):
    assert "memref<3x4xf32>" in disassemble(read_bef(bef_of(DENSE, {key: "3x4"})))


@pytest.mark.parametrize(
    "named",
    [
        '%a: tensor<?xf32> {tf._user_specified_name = "images"}',
        '%a: tensor<?xf32> {jax.arg_info = "images"}',
        '%a: tensor<?xf32> {tfrt.name = "images"}',
        '%a: tensor<?xf32> {tf_saved_model.index_path = [0, "images"]}',
    ],
)
def test_frameworks_name_arguments_in_attributes(named):
    text = f"func.func @main({named}) -> tensor<?xf32> {{\n  return %a : tensor<?xf32>\n}}"
    assert "memref<5xf32>" in disassemble(read_bef(bef_of(text, {"images": (5,)})))


def test_tensorflow_names_all_inputs_of_a_function():
    text = """func.func @f(%arg0: tensor<f32>, %arg1: tensor<?xf32>) -> tensor<?xf32>
      attributes {tf.entry_function = {control_outputs = "", inputs = "a,images", outputs = "r"}} {
      return %arg1 : tensor<?xf32>
    }"""
    assert "memref<5xf32>" in disassemble(read_bef(bef_of(text, {"images": (5,)})))


def test_functions_that_are_called_are_asked_with_their_names_only():
    text = (
        DENSE.replace('"tf.Relu"(%0)', "call @relu(%0)")
        + """
func.func @relu(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = "tf.Relu"(%x) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}"""
    )
    assert "memref<3x2xf32>" in disassemble(read_bef(bef_of(text, {"x": (3, 4), "w": (4, 2)})))
    assert "memref<5x2xf32>" in disassemble(read_bef(bef_of(text, {"relu.x": (5, 2)})))


def test_an_op_that_does_not_fit_is_an_error_at_its_place():
    assert messages(DENSE, {"x": (3, 5), "w": (4, 2)}) == [
        "m.mlir:3:8: error: 'tf.MatMul' op cannot be run on tensor<3x5xf32>, tensor<4x2xf32>: "
        "matmul arguments have incompatible shapes: In[0]: [3, 5], In[1]: [4, 2]. transpose_a: 0, transpose_b: 0"
    ]


def test_so_is_one_in_a_function_that_surely_runs():
    text = SYMBOLIC.replace("dim = 0 : (tensor<?x?xf32>)", "dim = 1 : (tensor<?x?xf32>)")
    assert messages(text, {"x": (3, 4)}) == [
        "m.mlir:13:8: error: 'stablehlo.multiply' op cannot be run on tensor<3xf32>, tensor<4xf32>: "
        "(C1) expects operands of one shape, but got [3], [4]"
    ]


def test_results_that_are_not_as_declared_are_errors():
    text = "func.func @main(%x: tensor<?xf32>) -> tensor<3xf32> {\n"
    text += '  %0 = "tf.Neg"(%x) : (tensor<?xf32>) -> tensor<3xf32>\n'
    assert messages(text + "  return %0 : tensor<3xf32>\n}", {"x": (2,)}) == [
        "m.mlir:2:8: error: 'tf.Neg' op cannot be run on tensor<2xf32>: "
        "gives a result of shape [2], but the program says [3]"
    ]


def test_values_that_are_not_as_a_function_says_are_errors():
    text = """
func.func @main(%x: tensor<*xf32>) -> tensor<*xf32> {
  %0 = "tf.PartitionedCall"(%x) {config = "", config_proto = "", executor_type = "", f = @f}
    : (tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
func.func private @f(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  return %x : tensor<?x?xf32>
}"""
    assert messages(text, {"x": (2,)}) == [
        "m.mlir:3:8: error: a value of type tensor<2xf32> is given where the program says tensor<?x?xf32>"
    ]


def test_what_may_not_run_is_no_error():
    text = """
func.func @main(%x: tensor<?xf32>, %which: tensor<i1>) -> tensor<?xf32> {
  %0 = "stablehlo.if"(%which) ({
    %1 = "tf.Reshape"(%x, %shape) : (tensor<?xf32>, tensor<1xi32>) -> tensor<?xf32>
    stablehlo.return %1 : tensor<?xf32>
  }, {
    stablehlo.return %x : tensor<?xf32>
  }) : (tensor<i1>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}""".replace("  %0 = ", "  %shape = stablehlo.constant dense<3> : tensor<1xi32>\n  %0 = ", 1)
    main = tfrt.load(bef_of(text, {"x": (2,)}))["main"]
    assert main(X[0, :2], np.bool_(False)).tolist() == [0, 1]
    with pytest.raises(tfrt.KernelError, match="Input to reshape is a tensor with 2 values, but"):
        main(X[0, :2], np.bool_(True))


@pytest.mark.parametrize(
    ("shape", "given"),
    [((3,), "3"), ("3x4xf64", "3x4xf64"), ((), ""), ("f32", "f32"), ((3, 4, 5), "3x4x5")],
)
def test_shapes_that_arguments_cannot_have(shape, given):
    assert messages(DENSE, {"x": shape}) == [
        f"m.mlir:2:1: error: argument 0 of @main is of type tensor<?x?xf32>, not {given}"
    ]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"y": (3, 4)}, "no argument is called 'y'; there are main.x, main.w"),
        ({2: (3, 4)}, "no argument is called '2'; there are main.x, main.w"),
        ({"x": "3xq"}, "'x=3xq' is no shape of an argument, such as x=8x28x28, 0=?x3xf32 or main.x=f32"),
        ({"x": (-3, 4)}, "'x=-3x4' is no shape of an argument, such as x=8x28x28, 0=?x3xf32 or main.x=f32"),
    ],
)
def test_what_is_no_shape_of_an_argument(shapes, message):
    with pytest.raises(tfrt.UsageError) as caught:
        bef_of(DENSE, shapes)
    assert str(caught.value) == message


def test_programs_of_no_framework_have_no_shapes():
    with pytest.raises(tfrt.UsageError) as caught:
        bef_of("func.func @main() {\n  tfrt.return\n}", {"x": (3,)})
    assert str(caught.value) == (
        "shapes of arguments are given, but the program is of no framework; see the pass 'refine-arguments'"
    )


def test_recursive_functions_stay_as_they_are():
    text = """
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %0 = call @grow(%zero, %x) : (tensor<i32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
func.func private @grow(%i: tensor<i32>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %three = stablehlo.constant dense<3> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %more = stablehlo.compare LT, %i, %three : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %0 = "stablehlo.if"(%more) ({
    %j = stablehlo.add %i, %one : tensor<i32>
    %axis = stablehlo.constant dense<0> : tensor<i32>
    %1 = "tf.ConcatV2"(%x, %x, %axis) : (tensor<?xf32>, tensor<?xf32>, tensor<i32>) -> tensor<?xf32>
    %2 = func.call @grow(%j, %1) : (tensor<i32>, tensor<?xf32>) -> tensor<?xf32>
    stablehlo.return %2 : tensor<?xf32>
  }, {
    stablehlo.return %x : tensor<?xf32>
  }) : (tensor<i1>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}"""
    for level in LEVELS:
        assert tfrt.load(bef_of(text, {"x": (1,)}, level))["main"](X[0, :1]).shape == (8,)


@pytest.mark.parametrize("level", LEVELS)
def test_random_numbers_have_the_shape_that_is_asked_for_and_are_no_constants(level):
    text = """
func.func @main(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %shape = "tf.Shape"(%x) : (tensor<?x?xf32>) -> tensor<2xi32>
  %0 = "tf.RandomUniform"(%shape) {seed = 1 : i64, seed2 = 2 : i64, dtype = f32} : (tensor<2xi32>) -> tensor<?x?xf32>
  %1 = "tf.RandomUniform"(%shape) {seed = 1 : i64, seed2 = 3 : i64, dtype = f32} : (tensor<2xi32>) -> tensor<?x?xf32>
  %2 = "tf.AddV2"(%x, %0) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %2, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}"""
    bef = bef_of(text, {"x": (3, 4)}, level)
    shown = disassemble(read_bef(bef))
    assert "cpu.execute" not in shown
    assert shown.count("cpu.call_in_order") == 2
    main = tfrt.load(bef)["main"]
    first, again = main(X), main(X)
    assert first[0].shape == (3, 4)
    assert not np.array_equal(first[0], again[0])
    assert not np.array_equal(first[1], again[1])
