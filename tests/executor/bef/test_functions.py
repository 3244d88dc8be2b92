"""Functions are checked together and decoded when they are asked for, with the same outcome as one by one."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from threading import Barrier, Thread

import pytest

import tfrt
from tests.executor.bef.conftest import EMPTY, Body, F, KernelParts, Parts, build, pseudo, vbr, words
from tests.executor.bef.test_memory import HOSTILE
from tests.robustness import bef_inputs
from tfrt.executor.bef import BefFile, FunctionKind, FunctionRecord, checked, functions, read_bef
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import SectionId
from tfrt.executor.bef.vbr_arrays import vbr_array
from tfrt.executor.support.errors import BefError

FILES = 300
"""Corrupt files that are read both ways; two in three are refused."""

DAMAGED = 100
"""Damaged files of many kernels, likewise."""


@pytest.fixture
def always_together(monkeypatch):
    monkeypatch.setattr(functions, "LEAST_BYTES", 0)


@pytest.fixture
def decoded(monkeypatch):
    """The names of the functions that have been decoded, one after the other."""
    found: list[str] = []
    decode = checked.CheckedFunctions.decode

    def noted(self, signature):
        found.append(signature.name)
        return decode(self, signature)

    monkeypatch.setattr(checked.CheckedFunctions, "decode", noted)
    return found


def outcome(data: bytes) -> BefFile | str:
    """The file, or what is wrong with it."""
    try:
        return read_bef(data)
    except BefError as error:
        return str(error)


def both_ways(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[BefFile | str, BefFile | str]:
    """What comes of reading functions one by one, and of checking them together."""
    monkeypatch.setattr(functions, "LEAST_BYTES", sys.maxsize)
    one_by_one = outcome(data)
    monkeypatch.setattr(functions, "LEAST_BYTES", 0)
    return one_by_one, outcome(data)


def is_checked_together(bef: BefFile) -> bool:
    return not isinstance(bef.functions.signatures[0], FunctionRecord)


def expect_same(expected: BefFile, found: BefFile) -> None:
    one_by_one, together = expected.functions, found.functions
    names = expected.kernel_names[::2]
    for index in range(len(one_by_one)):
        assert together.kernel_names(index) == one_by_one.kernel_names(index)
        assert set(together.callees(index)) == set(one_by_one.callees(index))
        assert together.register_types(index) == one_by_one.register_types(index)
        assert list(together.kernels_named(index, names)) == list(one_by_one.kernels_named(index, names))
        assert not together.is_decoded(index)
    assert list(together) == list(one_by_one)
    assert found.strings.known == expected.strings.known


def many_kernels() -> bytes:
    """A file of every kind of kernel there is: with no results and several, functions, attributes, regions."""
    lines = [f"  %a{i}, %b{i} = tfrt.div.i32 %a{i - 1}, %x" for i in range(1, 120)]
    lines += [f'  %k{i} = tfrt.constant.i32 {i}\n  "tfrt_test.fail"() {{}} : () -> ()' for i in range(60)]
    lines = [line.replace('  "tfrt_test.fail"() {} : () -> ()', "  tfrt.print.i32 %x, %ch") for line in lines]
    lines += [f"  %r{i} = tfrt.call @g(%a{i}) : (i32) -> i32" for i in range(1, 50)]
    body = "\n".join(lines)
    text = f"""
func.func @g(%x: i32) -> i32 {{
  tfrt.return %x : i32
}}
func.func @f(%x: i32, %ch: !tfrt.chain) -> (i32, i32) {{
  %a0 = tfrt.add.i32 %x, %x
{body}
  tfrt.return %a119, %r49 : i32, i32
}}
"""
    return tfrt.compile(text, "many.mlir")


def test_corrupt_files_are_refused_alike_and_others_mean_the_same(monkeypatch):
    together = 0
    for number in range(FILES):
        expected, found = both_ways(bef_inputs.make(number), monkeypatch)
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected, number
        elif len(found.functions) and is_checked_together(found):
            together += 1
            expect_same(expected, found)
    # What is right is hardly ever taken to be wrong at first.
    assert together > FILES // 5


def test_damage_to_many_kernels(monkeypatch):
    """One word or byte of a file whose functions are long is another one: all are found where they are."""
    data = many_kernels()
    bef = read_bef(data)
    start = bef.section(SectionId.FUNCTIONS).position
    refused = 0
    for seed in range(DAMAGED):
        rng, damaged = random.Random(seed), bytearray(data)
        at = rng.randrange(start, len(data)) & ~3
        size = rng.choice((1, 4))
        damaged[at : at + size] = rng.choice((0, 1, 2, rng.randrange(256), rng.randrange(2**32))).to_bytes(4, "little")[
            :size
        ]
        expected, found = both_ways(bytes(damaged), monkeypatch)
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected, seed
            refused += 1
        else:
            assert list(found.functions) == list(expected.functions)
    assert DAMAGED // 3 < refused < DAMAGED


@pytest.mark.parametrize("few", [0, checked._FEW, sys.maxsize])
def test_files_as_they_are_compiled_are_checked_together(monkeypatch, few):
    monkeypatch.setattr(checked, "_FEW", few)
    for data in (many_kernels(), *[seed.data for seed in bef_inputs.seeds()]):
        expected, found = both_ways(data, monkeypatch)
        assert isinstance(expected, BefFile) and isinstance(found, BefFile)
        # A file of native functions only has nothing to check together.
        if any(signature.kind is not FunctionKind.NATIVE for signature in found.functions.signatures):
            assert is_checked_together(found)
            expect_same(expected, found)


@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_are_built_to_take_memory(name, monkeypatch):
    expected, found = both_ways(build(HOSTILE[name][0]), monkeypatch)
    if isinstance(expected, str):
        assert found == expected
    else:
        assert isinstance(found, BefFile)
        assert list(found.functions) == list(expected.functions)


def test_users_in_another_order_are_right_too(always_together):
    """The reference's compiler lists the last reader first; a reader takes them in any order."""
    kernels = [
        pseudo(3, [[3, 1, 2]]),
        KernelParts(results=(1,), users=[[]]),
        KernelParts(results=(0,), users=[[]]),
        KernelParts(results=(2,), users=[[]]),
    ]
    body = Body(use_counts=(1, 0, 0), kernels=kernels)
    (function,) = read_bef(build(Parts(functions=body.data))).functions
    assert function.kernels[0].users == ((3, 1, 2),)
    assert [kernel.results for kernel in function.kernels[1:]] == [(1,), (0,), (2,)]


@pytest.mark.usefixtures("always_together")
@pytest.mark.parametrize(
    ("kernels", "message"),
    [
        ([pseudo(1, [[1]]), KernelParts(results=(0,), users=[[1]])], "the users of register 0 of kernel 1"),
        ([pseudo(1, [[0]]), KernelParts(results=(0,), users=[[]])], "the users of register 1 of kernel 0"),
        ([pseudo(1, [[1]]), KernelParts(results=(1,), users=[[]])], "kernel 1 cannot write register 1"),
        ([pseudo(1, [[1]]), KernelParts(results=(2**31,), users=[[]])], f"kernel 1 cannot write register {2**31}"),
        ([pseudo(1, [[2**32 - 1]]), KernelParts(results=(0,), users=[[]])], "the users of register 1 of kernel 0"),
    ],
)
def test_what_is_wrong_is_said_by_whoever_decodes(kernels, message, refused):
    assert refused(read_bef, build(Parts(functions=Body(kernels=kernels).data))).startswith(message)


@pytest.mark.usefixtures("always_together")
def test_an_offset_that_is_no_number_of_64_bits_signed(refused):
    index = b"\x01\x00" + vbr(2**64 - 1, EMPTY, 0, 1, 0)
    message = refused(read_bef, build(Parts(function_index=index)))
    assert message.startswith(f"function 0 starts at {2**64 - 1}, expected 0 in section FunctionIndex")


@pytest.mark.usefixtures("always_together")
def test_streams_of_64_bits():
    """More than a word of numpy's holds: these are read one by one."""
    kernel = KernelParts(results=(0,), users=[[]], stream=2**64 - 1)
    (function,) = read_bef(build(Parts(functions=Body(kernels=(pseudo(1, [[1]]), kernel)).data))).functions
    assert function.kernels[1].stream == 2**64 - 1


# -- when functions are decoded -------------------------------------------------------------------------------------

BRANCHES = """
func.func @deep(%x: i32) -> i32 {
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}
func.func @other(%x: i32) -> i32 {
  %y = tfrt.mul.i32 %x, %x
  tfrt.return %y : i32
}
func.func @effects(%x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %c = tfrt.print.i32 %x, %ch
  tfrt.return %c : !tfrt.chain
}
func.func @main(%b: i1, %x: i32) -> i32 {
  %y = tfrt.cond %b @deep @other (%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
"""


@pytest.mark.usefixtures("always_together")
def test_functions_are_decoded_when_they_are_called(decoded):
    program = tfrt.load(tfrt.compile(BRANCHES, "branches.mlir"))
    assert decoded == []
    assert program["main"](True, 4) == 8
    assert decoded == ["main", "deep"]
    assert program["main"](False, 4) == 16
    assert program["main"](True, 4) == 8
    assert decoded == ["main", "deep", "other"]


@pytest.mark.usefixtures("always_together")
def test_loading_holds_functions_against_kernels_without_decoding(decoded):
    data = tfrt.compile(BRANCHES, "branches.mlir")
    swapped = read_bef(data)
    (call,) = swapped.functions.kernels_named(3, ("tfrt.cond",))
    assert call.functions == (0, 1)
    before, after = words(*call.arguments), words(*call.results)
    at = data.index(before + words(0, 1) + after)
    wrong = data[:at] + before + words(0, 2) + after + data[at + len(before) + 8 + len(after) :]
    with pytest.raises(tfrt.LoadError, match=r"'tfrt\.cond' cannot run @effects: it has 2 arguments, not 1"):
        tfrt.load(wrong)
    assert decoded == []


@pytest.mark.usefixtures("always_together")
def test_a_function_is_decoded_once_however_many_threads_ask(decoded):
    bef = read_bef(many_kernels())
    barrier, found = Barrier(8), []

    def ask() -> None:
        barrier.wait()
        found.append(bef.functions[1])

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert decoded == ["f"]
    assert len(found) == 8 and all(record is found[0] for record in found)


@pytest.mark.usefixtures("always_together")
def test_functions_are_a_sequence():
    bef = read_bef(many_kernels())
    assert [function.name for function in bef.functions[1:]] == ["f"]
    assert bef.functions[-1] is bef.functions[1]
    assert bef.functions.is_decoded(1) and not bef.functions.is_decoded(0)
    with pytest.raises(IndexError):
        bef.functions[2]


@pytest.mark.parametrize("function", ["f", "g"])
def test_small_files_are_decoded_at_once(function):
    bef = read_bef(build(replace(Parts(), strings=f"\0{function}\0i32\0t.op\0".encode())))
    assert bef.functions.is_decoded(0)
    assert bef.functions[0] is bef.functions.signatures[0]
    assert bef.functions[0].name == function == bef.strings.known[F]


def test_programs_of_scalars_are_read_without_numpy(tmp_path):
    (tmp_path / "many.bef").write_bytes(many_kernels())
    script = "import sys, tfrt; tfrt.load(sys.argv[1])['g'](1); sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", script, tmp_path / "many.bef"], check=True)


# -- integers, many at once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [7, 8, 28, 32, 33, 56])
def test_integers_are_as_a_cursor_reads_them(bits):
    rng = random.Random(bits)
    numbers = [rng.getrandbits(rng.randint(1, bits)) for _ in range(200)] + [2**bits - 1]
    data = vbr(*numbers)
    found = vbr_array(data, len(numbers))
    assert found is not None
    assert found.tolist() == numbers == Cursor(memoryview(data), 0, len(data), "").vbrs(len(numbers), "")


@pytest.mark.parametrize(
    ("data", "count"), [(vbr(2**57), 1), (b"\x80", 0), (b"\x80", 1), (b"\0\x80", 1), (b"\0\0", 1), (b"\0", 2)]
)
def test_integers_that_may_be_wrong(data, count):
    assert vbr_array(data, count) is None
