"""Variables that no op of a program changes: what they hold is constant.

Handles are followed through calls, branches and loops. A variable is changed by any op that takes its handle and is not
known to leave it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp, TensorType, UnrankedTensorType, UnrealizedConversionCastOp, UnregisteredAttr
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.source_ops import callee_of
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.dialects.tf import VariableOp

_READ = "tf.ReadVariableOp"

_LEAVING = frozenset((_READ, "tf.ResourceGather", "tf.ResourceGatherNd", "tf.VarIsInitializedOp", "tf.VariableShape"))
"""Ops that leave a variable as it is."""


def make_constant(module: ModuleOp) -> None:
    """Put first values in the place of what is read of variables that nobody changes."""
    found = _Handles(module)
    if not found.variables:
        return
    changed = {
        name
        for op in module.walk()
        if name_of(op) not in _LEAVING and not _hands_on(op)
        for operand in op.operands
        for name in found.names.get(operand, ())
    }
    for op in list(module.walk()):
        if name_of(op) != _READ:
            continue
        names = found.names.get(op.operands[0], set())
        (name,) = names if len(names) == 1 else (None,)
        initial = found.variables.get(name) if name is not None and name not in changed else None
        if initial is not None:
            _replace(op, initial)


def is_resource(type: Attribute) -> bool:
    """Whether a value is a handle of a variable or the like."""
    element = type.element_type if isinstance(type, TensorType | UnrankedTensorType) else None
    return isinstance(element, UnregisteredAttr) and element.attr_name.data == "tf_type.resource"


def _replace(op: Operation, initial: Operation) -> None:
    assert op.parent is not None
    made = initial.clone()
    made.location = op.location
    op.parent.insert_op_before(made, op)
    value = made.results[0]
    if value.type != op.results[0].type:
        cast = UnrealizedConversionCastOp.create(operands=[value], result_types=op.result_types)
        cast.location = op.location
        op.parent.insert_op_before(cast, op)
        value = cast.results[0]
    op.results[0].replace_all_uses_with(value)
    op.detach()
    op.erase()


_HANDING = frozenset(
    (
        "builtin.unrealized_conversion_cast",
        "func.call",
        "func.return",
        "stablehlo.case",
        "stablehlo.if",
        "stablehlo.return",
        "stablehlo.while",
    )
)


def _hands_on(op: Operation) -> bool:
    return op.name in _HANDING


@dataclass
class _Handles:
    """Which variables values may be handles of.

    Attributes:
        names: of variables, by value.
        variables: the ops that give first values, by variable.
    """

    module: ModuleOp
    names: dict[SSAValue, set[str]] = field(default_factory=dict)
    variables: dict[str, Operation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        after: dict[SSAValue, list[SSAValue]] = {}
        for source, target in self._flow():
            after.setdefault(source, []).append(target)
        waiting: list[SSAValue] = []
        for op in self.module.walk():
            if isinstance(op, VariableOp):
                name = op.variable_name.data
                self.names[op.result] = {name}
                waiting.append(op.result)
                if op.initial is not None and isinstance(op.initial.owner, Operation):
                    self.variables[name] = op.initial.owner
        while waiting:
            value = waiting.pop()
            for target in after.get(value, ()):
                known = self.names.setdefault(target, set())
                if not self.names[value] <= known:
                    known |= self.names[value]
                    waiting.append(target)

    def _flow(self) -> Iterable[tuple[SSAValue, SSAValue]]:
        """From which value handles go to which."""
        functions = functions_of(self.module)
        for op in self.module.walk():
            if op.name not in _HANDING or not any(is_resource(value.type) for value in (*op.operands, *op.results)):
                continue
            callee = functions.get(callee_of(op) or "")
            ends = [region.block.last_op for region in op.regions]
            if op.name == "builtin.unrealized_conversion_cast":
                yield from zip(op.operands, op.results, strict=True)
            elif callee is not None and callee.body.blocks:
                yield from zip(op.operands, callee.body.block.args, strict=False)
                end = callee.body.block.last_op
                yield from zip(end.operands if end is not None else (), op.results, strict=False)
            elif op.name == "stablehlo.while":
                for values in (op.operands, ends[1].operands if ends[1] is not None else ()):
                    for region in op.regions:
                        yield from zip(values, region.block.args, strict=True)
                    yield from zip(values, op.results, strict=True)
            else:
                for end in ends:
                    yield from zip(end.operands if end is not None else (), op.results, strict=False)
