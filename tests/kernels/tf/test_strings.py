"""What programs say: the expected texts are TensorFlow 2.21's."""

import io

import numpy as np
import pytest

import tfrt
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.eager_op import OpChain
from tfrt.executor.values.tensor import StringHostTensor
from tfrt.kernels.tf.summaries import listed, shown

STRING = "tensor<!tf_type.string>"


@pytest.mark.parametrize(
    ("value", "most", "in_assertions", "printed"),
    [
        (np.float32(0.1), 3, "0.1", "0.1"),
        (np.float32(1 / 3), 3, "0.333333343", "0.333333343"),
        (np.float64(1 / 3), 3, "0.33333333333333331", "0.33333333333333331"),
        (np.float16(0.1), 3, "0.0999755859", "0.0999755859"),
        (np.float32([np.nan, np.inf, -np.inf, 0, -0.0]), 3, "nan inf -inf...", "[nan inf -inf 0 -0]"),
        (np.float32([1e10, 123456789, 1e6, 1e5]), -1, "1e+10 123456792 1e+06 100000", "[1e+10 123456792 1e+06 100000]"),
        (np.float64([1e10, 123456789.125]), 1, "10000000000...", "[10000000000 123456789.125]"),
        (np.array([True, False]), 3, "1 0", "[1 0]"),
        (np.complex64(1), 3, "?", "?"),
        (np.arange(10), 3, "0 1 2...", "[0 1 2 ... 7 8 9]"),
        (np.arange(10), 1, "0...", "[0 ... 9]"),
        (np.zeros((0, 2)), 3, "", None),
        (np.arange(6).reshape(3, 2), 3, "[0 1][2...]...", "[[0 1]\n [2 3]\n [4 5]]"),
        (np.arange(6).reshape(3, 2), 1, "[0...]...", "[[0 1]\n ...\n [4 5]]"),
        (
            np.arange(12).reshape(2, 3, 2),
            -1,
            "[[0 1][2 3][4 5]][[6 7][8 9][10 11]]",
            "[[[0 1]\n  [2 3]\n  [4 5]]\n\n [[6 7]\n  [8 9]\n  [10 11]]]",
        ),
        (np.arange(12).reshape(2, 3, 2), 3, "[[0 1][2...]]...", None),
    ],
)
def test_tensors_in_words(value, most, in_assertions, printed):
    assert listed(np.asarray(value), most) == in_assertions
    if printed is not None:
        assert shown(np.asarray(value), most) == printed


def test_strings_in_words():
    strings = StringHostTensor((2,), ('a"b\n', "y"))
    assert (listed(strings, 3), shown(strings, 3)) == ('a\\"b\\n y', '["a\\"b\\n" "y"]')


PROGRAM = f"""
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {{
  %all = "tf.Const"() <{{value = dense<0> : tensor<1xi32>}}> : () -> tensor<1xi32>
  %zero = "tf.Const"() <{{value = dense<0.0> : tensor<f32>}}> : () -> tensor<f32>
  %said = "tf.Const"() <{{value = dense<"x must be positive:"> : {STRING}}}> : () -> {STRING}
  %two = "tf.Const"() <{{value = dense<["a", "b"]> : tensor<2x!tf_type.string>}}> : () -> tensor<2x!tf_type.string>
  %text = "tf.StringFormat"(%x, %two) <{{placeholder = "{{}}", template = "x is {{}}, not {{}}"}}>
      : (tensor<?xf32>, tensor<2x!tf_type.string>) -> {STRING}
  "tf.PrintV2"(%text) <{{end = "!\\0A", output_stream = "stdout"}}> : ({STRING}) -> ()
  %0 = "tf.Greater"(%x, %zero) : (tensor<?xf32>, tensor<f32>) -> tensor<?xi1>
  %1 = "tf.All"(%0, %all) <{{keep_dims = false}}> : (tensor<?xi1>, tensor<1xi32>) -> tensor<i1>
  "tf.Assert"(%1, %said, %x) <{{summarize = 2 : i64}}> : (tensor<i1>, {STRING}, tensor<?xf32>) -> ()
  "tf.PrintV2"(%said) <{{end = "\\0A", output_stream = "stdout"}}> : ({STRING}) -> ()
  return %x : tensor<?xf32>
}}"""


@pytest.mark.parametrize(("level", "queue"), [(0, "s"), (2, "s"), (2, "mstd:2")])
def test_what_is_said_is_said_in_order_and_an_assertion_ends_it(level, queue):
    out = io.StringIO()
    with tfrt.HostContext(queue, out=out) as host:
        main = tfrt.load(tfrt.compile(PROGRAM, opt_level=level), host=host)["main"]
        assert main(np.float32([1, 2.5])).tolist() == [1, 2.5]
        with pytest.raises(tfrt.KernelError) as caught:
            main(np.float32([1, -2, 3]))
    assert caught.value.message == "assertion failed: [x must be positive:] [1 -2...]"
    assert out.getvalue() == 'x is [1 2.5], not ["a" "b"]!\nx must be positive:\nx is [1 -2 3], not ["a" "b"]!\n'


def test_standard_error(capsys):
    with tfrt.HostContext() as host:
        runtime = CoreRuntime.of(host)
        chain = OpChain(host)
        (text,) = runtime.execute("tf.Strings", strings=["hello"], shape=())
        runtime.execute("tf.PrintV2", text, chain=chain)
        (same,) = runtime.execute("tf.Print", np.float32([1]), np.arange(4), text, message="all: ", chain=chain)
        chain.wait()
        assert same.result().array.tolist() == [1]
        runtime.execute("tf.PrintV2", text, output_stream="file:///tmp/x", chain=chain)
        with pytest.raises(
            tfrt.KernelError, match="output_stream must be stdout, stderr or a log, not 'file:///tmp/x'"
        ):
            chain.wait()
    assert capsys.readouterr().err == "hello\nall: [0 1 2...][hello]\n"


def test_a_template_with_another_number_of_places():
    with tfrt.HostContext() as host, pytest.raises(tfrt.KernelError) as caught:
        CoreRuntime.of(host).execute("tf.StringFormat", np.float32(1), template="a")[0].result()
    assert caught.value.message == "tf.StringFormat: the template has 0 placeholders, but there are 1 tensors"


def test_strings_print_as_they_are_read():
    value = 'dense<[["a", "\\22"]]> : tensor<1x2x!tf_type.string>'
    text = f'func.func @f() {{ %0 = "tf.Const"() <{{value = {value}}}> : () -> tensor<1x2x!tf_type.string> return }}'
    assert value in print_module(parse_module(text))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("dense<1> : tensor<!tf_type.string>", "expected string"),
        (
            'dense<["a"]> : tensor<2x!tf_type.string>',
            "inferred shape of elements literal ([1]) does not match type ([2])",
        ),
        ('dense<"a"> : tensor<?x!tf_type.string>', "elements literal type must have static shape"),
    ],
)
def test_strings_that_are_wrong(value, message):
    text = f'func.func @f() {{ "tf.Const"() <{{value = {value}}}> : () -> {STRING} return }}'
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(text)
    assert message in str(caught.value)


def test_other_ops_on_strings_are_refused_all_at_once():
    text = f"""func.func @f(%x: {STRING}) -> {STRING} {{
  %0 = "tf.Const"() <{{value = dense<"a"> : {STRING}}}> : () -> {STRING}
  %1 = "tf.AddV2"(%0, %x) : ({STRING}, {STRING}) -> {STRING}
  %2 = "tf.Identity"(%1) : ({STRING}) -> {STRING}
  %3 = "tf.StringLower"(%2) : ({STRING}) -> {STRING}
  return %3 : {STRING}
}}"""
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(text)
    assert [d.message for d in caught.value.diagnostics] == [
        "'func.func' op is not supported: @f takes or gives strings",
        "'tf.AddV2' op is not supported: its tensors hold strings",
        "'tf.StringLower' op is not supported",
    ]
