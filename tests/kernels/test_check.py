"""Checks of values: what holds, and how those that do not hold say so, in programs and eagerly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.kernels.numerics.nearness import FARTHEST, ulps_between, within

NAN, INF = float("nan"), float("inf")


def program(check: str, type: str, *values: str) -> tfrt.Program:
    constants = "\n".join(
        f"%{name} = stablehlo.constant dense<{v}> : {type}" for name, v in zip("ab", values, strict=False)
    )
    return tfrt.load(tfrt.compile(f"func.func @main() {{\n{constants}\n{check} : {type}\nfunc.return\n}}\n"))


@pytest.mark.parametrize(
    ("check", "type", "values"),
    [
        ("check.expect_eq %a, %b", "tensor<2xi64>", ("[1, -2]", "[1, -2]")),
        ("check.expect_eq %a, %b", "tensor<2xf32>", ("[0.0, 1.0]", "[-0.0, 1.0]")),
        ("check.expect_eq %a, %b", "tensor<f32>", ("0xFFC00000", "0x7FC00000")),
        ("check.expect_eq %a, %b", "tensor<2xi4>", ("[1, -8]", "[1, -8]")),
        ("check.expect_eq %a, %b", "tensor<0xf32>", ("", "")),
        ("check.expect_eq_const %a, dense<true>", "tensor<i1>", ("true",)),
        ("check.expect_eq_const %a, dense<(1.0, 2.0)>", "tensor<complex<f32>>", ("(1.0, 2.0)",)),
        ("check.expect_almost_eq %a, %b", "tensor<f64>", ("5.0", "5.0001")),
        ("check.expect_almost_eq %a, %b, tolerance = 0.5", "tensor<2xbf16>", ("[5.0, 0x7FC0]", "[5.5, 0xFFC0]")),
        ("check.expect_almost_eq_const %a, dense<[0xFF800000, 1.0]>", "tensor<2xf32>", ("[0xFF800000, 1.00001]",)),
    ],
)  # fmt: skip
def test_what_holds_is_silent(check: str, type: str, values: tuple[str, ...]) -> None:
    program(check, type, *values)["main"]()


@pytest.mark.parametrize(
    ("check", "type", "values", "message"),
    [
        ("check.expect_eq %a, %b", "tensor<2xi64>", ("[1, 2]", "[1, 3]"), "expected 3 at index [1], but got 2"),
        ("check.expect_eq %a, %b", "tensor<f32>", ("1.0", "0x7FC00000"), "expected nan at index [], but got 1.0"),
        ("check.expect_eq_const %a, dense<[[1, 2], [4, 4]]>", "tensor<2x2xi8>", ("[[1, 2], [3, 5]]",),
         "expected 4 at index [1, 0], but got 3"),
        ("check.expect_almost_eq %a, %b", "tensor<f64>", ("5.0", "5.001"),
         "expected 5.001 within 0.0001 at index [], but got 5.0"),
        ("check.expect_almost_eq_const %a, dense<2.0>", "tensor<1xf32>", ("1.0",),
         "expected 2.0 within 0.0001 at index [0], but got 1.0"),
    ],
)  # fmt: skip
def test_what_does_not_hold_fails(check: str, type: str, values: tuple[str, ...], message: str) -> None:
    with pytest.raises(tfrt.KernelError) as caught:
        program(check, type, *values)["main"]()
    assert caught.value.message == message


CLOSE = """\
func.func @main() -> tensor<2xf32> {
  %a = stablehlo.constant dense<[1.0, 0x3F800003]> : tensor<2xf32>
  %b = stablehlo.constant dense<1.0> : tensor<2xf32>
  check.expect_close %a, %b, max_ulp_difference = MOST, min_ulp_difference = 0 : tensor<2xf32>, tensor<2xf32>
  return %a : tensor<2xf32>
}
"""


def test_numbers_are_counted_between_values() -> None:
    tfrt.load(tfrt.compile(CLOSE.replace("MOST", "3")))["main"]()
    with pytest.raises(tfrt.KernelError, match=r"of 0 to 2 ulp at index \[1\], but got 1\.0000004"):
        tfrt.load(tfrt.compile(CLOSE.replace("MOST", "2")))["main"]()


CALLED = """\
func.func @main(%a: tensor<2xf32>, %b: tensor<2xf32>) {
  stablehlo.custom_call @check.NAME(%a, %b) {has_side_effect = true} : (tensor<2xf32>, tensor<2xf32>) -> ()
  return
}
"""


@pytest.mark.parametrize(
    ("name", "holds", "fails"),
    [
        ("expect_eq", 1.0, np.nextafter(np.float32(1), np.float32(2))),
        ("expect_close", 1 + 3 * 2.0**-23, 1 + 4 * 2.0**-23),
        ("expect_almost_eq", 1.0009, 1.0011),
    ],
)
def test_checks_are_called_by_name(name: str, holds: float, fails: float) -> None:
    main = tfrt.load(tfrt.compile(CALLED.replace("NAME", name)))["main"]
    ones = np.ones(2, np.float32)
    main(np.array([1, holds], np.float32), ones)
    with pytest.raises(tfrt.KernelError, match=r"at index \[1\], but got"):
        main(np.array([1, fails], np.float32), ones)


def test_checks_in_loops_and_callees_fail_the_call() -> None:
    text = """\
func.func @main(%n: tensor<i32>) -> tensor<i32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %0 = stablehlo.while(%i = %zero) : tensor<i32>
    cond {
      %1 = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %1 : tensor<i1>
    } do {
      func.call @less_than_two(%i) : (tensor<i32>) -> ()
      %2 = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %2 : tensor<i32>
    }
  return %0 : tensor<i32>
}
func.func private @less_than_two(%i: tensor<i32>) {
  %two = stablehlo.constant dense<2> : tensor<i32>
  %0 = stablehlo.compare LT, %i, %two : (tensor<i32>, tensor<i32>) -> tensor<i1>
  check.expect_eq_const %0, dense<true> : tensor<i1>
  return
}
"""
    main = tfrt.load(tfrt.compile(text))["main"]
    assert main(np.array(2, np.int32)) == 2
    with pytest.raises(tfrt.KernelError, match="expected True at index"):
        main(np.array(3, np.int32))


def test_bef_run_shows_the_place_and_fails(tmp_path: Path) -> None:
    source, file = tmp_path / "p.mlir", tmp_path / "p.bef"
    source.write_text("func.func @main() {\n  %a = stablehlo.constant dense<1> : tensor<i32>\n"
                      "  check.expect_eq_const %a, dense<2> : tensor<i32>\n  return\n}\n")  # fmt: skip
    file.write_bytes(tfrt.compile(source.read_text(), str(source)))
    done = subprocess.run(
        [sys.executable, "-m", "tfrt.executor.tools.bef_run", str(file)], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert f"{source}:3:3: error: runtime error: expected 2 at index [], but got 1" in done.stdout + done.stderr


def test_eagerly(host: tfrt.HostContext) -> None:
    runtime = tfrt.CoreRuntime(host)
    check = runtime.op("check.expect_eq")
    ones = np.ones(2, np.float32)
    check(ones, ones)
    with pytest.raises(tfrt.KernelError, match=r"expects tensors of one type, but got f32 \[2\] and i32 \[2\]"):
        check(ones, np.ones(2, np.int32))


def test_distances() -> None:
    tiny = np.float32(2.0**-149)
    a = np.array([0, tiny, -tiny, 1, NAN, INF, INF, INF, NAN], np.float32)
    b = np.array([-0.0, -tiny, 3 * tiny, 1 + 2.0**-23, -NAN, INF, -INF, 1, 1], np.float32)
    assert ulps_between(a, b).tolist() == [0, 2, 4, 1, 0, 0, FARTHEST, FARTHEST, FARTHEST]
    halves = np.array([1, 1 + 2.0**-7], ml_dtypes.bfloat16)
    assert ulps_between(halves, halves[::-1]).tolist() == [1, 1]
    assert ulps_between(np.array([1 + 2j], np.complex64), np.array([1 + (2 + 2.0**-22) * 1j], np.complex64)) == [1]


def test_tolerances() -> None:
    a = np.array([1, NAN, INF, INF, 0, 1e9], np.float64)
    b = np.array([1.25, NAN, INF, -INF, -0.25, INF], np.float64)
    assert within(a, b, 0.25).tolist() == [True, True, True, False, True, False]
    assert within(np.array([1 + 1j, 1 + 1j]), np.array([1 + 2j, 2 + 1j]), 0.5).tolist() == [False, False]
