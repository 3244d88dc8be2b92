"""TensorFlow's calls, branches and loops, which name functions, as those of `func` and `stablehlo`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import (
    ArrayAttr,
    FlatSymbolRefAttr,
    IntegerType,
    SymbolRefAttr,
    TensorType,
    UnrankedTensorType,
    UnregisteredOp,
    i1,
    i32,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tfrt.compiler.passes.shared.replacing import add, add_cast, cast, insert, replace, replace_by
from tfrt.dialects.func import CallOp
from tfrt.dialects.stablehlo.control_flow import CaseOp, IfOp, ReturnOp, WhileOp


@dataclass(frozen=True)
class ControlFlow:
    """Puts such ops in the place of TensorFlow's.

    Attributes:
        functions: those of the program, by name.
        bound: for functions by name, the arguments that are bound to variables, which calls do not pass any more.
        report: tells what is wrong with an op.
    """

    functions: Mapping[str, FuncOp]
    bound: Mapping[str, frozenset[int]]
    report: Callable[[Operation, str], None]

    def call(self, op: Operation) -> None:
        """A call."""
        callee = self._function(op, "f")
        if callee is None:
            return
        inputs, outputs = callee.function_type.inputs.data, callee.function_type.outputs.data
        given = self._unbound(callee, op.operands)
        operands = [cast(value, type, op) for value, type in zip(given, inputs, strict=False)]
        made = CallOp.create(
            operands=operands, properties={"callee": FlatSymbolRefAttr(callee.sym_name.data)}, result_types=outputs
        )
        self._replace_with_casts(op, made)

    def _unbound(self, function: FuncOp, operands: Sequence[SSAValue]) -> list[SSAValue]:
        """What a function still takes of operands."""
        bound = self.bound.get(function.sym_name.data, frozenset())
        return [value for place, value in enumerate(operands) if place not in bound]

    def branch(self, op: Operation) -> None:
        """`tf.If`."""
        branches = [self._function(op, name) for name in ("then_branch", "else_branch")]
        self._branch_among(op, branches, i1, IfOp)

    def case(self, op: Operation) -> None:
        """`tf.Case`."""
        symbols = op.properties.get("branches", op.attributes.get("branches"))
        branches = [self.found(op, symbol) for symbol in symbols] if isinstance(symbols, ArrayAttr) else []
        self._branch_among(op, branches, i32, CaseOp)

    def _branch_among(
        self, op: Operation, branches: Sequence[FuncOp | None], type: IntegerType, made_of: type[IfOp | CaseOp]
    ) -> None:
        if None in branches:
            return
        chooser, *operands = op.operands
        chooser = self._chooser(chooser, type, op)
        regions = [Region([self._calling(branch, operands, op)]) for branch in branches if branch is not None]
        made = made_of.create(operands=[chooser], result_types=op.result_types, regions=regions)
        replace_by(op, made)

    def _chooser(self, value: SSAValue, type: IntegerType, op: Operation) -> SSAValue:
        """What a branch is chosen by; of other types than truth values, whether it is not zero, or not empty."""
        element = value.type.element_type if isinstance(value.type, TensorType | UnrankedTensorType) else None
        scalar = TensorType(type, [])
        if element == type:
            return cast(value, scalar, op)
        name = "tf.ToBool" if type == i1 else "tf.Cast"
        made = UnregisteredOp.with_name(name).create(
            operands=[value], result_types=[scalar], properties={} if type == i1 else {"DstT": i32}
        )
        insert(made, op)
        return made.results[0]

    def _calling(self, function: FuncOp, operands: Sequence[SSAValue], op: Operation) -> Block:
        """A block that gives what a function does on some values, as `op`'s results."""
        block = Block()
        given = self._add_call(block, function, operands, op)
        results = [add_cast(block, v, t, op) for v, t in zip(given, op.result_types, strict=True)]
        add(block, ReturnOp.create(operands=results), op)
        return block

    def _add_call(
        self, block: Block, function: FuncOp, operands: Sequence[SSAValue], op: Operation
    ) -> Sequence[SSAValue]:
        types = function.function_type
        given = self._unbound(function, operands)
        values = [add_cast(block, value, type, op) for value, type in zip(given, types.inputs, strict=True)]
        symbol = FlatSymbolRefAttr(function.sym_name.data)
        return add(
            block, CallOp.create(operands=values, properties={"callee": symbol}, result_types=types.outputs.data), op
        )

    def loop(self, op: Operation) -> None:
        """`tf.While`."""
        condition, body = self._function(op, "cond"), self._function(op, "body")
        if condition is None or body is None:
            return
        types = op.result_types
        operands = [cast(value, type, op) for value, type in zip(op.operands, types, strict=True)]
        asked, advanced = Block(arg_types=types), Block(arg_types=types)
        (goes_on,) = self._add_call(asked, condition, asked.args, op)
        last = ReturnOp.create(operands=[goes_on])
        add(asked, last, op)
        last.operands = [self._chooser(goes_on, i1, last)]
        given = self._add_call(advanced, body, advanced.args, op)
        results = [add_cast(advanced, value, type, op) for value, type in zip(given, types, strict=True)]
        add(advanced, ReturnOp.create(operands=results), op)
        made = WhileOp.create(operands=operands, result_types=types, regions=[Region([asked]), Region([advanced])])
        replace_by(op, made)

    def _function(self, op: Operation, name: str) -> FuncOp | None:
        return self.found(op, op.properties.get(name, op.attributes.get(name)))

    def found(self, op: Operation, symbol: Attribute | None) -> FuncOp | None:
        """The function that an op names; None where there is none, which is reported."""
        found = self.functions.get(symbol.root_reference.data) if isinstance(symbol, SymbolRefAttr) else None
        if found is None:
            self.report(op, f"refers to {symbol}, which is not a function of this program")
        return found

    def _replace_with_casts(self, op: Operation, made: Operation) -> None:
        insert(made, op)
        replace(op, [cast(value, type, op) for value, type in zip(made.results, op.result_types, strict=True)])
