"""What follows an op in its kernel: steps, and a pool among them."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt

IMAGES = "memref<1x4x4x2xf32>"
BEFORE = "a step after a pool must not read what is before it"
POOL = '"tf.MaxPool", {0}, [["ksize", [1, 2, 2, 1]], ["strides", [1, {1}, {1}, 1]], ["padding", "VALID"]]'


def program(steps: str, result: str = "2, 2", op: str = "tf.Conv2D") -> str:
    attributes = '["strides", [1, 1, 1, 1]], ["padding", "VALID"]' if op == "tf.Conv2D" else ""
    return f"""func.func @main(%x: {IMAGES}, %w: memref<1x1x2x2xf32>, %b: memref<2xf32>) -> memref<1x?x?x2xf32> {{
  %y = cpu.call %x, %w, %b {{arguments = [[f32, 1, 4, 4, 2], [f32, 1, 1, 2, 2], [f32, 2]], inputs = 2 : i64,
    metadata = [[f32, 1, {result}, 2]], op_attrs = [{attributes}], op_name = "{op}", steps = [{steps}]}}
    : ({IMAGES}, memref<1x1x2x2xf32>, memref<2xf32>) -> memref<1x{result.replace(", ", "x")}x2xf32>
  %z = cpu.cast %y : (memref<1x{result.replace(", ", "x")}x2xf32>) -> memref<1x?x?x2xf32>
  tfrt.return %z : memref<1x?x?x2xf32>
}}"""


def given() -> list[np.ndarray]:
    images = np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2)
    return [images, np.eye(2, dtype=np.float32)[None, None], np.ones(2, np.float32)]


def run(text: str, host: tfrt.HostContext) -> np.ndarray:
    return tfrt.load(tfrt.compile(text, "op.mlir"), host=host)["main"](*given())


def test_steps_around_a_pool(host):
    """Values are numbered from the op's result on: 1 is the vector, 3 the pool's."""
    steps = f'["tf.Neg", 0], [{POOL.format(2, 2)}], ["tf.BiasAdd", 3, 1], ["tf.Mul", 4, 3]'
    lower = np.array([[[0, 1], [4, 5]], [[16, 17], [20, 21]]], np.float32)
    np.testing.assert_array_equal(run(program(steps), host)[0], (1 - lower) * -lower)


@pytest.mark.parametrize(
    ("steps", "op", "message"),
    [
        (f"[{POOL.format(0, 2)}]", "tf.MatMul", "op 'tf.MatMul' cannot be fused with a pool"),
        (f"[{POOL.format(0, 1)}]", "tf.Conv2D", "op 'tf.MaxPool' is no pool that can follow op 'tf.Conv2D'"),
        (f'["tf.Neg", 0], [{POOL.format(0, 2)}]', "tf.Conv2D", "step 1 must pool what the step before it gives"),
        (f"[{POOL.format(1, 2)}]", "tf.Conv2D", "step 0 must pool what the step before it gives"),
        (
            f'[{POOL.format(0, 2)}], ["tf.Mul", 2, 0]',
            "tf.Conv2D",
            BEFORE,
        ),
        (
            f'["tf.Neg", 0], [{POOL.format(2, 2)}], ["tf.Mul", 3, 2]',
            "tf.Conv2D",
            BEFORE,
        ),
        (f"[{POOL.format(0, 2)}], [{POOL.format(2, 2)}]", "tf.Conv2D", "op 'tf.MaxPool' is not elementwise for f32"),
    ],
)
def test_pools_that_cannot_follow(host, steps, op, message):
    with pytest.raises(tfrt.KernelError) as caught:
        run(program(steps, op=op), host)
    assert caught.value.message == message
