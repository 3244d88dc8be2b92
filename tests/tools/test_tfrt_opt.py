"""tfrt-opt: options, passes, locations, diagnostics and exit codes. What programs print as is in tests/filecheck."""

from __future__ import annotations

import re

import pytest

from tfrt.compiler import passes
from tfrt.executor.errors import UsageError

FOLDABLE = """\
func.func @f(%a: !tfrt.chain) -> (i32, i32, !tfrt.chain) {
  %dead = tfrt.constant.i32 3
  %x = tfrt.constant.i32 4
  %y = tfrt.constant.i32 4
  %z = tfrt.merge.chains %a : !tfrt.chain
  tfrt.return %x, %y, %z : i32, i32, !tfrt.chain
}
"""

BROKEN = """\
func.func @f() {
  %x = tfrt.add.i32 %y, %z
  tfrt.return
}
"""


@pytest.fixture
def opt(tool):
    """Runs tfrt-opt on a text; returns the exit code, the output and what came on stderr."""

    def call(text, *arguments):
        done = tool("tfrt-opt", *arguments, stdin=text)
        return done.code, done.out, done.err

    return call


def test_prints_a_module_that_it_reads_back(opt):
    code, printed, err = opt(FOLDABLE)
    assert (code, err) == (0, "")
    assert opt(printed) == (0, printed, "")


@pytest.mark.parametrize("flag", ["--print-generic", "--mlir-print-op-generic", "-mlir-print-op-generic"])
def test_generic_form(opt, flag):
    code, printed, _ = opt(FOLDABLE, flag)
    assert code == 0
    assert '"builtin.module"() ({' in printed
    assert '"tfrt.constant.i32"() {value = 4 : i32}' in printed


@pytest.mark.parametrize("flag", ["--mlir-print-debuginfo", "--print-debuginfo"])
def test_locations(opt, flag):
    assert 'loc("<stdin>":2:11)' in opt(FOLDABLE, flag)[1]


@pytest.mark.parametrize(
    ("arguments", "constants"),
    [
        ([], 3),
        (["-p", "dce"], 2),
        (["-p", "cse"], 1),
        (["-p", "dce,cse"], 1),
        (["-p", "builtin.module(dce,cse)"], 1),
        (["--dce", "--cse"], 1),
        (["-dce"], 2),
        (["-canonicalize"], 2),
        (["--pass-pipeline=dce"], 2),
        (["-p", ""], 3),
    ],
)
def test_passes(opt, arguments, constants):
    code, printed, err = opt(FOLDABLE, *arguments)
    assert (code, err) == (0, "")
    assert printed.count("tfrt.constant.i32") == constants


def test_passes_keep_locations(opt):
    code, printed, _ = opt(FOLDABLE, "-p", "canonicalize,cse,dce", "--print-debuginfo", "--print-generic")
    assert code == 0
    # The text wraps its functions in a module that is nowhere, and arguments have no locations of their own.
    assert printed.count("loc(unknown)") == 2
    assert re.search(r'"tfrt.constant.i32".*loc\("<stdin>":3:8\)', printed)


MERGE = """\
func.func @f(%a: !tfrt.chain, %b: !tfrt.chain, %c: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
  %m = tfrt.merge.chains %a, %b, %c : !tfrt.chain, !tfrt.chain, !tfrt.chain
  tfrt.return %m, %a : !tfrt.chain, !tfrt.chain
}
"""


def test_what_a_rewrite_inserts_is_where_the_rewritten_op_was(opt):
    code, printed, _ = opt(MERGE, "-canonicalize", "--print-debuginfo")
    assert code == 0
    assert re.search(r'tfrt.merge.chains %b, %c : !tfrt.chain, !tfrt.chain loc\("<stdin>":2:8\)', printed)


def test_what_a_pattern_inserts_without_a_location_gets_that_of_the_op_it_matched():
    from xdsl.dialects.builtin import UnknownLoc
    from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern

    from tfrt.compiler.frontend import parse_module
    from tfrt.compiler.passes.canonicalize import KeepLocations

    class Again(RewritePattern):
        def match_and_rewrite(self, op, rewriter: PatternRewriter, /) -> None:
            if op.name == "tfrt.add.i32":
                new = op.clone()
                new.location = UnknownLoc()
                rewriter.replace(op, new)

    module = parse_module(
        "func.func @f(%x: i32) -> i32 {\n  %y = tfrt.add.i32 %x, %x\n  tfrt.return %y : i32\n}\n", "f.mlir"
    )
    before = [str(op.location) for op in module.walk()]
    PatternRewriteWalker(KeepLocations(Again()), apply_recursively=False).rewrite_module(module)
    assert [str(op.location) for op in module.walk()] == before


def test_roundtrip(opt):
    assert opt(FOLDABLE, "--verify-roundtrip") == opt(FOLDABLE)


def test_roundtrip_notices_what_does_not_read_back(opt, monkeypatch):
    from tfrt.compiler import printer

    original = printer.print_module

    def forgetful(module, *, generic=False, locations=False):
        printed = original(module, generic=generic, locations=locations)
        return printed if generic else printed.replace("tfrt.constant.i32 3", "tfrt.constant.i32 5")

    monkeypatch.setattr(printer, "print_module", forgetful)
    code, out, err = opt(FOLDABLE, "--verify-roundtrip")
    assert (code, out) == (1, "")
    assert err.startswith("error: the printed custom form reads back as another program:\n")
    assert "value = 5 : i32" in err


def test_roundtrip_notices_what_is_refused(opt, monkeypatch):
    from tfrt.compiler import printer

    original = printer.print_module

    def broken(module, *, generic=False, locations=False):
        printed = original(module, generic=generic, locations=locations)
        return printed if generic else printed.replace("tfrt.constant.i32 3", "tfrt.constant.i32 %")

    monkeypatch.setattr(printer, "print_module", broken)
    code, _, err = opt(FOLDABLE, "--verify-roundtrip")
    assert code == 1
    assert re.match(r"custom form:3:\d+: error: the printed custom form is refused: ", err)


def test_a_refused_program(opt):
    assert opt(BROKEN) == (
        1,
        "",
        "<stdin>:2:21: error: use of undeclared SSA value name '%y'\n"
        "  %x = tfrt.add.i32 %y, %z\n"
        "                    ^\n"
        "<stdin>:2:25: error: use of undeclared SSA value name '%z'\n"
        "  %x = tfrt.add.i32 %y, %z\n"
        "                        ^\n",
    )


def test_parts_are_processed_one_by_one(opt):
    text = "func.func private @a()\n// -----\n" + BROKEN + "// -----\nfunc.func private @c()\n"
    code, out, err = opt(text, "--split-input-file")
    assert code == 1
    assert out.count("// -----") == 1
    assert out.index("@a") < out.index("// -----") < out.index("@c")
    assert "<stdin>:4:21: error: " in err
    assert "  %x = tfrt.add.i32 %y, %z\n" in err


def test_without_splitting_the_parts_are_one_program(opt):
    code, out, _ = opt("func.func private @a()\n// -----\nfunc.func private @b()\n")
    assert code == 0
    assert "// -----" not in out
    assert "@a" in out
    assert "@b" in out


TWICE = "// expected-error@+1 {{undeclared}} expected-error@+1 {{'%z'}}\n"


def test_expected_diagnostics_are_no_failure(opt):
    text = BROKEN.replace("  %x", f"  {TWICE}  %x")
    assert opt(text, "--verify-diagnostics") == (0, "", "")


def test_unexpected_and_missing_diagnostics(opt):
    text = BROKEN.replace("  %x", "  // expected-error@+1 {{undeclared}} expected-warning@+1 {{odd}}\n  %x")
    assert opt(text, "--verify-diagnostics") == (
        1,
        "",
        "<stdin>:3:25: error: unexpected error: use of undeclared SSA value name '%z'\n"
        "  %x = tfrt.add.i32 %y, %z\n"
        "                        ^\n"
        '<stdin>:2:39: error: expected warning "odd" was not produced\n'
        "  // expected-error@+1 {{undeclared}} expected-warning@+1 {{odd}}\n"
        "                                      ^\n",
    )


def test_expectations_by_part_with_lines_of_the_whole_file(opt):
    good = BROKEN.replace("  %x", f"  {TWICE}  %x")
    text = f"func.func private @a()\n// -----\n{good}// -----\n{BROKEN}"
    code, out, err = opt(text, "--split-input-file", "--verify-diagnostics")
    assert (code, out) == (1, "")
    assert [line for line in err.splitlines() if "error: " in line] == [
        "<stdin>:10:21: error: unexpected error: use of undeclared SSA value name '%y'",
        "<stdin>:10:25: error: unexpected error: use of undeclared SSA value name '%z'",
    ]


def test_expected_diagnostics_of_valid_programs_are_missing(opt):
    code, _, err = opt("// expected-error {{oops}}\nfunc.func private @a()\n", "--verify-diagnostics")
    assert code == 1
    assert err.startswith('<stdin>:1:4: error: expected error "oops" was not produced\n')


def test_unknown_dialects(opt):
    text = 'func.func @f() {\n  "foo.bar"() : () -> ()\n  tfrt.return\n}\n'
    code, _, err = opt(text)
    assert code == 1
    assert err.startswith("<stdin>:2:3: error: op 'foo.bar' is of an unregistered dialect.")
    assert opt(text, "-allow-unregistered-dialect")[0] == 0


def test_output_file(opt, tmp_path):
    path = tmp_path / "out.mlir"
    assert opt(FOLDABLE, "-o", path) == (0, "", "")
    assert path.read_text() == opt(FOLDABLE)[1]


def test_a_refused_program_leaves_the_output_file_alone(opt, tmp_path):
    path = tmp_path / "out.mlir"
    path.write_text("old")
    assert opt(BROKEN, "-o", path)[0] == 1
    assert path.read_text() == "old"


class ThatFails:
    """A pass that cannot."""

    name = "fails"

    def apply(self, ctx, module):
        raise ValueError("cannot")


class ThatBreaks:
    """A pass that leaves an invalid module behind."""

    name = "breaks"

    def apply(self, ctx, module):
        terminator = next(op for op in module.walk() if op.name == "tfrt.return")
        terminator.detach()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ThatFails(), "error: pass 'fails' failed: ValueError: cannot\n"),
        (ThatBreaks(), "note: the program was valid before pass 'breaks'\n"),
    ],
)
def test_a_pass_that_does_wrong(opt, monkeypatch, broken, message):
    monkeypatch.setattr(passes, "parse_pipeline", lambda text: (broken,))
    code, out, err = opt(FOLDABLE, "-p", broken.name)
    assert (code, out) == (1, "")
    assert err.endswith(message)


def test_every_pass_can_be_named():
    for name in passes.PASSES:
        (found,) = passes.parse_pipeline(name)
        assert found.name == name


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ("canonicalise", "unknown pass 'canonicalise'; did you mean 'canonicalize' or 'canonicalize-dmp'?"),
        ("qqq", "unknown pass 'qqq'; for example: canonicalize, cse, dce"),
        ("cse{", "malformed pass pipeline 'cse{'; expected PASS,PASS{OPTION=VALUE},…"),
        ("cse(dce)", "malformed pass pipeline 'cse(dce)'; expected PASS,PASS{OPTION=VALUE},…"),
    ],
)
def test_wrong_pipelines(pipeline, message):
    with pytest.raises(UsageError) as caught:
        passes.parse_pipeline(pipeline)
    assert str(caught.value) == message


def test_wrong_pass_options():
    with pytest.raises(UsageError, match=r"pass pipeline 'cse\{a=1\}': .*not found"):
        passes.parse_pipeline("cse{a=1}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--canonicalise"], "unknown option '--canonicalise'; did you mean '--canonicalize'?"),
        (["-p", "nope"], "unknown pass 'nope'; for example: canonicalize, cse, dce"),
        (["none.mlir"], "cannot read 'none.mlir': No such file or directory"),
        (["-o"], "option '-o' needs a value"),
    ],
)
def test_wrong_usage_is_one_line(opt, arguments, message):
    assert opt(FOLDABLE, *arguments) == (2, "", f"tfrt-opt: {message}\n")


def test_a_bef_file_is_no_text(opt):
    message = "tfrt-opt: '-' is a BEF file; tfrt-translate --bef-to-mlir shows it as text\n"
    assert opt(b"\x0b\xef\x00\x01") == (2, "", message)
