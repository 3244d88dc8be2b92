"""Going on after a syntax error, so that one run shows every mistake in a text and not only the first.

The op that fits no rule is given up: what the parser has of it is dropped, and tokens are skipped up to where the next
op of the same region starts on a line of its own, or up to the brace that closes the region. A record takes its place
that says which names it would have defined (see `builder.build_given_up`), so that their uses are no mistakes.

Where that cannot work, because braces do not match or the head of a block is wrong, reading ends: what would be
reported after that would follow from what was said already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfrt.compiler.frontend.builder import build_given_up
from tfrt.compiler.frontend.lexer import Token
from tfrt.compiler.frontend.records import OpRecord, ResultRecord

_OPENING = frozenset({"LBRACE", "_METADATA_BEGIN"})
_CLOSING = frozenset({"RBRACE", "_METADATA_END"})

MAX_SYNTAX_ERRORS = 100
"""A text with more is no program."""


def give_up_op(
    state_stack: list[Any], values: list[Any], dropped: Sequence[Any], tokens: Sequence[Token], index: int, text: str
) -> int | None:
    """Unwind the parser's stacks to where an op may start; returns the index of the token to go on with, or None.

    Args:
        dropped: the parts of a rule that are off the stack already, since its callback failed.
        index: the token that fits no rule, or that comes after the rule.
    """
    if tokens[index][0] == "$END" and not dropped:
        return None
    depth, start = _unwind(state_stack, values, dropped)
    if depth is None:
        return None
    resume_at = _next_op(tokens, index if start is not None else index + 1, depth, text)
    if tokens[resume_at][0] == "RBRACE" and "RBRACE" not in state_stack[-1]:
        return None
    if tokens[resume_at][0] == "$END" and (depth or "RBRACE" in state_stack[-1]):
        return None
    names = _defined_names(start)
    values[-1].append(OpRecord(names, build_given_up, (), None))
    return resume_at


def _unwind(state_stack: list[Any], values: list[Any], dropped: Sequence[Any]) -> tuple[int | None, Any]:
    """How many braces of the op are open, and the first of its parts; None for braces where it is no op that failed."""
    depth = 0
    start = dropped[0] if dropped else None
    while "op" not in state_stack[-1]:
        state = state_stack[-1]
        if "ops" in state or "items" in state:
            # Nothing came before the op, so the list of ops is not there yet.
            values.append([])
            state_stack.append(state["ops" if "ops" in state else "items"][1])
            break
        if len(state_stack) == 1:
            return None, None
        start = values.pop()
        state_stack.pop()
        kind = start[0] if isinstance(start, tuple) and start else None
        if kind == "BLOCK_NAME":
            return None, None
        depth += (kind == "LBRACE") - (kind == "RBRACE")
    return depth, start


def _next_op(tokens: Sequence[Token], index: int, depth: int, text: str) -> int:
    """The index of the first token from `index` on that may start an op, closes the region, or ends the text."""
    while True:
        kind = tokens[index][0]
        if kind == "$END":
            return index
        if depth == 0 and (
            kind == "RBRACE" or (_may_start_op(tokens, index) and _is_first_in_line(tokens, index, text))
        ):
            return index
        if kind in _OPENING:
            depth += 1
        elif kind in _CLOSING:
            depth -= 1
        index += 1


def _may_start_op(tokens: Sequence[Token], index: int) -> bool:
    kind, value, _ = tokens[index]
    if kind.startswith("OP_") or kind in ("BLOCK_NAME", "_METADATA_BEGIN"):
        return True
    following = [token[0] for token in tokens[index + 1 : index + 4]]
    match kind:
        case "VALUE":
            return following[0] in ("EQUAL", "COMMA") or (following[0] == "COLON" and following[1:] == ["INT", "EQUAL"])
        case "STRING":
            return following[0] == "LPAR"
        case "HASH_NAME" | "BANG_NAME":
            return following[0] == "EQUAL"
        case "WORD":
            return "." in value
    return False


def _is_first_in_line(tokens: Sequence[Token], index: int, text: str) -> bool:
    return index == 0 or "\n" in text[tokens[index - 1][2] : tokens[index][2]]


def _defined_names(start: Any) -> list[ResultRecord]:
    """The results that an op which starts with this part declares."""
    if isinstance(start, list):
        return [item for item in start if isinstance(item, ResultRecord)]
    if isinstance(start, tuple) and start and start[0] == "VALUE":
        return [ResultRecord(start[1], None, start[2])]
    return []
