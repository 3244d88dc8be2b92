"""bef-run and functions of arrays: how inputs are given, how results are shown and saved."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.executor.support.errors import UsageError
from tfrt.executor.tools.cli_values import parse_value, show, to_numpy
from tfrt.executor.values.array_files import open_arrays
from tfrt.executor.values.safetensors import write_safetensors

PROGRAM = """\
func.func @add(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %z = stablehlo.add %x, %y : tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}
func.func @several(%b: tensor<2xbf16>, %i: tensor<3xi4>, %f: tensor<f32>)
    -> (tensor<2xbf16>, tensor<3xi4>, tensor<f32>) {
  return %b, %i, %f : tensor<2xbf16>, tensor<3xi4>, tensor<f32>
}
func.func @constant() -> (tensor<f32>, tensor<1xf8E5M2>) {
  %x = stablehlo.constant dense<1.5> : tensor<f32>
  %y = stablehlo.constant dense<0.25> : tensor<1xf8E5M2>
  return %x, %y : tensor<f32>, tensor<1xf8E5M2>
}
"""
TWO = np.float32([[1, 2], [3, 4]])
BF16 = np.array([1, 0.5], ml_dtypes.bfloat16)
I4 = np.int8([-8, 0, 7])


@pytest.fixture(scope="module")
def bef(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bef") / "program.bef"
    path.write_bytes(tfrt.compile(PROGRAM, "program.mlir"))
    return path


@pytest.fixture
def run(tool, bef, tmp_path, monkeypatch):
    """Runs functions of the program above in a folder of its own; returns the exit code, the output and the errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        done = tool("bef-run", bef, *arguments)
        return done.code, done.out, done.err

    return call


@pytest.mark.parametrize(
    ("text", "type_name", "wanted"),
    [
        ("3", "memref<f32>", np.float32(3)),
        ("1.5", "memref<2x2xf32>", np.full((2, 2), 1.5, np.float32)),
        ("[[1 2][3 4]]", "memref<2x2xf32>", TWO),
        ("1, 2, 3, 4", "memref<2x2xf32>", TWO),
        ("2x2xf32=1 2 3 4", "memref<?x?xf32>", TWO),
        ("1 2 3 4", "memref<?x2xf32>", TWO),
        ("[1 2][3 4]", "memref<2x?xf32>", TWO),
        ("0x2xf32=", "memref<?x2xf32>", np.zeros((0, 2), np.float32)),
        ("", "memref<0xf32>", np.zeros(0, np.float32)),
        ("true", "memref<i1>", np.array(True)),
        ("inf", "memref<1xf32>", np.float32([np.inf])),
        ("2xi32", "memref<2xi32>", np.int32([0, 0])),
        ("true false", "memref<2xi1>", np.array([True, False])),
        ("0.5 1e-3", "memref<2xbf16>", np.array([0.5, 1e-3], ml_dtypes.bfloat16)),
        ("448 0.3", "memref<2xf8E4M3FN>", np.array([448, 0.3], ml_dtypes.float8_e4m3fn)),
        ("-8 7", "memref<2xi4>", np.array([-8, 7], ml_dtypes.int4)),
        ("3xui2=3", "memref<3xui2>", np.array([3, 3, 3], ml_dtypes.uint2)),
        ("1+2j", "memref<1xcomplex<f32>>", np.complex64([1 + 2j])),
    ],
)
def test_arrays(text, type_name, wanted):
    found = parse_value(text, type_name)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("text", "type_name", "message"),
    [
        ("1 2 3", "memref<2xf32>", "'1 2 3': expected 2 elements, or one for all of them, got 3"),
        ("", "memref<2xf32>", "'': expected 2 elements, or one for all of them, got 0"),
        (
            "1.5",
            "memref<2xi32>",
            "'1.5' is not a value of type i32; expected VALUE, TYPE=VALUE, DIMxDIMxTYPE=ELEMENTS or @FILE.npy",
        ),
        ("9", "memref<2xi4>", "'9', character 1: 9 does not fit i4"),
        ("500", "memref<1xf8E4M3FN>", "'500', character 1: 500 does not fit f8E4M3FN"),
        ("inf", "memref<1xf8E4M3FN>", "'inf', character 1: inf does not fit f8E4M3FN"),
        ("3xf32=0", "memref<2xf32>", "'3xf32=0' must be an array of type tensor<2xf32>, but has the shape [3]"),
        ("2xi32=0", "memref<2xf32>", "'2xi32=0' must be an array of type tensor<2xf32>, but has elements of i32"),
        (
            "1 2",
            "memref<?x?xf32>",
            "'1 2': tensor<?x?xf32> has several unknown sizes; write all sizes, as in '2x3xf32=1 2 3 4 5 6'",
        ),
        ("1 2 3", "memref<?x2xf32>", "'1 2 3': expected 2 elements, or one for all of them, got 3"),
        ("1", "memref<2x!d.t>", "a value of type memref<2x!d.t> cannot be written on the command line"),
    ],
)
def test_mistakes_in_arrays(text, type_name, message):
    with pytest.raises(UsageError) as caught:
        parse_value(text, type_name)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (TWO, "2x2xf32=[1.0 2.0][3.0 4.0]"),
        (np.array(0.1, np.float32), "0.1"),
        (BF16, "2xbf16=1.0 0.5"),
        (I4.astype(ml_dtypes.int4), "3xi4=-8 0 7"),
        (np.array([0.25], ml_dtypes.float8_e5m2), "1xf8E5M2=0.25"),
        (np.arange(4).reshape(2, 2).T, "2x2xi64=[0 2][1 3]"),
        (np.zeros(256, np.int8), f"256xi8={' '.join('0' * 256)}"),
        (np.zeros((1, 257), np.int8), f"1x257xi8={' '.join('0' * 16)} ..."),
    ],
)
def test_shown_arrays(array, text):
    assert show(array, "") == text


@pytest.mark.parametrize(
    ("array", "stored"),
    [
        (TWO, TWO),
        (BF16, BF16.view(np.uint16)),
        (np.array([0.25], ml_dtypes.float8_e5m2), np.uint8([0x34])),
        (I4.astype(ml_dtypes.int4), I4),
        (np.array([15], ml_dtypes.uint4), np.uint8([15])),
    ],
)
def test_saved_arrays(array, stored):
    found = to_numpy(array)
    assert found.dtype == stored.dtype
    np.testing.assert_array_equal(found, stored)


def test_inputs_one_by_one(run):
    np.save("x.npy", TWO)
    assert run("--function=add", "--input=@x.npy", "--input=[[1 1][2 2]]", "--output=out.npz") == (
        0,
        "--- Running 'add':\n'add' returned 2x2xf32=[2.0 3.0][5.0 6.0]\n",
        "",
    )
    np.testing.assert_array_equal(np.load("out.npz")["add.0"], [[2, 3], [5, 6]])
    assert run("--function=add", "--input=@x.npy", "--input=0", "--expected_output=@x.npy")[0] == 0
    code, _, err = run("--function=add", "--input=@x.npy", "--input=0", "--expected_output=0")
    assert (code, err) == (
        1,
        "bef-run: result #0 of 'add': expected 2x2xf32=[0.0 0.0][0.0 0.0], got 2x2xf32=[1.0 2.0][3.0 4.0] "
        "(4 of 4 elements differ, the first one at [0, 0])\n",
    )


def test_functions_without_arguments_show_arrays(run):
    assert run("--functions=constant")[1] == "--- Running 'constant':\n'constant' returned 1.5,1xf8E5M2=0.25\n"


@pytest.mark.parametrize("save", ["npz", "savez", "safetensors"])
def test_inputs_from_a_file(run, save):
    scalar = np.float32(2.5).reshape(())
    match save:
        case "npz":  # arrays of other names are passed over
            np.savez("args", arg0=BF16.view(np.uint16), arg1=I4, arg2=scalar, out0=TWO)
        case "savez":
            np.savez_compressed("args", BF16, I4.astype(ml_dtypes.int4), scalar)
        case "safetensors":
            write_safetensors("args.npz", {"arg0": BF16, "arg1": I4, "arg2": scalar})
    assert run("--function=several", "--inputs=args.npz")[1:] == (
        "--- Running 'several':\n'several' returned 2xbf16=1.0 0.5,3xi4=-8 0 7,2.5\n",
        "",
    )


SEVERAL = "function 'several' takes 3 inputs (tensor<2xbf16>, tensor<3xi4>, tensor<f32>)"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"arg1": I4, "x": TWO}, f"'args.npz' has no arg0, arg2; {SEVERAL}, and the file has: arg1, x"),
        ({f"arg{i}": TWO for i in range(4)}, f"'args.npz' has 'arg3', but {SEVERAL}"),
        (
            {"arg0": np.uint16([1, 2, 3]), "arg1": I4, "arg2": np.float32(0)},
            "'arg0' of 'args.npz' must be an array of type tensor<2xbf16>, but has the shape [3]",
        ),
        (
            {"arg0": np.float32([1, 2]), "arg1": I4, "arg2": np.float32(0)},
            "'arg0' of 'args.npz' must be an array of type tensor<2xbf16>, but has elements of f32",
        ),
        (
            {"arg0": np.uint16([1, 2]), "arg1": I4 + I4, "arg2": np.float32(0)},
            "'arg1' of 'args.npz' holds -16, which is no i4",
        ),
    ],
)
def test_files_of_inputs_that_do_not_fit(run, arrays, message):
    np.savez("args.npz", **arrays)
    assert run("--function=several", "--inputs=args.npz") == (2, "", f"bef-run: {message}\n")


def test_files_of_inputs_that_cannot_be_read(run):
    np.save("one.npy", TWO)
    Path("text").write_text("no arrays, but a text")
    np.savez("cut.npz", arg0=TWO, arg1=TWO)
    content = Path("cut.npz").read_bytes()
    Path("cut.npz").write_bytes(content[: len(content) // 2])

    def message(name: str) -> str:
        code, _, err = run("--function=add", f"--inputs={name}")
        assert code == 2
        return err

    assert message("none") == "bef-run: cannot read 'none': No such file or directory\n"
    assert message("one.npy") == "bef-run: 'one.npy' is an .npy file, which holds one array without a name\n"
    assert message("text").startswith("bef-run: 'text' is not a safetensors file: its header would have ")
    assert message("cut.npz") == "bef-run: 'cut.npz' is not an .npz file: File is not a zip file\n"


def test_any_damage_to_an_archive_is_told(tmp_path):
    """Each byte changed, whichever error Python's archives end in."""
    path = tmp_path / "args.npz"
    np.savez(path, arg0=np.arange(3.0))
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        with suppress(UsageError):
            dict(open_arrays(path))
    needed_version = content.rindex(b"PK\x01\x02") + 6  # a field of the list of members
    path.write_bytes(content[:needed_version] + bytes([127]) + content[needed_version + 1 :])
    with pytest.raises(UsageError, match=r"is not an \.npz file: zip file version 12\.7$"):
        open_arrays(path)


def test_files_of_inputs_are_of_arrays(tool, tmp_path):
    path = tmp_path / "p.bef"
    path.write_bytes(tfrt.compile("func.func @f(%x: i32) -> i32 {\n  tfrt.return %x : i32\n}\n"))
    np.savez(tmp_path / "args.npz", arg0=np.int32(1))
    done = tool("bef-run", path, "--function=f", f"--inputs={tmp_path / 'args.npz'}")
    assert (done.code, done.err.replace(str(tmp_path), "DIR")) == (
        2,
        "bef-run: 'arg0' of 'DIR/args.npz' is for a value of type i32, which is no array; use --input\n",
    )
