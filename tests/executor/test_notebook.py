"""What programs, functions and tensors show in a notebook."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.devices.simulated import SimulatedTensor
from tfrt.executor.engines import notebook
from tfrt.executor.values.device import HOST_DEVICE, Device
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import ScalarHostTensor, StringHostTensor, dense_from_numpy, to_coo

PROGRAM = """\
func.func @double(%x: i32) -> i32 {
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}
func.func @main() -> i32 {
  %x = tfrt.constant.i32 4
  %n = tfrt.constant.i32 3
  %z = tfrt.repeat.i32 %n, %x : i32 {
    %y = tfrt.call @double(%x) : (i32) -> i32
    tfrt.return %y : i32
  }
  tfrt.return %z : i32
}
"""


class Reader(HTMLParser):
    """Checks that elements are nested; collects the text."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.names = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.names.add(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"] and data.strip():
            self.text.append(data.strip())


def read(shown):
    html = shown._repr_html_()
    reader = Reader()
    reader.feed(html)
    assert reader.open == [] and "script" not in reader.names
    assert set(re.findall(r"https?://[^\s\"']+", html)) <= {"http://www.w3.org/2000/svg"}
    return reader.text


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tfrt.load(tfrt.compile(PROGRAM, "p.mlir"))


def test_a_program(program, tmp_path):
    text = read(program)
    assert text[:11] == [
        "Program", "2 functions, on a host with no threads", "function", "kernels", "where",
        "@double(%arg0: i32) -> i32", "1", "p.mlir:1:1", "@main() -> i32", "4", "p.mlir:5:1",
    ]  # fmt: skip
    assert "graph" in text and "tfrt.repeat.i32" in text
    assert not any("func.func" in part for part in text)
    (tmp_path / "p.mlir").write_text(PROGRAM)
    assert read(program)[-1].startswith("1  func.func @double(%x: i32) -> i32 {\n 2    %y =")


def test_a_program_that_says_what_made_it():
    text = read(tfrt.load(tfrt.compile(PROGRAM, "p.mlir", opt_level=1)))
    assert text[1].startswith("p.mlir, compiled by tfrt ") and text[1].endswith(
        ", 2 functions, on a host with no threads"
    )
    assert "passes" in text


def test_a_function(program, tmp_path):
    text = read(program["main"])
    assert text[:3] == ["Function", "@main() -> i32", "4 kernels, p.mlir:5:1"]
    assert " ".join(text[3:10]).startswith("2 tfrt.constant.i32 , 1 tfrt.repeat.i32 , 1 tfrt.call")
    listing = text[-1].split("\n")
    assert listing[2].strip() == "3  %2 = tfrt.repeat.i32(%1, %0)  // p.mlir:8:8"
    (tmp_path / "p.mlir").write_text(PROGRAM)
    assert read(program["main"])[-1].split("\n")[0].strip() == "5  func.func @main() -> i32 {"


def test_files_elsewhere_are_not_read(tmp_path, monkeypatch):
    (tmp_path / "secret.mlir").write_text("secret\n" * 20)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    program = tfrt.load(tfrt.compile(PROGRAM, str(tmp_path / "secret.mlir")))
    assert not any("secret\n" in part for part in (*read(program), *read(program["main"])))


def test_large_programs_are_cut():
    functions = [PROGRAM.replace("@main", f"@main{n}").replace("@double", f"@double{n}") for n in range(30)]
    text = read(tfrt.load(tfrt.compile("".join(functions))))
    assert "… and 40 more functions" in text and "graph, 4 of 60 functions" in text
    adds = "".join(f"  %v{n + 1} = tfrt.add.i32 %v{n}, %v{n}\n" for n in range(200))
    long = tfrt.load(tfrt.compile(f"func.func @f(%v0: i32) -> i32 {{\n{adds}  tfrt.return %v200 : i32\n}}"))
    text = read(long["f"])
    assert "… and 161 more" in text and text[-1].endswith("… and 100 more lines")


HOSTILE = "<script>alert(1)</script>"


def test_names_are_text():
    text = f'func.func @"{HOSTILE}"() -> i32 {{\n  %x = tfrt.constant.i32 4\n  tfrt.return %x : i32\n}}\n'
    program = tfrt.load(tfrt.compile(text, f"{HOSTILE}.mlir", opt_level=1))
    assert f"@{HOSTILE}() -> i32" in read(program)
    assert f"@{HOSTILE}() -> i32" in read(program[HOSTILE])


def handle(tensor, metadata=None, device=HOST_DEVICE):
    return tfrt.TensorHandle(tfrt.HostContext(), device, tensor, metadata)


def test_a_tensor():
    text = read(handle(dense_from_numpy(np.arange(6, dtype=np.float32).reshape(2, 3))))
    assert text == [
        "TensorHandle", "there", "shape", "(2, 3)", "dtype", "f32", "device", "CPU:0", "kind", "DenseHost",
        "[[0. 1. 2.]\n [3. 4. 5.]]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (dense_from_numpy(np.arange(1000)), "[  0   1   2 ... 997 998 999]"),
        (dense_from_numpy(np.float32(2.5).reshape(())), "2.5"),
        (dense_from_numpy(np.zeros((0, 3), np.int8)), "[]"),
        (ScalarHostTensor(DType.I32, (1 << 20, 1 << 20), 7), "7, everywhere"),
        (StringHostTensor((2,), (HOSTILE, "b")), f"['{HOSTILE}', 'b']"),
        (StringHostTensor((13,), ("a",) * 13), f"[{', '.join(['repr'] * 12)}, …]".replace("repr", "'a'")),
        (to_coo(dense_from_numpy(np.diag([1, 2]))), "2 listed\nindices\n[[0 0]\n [1 1]]\nvalues\n[1 2]"),
    ],
)
def test_values_are_abbreviated(tensor, shown):
    assert read(handle(tensor))[-1] == shown


def test_small_floats():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert read(handle(dense_from_numpy(np.array([1.5, -2], ml_dtypes.bfloat16))))[-1] == "[1.5 -2]"


def test_nothing_is_waited_for():
    pending = tfrt.AsyncValue()
    assert read(handle(pending)) == [
        "TensorHandle", "not there yet", "shape", "not known yet", "dtype", "not known yet", "device", "CPU:0"
    ]  # fmt: skip
    assert read(handle(pending, TensorMetadata(DType.F32, (2, 3))))[2:6] == ["shape", "(2, 3)", "dtype", "f32"]


def test_a_tensor_that_failed():
    text = read(handle(tfrt.AsyncValue.failed(tfrt.KernelError(f"it is {HOSTILE}"))))
    assert (text[1], text[3], text[-1]) == ("failed: there is no tensor", "not known", f"it is {HOSTILE}")


def test_memory_of_a_device_is_not_copied():
    device = Device("SIM:0")
    tensor = SimulatedTensor(device, np.zeros(3, np.float32), DType.F32)
    text = read(handle(tensor, TensorMetadata(DType.F32, (3,)), device))
    assert text[-1] == "in the memory of SIM:0: handle.to('cpu') copies it"


def test_what_cannot_be_shown_is_none(program, monkeypatch):
    monkeypatch.setattr(notebook, "program", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(notebook, "function", lambda *_: 1 / 0)
    assert program._repr_html_() is None and program["main"]._repr_html_() is None
    assert object.__new__(tfrt.Program)._repr_html_() is None
    assert object.__new__(tfrt.TensorHandle)._repr_html_() is None
