"""Dialects of installed packages: as text, as bytecode, and what may be wrong with them."""

import subprocess
import sys

import pytest

import tfrt
from tfrt.dialects import get_dialects

DIALECT = """
    from xdsl.dialects.builtin import i32
    from tfrt.dialects.shared.definitions import define_dialect, define_op, define_type, number_of

    Box = define_type("guest.box", "An integer in a box.")
    PUT = define_op(
        "guest.put",
        attributes={"value": number_of(i32)},
        results={"box": Box()},
        assembly_format="$value `in` `box` attr-dict",
        summary="A box.",
    )
    GUEST = define_dialect("guest", __name__)
"""
KERNELS = """
    import tfrt

    @tfrt.kernel("guest.put")
    def put(*, value: tfrt.I32):
        return [value]
"""
PROGRAM = """\
func.func @f() -> !guest.box {
  %0 = guest.put 7 in box
  tfrt.return %0 : !guest.box
}
"""
ENTRIES = {"tfrt.dialects": {"guest": "guest_dialect:GUEST"}, "tfrt.kernels": {"guest": "guest_kernels"}}


@pytest.fixture
def guest(install):
    return install("a", ENTRIES, guest_dialect=DIALECT, guest_kernels=KERNELS)


def refusal(text=PROGRAM):
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.compile(text)
    return str(caught.value)


def diagnostics(text):
    with pytest.raises(tfrt.CompileError) as caught:
        tfrt.compile(text, "p.mlir")
    return [d.headline() for d in caught.value.diagnostics]


def test_a_program_runs(guest):
    assert tfrt.load(tfrt.compile(PROGRAM))["f"]() == [7]
    assert tfrt.load(tfrt.compile(PROGRAM, opt_level=3))["f"]() == [7]


def test_the_command_lines_know_the_dialect(guest, tool):
    assert tool("tfrt-opt", "--verify-roundtrip", stdin=PROGRAM).out == tool("tfrt-opt", stdin=PROGRAM).out
    assert "%0 = guest.put 7 in box\n" in tool("tfrt-opt", stdin=PROGRAM).out
    generic = tool("tfrt-opt", "--print-generic", stdin=PROGRAM).out
    assert '%0 = "guest.put"() {value = 7 : i32} : () -> !guest.box' in generic
    assert tool("tfrt-opt", stdin=generic).out == tool("tfrt-opt", stdin=PROGRAM).out
    bef = tool("tfrt-translate", stdin=PROGRAM).stdout
    back = tool("tfrt-translate", stdin=bef).out
    assert "%0 = guest.put 7 in box loc(" in back and "tfrt.return %0 : !guest.box" in back
    assert tool("tfrt-translate", stdin=back).stdout == bef
    assert tool("bef-run", stdin=bef).err == ""


def test_tfrt_opt_lists_the_dialects(guest, tool):
    lines = tool("tfrt-opt", "--show-dialects").out.splitlines()
    assert "guest (of package 'a')" in lines and "tfrt" in lines
    assert len(lines) == len(get_dialects()) + 1


def test_the_dialect_is_verified(guest):
    assert diagnostics(PROGRAM.replace("guest.put 7 in box", '"guest.put"() : () -> !guest.box')) == [
        "p.mlir:2:8: error: 'guest.put' op requires attribute 'value'",
    ]
    assert diagnostics(PROGRAM.replace("guest.put 7 in box", "guest.putt 7 in box"))[0] == (
        "p.mlir:2:8: error: custom op 'guest.putt' is unknown"
    )
    assert diagnostics(PROGRAM.replace("guest.put 7 in box", '"guest.putt"() : () -> !guest.box'))[0] == (
        "p.mlir:2:8: error: unregistered operation 'guest.putt' found in dialect ('guest') that does not allow unknown"
        " operations"
    )
    assert diagnostics(PROGRAM.replace("!guest.box", "!guest.bag"))[0] == (
        "p.mlir:1:19: error: unknown type '!guest.bag' in dialect 'guest'"
    )


def test_kernels_are_imported_when_the_program_is_loaded(guest):
    tfrt.compile(PROGRAM)
    assert "guest_dialect" in sys.modules and "guest_kernels" not in sys.modules


def test_dialects_of_ours_do_not_make_anybody_look_for_packages():
    code = """import sys, tfrt
from tfrt.compiler import bef_to_mlir, tfrt_opt
from tfrt.executor.bef import read_bef
text = "func.func @f(%x: !ts.shape) -> i64 { %0 = ts.get_num_elements %x tfrt.return %0 : i64 }"
bef_to_mlir.disassemble(read_bef(tfrt.compile(text, opt_level=3)))
tfrt_opt.main(["-p", "canonicalize,cse", "--print-ir-before", "cse", "--dce", "/dev/null"])
from tfrt.executor.support import plugins
assert plugins._found is None"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


BROKEN = {
    "no_such_module:X": "cannot import dialect 'guest' of package 'a' (no_such_module:X): "
    "ModuleNotFoundError: No module named 'no_such_module'",
    "of_a:NOTHING": "cannot import dialect 'guest' of package 'a' (of_a:NOTHING): "
    "AttributeError: module 'of_a' has no attribute 'NOTHING'",
    "of_a": "dialect 'guest' of package 'a' (of_a) is no xDSL Dialect, but module",
    "of_a:OTHER": "dialect 'guest' of package 'a' (of_a:OTHER) is the dialect 'other'; an entry point has its dialect's"
    " name",
    "of_a:FOREIGN_OP": "dialect 'guest' of package 'a' (of_a:FOREIGN_OP) defines the op 'tfrt.put', which is not named"
    " 'guest.…'",
    "of_a:FOREIGN_TYPE": "dialect 'guest' of package 'a' (of_a:FOREIGN_TYPE) defines the type or attribute 'tfrt.box',"
    " which is not named 'guest.…'",
    "of_a:TWICE": "dialect 'guest' of package 'a' (of_a:TWICE) defines the op 'guest.put' twice",
}


@pytest.mark.parametrize("value", BROKEN)
def test_broken_dialects(install, value):
    install(
        "a",
        {"tfrt.dialects": {"guest": value}},
        of_a="""
            from xdsl.ir import Dialect
            from tfrt.dialects.shared.definitions import define_op, define_type

            OTHER = Dialect("other")
            FOREIGN_OP = Dialect("guest", [define_op("tfrt.put", summary="")])
            FOREIGN_TYPE = Dialect("guest", [], [define_type("tfrt.box", "")])
            TWICE = Dialect("guest", [define_op("guest.put", summary=""), define_op("guest.put", summary="")])
        """,
    )
    for _ in range(2):
        assert refusal() == BROKEN[value]


@pytest.mark.parametrize(
    ("format", "reason"),
    [
        ("$value `+` attr-dict", "cannot read literal '+' in assembly format"),
        ("custom<Value>($value) attr-dict", ""),
    ],
)
def test_a_form_that_cannot_be_read(install, format, reason):
    install("a", ENTRIES, guest_dialect=DIALECT.replace("$value `in` `box` attr-dict", format))
    said = refusal()
    if reason:
        assert said == (
            "dialect 'guest' of package 'a' (guest_dialect:GUEST) defines an op that cannot be read:"
            f" guest.put: {reason}"
        )
    else:
        assert said.startswith("cannot import dialect 'guest' of package 'a' (guest_dialect:GUEST): PyRDL")


def test_a_broken_dialect_is_bad_usage_of_a_command_line(install, tool):
    install("a", {"tfrt.dialects": {"guest": "no_such_module:X"}})
    done = tool("tfrt-opt", stdin=PROGRAM)
    assert (done.code, done.err) == (2, f"tfrt-opt: {BROKEN['no_such_module:X']}\n")


def test_two_packages_with_one_dialect(install):
    install("a", ENTRIES, guest_dialect=DIALECT)
    install("b", ENTRIES)
    assert refusal() == (
        "dialect 'guest' comes from two packages, 'b' (guest_dialect:GUEST) and 'a' (guest_dialect:GUEST);"
        " uninstall one of them"
    )
    assert tfrt.compile("func.func @f() { tfrt.return }")


def test_a_dialect_of_ours(install):
    install("a", {"tfrt.dialects": {"ts": "guest_dialect:GUEST"}}, guest_dialect=DIALECT)
    clash = (
        "dialect 'ts' comes from two packages, 'tfrt' and 'a' (guest_dialect:GUEST); uninstall 'a', or rename it there"
    )
    assert refusal() == clash
    assert diagnostics("func.func @f() {\n  ts.put 7 in box\n  tfrt.return\n}") == [
        "p.mlir:2:3: error: custom op 'ts.put' is unknown",
        f"note: {clash}",
    ]
