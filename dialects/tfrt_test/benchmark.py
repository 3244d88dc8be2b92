"""Benchmarks: run a region or a function again and again, and print statistics of the time it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from xdsl.dialects.builtin import FlatSymbolRefAttrConstr, IntegerAttr, StringAttr, i32
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    attr_def,
    irdl_op_definition,
    opt_attr_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove
from xdsl.utils.mlir_lexer import MLIRLexer

from tfrt.dialects.shared.bodies import Function, RunsFunctions, RunsRegions, Words
from tfrt.dialects.shared.definitions import number_of
from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.regions import can_redeclare, print_body
from tfrt.dialects.shared.traits import RedeclaresOperands
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.declarations.runs import ANY, Runs

DEFAULT_WARMUP_RUNS = IntegerAttr(1, i32)
"""What `num_warmup_runs` is in a custom form that does not say."""

_TARGET = Words(
    "incorrect number of operands for callee",
    "operand type mismatch",
    "Target benchmark function must return zero value.",
)


class _BenchmarkForm(HandWrittenOp):
    """The form of both ops: `TARGET(%x : i32, %y : f32) key = 1, key = 2`, the keys being i32 attributes."""

    def _keys(self, target: str) -> list[str]:
        return sorted(key for key in self.attributes if key != target)

    def _fits(self, target: str) -> bool:
        keys = self._keys(target)
        return (
            bool(keys)
            and "num_warmup_runs" in keys
            and all(MLIRLexer.bare_identifier_regex.fullmatch(key) for key in keys)
            and all(_is_i32(self.attributes[key]) for key in keys)
        )

    def _print_call(self, printer: Printer, target: str) -> None:
        def print_operand(value: SSAValue) -> None:
            printer.print_ssa_value(value)
            printer.print_string(" : ")
            printer.print_attribute(value.type)

        def print_setting(key: str) -> None:
            setting = self.attributes[key]
            assert isinstance(setting, IntegerAttr)
            printer.print_string(f"{key} = {setting.value.data}")

        printer.print_string(" ")
        printer.print_attribute(self.attributes[target])
        with printer.in_parens():
            printer.print_list(self.operands, print_operand)
        printer.print_string(" ")
        printer.print_list(self._keys(target), print_setting)


@irdl_op_definition
class BenchmarkOp(_BenchmarkForm):
    """Benchmarks its region, which returns one value.

    Form: `tfrt_test.benchmark "name"(%x : i32) duration_secs = 1, max_count = 100, num_warmup_runs = 10 { …
    }`.
    """

    name = "tfrt_test.benchmark"
    arguments = var_operand_def()
    duration_secs = attr_def(number_of(i32))
    max_count = attr_def(number_of(i32))
    # The Python name `name` is the op's own.
    benchmark_name = attr_def(StringAttr, attr_name="name")
    num_warmup_runs = opt_attr_def(number_of(i32))
    done = result_def(CHAIN)
    region = region_def("single_block")
    traits = traits_def(
        IsolatedFromAbove(),
        RedeclaresOperands(),
        RunsRegions(
            runs=Runs(gives=(ANY,)),
            no_return="missing return statement",
            other_count="incorrect number of return values. One return value is expected",
        ),
    )

    FORM: ClassVar[str] = 'STRING "(" opt_typed_values ")" settings region'

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        title, typed_values, settings, region = parts
        tokens, types = [v for v, _ in typed_values], [t for _, t in typed_values]
        operands = reader.values(tokens, types, name[2])
        attributes = {"name": reader.string(title), **_settings(reader, settings)}
        return Parts(operands, [CHAIN], attributes, [reader.body(region, tokens, types)])

    def fits_custom_form(self) -> bool:
        return self._fits("name") and can_redeclare(self)

    def print(self, printer: Printer) -> None:
        self._print_call(printer, "name")
        print_body(printer, self, self.region)


@irdl_op_definition
class SyncBenchmarkOp(_BenchmarkForm):
    """Benchmarks a synchronous function, which returns nothing.

    Form: `tfrt_test.sync_benchmark @f(%x : i32) duration_secs = 1, max_count = 100, num_warmup_runs = 10`.
    """

    name = "tfrt_test.sync_benchmark"
    arguments = var_operand_def()
    target_fn = attr_def(FlatSymbolRefAttrConstr)
    duration_secs = attr_def(number_of(i32))
    max_count = attr_def(number_of(i32))
    num_warmup_runs = opt_attr_def(number_of(i32))
    traits = traits_def(RunsFunctions(Function("target_fn", words=_TARGET, runs=Runs(gives=(), is_sync=True))))

    FORM: ClassVar[str] = 'symbol_reference "(" opt_typed_values ")" settings'

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        target, typed_values, settings = parts
        operands = reader.values([v for v, _ in typed_values], [t for _, t in typed_values], name[2])
        return Parts(operands, attributes={"target_fn": target, **_settings(reader, settings)})

    def fits_custom_form(self) -> bool:
        return self._fits("target_fn")

    def print(self, printer: Printer) -> None:
        self._print_call(printer, "target_fn")


def _is_i32(attribute: object) -> bool:
    return isinstance(attribute, IntegerAttr) and attribute.type == i32


def _settings(reader: Reader, settings: Sequence[tuple[Token, Token]]) -> dict[str, Attribute]:
    """`max_count = 100, …`: i32 attributes. One warm-up run where the text says nothing of it."""
    attributes: dict[str, Attribute] = {}
    for (_, key, offset), value in settings:
        if key in attributes:
            reader.report(offset, f"attribute '{key}' occurs more than once in the attribute list")
        attributes[key] = reader.number(value, i32)
    attributes.setdefault("num_warmup_runs", DEFAULT_WARMUP_RUNS)
    return attributes
