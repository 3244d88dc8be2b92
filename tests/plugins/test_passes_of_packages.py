"""Passes of installed packages."""

import pytest

import tfrt
from tfrt.compiler.pipelines.pipeline import parse_pipeline

PASSES = """
    from dataclasses import dataclass
    from xdsl.passes import ModulePass

    @dataclass(frozen=True)
    class Mark(ModulePass):
        name = "guest-mark"
        times: int = 1

        def apply(self, ctx, op):
            for inner in op.walk():
                inner.attributes.pop("marked", None)

    @dataclass(frozen=True)
    class WholeModule(Mark):
        name = "guest-module"
        anchor = "builtin.module"

    class Broken(ModulePass):
        name = "guest-broken"

        def apply(self, ctx, op):
            raise ZeroDivisionError

    number = 1
"""
ENTRIES = {
    "guest-mark": "of_a:Mark",
    "guest-module": "of_a:WholeModule",
    "guest-broken": "of_a:Broken",
    "guest-wrong-name": "of_a:Mark",
    "guest-number": "of_a:number",
    "guest-missing": "no_such_module:Mark",
}
PROGRAM = """\
func.func @f() {
  "x.op"() {marked = 1 : i32} : () -> ()
  tfrt.return
}
"""


@pytest.fixture
def guest(install):
    return install("a", {"tfrt.passes": ENTRIES}, of_a=PASSES)


def opt(tool, *arguments):
    done = tool("tfrt-opt", "--allow-unregistered-dialect", *arguments, stdin=PROGRAM)
    return done.out if done.code == 0 else done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("-p", "guest-mark"),
        ("-p", "func.func(guest-mark{times=2}),cse"),
        ("-p", "guest-module"),
        ("--guest-mark",),
        ("-guest_mark=true", "--cse"),
    ],
)
def test_passes_run(guest, tool, arguments):
    assert '"x.op"() : () -> ()' in opt(tool, *arguments)


def test_tfrt_translate_runs_them_too(guest, tool):
    done = tool("tfrt-translate", "-p", "guest-mark", stdin=PROGRAM)
    assert "marked" not in tool("tfrt-translate", stdin=done.stdout).out


def test_passes_can_be_watched(guest, tool):
    done = tool(
        "tfrt-opt", "--allow-unregistered-dialect", "--guest-mark", "--print-ir-before", "guest-mark", stdin=PROGRAM
    )
    assert "IR Dump Before guest-mark" in done.err


def test_the_help_text_lists_them(guest, tool):
    assert "--guest-mark          like -p guest-mark, from the package 'a'" in tool("tfrt-opt", "--help").out


def refusal(text):
    with pytest.raises(tfrt.UsageError) as caught:
        parse_pipeline(text)
    return str(caught.value)


REFUSED = {
    "guest-wrong-name": "pass 'guest-wrong-name' of package 'a' (of_a:Mark) is the pass 'guest-mark';"
    " an entry point has its pass's name",
    "guest-number": "pass 'guest-number' of package 'a' (of_a:number) is no subclass of xDSL's ModulePass, but 1",
    "guest-missing": "cannot import pass 'guest-missing' of package 'a' (no_such_module:Mark): "
    "ModuleNotFoundError: No module named 'no_such_module'",
    "guest-markk": "unknown pass 'guest-markk'; did you mean 'guest-mark' or 'guest-number'?",
    "func.func(guest-module)": "pass 'guest-module' runs on 'builtin.module', not on 'func.func'",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(guest, text):
    for _ in range(2):
        assert refusal(text) == REFUSED[text]


def test_unknown_options_and_passes_to_watch(guest, tool):
    assert (
        opt(tool, "--guest-markk")
        == "tfrt-opt: unknown option '--guest-markk'; did you mean '--guest-mark' or '--guest-number'?\n"
    )
    assert opt(tool, "--print-ir-after", "guest-markk") == f"tfrt-opt: {REFUSED['guest-markk']}\n"


def test_a_pass_that_fails(guest, tool):
    assert opt(tool, "--guest-broken") == "error: pass 'guest-broken' failed: ZeroDivisionError: \n"


@pytest.mark.parametrize(("name", "whose"), [("cse", "tfrt"), ("convert-scf-to-cf", "xdsl")])
def test_a_pass_that_there_is_already(install, name, whose):
    install("a", {"tfrt.passes": {name: "of_a:Mark", "guest-mark": "of_a:Mark"}}, of_a=PASSES)
    assert refusal("guest-mark") == (
        f"pass '{name}' comes from two packages, '{whose}' and 'a' (of_a:Mark); uninstall 'a', or rename it there"
    )
    assert len(parse_pipeline(name)) == 1


def test_two_packages_with_one_pass(install):
    for package in "ab":
        install(package, {"tfrt.passes": {"guest-mark": f"of_{package}:Mark"}}, **{f"of_{package}": PASSES})
    assert refusal("guest-mark") == (
        "pass 'guest-mark' comes from two packages, 'b' (of_b:Mark) and 'a' (of_a:Mark); uninstall one of them"
    )
