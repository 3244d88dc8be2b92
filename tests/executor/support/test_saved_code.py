"""Machine code that one process saves and others use."""

from __future__ import annotations

import ctypes
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfrt
from tests.executor.support.texts import DOUBLE
from tfrt.executor.support import flat_code, saved_code
from tfrt.executor.support.code_files import read_code, write_code
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.machine_code import CannotAssemble, assemble, is_available, processor
from tfrt.executor.support.processor_levels import LEVELS, best_level
from tfrt.executor.support.saved_code import name_of, record, use

X86 = pytest.mark.skipif(
    not (flat_code.is_possible() and best_level(flat_code.processor_flags())), reason="on Linux on x86 only"
)
LLVM = pytest.mark.skipif(not saved_code.has_compiler(), reason="needs llvmlite")

ITS_CODE = bytes.fromhex("488b4710 48d120 c3")
"""mov rax, [rdi + 16]; shl qword ptr [rax], 1; ret"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "double.code"
    write_code(path, LEVELS[1], {name_of(DOUBLE, "double"): ITS_CODE})
    return path


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setattr(saved_code, "has_compiler", lambda: False)
    monkeypatch.setattr("tfrt.executor.support.machine_code.has_compiler", lambda: False)
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path / "cache"))


def doubled(value: int) -> int:
    array = np.array([value])
    assemble(DOUBLE, "double", [ctypes.py_object])(array)
    return int(array[0])


@X86
@pytest.mark.usefixtures("no_compiler")
def test_code_of_a_file_runs_without_a_compiler(fresh_process, path):
    assert not is_available()
    with pytest.raises(CannotAssemble, match="llvmlite"):
        doubled(21)
    fresh_process.is_begun = False
    assert use([path]) and is_available()
    assert doubled(21) == 42
    assert (processor().vector_bytes, processor().registers, processor().fuses) == (32, 16, True)
    # What is not in it is not there.
    with pytest.raises(CannotAssemble, match="llvmlite"):
        assemble(DOUBLE.replace("add", "sub"), "double", [ctypes.py_object])


@X86
def test_hosts_name_the_same_file(fresh_process, path):
    with tfrt.HostContext(machine_code=path) as one, tfrt.HostContext(machine_code=[path, path]) as other:
        assert one.native is other.native is True
    assert len(fresh_process.files) == 1


@X86
def test_the_best_level_is_used(fresh_process, monkeypatch, path, tmp_path):
    better = tmp_path / "better.code"
    write_code(better, LEVELS[0], {"a" * 64: ITS_CODE})
    monkeypatch.setattr(flat_code, "processor_flags", lambda: LEVELS[0].flags)
    assert use([path, better])
    assert fresh_process.level is LEVELS[0] and [file.path for file in fresh_process.files.values()] == [str(better)]


@X86
def test_another_processors_code_is_left_aside(fresh_process, monkeypatch, path, caplog):
    monkeypatch.setattr(flat_code, "processor_flags", lambda: LEVELS[1].flags - {"fma", "avx2", "avx", "bmi1"})
    with caplog.at_level(logging.WARNING, "tfrt"), tfrt.HostContext(machine_code=path) as host:
        assert host.native is None
    assert caplog.messages == [
        f"'{path}' is for x86-64-v3, which this processor is not: it lacks avx, avx2, bmi1, …",
    ]
    assert not fresh_process.files and fresh_process.level is None


@X86
def test_a_process_that_has_begun_with_another_level(fresh_process, monkeypatch, path, caplog):
    monkeypatch.setattr(flat_code, "processor_flags", lambda: LEVELS[0].flags)
    processor()
    with caplog.at_level(logging.WARNING, "tfrt"):
        assert not use([path])
    assert caplog.messages == [f"'{path}' is not used: this process has begun with machine code for x86-64-v4"]


def test_code_that_is_not_wanted_is_no_use(path):
    with pytest.raises(UsageError) as error:
        tfrt.HostContext(machine_code=path, native=False)
    assert str(error.value) == "machine_code goes with native=True or None: with False there is none"


def refused(path: Path, level: str | None = None) -> str:
    with pytest.raises(UsageError) as error, record(path, level):
        pass
    assert not path.exists()
    return str(error.value).replace(str(path), "FILE")


def test_what_cannot_be_recorded(fresh_process, monkeypatch, tmp_path):
    path = tmp_path / "none.code"
    monkeypatch.setattr(flat_code, "is_possible", lambda: False)
    assert refused(path) == "machine code can be saved on Linux on x86-64 only"
    monkeypatch.setattr(flat_code, "is_possible", lambda: True)
    monkeypatch.setattr(flat_code, "processor_flags", lambda: LEVELS[1].flags)
    monkeypatch.setattr(saved_code, "has_compiler", lambda: False)
    assert refused(path) == "machine code is made by llvmlite, which is not installed: pip install 'tfrt[native]'"
    monkeypatch.setattr(saved_code, "has_compiler", lambda: True)
    assert refused(path, "x86-64-v4") == "this processor is no x86-64-v4, and cannot try its code"
    assert refused(path, "v4") == "there is no processor level 'v4'; there are 'x86-64-v4' and 'x86-64-v3'"
    assert refused(path) == "no machine code has been made, so 'FILE' is not written"
    fresh_process.is_begun = True
    assert refused(path) == "this process has made or loaded machine code before: record it in a new one"
    monkeypatch.setattr(flat_code, "processor_flags", lambda: frozenset({"sse2"}))
    assert refused(path) == "this processor is no x86-64-v3, and cannot try its code"


@X86
@LLVM
@pytest.mark.parametrize("level", [None, "x86-64-v3"])
def test_what_is_recorded(fresh_process, tmp_path, level):
    path = tmp_path / "made.code"
    with record(path, level):
        assert doubled(4) == 8
    made = read_code(path)
    assert made.level is (best_level(flat_code.processor_flags()) if level is None else LEVELS[1])
    assert len(made) == 1 and made.find(name_of(DOUBLE, "double"))
    # Nothing is kept any more.
    assert not fresh_process.is_recording and not fresh_process.made


@X86
@LLVM
def test_what_raises_writes_no_file(fresh_process, tmp_path):
    with pytest.raises(ZeroDivisionError), record(tmp_path / "made.code"):
        assert doubled(4) == 8
        raise ZeroDivisionError
    assert not (tmp_path / "made.code").exists() and not fresh_process.made


PROGRAM = """
func.func @main(%x: tensor<64x256xf32>, %w: tensor<256x512xf32>) -> tensor<64xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<64x256xf32>, tensor<256x512xf32>) -> tensor<64x512xf32>
  %1 = stablehlo.exponential %0 : tensor<64x512xf32>
  %c = stablehlo.constant dense<0.0> : tensor<f32>
  %2 = stablehlo.reduce(%1 init: %c) applies stablehlo.add across dimensions = [1]
    : (tensor<64x512xf32>, tensor<f32>) -> tensor<64xf32>
  return %2 : tensor<64xf32>
}
"""

RUN = """
import logging, sys
import numpy as np
import tfrt
logging.basicConfig(level=logging.INFO, format="%(message)s")
bef = tfrt.compile(sys.argv[3], opt_level=2)
x, w = np.linspace(-1, 1, 64 * 256, dtype=np.float32).reshape(64, 256), np.ones((256, 512), np.float32) / 64
def run(host):
    print(bytes(np.asarray(tfrt.load(bef, host=host)["main"](x, w))).hex())
if sys.argv[1] == "record":
    with tfrt.record_machine_code(sys.argv[2], level="x86-64-v3"), tfrt.HostContext("mstd:2", native=True) as host:
        run(host)
else:
    sys.modules["llvmlite"] = None
    with tfrt.HostContext("mstd:2", machine_code=sys.argv[2]) as host:
        run(host)
"""


@X86
@LLVM
def test_programs_run_as_they_were_recorded(tmp_path, monkeypatch):
    ran = []
    for number, how in enumerate(("record", "use")):
        # Neither finds what the other one has left.
        monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path / str(number)))
        command = [sys.executable, "-c", RUN, how, str(tmp_path / "model.code"), PROGRAM]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        assert "no machine code" not in done.stderr
        ran.append(done.stdout)
    assert ran[0] == ran[1] and ran[0]
