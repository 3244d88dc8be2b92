"""Programs with their weights in them: what they need of memory, and that nothing of them is lost."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.array_files import open_arrays

SHAPE = (256, 512)


def text_of(arrays: list[np.ndarray]) -> str:
    """A program that gives the sum of arrays, and the last one."""
    lines = ["func.func @main() -> (tensor<256x512xf32>, tensor<256x512xf32>) {"]
    for number, array in enumerate(arrays):
        digits = array.tobytes().hex().upper()
        lines.append(f'  %c{number} = stablehlo.constant dense<"0x{digits}"> : tensor<256x512xf32>')
        before = f"%s{number - 1}" if number else "%c0"
        lines.append(f"  %s{number} = stablehlo.add {before}, %c{number} : tensor<256x512xf32>")
    last = len(arrays) - 1
    return "\n".join([*lines, f"  return %s{last}, %c{last} : tensor<256x512xf32>, tensor<256x512xf32>", "}"])


@pytest.fixture(scope="module")
def arrays() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal(SHAPE, np.float32) for _ in range(4)]


@pytest.fixture(scope="module")
def text(arrays) -> str:
    return text_of(arrays)


def peak(work) -> int:
    """How many bytes more than before there are at most while something is done."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("level", [0, 2])
def test_constants_are_not_copied_over_and_over(text, level):
    tfrt.compile("func.func @main() {\n  tfrt.return\n}", opt_level=level)
    tfrt.compile(text, opt_level=level)  # what is made once is there
    # The text itself counts once, and is there already; half of it are the constants' bytes, which the file has again.
    assert peak(lambda: tfrt.compile(text, opt_level=level)) < 1.25 * len(text)


def test_constants_that_are_written_elsewhere_are_not_copied(text, tmp_path):
    file = str(tmp_path / "w")
    tfrt.compile(text, externalize_constants=file)
    assert peak(lambda: tfrt.compile(text, externalize_constants=file)) < 1.0 * len(text)


@pytest.mark.parametrize("level", [0, 2])
def test_results(text, arrays, level, tmp_path):
    total = ((arrays[0] + arrays[0]) + arrays[1]) + arrays[2] + arrays[3]
    for weights in (None, str(tmp_path / "w")):
        bef = tfrt.compile(text, opt_level=level, externalize_constants=weights)
        found = tfrt.load(bef, weights=weights)["main"]()
        np.testing.assert_array_equal(found[0], total)
        np.testing.assert_array_equal(found[1], arrays[-1])
    assert len(open_arrays(tmp_path / "w")) == 4


DIGITS = "00" * 4096


@pytest.mark.parametrize(
    ("literal", "type", "place", "message"),
    [
        (f'"0x{DIGITS}0"', "1024xf32", 12, "expected string containing hex digits starting with `0x`"),
        (f'"0x{DIGITS} "', "1024xf32", 12, "expected string containing hex digits starting with `0x`"),
        (f'"0x{DIGITS}"', "1023xf32", 12, "elements hex data size is invalid for provided type"),
        (f'["0x{DIGITS}"]', "1xf32", 13, "expected element literal of primitive type"),
        (f'"0x{DIGITS}', "1024xf32", 12, "expected '\"' in string literal"),
    ],
)
def test_long_strings_that_are_wrong(literal, type, place, message):
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(f"#c = dense<{literal}> : tensor<{type}>", "t.mlir")
    assert f"t.mlir:1:{place}: error: {message}" in [d.headline() for d in caught.value.diagnostics]


def test_long_strings_that_are_out_of_place():
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(f'#c = dense<"0x{DIGITS}" 1> : tensor<1024xf32>', "t.mlir")
    (problem,) = caught.value.diagnostics
    assert problem.headline() == "t.mlir:1:8209: error: expected '>', found '1'"
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(f'#c = dense<"0x{DIGITS}"', "t.mlir")
    assert [d.message for d in caught.value.diagnostics] == ["expected '>', found the end of the text"]


def test_long_strings_elsewhere_are_strings():
    text = f'func.func @f() {{\n  "my.op"() {{a = "0x{DIGITS}"}} : () -> ()\n  tfrt.return\n}}\n'
    assert f"0x{DIGITS}".encode() in tfrt.compile(text)
