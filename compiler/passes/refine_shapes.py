"""`refine-shapes`: what follows from the shapes that are known is written into the types of a framework's program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FlatSymbolRefAttr, FunctionType, ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter

from tfrt.compiler.passes.inline import callees_first
from tfrt.compiler.passes.shared.fact_propagation import CASTS, CONSTANTS, Propagation, Special, new_name, rename
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.replacing import cast
from tfrt.compiler.passes.shared.shape_inference import Fact, is_pure
from tfrt.compiler.passes.shared.source_functions import is_source
from tfrt.compiler.passes.shared.source_ops import callee_of
from tfrt.compiler.passes.shared.splice import splice
from tfrt.compiler.passes.symbol_dce import erase_unused, functions_of, is_private
from tfrt.compiler.runtime_values import dense_attribute
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.stablehlo.shapes import ConstantOp
from tfrt.executor.support.errors import CompileError


@dataclass(frozen=True)
class RefineShapes(ModulePass):
    """Finds out shapes in programs of frameworks from those of arguments and constants, by ops' own shape functions.

    What ops give on small constants, or on shapes alone, becomes a constant: so chains that compute a shape go away.
    Functions are copied for the kinds of arguments that they are called with. In loops and branches a shape stays
    unknown that is not the same in all iterations and branches; of a branch on a constant only that one is left.
    Recursive functions stay as they are. Ops that cannot be run on what they are given stay, and fail when they are
    run.

    Args:
        strict: whether such ops are errors, those that surely run and are given shapes that the program did not say.
    """

    name = "refine-shapes"
    anchor = "builtin.module"

    strict: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = {name: function for name, function in functions_of(op).items() if is_source(function)}
        _, recursive = callees_first(functions)
        found = Propagation(functions, recursive)
        entries = [f for name, f in functions.items() if not is_private(f) or name in recursive]
        for entry in entries:
            found.function(entry)
        if self.strict and found.problems:
            raise CompileError(tuple(found.problems))
        names = _place(op, found, entries)
        for function in [*entries, *[special.function for special in names.values()]]:
            _Refined(found, names).function(function)
        unused = {name for name, function in functions.items() if is_private(function)}
        erase_unused(op, unused)
        _take_back_names(op, {name: special.function for name, special in names.items()})


def _place(module: ModuleOp, found: Propagation, entries: Sequence[FuncOp]) -> dict[str, Special]:
    """Put the copies that are called into the module; gives them by name."""
    taken = set(functions_of(module))
    names: dict[str, Special] = {}
    waiting, seen = list(entries), set[FuncOp]()
    while waiting:
        for op in waiting.pop(0).walk():
            special = found.calls.get(op)
            if special is not None and special.function not in seen and _may_run(op, found):
                seen.add(special.function)
                original = special.function.sym_name.data
                rename(special.function, new_name(original, taken))
                names[special.function.sym_name.data] = special
                module.body.block.insert_op_after(special.function, found.functions[original])
                waiting.append(special.function)
    return names


def _may_run(op: Operation, found: Propagation) -> bool:
    """Whether an op is in no branch that is never taken."""
    region = op.parent_region()
    while region is not None and (parent := region.parent) is not None:
        if parent in found.taken and parent.regions[found.taken[parent]] is not region:
            return False
        region = parent.parent_region()
    return True


def _take_back_names(module: ModuleOp, copies: dict[str, FuncOp]) -> None:
    """Copies get the name of what they are copies of where that is gone."""
    renamed: dict[str, str] = {}
    for name, copy in copies.items():
        original = name.rpartition(".")[0]
        if original not in functions_of(module):
            copy.sym_name = type(copy.sym_name)(original)
            renamed[name] = original
    for op in module.walk():
        callee = callee_of(op)
        if callee in renamed:
            op.properties[_callee_property(op)] = FlatSymbolRefAttr(renamed[callee])


def _callee_property(op: Operation) -> str:
    return "callee" if op.name == "func.call" else "decomposition"


@dataclass(frozen=True)
class _Refined:
    """Writes what was found out into functions."""

    found: Propagation
    names: dict[str, Special]

    def function(self, function: FuncOp) -> None:
        block = function.body.block
        self._block(block)
        end = block.last_op
        assert end is not None
        arguments, results = [a.type for a in block.args], [operand.type for operand in end.operands]
        function.function_type = FunctionType.from_lists(arguments, results)

    def _block(self, block: Block) -> None:
        for argument in block.args:
            fact = self.found.fact(argument)
            if fact.value is not None and argument.uses:
                made = _constant(fact)
                made.location = argument.location
                argument.replace_all_uses_with(made.results[0])
                assert block.first_op is not None
                block.insert_op_before(made, block.first_op)
            argument._type = fact.type
        for op in ops_of(block):
            self._op(op)
        # What only computes constants is not needed then, so users come first.
        for op in reversed(ops_of(block)):
            self._make_constants(op)

    def _op(self, op: Operation) -> None:
        number = self.found.taken.get(op)
        if number is not None:
            branch = op.regions[number].block
            self._block(branch)
            self._cast_returned(branch, [self.found.fact(result).type for result in op.results])
            splice(op, branch, (), PatternRewriter(op))
            return
        for result in op.results:
            result._type = self.found.fact(result).type
        special = self.found.calls.get(op)
        if special is not None:
            op.properties[_callee_property(op)] = FlatSymbolRefAttr(special.function.sym_name.data)
            wanted = [self.found.fact(argument).type for argument in special.function.body.block.args]
            op.operands = [cast(operand, type, op) for operand, type in zip(op.operands, wanted, strict=True)]
            for result, fact in zip(op.results, special.results, strict=True):
                result._type = fact.type
        elif callee_of(op) in self.found.functions:
            declared = self.found.functions[callee_of(op) or ""].function_type.inputs
            op.operands = [cast(o, type, op) for o, type in zip(op.operands, declared, strict=True)]
        elif name_of(op) in CASTS and op.operands and op.parent is not None:
            _forward(op)
        for region in op.regions:
            for block in region.blocks:
                self._block(block)
        if op.name == "stablehlo.while":
            types = [result.type for result in op.results]
            op.operands = [cast(operand, type, op) for operand, type in zip(op.operands, types, strict=True)]
            self._cast_returned(op.regions[1].block, types)
        elif op.name in ("stablehlo.if", "stablehlo.case"):
            for region in op.regions:
                self._cast_returned(region.block, [result.type for result in op.results])

    def _make_constants(self, op: Operation) -> None:
        """Put constants in the place of results that are known, and drop the op if nothing else needs it."""
        if op.parent is None:
            return
        is_constant = name_of(op) in CONSTANTS
        for result in op.results:
            fact = self.found.fact(result)
            if fact.value is not None and result.uses and not is_constant and op.name not in _REPEATING:
                made = _constant(fact)
                made.location = op.location
                op.parent.insert_op_after(made, op)
                result.replace_all_uses_with(made.results[0])
        known = is_constant or all(self.found.fact(result).value is not None for result in op.results)
        if op.results and known and is_pure(op) and not any(result.uses for result in op.results):
            op.detach()
            op.erase()

    def _cast_returned(self, block: Block, types: Sequence[Attribute]) -> None:
        end = block.last_op
        assert end is not None
        end.operands = [cast(value, type, end) for value, type in zip(end.operands, types, strict=True)]


_REPEATING = frozenset(
    (
        "stablehlo.broadcast_in_dim",
        "stablehlo.dynamic_broadcast_in_dim",
        "stablehlo.dynamic_iota",
        "stablehlo.iota",
    )
)
"""Ops that cost less, and say more, than the constants that they give."""


def _constant(fact: Fact) -> Operation:
    assert fact.value is not None and isinstance(fact.type, TensorType)
    return ConstantOp.create(properties={"value": dense_attribute(fact.value, fact.type)}, result_types=[fact.type])


def _forward(op: Operation) -> None:
    """Put a cast's operands in the place of its results where the types are the same."""
    if all(operand.type == result.type for operand, result in zip(op.operands, op.results, strict=True)):
        for operand, result in zip(op.operands, op.results, strict=True):
            result.replace_all_uses_with(operand)
        op.detach()
        op.erase()
