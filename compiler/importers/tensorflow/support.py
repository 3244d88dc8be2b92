"""What of a graph of TensorFlow's is not supported, all of it at once, and by the names of nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfrt.compiler.passes.lower_tf import is_supported
from tfrt.dialects.tf_executor import DATAFLOW
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError

_STRING = 7
"""``DT_STRING``."""

_OF_FUNCTIONS = frozenset(("Const", "Placeholder", "_Arg", "_Retval"))
"""What becomes a constant, or an argument or a result of a function."""

_WITH_STRINGS = frozenset(
    (
        *("Assert", "Print", "PrintV2", "StringFormat"),
        *("Case", "If", "PartitionedCall", "StatefulPartitionedCall", "While"),
        *("Const", "Identity", "IdentityN", "StatelessCase", "StatelessIf", "StatelessWhile", "_Arg", "_Retval"),
    )
)
"""Ops whose tensors may hold strings: what says something, and what only hands values on."""

_FUNCTIONAL = (
    "the model's control flow is of dead tokens; build it again after tf.compat.v1.enable_control_flow_v2(), or by"
    " tf.function"
)

_FRAMES = frozenset(("LoopCond", "Merge", "RefMerge", "RefSwitch", "Switch", *DATAFLOW))


def require_supported(graph: Any) -> None:
    """Check all nodes of a ``GraphDef``.

    Raises:
        CompileError: there are ops that are not supported, or strings; one diagnostic for each.
    """
    places = [("", graph.node), *((each.signature.name, each.node_def) for each in graph.library.function)]
    problems = [
        Diagnostic("error", f"'tf.{node.op}' op of node '{node.name}'{_in(function)} {reason}")
        for function, nodes in places
        for node, reason in _refused(nodes)
    ]
    if problems:
        raise CompileError(tuple(problems))


def _in(function: str) -> str:
    return f" of function '{function}'" if function else ""


def _refused(nodes: Iterable[Any]) -> Iterable[tuple[Any, str]]:
    for node in nodes:
        if node.op in _FRAMES or node.op in ("Enter", "Exit", "NextIteration"):
            yield node, f"is not supported: {_FUNCTIONAL}"
        elif node.op not in _OF_FUNCTIONS and not is_supported(f"tf.{node.op}"):
            yield node, "is not supported"
        elif node.op not in _WITH_STRINGS and _has_strings(node):
            yield node, "is not supported: its tensors hold strings"


def _has_strings(node: Any) -> bool:
    """Whether a node has a type of strings."""
    return any(value.type == _STRING or _STRING in value.list.type for value in node.attr.values())
