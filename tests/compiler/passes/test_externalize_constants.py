"""Constants in a file of their own, and programs that get them when they are loaded."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.executor.values.array_files import open_arrays
from tfrt.executor.values.safetensors import write_safetensors

PROGRAM = """\
func.func @main(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xi1>, tensor<2xbf16>, tensor<f32>) {
  %c = stablehlo.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %d = stablehlo.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %flags = stablehlo.constant dense<[true, false, true]> : tensor<3xi1>
  %b = stablehlo.constant dense<0.5> : tensor<2xbf16>
  %s = stablehlo.constant dense<7.0> : tensor<f32>
  %y = stablehlo.add %x, %c : tensor<2x3xf32>
  %z = stablehlo.add %y, %d : tensor<2x3xf32>
  return %z, %flags, %b, %s : tensor<2x3xf32>, tensor<3xi1>, tensor<2xbf16>, tensor<f32>
}
"""
X = np.float32([[1, 1, 1], [2, 2, 2]])
C = np.float32([[1, 2, 3], [4, 5, 6]])
SMALL = """\
func.func @main() -> tensor<2xf32> {
  %c = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %c : tensor<2xf32>
}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without(text: str = PROGRAM, larger_than: int = 2, **options) -> bytes:
    """The program without its constants, which are in the file `w`."""
    return tfrt.compile(text, "p.mlir", externalize_constants="w", larger_than=larger_than, **options)


def check(results) -> None:
    for found, wanted in zip(
        results,
        (X + C + C, np.array([True, False, True]), np.array([0.5, 0.5], ml_dtypes.bfloat16), np.float32(7)),
        strict=True,
    ):
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_results_are_the_same(folder, level):
    bef = without(opt_level=level)
    check(tfrt.load(bef, weights="w")["main"](X))
    check(tfrt.load(bef, weights=folder / "w")["main"](X))
    check(tfrt.load(bef, weights=dict(open_arrays("w")), host=tfrt.HostContext(plans=False))["main"](X))


def test_what_is_in_the_file(folder):
    without(larger_than=4)
    assert {name: array.tolist() for name, array in open_arrays("w").items()} == {"constant0": C.tolist()}
    # Constants that are alike are there once.
    without(larger_than=2)
    assert {name: (a.dtype, a.shape) for name, a in open_arrays("w").items()} == {
        "constant0": (np.float32, (2, 3)),
        "constant1": (bool, (3,)),
        "constant2": (ml_dtypes.bfloat16, (2,)),
        "constant3": (np.float32, ()),
    }
    without(larger_than=1 << 20)
    assert not open_arrays("w")


def test_what_files_cannot_hold_stays(folder):
    text = SMALL.replace("2xf32", "2xi4").replace("1.0, 2.0", "1, 2")
    program = tfrt.load(without(text, larger_than=0))
    assert program["main"]().tolist() == [1, 2]


def test_weights_of_other_values_and_of_archives(folder):
    bef = without()
    arrays = {"constant0": C + 1, "constant1": [True, True, True], "constant3": np.float32(0)}
    bits = np.array([2, 3], ml_dtypes.bfloat16).view(np.uint16)
    results = tfrt.load(bef, weights={**arrays, "constant2": bits, "other": C})["main"](X)
    np.testing.assert_array_equal(results[0], X + C + C + 2)
    assert results[2].tolist() == [2, 3]
    np.savez("w.npz", **arrays, constant2=bits)
    np.testing.assert_array_equal(tfrt.load(bef, weights="w.npz")["main"](X)[0], X + C + C + 2)


def test_weights_are_shared_and_cannot_be_written(folder):
    given = {"constant0": np.float32([1, 2])}
    bef = without(SMALL)
    first, second = tfrt.load(bef, weights=given), tfrt.load(bef, weights=given)
    given["constant0"][0] = 9
    assert first["main"]().tolist() == second["main"]().tolist() == [9, 2]
    first["main"]()[0] = 5  # results are the caller's
    assert given["constant0"].tolist() == [9, 2]


def test_text_and_file_say_the_same(folder, tool):
    Path("p.mlir").write_text(PROGRAM)
    options = ("p.mlir", "-O2", "-o", "p.bef", "--externalize-constants", "w", "--larger-than", "2B")
    done = tool("tfrt-translate", *options)
    assert (done.code, done.err) == (0, "")
    assert Path("p.bef").read_bytes() == compile_text(
        PROGRAM, "p.mlir", opt_level=2, pipeline='externalize-constants{file="w" larger-than=2}'
    )
    text = tool("tfrt-translate", "p.bef").out
    assert '%0 = cpu.weight {metadata = [[f32, 2, 3]], name = "constant0"} : memref<2x3xf32>' in text
    Path("again.mlir").write_text(text)
    assert tool("tfrt-translate", "again.mlir", "-o", "again.bef").code == 0
    assert Path("again.bef").read_bytes() == Path("p.bef").read_bytes()
    # Names that weights have already are not given again.
    head = text.splitlines()[0]
    both = text.replace(head, f"{head}\n{SMALL.replace('@main', '@second')}")
    found = tfrt.compile(both, externalize_constants="v", larger_than=2)
    assert list(open_arrays("v")) == ["constant4"]
    names = {f"constant{i}": a for i, a in enumerate([C, [True] * 3, np.uint16([0, 0]), np.float32(0), [1.0, 2.0]])}
    assert tfrt.load(found, weights=names)["second"]().tolist() == [1, 2]


UNFIT = "p.mlir:2:8: error: the weight 'constant0' of what was given"
WITHOUT = "the program was compiled without its weights: load it with weights=..., or run it with --weights FILE"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (None, f"p.mlir:2:8: error: {WITHOUT}"),
        ({}, "p.mlir:2:8: error: what was given has no weight 'constant0'; it has: none"),
        (
            {f"w{i}": C for i in range(9)},
            "p.mlir:2:8: error: what was given has no weight 'constant0'; it has: w0, w1, w2, w3, w4, w5, w6, w7, ...",
        ),
        (
            {"constant0": C},
            f"{UNFIT} must be an array of type tensor<2xf32>, but has the shape [2, 3]",
        ),
        (
            {"constant0": np.int32([1, 2])},
            f"{UNFIT} must be an array of type tensor<2xf32>, but has elements of i32",
        ),
        (
            {"constant0": "text"},
            f"{UNFIT} must be an array of type tensor<2xf32>, got str 'text'",
        ),
    ],
)
def test_weights_that_do_not_fit(folder, weights, message):
    with pytest.raises(tfrt.LoadError) as caught:
        tfrt.load(without(SMALL), weights=weights)
    assert [d.headline() for d in caught.value.diagnostics] == [message]


def test_all_that_is_wrong_is_said_once(folder):
    with pytest.raises(tfrt.LoadError) as caught:
        tfrt.load(without(opt_level=0), weights={"constant0": C[0], "constant2": np.uint16([1, 2])})
    assert [d.headline() for d in caught.value.diagnostics] == [
        f"{UNFIT} must be an array of type tensor<2x3xf32>, but has the shape [3]",
        "p.mlir:4:12: error: what was given has no weight 'constant1'; it has: constant0, constant2",
        "p.mlir:6:8: error: what was given has no weight 'constant3'; it has: constant0, constant2",
    ]


def test_running_with_weights(folder, tool):
    Path("p.bef").write_bytes(without(SMALL))
    assert tool("bef-run", "p.bef", "--weights", "w").out == "--- Running 'main':\n'main' returned 2xf32=1.0 2.0\n"
    done = tool("bef-run", "p.bef")
    assert (done.code, done.err) == (2, f"p.mlir:2:8: error: {WITHOUT}\n")
    done = tool("bef-run", "p.bef", "--weights", "none")
    assert (done.code, done.err) == (2, "bef-run: cannot read 'none': No such file or directory\n")
    write_safetensors("w", {"constant0": np.float32([1])})
    unfit = UNFIT.replace("what was given", "'w'")
    wrong = f"{unfit} must be an array of type tensor<2xf32>, but has the shape [1]\n"
    assert tool("bef-run", "p.bef", "--weights", "w").err == wrong


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--larger-than=2X",), "argument --larger-than: '2X' is no size, such as 1024, 4KiB or 1MB"),
        (("--larger-than=-2",), "argument --larger-than: '-2' is no size, such as 1024, 4KiB or 1MB"),
        (("--larger-than=KiB",), "argument --larger-than: 'KiB' is no size, such as 1024, 4KiB or 1MB"),
        (
            ("--externalize-constants=w", "--verify-diagnostics"),
            "--externalize-constants goes neither with --split-input-file nor with --verify-diagnostics",
        ),
        (("--externalize-constants=none/w",), "cannot write 'none/w': No such file or directory"),
        (
            ("-p", "externalize-constants"),
            "pass 'externalize-constants' needs a file: externalize-constants{file=\"weights.safetensors\"}",
        ),
        (("--bef-to-mlir", "--externalize-constants=w"), "--externalize-constants goes with --mlir-to-bef"),
    ],
)
def test_bad_usage(folder, tool, options, message):
    done = tool("tfrt-translate", *options, stdin=SMALL)
    assert (done.code, done.err) == (2, f"tfrt-translate: {message}\n")


@pytest.mark.parametrize(
    ("size", "kept"), [("7", False), ("8", True), ("1KiB", True), ("0.5KiB", None), ("1 MB", True)]
)
def test_sizes(folder, tool, size, kept):
    done = tool("tfrt-translate", "-o", "p.bef", "--externalize-constants=w", "--larger-than", size, stdin=SMALL)
    assert done.code == (2 if kept is None else 0)
    if kept is not None:
        assert bool(open_arrays("w")) is not kept


@pytest.mark.parametrize(
    ("type", "metadata", "message"),
    [
        ("2xf32", "[[f32, 3]]", "attribute 'metadata' must say the types of the arrays: [[f32, 2 : i64]]"),
        ("?xf32", "[[f32, -1]]", "expects a shape that is known"),
    ],
)
def test_weights_in_texts(type, metadata, message):
    op = f'%0 = cpu.weight {{metadata = {metadata}, name = "w"}} : memref<{type}>'
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(f"func.func @f() -> memref<{type}> {{\n{op}\ntfrt.return %0 : memref<{type}>\n}}", "p.mlir")
    assert [d.message for d in caught.value.diagnostics] == [f"'cpu.weight' op {message}"]
