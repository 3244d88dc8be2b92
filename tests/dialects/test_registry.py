"""The registry of dialects is lazy and complete, and its context is open where the reference's is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from xdsl.dialects.builtin import UnregisteredAttr, UnregisteredOp
from xdsl.utils.exceptions import UnregisteredConstructException

from tfrt import dialects
from tfrt.dialects import context, get_dialects
from tfrt.dialects.shared.definitions import OpenDialect

OURS = sorted(set(get_dialects()) - {"builtin", "func"})
OPEN = [name for name in OURS if isinstance(get_dialects()[name](), OpenDialect)]


def test_the_dialects_are_the_modules() -> None:
    folder = Path(dialects.__file__).parent
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(get_dialects()) == names - {"__init__", "shared"}


def test_dialects_are_open_where_the_references_are() -> None:
    assert not {"ts", "ts_sync", "ht", "tfrt_tensor", "proto", "cpu"}.intersection(OPEN)
    assert {"tfrt", "tfrt_test", "tfrt_test_sync", "corert", "corert_sync", "tfrt_dht", "coo"} <= set(OPEN)


@pytest.mark.parametrize("name", OURS)
def test_a_dialect_holds_what_bears_its_name(name: str) -> None:
    dialect = get_dialects()[name]()
    assert dialect.name == name
    names = [op.name for op in dialect.operations] + [attribute.name for attribute in dialect.attributes]
    assert all(defined.startswith(f"{name}.") for defined in names)


@pytest.mark.parametrize("name", OURS)
def test_op_names_are_unique(name: str) -> None:
    names = [op.name for op in get_dialects()[name]().operations]
    assert len(names) == len(set(names))


def test_importing_the_registry_imports_no_dialect() -> None:
    code = "import sys, tfrt.dialects as d; d.get_dialects(); assert 'xdsl' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("name", OPEN)
def test_open_dialects_accept_unknown_ops(name: str) -> None:
    op = context().get_optional_op(f"{name}.never.heard.of")
    assert op is not None
    assert issubclass(op, UnregisteredOp)


@pytest.mark.parametrize("name", ["ts.nothing", "ts_sync.nothing", "ht.nothing", "func.nothing", "elsewhere.nothing"])
def test_other_dialects_do_not(name: str) -> None:
    assert context().get_optional_op(name) is None
    with pytest.raises(UnregisteredConstructException, match=f"Operation {name} is not registered"):
        context().get_op(name)


@pytest.mark.parametrize("name", OPEN)
def test_open_dialects_keep_unknown_types(name: str) -> None:
    type = context().get_optional_type(f"{name}.unheard")
    assert type is not None
    assert issubclass(type, UnregisteredAttr)


@pytest.mark.parametrize("name", ["ts.unheard", "ht.unheard", "tfrt_tensor.unheard", "elsewhere.unheard"])
def test_other_dialects_know_all_their_types(name: str) -> None:
    assert context().get_optional_type(name) is None


def test_everything_is_accepted_on_request() -> None:
    permissive = context(allow_unregistered=True)
    assert permissive.get_optional_op("elsewhere.nothing") is not None
    assert permissive.get_optional_type("elsewhere.unheard") is not None


def test_a_clone_is_as_open() -> None:
    assert context().clone().get_optional_op("tfrt.unheard") is not None


def test_unknown_types_of_different_contexts_are_equal() -> None:
    first, second = (
        ctx.get_optional_type("test.atomic.i32") for ctx in (context(allow_unregistered=True) for _ in range(2))
    )
    assert first is not None
    assert first is second


@pytest.mark.parametrize("allowed", [False, True])
def test_unknown_attributes_are_kept_only_on_request(allowed: bool) -> None:
    ctx = context(allow_unregistered=allowed)
    assert (ctx.get_optional_attr("tfrt.unheard") is not None) == allowed
    assert (ctx.get_optional_attr("elsewhere.unheard") is not None) == allowed
    assert ctx.get_optional_attr("corert.shape") is not None
