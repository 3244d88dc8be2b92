"""tfrt-opt: options, passes, locations, diagnostics and exit codes. What programs print as is in tests/filecheck."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from xdsl.passes import ModulePass

from tfrt.compiler import compile, passes
from tfrt.compiler.pipelines import pipeline
from tfrt.executor.support.errors import UsageError

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
        (["-p", "cse"], 2),
        (["-p", "dce,cse"], 1),
        (["-p", "builtin.module(dce,cse)"], 1),
        (["-p", "builtin.module(func.func(dce,cse),symbol-dce)"], 1),
        (["-p", "func.func(dce), any(cse)"], 1),
        (["-O0"], 3),
        (["-O1"], 1),
        (["-O2"], 1),
        (["-O3", "-p", "cse"], 1),
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
    assert re.search(r'"tfrt.constant.i32".*loc\(fused\["<stdin>":3:8, "<stdin>":4:8\]\)', printed)


MERGE = """\
func.func @f(%a: !tfrt.chain, %b: !tfrt.chain, %c: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
  %m = tfrt.merge.chains %b, %c, %c : !tfrt.chain, !tfrt.chain, !tfrt.chain
  tfrt.return %m, %a : !tfrt.chain, !tfrt.chain
}
"""


def test_what_a_rewrite_inserts_is_where_the_rewritten_op_was(opt):
    code, printed, _ = opt(MERGE, "-canonicalize", "--print-debuginfo")
    assert code == 0
    assert re.search(r'tfrt.merge.chains %arg1, %arg2 : !tfrt.chain, !tfrt.chain loc\("<stdin>":2:8\)', printed)


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

    def forgetful(module, *, generic=False, **options):
        printed = original(module, generic=generic, **options)
        return printed if generic else printed.replace("tfrt.constant.i32 3", "tfrt.constant.i32 5")

    monkeypatch.setattr(printer, "print_module", forgetful)
    code, out, err = opt(FOLDABLE, "--verify-roundtrip")
    assert (code, out) == (1, "")
    assert err.startswith("error: the printed custom form reads back as another program:\n")
    assert "value = 5 : i32" in err


def test_roundtrip_notices_what_is_refused(opt, monkeypatch):
    from tfrt.compiler import printer

    original = printer.print_module

    def broken(module, *, generic=False, **options):
        printed = original(module, generic=generic, **options)
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


@dataclass(frozen=True)
class ThatFails(ModulePass):
    """A pass that cannot."""

    name = "fails"

    def apply(self, ctx, module):
        raise ValueError("cannot")


@dataclass(frozen=True)
class ThatBreaks(ModulePass):
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
    monkeypatch.setattr(pipeline, "parse_pipeline", lambda text: (broken,) if text else ())
    code, out, err = opt(FOLDABLE, "-p", broken.name)
    assert (code, out) == (1, "")
    assert err.endswith(message)


def test_a_reproducer_does_it_again(opt, monkeypatch, tmp_path):
    parse = pipeline.parse_pipeline
    monkeypatch.setattr(pipeline, "parse_pipeline", lambda text: (*parse("dce"), ThatFails()) if text else ())
    file = tmp_path / "crash.mlir"
    code, out, err = opt(FOLDABLE, "-p", "it", "--reproducer", str(file))
    assert (code, out) == (1, "")
    assert err.endswith(f"tfrt-opt --run-reproducer {file} does it again\n")
    head, _, program = file.read_text().partition("\n")
    assert head == "// configuration: -p fails"
    assert "tfrt.constant.i32" in program and "<stdin>" in program
    code, _, err = opt(file.read_text().replace("-p fails", "-p fails,dce"), "--run-reproducer")
    assert (code, err.splitlines()[0]) == (1, "error: pass 'fails' failed: ValueError: cannot")


def test_a_reproducer_that_cannot_be_written(opt, monkeypatch, tmp_path):
    monkeypatch.setattr(pipeline, "parse_pipeline", lambda text: (ThatFails(),) if text else ())
    _, _, err = opt(FOLDABLE, "-p", "it", "--reproducer", str(tmp_path))
    assert err.endswith(f"note: cannot write the reproducer '{tmp_path}': Is a directory\n")


def test_what_is_no_reproducer(opt):
    message = "tfrt-opt: '-' is no reproducer: its first line does not begin with '// configuration: -p'\n"
    assert opt(FOLDABLE, "--run-reproducer") == (2, "", message)


@pytest.mark.parametrize(
    ("options", "dumps"),
    [
        (["--print-ir-before", "cse"], ["Before cse"]),
        (["--print-ir-after", "dce", "--mlir-print-ir-after=cse"], ["After dce", "After cse"]),
        (["--print-ir-before-all"], ["Before dce", "Before cse"]),
        (["--print-ir-after-all", "--print-ir-before", "dce"], ["Before dce", "After dce", "After cse"]),
    ],
)
def test_watching_the_program(opt, options, dumps):
    options = [option.replace("--mlir-print", "--print") for option in options]
    code, _, err = opt(FOLDABLE, "-p", "dce,cse", *options)
    assert code == 0
    assert re.findall(r"^// -----// IR Dump (.*) //----- //$", err, re.MULTILINE) == dumps
    assert err.count("func.func @f") == len(dumps)


def test_watching_an_unknown_pass(opt):
    message = "tfrt-opt: unknown pass 'csee'; did you mean 'cse'?\n"
    assert opt(FOLDABLE, "-p", "cse", "--print-ir-after", "csee") == (2, "", message)


def test_timing_and_statistics(opt):
    code, _, err = opt(FOLDABLE, "-p", "dce,cse", "--timing", "--pass-statistics")
    assert code == 0
    times, statistics = err.split("ops before     after  pass\n")
    assert [line.split()[-1] for line in times.splitlines()] == ["pass", "dce", "cse", "total"]
    assert statistics.splitlines() == ["         6         5  dce", "         5         4  cse"]


def test_every_pass_can_be_named():
    for name in passes.PASSES:
        (found,) = pipeline.parse_pipeline(name)
        assert found.name == name


EXPECTED = "; expected PASS,PASS{OPTION=VALUE},func.func(PASS,…),…"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("canonicalise", "unknown pass 'canonicalise'; did you mean 'canonicalize' or 'canonicalize-dmp'?"),
        (
            "qqq",
            f"unknown pass 'qqq'; for example: {', '.join(passes.PASSES)}",
        ),
        (
            "cse{",
            "malformed pass pipeline 'cse{': a bracket is not closed" + EXPECTED,
        ),
        (
            "cse)",
            "malformed pass pipeline 'cse)': ')' closes nothing" + EXPECTED,
        ),
        (
            "cse,,dce",
            "malformed pass pipeline 'cse,,dce': a pass is missing between commas" + EXPECTED,
        ),
        (
            "any(cse)dce",
            "malformed pass pipeline 'any(cse)dce': a comma is missing in 'any(cse)dce'" + EXPECTED,
        ),
        (
            "cse dce",
            "malformed pass pipeline 'cse dce': 'cse dce' is not a pass with options" + EXPECTED,
        ),
        (
            "cse(dce)",
            "unknown op 'cse' in a pass pipeline: passes run under 'builtin.module' or 'func.func' or 'any'",
        ),
        ("func.func(builtin.module(cse))", "a pass pipeline cannot have 'builtin.module' under 'func.func'"),
        ("func.func(inline)", "pass 'inline' runs on 'builtin.module', not on 'func.func'"),
    ],
)
def test_wrong_pipelines(text, message):
    with pytest.raises(UsageError) as caught:
        pipeline.parse_pipeline(text)
    assert str(caught.value) == message


def test_wrong_pass_options():
    with pytest.raises(UsageError, match=r"pass pipeline 'cse\{a=1\}': .*not found"):
        pipeline.parse_pipeline("cse{a=1}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--symbol-dse"], "unknown option '--symbol-dse'; did you mean '--symbol-dce'?"),
        (
            ["-p", "nope"],
            f"unknown pass 'nope'; for example: {', '.join(passes.PASSES)}",
        ),
        (["none.mlir"], "cannot read 'none.mlir': No such file or directory"),
        (["-o"], "option '-o' needs a value"),
    ],
)
def test_wrong_usage_is_one_line(opt, arguments, message):
    assert opt(FOLDABLE, *arguments) == (2, "", f"tfrt-opt: {message}\n")


def test_a_program_is_drawn(opt, tmp_path):
    assert opt(FOLDABLE, "--view-graph", tmp_path / "f.svg") == (0, "", "")
    picture = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg ") and "%dead = 3 : i32" in picture
    assert opt(FOLDABLE, "-O2", "--view-graph", tmp_path / "f.DOT") == (0, "", "")
    assert "dead" not in (tmp_path / "f.DOT").read_text(encoding="utf-8")
    code, out, err = opt(FOLDABLE, "--view-graph", "-")
    assert (code, out, err) == (0, picture, "")


def test_a_program_is_drawn_and_printed(opt, tmp_path):
    code, out, err = opt(FOLDABLE, "-o", "-", "--view-graph", tmp_path / "f.svg")
    assert (code, out, err) == (0, opt(FOLDABLE)[1], "")
    two = f"{FOLDABLE}// -----\n{FOLDABLE}"
    assert opt(two, "--split-input-file", "--view-graph", "-")[1].count(">@f<") == 0
    assert opt(two, "--split-input-file", "--view-graph", "-")[1].count("@f(%a: !tfrt.chain)") >= 2


def test_a_program_that_is_wrong_is_not_drawn(opt, tmp_path):
    code, out, err = opt(BROKEN, "--view-graph", tmp_path / "f.svg")
    assert (code, out) == (1, "") and "error: use of undeclared" in err
    assert not (tmp_path / "f.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--view-graph", "f.png"], "--view-graph writes files whose names end in .svg or .dot, not 'f.png'"),
        (["--view-graph", "-", "-o", "-"], "the program and its picture cannot both go to the standard output"),
        (["--view-graph", "-", "--verify-diagnostics"], "--view-graph and --verify-diagnostics exclude each other"),
        (["--view-graph", "none/f.svg"], "cannot write 'none/f.svg': No such file or directory"),
        (["--view-graph"], "option '--view-graph' needs a value"),
    ],
)
def test_what_cannot_be_drawn(opt, arguments, message):
    assert opt(FOLDABLE, *arguments) == (2, "", f"tfrt-opt: {message}\n")


def test_a_bef_file_is_no_text(opt):
    message = "tfrt-opt: '-' is a BEF file; tfrt-translate --bef-to-mlir shows it as text\n"
    assert opt(b"\x0b\xef\x00\x01") == (2, "", message)


LINEAR = "func.func @f(%x: i32) -> i32 {\n  %y = tfrt.add.i32 %x, %x\n  tfrt.return %y : i32\n}\n"
REMARKS = """\
<stdin>:1:1: remark: stream id: 0, stream cost: 3, parent stream: -1
func.func @f(%x: i32) -> i32 {
^
<stdin>:2:8: remark: stream id: 0, stream cost: 3, parent stream: -1
  %y = tfrt.add.i32 %x, %x
       ^
<stdin>:3:3: remark: stream id: 0, stream cost: 3, parent stream: -1
  tfrt.return %y : i32
  ^
"""


def test_remarks_are_shown_and_the_program_is_printed(opt):
    assert opt(LINEAR, "-tfrt-print-stream") == (0, opt(LINEAR)[1], REMARKS)


def test_remarks_of_tfrt_translate(tool):
    done = tool("tfrt-translate", "-p", "tfrt-print-stream", stdin=LINEAR)
    assert (done.code, done.err) == (0, REMARKS)


def test_remarks_of_a_pass_while_nobody_says_where_to_show_them(capsys):
    compile(LINEAR, "f.mlir", pipeline="tfrt-print-stream")
    assert capsys.readouterr().err.splitlines() == [
        f"f.mlir:{at}: remark: stream id: 0, stream cost: 3, parent stream: -1" for at in ("1:1", "2:8", "3:3")
    ]


def test_remarks_that_nobody_expected(opt):
    code, _, err = opt(
        f"// expected-remark@2 {{{{no stream}}}}\n{LINEAR}", "--verify-diagnostics", "-tfrt-print-stream"
    )
    assert code == 1
    assert [line for line in err.splitlines() if "error: " in line] == [
        f"<stdin>:{at}: error: unexpected remark: stream id: 0, stream cost: 3, parent stream: -1"
        for at in ("2:1", "3:8", "4:3")
    ] + ['<stdin>:1:4: error: expected remark "no stream" was not produced']


NAMED = "func.func @f(%x: i32, %y: i32) -> i32 {\n  %sum = tfrt.add.i32 %x, %y\n  tfrt.return %sum : i32\n}\n"


def test_values_are_numbered_as_mlir_does(opt):
    _, printed, _ = opt(NAMED)
    assert "func.func @f(%arg0: i32, %arg1: i32) -> i32 {" in printed
    assert "%0 = tfrt.add.i32 %arg0, %arg1" in printed


def test_results_of_one_op_are_numbered_together(opt):
    text = 'func.func @f() {\n  %q, %r = "x.two"() : () -> (i32, i32)\n  "x.use"(%r) : (i32) -> ()\n  tfrt.return\n}\n'
    _, printed, _ = opt(text, "--allow-unregistered-dialect")
    assert '%0:2 = "x.two"() : () -> (i32, i32)' in printed
    assert '"x.use"(%0#1) : (i32) -> ()' in printed


def test_ops_that_define_several_results_name_them_as_mlir_does(opt):
    text = "func.func @f(%x: i32) {\n  %q, %r = tfrt.div.i32 %x, %x\n  %s, %t = tfrt.div.i32 %q, %r\n  tfrt.return\n}\n"
    _, printed, _ = opt(text)
    names = re.search(r"%(\w+), %(\w+) = tfrt.div.i32 %arg0, %arg0\n", printed)
    assert f"%{names[1]}_0, %{names[2]}_1 = tfrt.div.i32 %{names[1]}, %{names[2]}\n" in printed
    _, generic, _ = opt(text, "--mlir-print-op-generic")
    assert '%0:2 = "tfrt.div.i32"(%arg0, %arg0)' in generic


def test_names_of_values_can_be_kept(opt):
    _, printed, _ = opt(NAMED, "--keep-value-names")
    assert "%sum = tfrt.add.i32 %x, %y" in printed
