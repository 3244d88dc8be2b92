"""Kernels and ops of the core runtime that installed packages bring along."""

import subprocess
import sys

import numpy as np
import pytest

import tfrt

CALL = """func.func @f(%x: i32) -> i32 {
  %y = "guest.double"(%x) : (i32) -> i32
  tfrt.return %y : i32
}"""

DOUBLE = """
    import tfrt

    @tfrt.kernel("guest.double")
    def double(x: int) -> int:
        return 2 * x
"""


def run(text=CALL, *arguments):
    return tfrt.load(tfrt.compile(text))["f"](*arguments or (21,))


def refusal(call, *arguments, **keywords):
    with pytest.raises(tfrt.UsageError) as caught:
        call(*arguments, **keywords)
    return str(caught.value)


def test_a_package_brings_kernels(install):
    install("a", {"tfrt.kernels": {"guest": "guest_kernels"}}, guest_kernels=DOUBLE)
    assert run() == 42


def test_the_entry_point_may_have_a_name_that_is_no_dialects(install):
    install("a", {"tfrt.kernels": {"whatever": "guest_kernels"}}, guest_kernels=DOUBLE)
    assert run() == 42


def test_what_another_dialect_needs_is_not_imported(install):
    install("a", {"tfrt.kernels": {"guest": "guest_kernels"}}, guest_kernels=DOUBLE)
    entries = {"tfrt.kernels": {"other": "of_b"}, "tfrt.dialects": {"other": "dialect_of_b:OTHER"}}
    dialect = """
        from tfrt.dialects.shared.definitions import define_dialect

        OTHER = define_dialect("other", __name__, is_open=True)
    """
    install("b", entries, of_b="raise RuntimeError('no')", dialect_of_b=dialect)
    assert run() == 42
    assert refusal(run, CALL.replace("guest.double", "other.double")) == (
        "cannot import kernels 'other' of package 'b' (of_b): RuntimeError: no"
    )


def test_kernels_of_ours_do_not_make_anybody_look_for_packages():
    text = """func.func @main() -> i32 {
      %x = tfrt.constant.i32 7
      %y = tfrt.add.i32 %x, %x
      tfrt.return %y : i32
    }"""
    code = f"""import sys, tfrt
tfrt.load(tfrt.compile({text!r}, opt_level=3))["main"]()
from tfrt.executor.support import plugins
print(plugins._found, [m for m in sys.modules if m.startswith("importlib.metadata")])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "None []\n"


def test_installed_packages_are_looked_through_once(install, monkeypatch):
    install("a", {"tfrt.kernels": {"guest": "guest_kernels"}}, guest_kernels=DOUBLE)
    import importlib.metadata

    looked = []
    distributions = importlib.metadata.distributions
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: looked.append(1) or distributions())
    with tfrt.HostContext() as host:
        runtime = tfrt.CoreRuntime.of(host)
        for _ in range(3):
            assert run() == 42
            assert runtime.handler("nobody") is None
            with pytest.raises(tfrt.KernelError, match=r"nobody\.Op was not supported by NullOpHandler\."):
                runtime.execute("nobody.Op")
    assert looked == [1]


def test_a_package_brings_ops(install):
    install(
        "a",
        {"tfrt.kernels": {"guest": "guest_kernels"}},
        guest_kernels="""
            import numpy as np
            import tfrt

            @tfrt.cpu_op("guest.Twice", metadata=lambda x: x)
            def twice(x: tfrt.DenseHostTensor) -> tfrt.DenseHostTensor:
                return tfrt.DenseHostTensor(x.array * 2, x.dtype)
        """,
    )
    with tfrt.HostContext() as host:
        (y,) = tfrt.CoreRuntime.of(host).execute("guest.Twice", np.float32([1, 2]))
        assert y.numpy().tolist() == [2, 4]


@pytest.mark.parametrize("entry", ["guest", "of_any_dialect"])
def test_two_packages_with_one_kernel(install, entry):
    for package in "ab":
        install(package, {"tfrt.kernels": {"guest": f"of_{package}"}}, **{f"of_{package}": DOUBLE})
    for _ in range(2):
        assert refusal(run) == ("kernel 'guest.double' comes from two packages, 'b' and 'a'; uninstall one of them")


def test_two_packages_with_kernels_of_one_dialect(install):
    install("a", {"tfrt.kernels": {"guest": "of_a"}}, of_a=DOUBLE)
    install("b", {"tfrt.kernels": {"guest": "of_b"}}, of_b=DOUBLE.replace("guest.double", "guest.triple"))
    assert run() == run(CALL.replace("guest.double", "guest.triple")) == 42


SUBTRACT = """func.func @f(%x: i32) -> i32 {
  %y = "tfrt.minus.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %y : i32
}"""


def fresh(code):
    """What a process that has imported nothing prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("first", ["ours", "the package's"])
def test_a_kernel_of_ours(install, first):
    site = install(
        "a",
        {"tfrt.kernels": {"guest": "of_a"}},
        of_a=DOUBLE + DOUBLE.replace("guest.double", "tfrt.minus.i32").replace("import tfrt", ""),
    )
    # Other programs go on.
    assert fresh(f"""import sys; sys.path.insert(0, {str(site)!r})
import tfrt
def run(text):
    try:
        return tfrt.load(tfrt.compile(text))["f"](21)
    except tfrt.UsageError as error:
        return error
for text in {[SUBTRACT, CALL, SUBTRACT, SUBTRACT, CALL] if first == "ours" else [CALL, SUBTRACT, SUBTRACT, CALL]}:
    print(run(text))
""").splitlines() == [
        *(["0"] if first == "ours" else []),
        "42",
        *["kernel 'tfrt.minus.i32' comes from two packages, 'tfrt' and 'a'; uninstall 'a', or rename it there"] * 2,
        "42",
    ]


def test_an_op_of_ours(install):
    site = install(
        "a",
        {"tfrt.kernels": {"guest": "of_a"}},
        of_a="import tfrt\nfor name in ('guest.Op', 'tf.Relu'):\n    tfrt.cpu_op(name)(lambda x: x)",
    )
    assert fresh(f"""import sys; sys.path.insert(0, {str(site)!r})
import numpy, tfrt
runtime = tfrt.CoreRuntime.of(tfrt.HostContext())
for op in ("guest.Op", "tf.Relu", "tf.Abs"):
    try:
        print(runtime.execute(op, numpy.float32([-1]))[0].numpy())
    except tfrt.UsageError as error:
        print(error)
""").splitlines() == [
        "[-1.]",
        "op 'tf.Relu' comes from two packages, 'tfrt' and 'a'; uninstall 'a', or rename it there",
        "[1.]",
    ]


@pytest.mark.parametrize("first", ["the user", "the package"])
def test_the_users_own_kernel_takes_the_place_of_any_other(install, first):
    install("a", {"tfrt.kernels": {"guest": "of_a"}}, of_a=DOUBLE + DOUBLE.replace("double", "other"))
    install("b", {"tfrt.kernels": {"guest": "of_b"}}, of_b=DOUBLE)
    other = CALL.replace("double", "other")
    if first == "the package":
        assert run(other) == 42

    @tfrt.kernel("guest.double")
    def double(x: int) -> int:
        return -x

    assert run() == -21
    assert run(other) == 42
    assert run() == -21


def test_the_users_own_kernel_stays_when_ours_is_imported():
    assert (
        fresh(f"""import tfrt
@tfrt.kernel("tfrt.minus.i32")
def minus(x: int, y: int) -> int:
    return 1000
run = lambda text: tfrt.load(tfrt.compile(text))["f"](21)
print(run({SUBTRACT!r}), run({SUBTRACT.replace("minus", "add")!r}), run({SUBTRACT!r}))
""")
        == "1000 42 1000\n"
    )


BROKEN = {
    "no_such_module": "ModuleNotFoundError: No module named 'no_such_module'",
    "here:nothing": "AttributeError: module 'here' has no attribute 'nothing'",
    "not a module": "ModuleNotFoundError: No module named 'not a module'",
    "raises": "ValueError: no licence",
    "exits": "SystemExit: 3",
    "asynchronous": "kernel 'guest.x' cannot be a coroutine function: run it to its end with asyncio.run in a kernel "
    "that is blocking=True, or return a tfrt.AsyncValue and set it later",
}


@pytest.mark.parametrize("value", BROKEN)
def test_broken_entry_points(install, value):
    install(
        "a",
        {"tfrt.kernels": {"guest": value}},
        here="",
        raises="raise ValueError('no licence')",
        exits="raise SystemExit(3)",
        asynchronous="import tfrt\n@tfrt.kernel('guest.x')\nasync def x(): ...",
    )
    for _ in range(2):
        assert refusal(run) == f"cannot import kernels 'guest' of package 'a' ({value}): {BROKEN[value]}"


def test_a_broken_package_is_bad_usage_of_a_command_line(install, tool):
    bef = tfrt.compile(CALL)
    install("a", {"tfrt.kernels": {"guest": "no_such_module"}})
    done = tool("bef-run", stdin=bef)
    said = f"cannot import kernels 'guest' of package 'a' (no_such_module): {BROKEN['no_such_module']}"
    assert (done.code, done.err) == (2, f"bef-run: {said}\n")


def test_entry_points_that_cannot_be_read(install):
    install("a", "[tfrt.kernels]\nnonsense\n")
    assert refusal(run).startswith("cannot read the entry points of package 'a': TypeError: ")


def test_what_is_left_of_a_package_is_passed_over(install):
    site = install("a", {"tfrt.kernels": {"guest": "no_such_module"}})
    (site / "a-1.0.dist-info" / "METADATA").unlink()
    with pytest.raises(tfrt.LoadError):
        run()


def test_of_two_versions_of_a_package_the_first_on_the_path_counts(install, tmp_path):
    install("a", {"tfrt.kernels": {"guest": "no_such_module"}})
    (tmp_path / "a").rename(tmp_path / "old")
    sys.path[0] = str(tmp_path / "old")
    install("a", {"tfrt.kernels": {"guest": "of_a"}}, of_a=DOUBLE.replace("double", "triple"))
    with pytest.raises(tfrt.LoadError):
        run()
