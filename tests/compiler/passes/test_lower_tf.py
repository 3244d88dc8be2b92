"""What `lower-tf` makes of ops that only hand values on, and of control flow in all its spellings."""

import numpy as np
import pytest

import tfrt

HANDED_ON = (
    "tf.EnsureShape", "tf.Identity", "tf.IdentityN", "tf.PlaceholderWithDefault", "tf.PreventGradient", "tf.Snapshot",
    "tf.StopGradient",
)  # fmt: skip

CHAIN = """
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {{
  %y = "{op}"(%x) {{device = ""}} : (tensor<?xf32>) -> tensor<?xf32>
  %z = "tf.AddV2"(%y, %y) {{device = ""}} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}}
"""

FUNCTIONS = """
func.func private @twice(%x: tensor<f32>) -> tensor<f32> {
  %y = "tf.AddV2"(%x, %x) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}
func.func private @square(%x: tensor<f32>) -> tensor<f32> {
  %y = "tf.Mul"(%x, %x) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}
func.func private @small(%x: tensor<f32>) -> tensor<i1> {
  %c = "tf.Const"() <{value = dense<100.0> : tensor<f32>}> : () -> tensor<f32>
  %y = "tf.Less"(%x, %c) : (tensor<f32>, tensor<f32>) -> tensor<i1>
  return %y : tensor<i1>
}
"""
MAIN = """
func.func @main(%x: tensor<f32>, %which: tensor<i32>) -> tensor<f32> {{
  %c = "tf.Const"() <{{value = dense<5.0> : tensor<f32>}}> : () -> tensor<f32>
  %less = "tf.Less"(%x, %c) : (tensor<f32>, tensor<f32>) -> tensor<i1>
  %y = {op} -> tensor<f32>
  return %y : tensor<f32>
}}
"""
IF = (
    '"{}"(%less, %x) <{{then_branch = @twice, else_branch = @square, is_stateless = true}}> : (tensor<i1>, tensor<f32>)'
)
CASE = '"{}"(%which, %x) <{{branches = [@twice, @square], is_stateless = true}}> : (tensor<i32>, tensor<f32>)'
WHILE = '"{}"(%x) <{{cond = @small, body = @twice, is_stateless = true}}> : (tensor<f32>)'
CALL = '"{}"(%x) <{{f = @square}}> : (tensor<f32>)'


@pytest.mark.parametrize("name", HANDED_ON)
def test_what_hands_values_on_goes_away(name):
    text = CHAIN.format(op=name)
    assert name not in tfrt.compile(text).decode("latin-1")
    assert tfrt.load(tfrt.compile(text))["main"](np.float32([1, 2])).tolist() == [2, 4]


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize(
    ("op", "which", "expected"),
    [
        (IF.format("tf.If"), 0, {3: 6, 6: 36}),
        (IF.format("tf.StatelessIf"), 0, {3: 6, 6: 36}),
        (CASE.format("tf.Case"), 1, {3: 9}),
        (CASE.format("tf.StatelessCase"), 0, {3: 6}),
        # As TensorFlow has it, the last branch is also that of all other numbers.
        (CASE.format("tf.Case"), 9, {3: 9}),
        (WHILE.format("tf.While"), 0, {3: 192, 200: 200}),
        (WHILE.format("tf.StatelessWhile"), 0, {3: 192}),
        (CALL.format("tf.PartitionedCall"), 0, {3: 9}),
        (CALL.format("tf.StatefulPartitionedCall"), 0, {3: 9}),
        (CALL.format("tf.LegacyCall"), 0, {3: 9}),
    ],
)
def test_control_flow(op, which, expected, level):
    main = tfrt.load(tfrt.compile(FUNCTIONS + MAIN.format(op=op), opt_level=level))["main"]
    for x, y in expected.items():
        assert main(np.float32(x), np.int32(which)).item() == y
