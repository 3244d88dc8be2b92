"""Lists of tensors, as programs use them."""

import numpy as np
import pytest

import tfrt
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.executor.bef import read_bef
from tfrt.kernels.tf.tensor_lists import TensorList

HEAD = """
func.func @main(%x: tensor<3x2xf32>, %i: tensor<i32>) -> {results} {{
  %shape = "tf.Const"() <{{value = dense<2> : tensor<1xi32>}}> : () -> tensor<1xi32>
  %any = "tf.Const"() <{{value = dense<-1> : tensor<i32>}}> : () -> tensor<i32>
  %three = "tf.Const"() <{{value = dense<3> : tensor<i32>}}> : () -> tensor<i32>
  %lengths = "tf.Const"() <{{value = dense<[1, 2]> : tensor<2xi64>}}> : () -> tensor<2xi64>
  %order = "tf.Const"() <{{value = dense<[2, 0]> : tensor<2xi32>}}> : () -> tensor<2xi32>
  %row = "tf.Const"() <{{value = dense<9.0> : tensor<2xf32>}}> : () -> tensor<2xf32>
{body}
}}
"""
LIST = "tensor<!tf_type.variant<tensor<2xf32>>>"
X = np.arange(6, dtype=np.float32).reshape(3, 2)


def run(body, results, i=1):
    text = HEAD.format(body=body, results=results)
    program = tfrt.load(tfrt.compile(text))
    return program["main"](X, np.int32(i))


def made(op="tf.TensorListFromTensor", operands="%x, %shape", types="tensor<3x2xf32>, tensor<1xi32>"):
    return f'  %l = "{op}"({operands}) : ({types}) -> {LIST}\n'


STACK = f"""  %s = "tf.TensorListStack"({{0}}, %shape) : ({LIST}, tensor<1xi32>) -> tensor<*xf32>
  return %s : tensor<*xf32>"""
RESERVE = made("tf.TensorListReserve", "%shape, %three", "tensor<1xi32>, tensor<i32>")


def set_item(at="%i", resizes=False):
    return (
        f'  %m = "tf.TensorListSetItem"(%l, {at}, %row) <{{resize_if_index_out_of_bounds = {str(resizes).lower()}}}>'
        f" : ({LIST}, tensor<i32>, tensor<2xf32>) -> {LIST}\n"
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (made() + STACK.format("%l"), X),
        (RESERVE + set_item() + STACK.format("%m"), [[0, 0], [9, 9], [0, 0]]),
        (made() + set_item() + STACK.format("%l"), X),
        (made() + set_item("%three", resizes=True) + STACK.format("%m"), [*X.tolist(), [9, 9]]),
        (
            made("tf.EmptyTensorList", "%any, %three", "tensor<i32>, tensor<i32>")
            + f'  %m = "tf.TensorListPushBack"(%l, %row) : ({LIST}, tensor<2xf32>) -> {LIST}\n'
            + STACK.format("%m"),
            [[9, 9]],
        ),
        (made("tf.EmptyTensorList", "%any, %three", "tensor<i32>, tensor<i32>") + STACK.format("%l"), np.zeros((0, 2))),
        (
            made()
            + f'  %m, %t = "tf.TensorListPopBack"(%l, %shape) : ({LIST}, tensor<1xi32>) -> ({LIST}, tensor<2xf32>)\n'
            + STACK.format("%m"),
            X[:2],
        ),
        (
            made() + f'  %m = "tf.TensorListResize"(%l, %i) : ({LIST}, tensor<i32>) -> {LIST}\n' + STACK.format("%m"),
            X[:1],
        ),
        (
            made()
            + f'  %m = "tf.TensorListScatterIntoExistingList"(%l, %x, %o3) : ({LIST}, tensor<3x2xf32>, tensor<3xi32>)'
            + f" -> {LIST}\n"
            + STACK.format("%m"),
            X[::-1],
        ),
        (
            '  %l = "tf.TensorListScatterV2"(%x, %o3, %shape, %any) :'
            f" (tensor<3x2xf32>, tensor<3xi32>, tensor<1xi32>, tensor<i32>) -> {LIST}\n" + STACK.format("%l"),
            X[::-1],
        ),
    ],
)
def test_lists_as_tensors(body, expected):
    order = '  %o3 = "tf.Const"() <{value = dense<[2, 1, 0]> : tensor<3xi32>}> : () -> tensor<3xi32>\n'
    np.testing.assert_array_equal(run(order + body, "tensor<*xf32>"), expected)


def test_elements_and_sizes():
    body = made() + (
        f'  %a = "tf.TensorListGetItem"(%l, %i, %shape) : ({LIST}, tensor<i32>, tensor<1xi32>) -> tensor<2xf32>\n'
        f'  %b = "tf.TensorListLength"(%l) : ({LIST}) -> tensor<i32>\n'
        f'  %c = "tf.TensorListElementShape"(%l) : ({LIST}) -> tensor<1xi64>\n'
        f'  %d = "tf.TensorListGather"(%l, %order, %shape) : ({LIST}, tensor<2xi32>, tensor<1xi32>)'
        " -> tensor<2x2xf32>\n"
        f'  %p = "tf.TensorListSplit"(%x, %any, %lengths) : (tensor<3x2xf32>, tensor<i32>, tensor<2xi64>) -> {LIST}\n'
        f'  %e, %f = "tf.TensorListConcatV2"(%p, %any, %lengths) : ({LIST}, tensor<i32>, tensor<2xi64>)'
        " -> (tensor<3x2xf32>, tensor<2xi64>)\n"
        "  return %a, %b, %c, %d, %e, %f : tensor<2xf32>, tensor<i32>, tensor<1xi64>, tensor<2x2xf32>, tensor<3x2xf32>,"
        " tensor<2xi64>"
    )
    types = "(tensor<2xf32>, tensor<i32>, tensor<1xi64>, tensor<2x2xf32>, tensor<3x2xf32>, tensor<2xi64>)"
    item, length, shape, picked, whole, lengths = run(body, types)
    assert (item.tolist(), length.tolist(), shape.tolist()) == ([2, 3], 3, [2])
    assert shape.dtype == np.int64
    np.testing.assert_array_equal(picked, X[[2, 0]])
    np.testing.assert_array_equal(whole, X)
    assert lengths.tolist() == [1, 2]


GET = f'  %a = "tf.TensorListGetItem"(%l, %i, %any) : ({LIST}, tensor<i32>, tensor<i32>) -> tensor<2xf32>\n'


@pytest.mark.parametrize(
    ("body", "i", "message"),
    [
        (made() + GET, 3, "Trying to access element 3 in a list with 3 elements."),
        (made() + set_item() + GET.replace("%l", "%m"), -1, "Trying to modify element -1 in a list with 3 elements."),
        (
            made("tf.TensorListReserve", "%any, %three", "tensor<i32>, tensor<i32>") + GET,
            0,
            "Trying to read an uninitialized tensor but element_shape is not fully defined",
        ),
        (
            made("tf.EmptyTensorList", "%any, %three", "tensor<i32>, tensor<i32>")
            + f'  %m, %a = "tf.TensorListPopBack"(%l, %shape) : ({LIST}, tensor<1xi32>) -> ({LIST}, tensor<2xf32>)\n',
            0,
            "Trying to pop from an empty list.",
        ),
        (
            made()
            + f'  %s = "tf.TensorListStack"(%l, %any) <{{num_elements = 2 : i64}}> : ({LIST}, tensor<i32>)'
            + " -> tensor<2x2xf32>\n"
            + GET,
            0,
            "Operation expected a list with 2 elements but got 3",
        ),
    ],
)
def test_what_they_refuse(body, i, message):
    returned = "%s : tensor<2x2xf32>" if "%s =" in body else "%a : tensor<2xf32>"
    with pytest.raises(tfrt.KernelError) as info:
        run(f"{body}  return {returned}", returned.partition(": ")[2], i)
    assert info.value.message == message


def empty(count, shape):
    return TensorList((None,) * count, shape)


ROW, WIDE = np.zeros(2, np.float32), np.zeros(3, np.float32)


@pytest.mark.parametrize(
    ("items", "shape", "known"),
    [
        ((None, None), (-1,), (-1,)),
        ((ROW, None), (-1,), (2,)),
        ((ROW, ROW), None, (2,)),
        ((ROW, WIDE), (-1,), (-2,)),
        ((ROW,), (3,), (-2,)),
        ((WIDE,), (-2,), (-2,)),
        ((), None, None),
    ],
)
def test_outlines_say_what_elements_have_in_common(items, shape, known):
    assert TensorList(items, shape).outline().key == (len(items), known)


def test_elements_of_other_ranks_have_no_outline():
    assert TensorList((ROW,), (-1, 2)).outline() is None


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        (empty(2, (-1, 3)), empty(2, (4, 3)), (2, (4, 3))),
        (empty(2, (5, 3)), empty(2, (4, 3)), (2, (-2, 3))),
        (empty(2, None), empty(2, (4,)), (2, (4,))),
        (empty(2, (4,)), empty(2, None), (2, (4,))),
    ],
)
def test_outlines_of_two_lists(one, other, key):
    assert one.joined(other).key == key


@pytest.mark.parametrize("other", [empty(3, (4,)), empty(2, (4, 4))])
def test_lists_that_differ_in_length_or_rank_have_no_outline(other):
    assert empty(2, (4,)).joined(other) is None


def refined(body, results):
    text = HEAD.format(body=body, results=results)
    return disassemble(read_bef(tfrt.compile(text, input_shapes={"i": ()})))


def test_compilers_know_the_shapes_of_elements():
    assert "cpu.execute" in (shown := refined(made() + STACK.format("%l"), "tensor<*xf32>"))
    assert "-> memref<3x2xf32>" in shown
    assert "-> memref<3x2xf32>" in refined(RESERVE + set_item() + STACK.format("%m"), "tensor<*xf32>")


def test_lists_that_grow_at_an_unknown_index_have_an_unknown_length():
    shown = refined(RESERVE + set_item(resizes=True) + STACK.format("%m"), "tensor<*xf32>")
    assert "-> memref<*xf32>" in shown
    constant = refined(RESERVE + set_item("%three", resizes=True) + STACK.format("%m"), "tensor<*xf32>")
    assert "-> memref<4x2xf32>" in constant


def test_their_number_is_a_constant():
    body = made() + f'  %n = "tf.TensorListLength"(%l) : ({LIST}) -> tensor<i32>\n  return %n : tensor<i32>'
    assert "dense<3> : tensor<i32>" in refined(body, "tensor<i32>").split("tfrt.return")[0].split("main")[1]


@pytest.mark.parametrize(
    ("op", "first", "types"),
    [
        ("tf.TensorListFromTensor", "%x, %shape", "tensor<*xf32>, tensor<0xi32>"),
        (
            "tf.TensorListScatterV2",
            "%x, %places, %shape, %any",
            "tensor<*xf32>, tensor<2xi32>, tensor<0xi32>, tensor<i32>",
        ),
    ],
)
def test_elements_of_vectors_are_scalars_of_their_type(op, first, types):
    text = f"""
func.func @main(%x: tensor<*xf32>) -> tensor<*xf32> {{
  %shape = "tf.Const"() <{{value = dense<> : tensor<0xi32>}}> : () -> tensor<0xi32>
  %places = "tf.Const"() <{{value = dense<[0, 1]> : tensor<2xi32>}}> : () -> tensor<2xi32>
  %any = "tf.Const"() <{{value = dense<-1> : tensor<i32>}}> : () -> tensor<i32>
  %one = "tf.Const"() <{{value = dense<1> : tensor<i32>}}> : () -> tensor<i32>
  %l = "{op}"({first}) : ({types}) -> tensor<!tf_type.variant<tensor<f32>>>
  %e = "tf.TensorListGetItem"(%l, %one, %shape)
    : (tensor<!tf_type.variant<tensor<f32>>>, tensor<i32>, tensor<0xi32>) -> tensor<*xf32>
  %s = "tf.AddV2"(%e, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %s : tensor<*xf32>
}}"""
    found = tfrt.load(tfrt.compile(text))["main"](np.float32([1, 2]))
    assert (found.dtype, found.shape, found.item()) == (np.float32, (), 4)
