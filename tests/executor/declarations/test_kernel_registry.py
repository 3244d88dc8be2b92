"""Finding the modules of kernels and ops, and refusing what cannot be one."""

import sys
from functools import partial

import pytest

import tfrt
from tfrt.executor.declarations.finding import import_until
from tfrt.executor.declarations.kernel_registry import BUILTIN, _BuiltinRegistry
from tfrt.executor.declarations.native_functions import native_function
from tfrt.executor.declarations.op_registry import OpRegistry, cpu_op
from tfrt.executor.support.errors import UsageError


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module whose import fails as long as it says so."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text, name="kernels_in_tests"):
        (tmp_path / f"{name}.py").write_text(text)
        sys.modules.pop(name, None)
        # Python would not see a change within the same second.
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        return name

    return write


@pytest.mark.parametrize("make", [_BuiltinRegistry, OpRegistry])
def test_a_module_that_cannot_be_imported_says_so_each_time(make, module):
    name = module("import no_such_module_anywhere")
    registry = make()
    registry._finding.unsearched["dialect"] = [name, "json"]
    for _ in range(3):
        with pytest.raises(UsageError) as caught:
            registry.get("dialect.op")
        assert str(caught.value) == (
            f"cannot import kernels from '{name}': ModuleNotFoundError: No module named 'no_such_module_anywhere'"
        )
    module("")
    assert registry.get("dialect.op") is None
    assert registry._finding.unsearched["dialect"] == []


def test_loading_a_program_says_which_module_cannot_be_imported(module):
    name = module("raise RuntimeError('no licence')")
    registry = _BuiltinRegistry()
    registry._finding.unsearched["licensed"] = [name]
    bef = tfrt.compile("""func.func @f() {
  "licensed.op"() : () -> ()
  tfrt.return
}""")
    for _ in range(2):
        with pytest.raises(UsageError) as caught:
            tfrt.load(bef, host=tfrt.HostContext(registry=registry))
        assert str(caught.value) == f"cannot import kernels from '{name}': RuntimeError: no licence"


def test_importing_a_module_may_look_for_kernels(module):
    found = []
    modules = [module("import kernels_in_tests_2"), module("", "kernels_in_tests_2"), "json"]
    import_until(modules, lambda: len(modules) < 3 and (found.append(list(modules)) or True))
    assert found == [["kernels_in_tests_2", "json"]]


async def coroutine(value: int) -> int:
    return value


def generator(value: int):
    yield value


async def async_generator(value: int):
    yield value


class Called:
    async def __call__(self, value: int) -> int:
        return value


REGISTERING = {
    "kernel 't.c'": lambda: tfrt.kernel("t.c"),
    "op 't.c'": lambda: cpu_op("t.c"),
    "native function 't.c'": lambda: native_function("t.c"),
}


@pytest.mark.parametrize("what", REGISTERING)
@pytest.mark.parametrize("function", [coroutine, Called(), partial(coroutine, 1)], ids=["plain", "called", "partial"])
def test_coroutine_functions_are_refused(what, function):
    with pytest.raises(UsageError) as caught:
        REGISTERING[what]()(function)
    assert str(caught.value) == (
        f"{what} cannot be a coroutine function: run it to its end with asyncio.run in a kernel that is blocking=True, "
        "or return a tfrt.AsyncValue and set it later"
    )


@pytest.mark.parametrize("what", REGISTERING)
@pytest.mark.parametrize("function", [generator, async_generator])
def test_generator_functions_are_refused(what, function):
    with pytest.raises(UsageError) as caught:
        REGISTERING[what]()(function)
    assert str(caught.value) == (
        f"{what} cannot be a generator function: return the values, or return a tfrt.AsyncValue and set it later"
    )


def test_other_callables_are_kernels():
    for function in (lambda value: value, abs, int, partial(max, 1)):
        assert tfrt.kernel("t.other_callables")(function) is function
        assert BUILTIN.get("t.other_callables").function is function
