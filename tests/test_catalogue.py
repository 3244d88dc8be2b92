"""The catalogue: every name that programs may use has a kernel or an op behind an op handler, and occurs in tests.

Op definitions and kernels are two declarations of one thing. Here they are compared by name, attribute by attribute;
``tests/dialects/test_every_op.py`` compares what they come to in compiled programs.
"""

from __future__ import annotations

import importlib
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from pkgutil import iter_modules

import pytest
from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.irdl import IRDLOperation, OpDef, VariadicDef

import tfrt.kernels
from tfrt.dialects import get_dialects
from tfrt.dialects.shared.definitions import SourceDialect
from tfrt.dialects.shared.traits import COST_ATTRIBUTE
from tfrt.executor.declarations.finding import modules_of
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.op_registry import CPU_OPS

CATALOGUE = Path(__file__).parent / "catalogue.txt"
"""Names that programs may use: none of them may be lost. ``python tests/test_catalogue.py`` adds what is new."""

MOST_PARTS = 6
"""How many words with dots between them a name has at most."""

MEMBER = re.compile(r"(?:\.(?:[a-z]+\d+|bool|\d+(?:ulp)?|[a-z]+\d+_to_[a-z]+\d+|i32_i32))+$")
"""What the members of a family differ by, at the end of their names: types, ranks."""


def kernels() -> list[str]:
    """The kernels that come with tfrt; tests of this process may have registered others."""
    _import_all_kernels()
    return sorted(name for name in BUILTIN.names() if _is_ours(BUILTIN.get(name).function))


def core_runtime_ops() -> list[str]:
    _import_all_kernels()
    return sorted(name for name in CPU_OPS.names() if _is_ours(CPU_OPS.get(name).dispatch))


@cache
def _import_all_kernels() -> None:
    for dialect in iter_modules(tfrt.kernels.__path__):
        for module in modules_of(dialect.name):
            importlib.import_module(module)


def _is_ours(function: Callable[..., object]) -> bool:
    return function.__module__.startswith("tfrt.kernels.")


def defined_ops() -> Iterator[type[IRDLOperation]]:
    for dialect, load in get_dialects().items():
        if dialect not in ("builtin", "func") and not isinstance(load(), SourceDialect):
            yield from (op for op in load().operations if issubclass(op, IRDLOperation))


PAIRS = [(op, kernel) for op in defined_ops() if (kernel := BUILTIN.get(op.name)) is not None]
WITHOUT_KERNEL = [op.name for op in defined_ops() if BUILTIN.get(op.name) is None]

each_pair = pytest.mark.parametrize(("op", "kernel"), PAIRS, ids=[op.name for op, _ in PAIRS])


def catalogue() -> dict[str, list[str]]:
    """All names of a kind."""
    return {
        "dialect": sorted(get_dialects()),
        "definition": sorted(op.name for op in defined_ops()),
        "kernel": kernels(),
        "op": core_runtime_ops(),
    }


def written(names: Iterable[str]) -> Iterator[str]:
    """Names as the file has them: those that only differ after the second dot are one line."""
    families: dict[str, list[str]] = {}
    for name in names:
        parts = name.split(".", 2)
        families.setdefault(".".join(parts[:2]), []).extend(parts[2:] or [""])
    for stem, members in families.items():
        yield stem if members == [""] else f"{stem} {' '.join(member or '.' for member in members)}"


def test_no_name_is_lost():
    current = {kind: set(names) for kind, names in catalogue().items()}
    for line in CATALOGUE.read_text(encoding="utf-8").splitlines():
        kind, stem, *members = line.split()
        names = {stem if member == "." else f"{stem}.{member}" for member in members or ["."]}
        assert names <= current[kind]


@pytest.mark.parametrize("name", kernels())
def test_the_kernel_is_found_by_its_name(name):
    assert BUILTIN.get(name).name == name


def test_every_defined_op_has_a_kernel():
    # The first is the executor's own business; the reference has no kernels for the others, either.
    assert sorted(WITHOUT_KERNEL) == ["tfrt.return", "ts.as_fixed_rank_shape.0", "ts.print_fixed_rank_shape.0"]


@each_pair
def test_operands_agree(op: type[IRDLOperation], kernel: Kernel):
    definitions = [d for _, d in op.get_irdl_definition().operands]
    fixed = sum(not isinstance(d, VariadicDef) for d in definitions)
    signature = kernel.signature
    if fixed < len(definitions):
        assert signature.operands is None
        assert signature.minimum_operands <= fixed
    elif signature.operands is None:
        assert signature.minimum_operands <= fixed
    else:
        # The executor drops a chain that the kernel does not declare.
        assert signature.operands == fixed or (signature.operands == fixed - 1 and not signature.takes_chain)


@each_pair
def test_attributes_and_functions_agree(op: type[IRDLOperation], kernel: Kernel):
    definition = op.get_irdl_definition()
    symbols = [name for name in sorted(definition.attributes) if refers_to_function(definition, name)]
    values = [name for name in sorted(definition.attributes) if name not in symbols and name != COST_ATTRIBUTE]
    signature = kernel.signature
    if signature.all_attributes is None:
        assert [name for name, _ in signature.attributes] == values
    if signature.all_functions is None:
        assert list(signature.functions[: len(symbols)]) == symbols
        assert len(signature.functions) == len(symbols) + len(definition.regions)


def refers_to_function(definition: OpDef, name: str) -> bool:
    # What `tfrt.case` has is an array of functions.
    return SymbolRefAttr in (definition.attributes[name].constr.get_bases() or ()) or name == "branches"


@each_pair
def test_results_agree(op: type[IRDLOperation], kernel: Kernel):
    definitions = [d for _, d in op.get_irdl_definition().results]
    if kernel.prepares:
        # What is declared is the function that gives the kernel.
        return
    returned = typing.get_type_hints(kernel.function)["return"]
    is_tuple = typing.get_origin(returned) is tuple
    if any(isinstance(d, VariadicDef) for d in definitions) or len(definitions) > 1:
        items = typing.get_args(returned)
        assert is_tuple and (Ellipsis in items or len(items) == len(definitions))
    elif definitions:
        assert returned is not type(None) and not is_tuple
    else:
        assert returned is type(None)


@pytest.mark.parametrize("stem", sorted({MEMBER.sub("", name) for name in (*kernels(), *core_runtime_ops())}))
def test_the_name_occurs_in_tests(stem):
    """That a test runs something does not say that it checks values; that none names it says it is not tested."""
    _, _, short = stem.partition(".")
    names, quoted = named_in_tests()
    # Some tests leave the dialect to a helper.
    assert stem in names or short in quoted, f"no test names {stem}"


@cache
def named_in_tests() -> tuple[set[str], set[str]]:
    """What stands in tests: names and parts of names, and the beginnings of those in quotes."""
    text = all_tests()
    names, quoted = set(), set()
    for name in set(re.findall(r"[\w.]+", text)):
        parts = name.split(".")
        ends = range(1, len(parts) + 1)
        names.update(".".join(parts[start:end]) for end in ends for start in range(max(0, end - MOST_PARTS), end))
    for name in set(re.findall(r"[\"']([\w.]+)", text)):
        parts = name.split(".")
        quoted.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return names, quoted


@cache
def all_tests() -> str:
    folder = Path(__file__).parent
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".mlir") and path != Path(__file__)]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


if __name__ == "__main__":
    lines = [f"{kind} {line}\n" for kind, names in catalogue().items() for line in written(names)]
    CATALOGUE.write_text("".join(lines), encoding="utf-8")
