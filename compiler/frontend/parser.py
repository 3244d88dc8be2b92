"""The LALR(1) parser: grammar.lark plus the custom forms in use, as a table, run over our tokens.

lark makes the table of the grammar (lark_tables.py); the loop that runs it is ours. It differs from lark's in three
ways. Tokens are plain tuples (see lexer.py). Rules are resolved to their callback and length once, not by hashing a
rule object on every reduction. And a keyword or op name where the grammar wants a word is taken as one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tfrt.compiler.frontend import custom_forms
from tfrt.compiler.frontend.errors import KEYWORD_PREFIX, SyntaxFailure, describe_unexpected
from tfrt.compiler.frontend.lark_tables import State, Table, compile_grammar
from tfrt.compiler.frontend.lexer import Token, word_at
from tfrt.compiler.frontend.lines import Line
from tfrt.compiler.frontend.records import OpRecord
from tfrt.compiler.frontend.recovery import MAX_SYNTAX_ERRORS, give_up_op
from tfrt.compiler.frontend.session import Session
from tfrt.compiler.frontend.syntax import SyntaxActions
from tfrt.dialects import get_dialects

START_RULES = ("module_text", "attribute", "type", "file_metadata", "op")


@dataclass(frozen=True)
class TableParser:
    """Runs a parse table over token tuples."""

    table: Table

    def parse_tokens(
        self,
        tokens: Sequence[Token],
        first: int,
        start: str,
        text: str,
        prefix: bool = False,
        failures: list[SyntaxFailure] | None = None,
    ) -> Any:
        """Parse `tokens[first:]` as `start`; with `prefix`, up to where that rule cannot go on.

        Raises `SyntaxFailure` at the first token that fits no rule. With `failures` it is added to these instead, and
        the parser goes on with the next op (see recovery.py); the result is None where that is impossible.
        """
        end_state = self.table.ends[start]
        state = self.table.starts[start]
        state_stack = [state]
        values: list[Any] = []
        children: list[Any] = []
        index = first
        token = tokens[index]
        kind = token[0]
        while True:
            try:
                while True:
                    try:
                        is_shift, argument = state[kind]
                    except KeyError:
                        if prefix and state is end_state:
                            return values[-1]
                        replacement = self._fall_back(state, token, text, prefix)
                        if replacement is None:
                            expected = [k for k in state if _can_follow(state_stack, k, end_state)]
                            children = []
                            failure = SyntaxFailure(token[2], _describe(expected, token, text))
                            if failures is not None and kind in ("WORD", "BAD"):
                                self._finish_op(state_stack, values)
                            raise failure from None
                        token = replacement
                        kind = token[0]
                        continue
                    if is_shift:
                        state = argument
                        state_stack.append(state)
                        values.append(token)
                        index += 1
                        token = tokens[index]
                        kind = token[0]
                        continue
                    size, callback, origin = argument
                    if callback is None:
                        state_stack.pop()
                        state = state_stack[-1][origin][1]
                        state_stack.append(state)
                        if kind == "$END" and state is end_state:
                            return values[-1]
                        continue
                    if size:
                        children = values[-size:]
                        del state_stack[-size:]
                        del values[-size:]
                    else:
                        children = []
                    values.append(callback(children))
                    state = state_stack[-1][origin][1]
                    state_stack.append(state)
                    if kind == "$END" and state is end_state:
                        return values[-1]
            except SyntaxFailure as failure:
                if failures is None:
                    raise
                failures.append(failure)
                resume_at = None
                if len(failures) < MAX_SYNTAX_ERRORS and not failure.is_last:
                    resume_at = give_up_op(state_stack, values, children, tokens, index, text)
                if resume_at is None:
                    return None
                index = resume_at
                state = state_stack[-1]
                token = tokens[index]
                kind = token[0]

    @staticmethod
    def _finish_op(state_stack: list[State], values: list[Any]) -> None:
        """Reduce what is complete if another op comes next, which no rule knows the name of."""
        while True:
            state = state_stack[-1]
            action = next((state[kind] for kind in state if kind.startswith("OP_")), None)
            if action is None or action[0]:
                return
            size, callback, origin = action[1]
            children = values[-size:] if size else []
            if size:
                del state_stack[-size:]
                del values[-size:]
            values.append(callback(children) if callback is not None else children[0])
            state_stack.append(state_stack[-1][origin][1])

    @staticmethod
    def _fall_back(state: State, token: Token, text: str, prefix: bool) -> Token | None:
        """What else `token` may be where it does not fit: a form's keyword, a plain word, the end of a prefix."""
        if token[0] == "WORD" and f"{KEYWORD_PREFIX}{token[1].upper()}" in state and token[1].islower():
            return (f"{KEYWORD_PREFIX}{token[1].upper()}", *token[1:])
        if "WORD" in state and token[0] not in ("WORD", "$END"):
            word = word_at(text, token[2])
            if word is not None:
                return ("WORD", word, token[2])
        if prefix and "$END" in state and token[0] != "$END":
            return ("$END", "", token[2])
        return None


def _can_follow(state_stack: Sequence[State], kind: str, end_state: State) -> bool:
    """Whether a token of this kind could come next.

    LALR merges the contexts of a rule, so a state may have actions for tokens that only another context
    allows.
    """
    if not (kind.isupper() or kind == "$END"):
        return False
    stack = list(state_stack)
    while True:
        if kind not in stack[-1]:
            return False
        is_shift, argument = stack[-1][kind]
        if is_shift:
            return True
        size, _, origin = argument
        if size:
            del stack[-size:]
        stack.append(stack[-1][origin][1])
        if kind == "$END" and stack[-1] is end_state:
            return True


def _describe(expected: Sequence[str], token: Token, text: str) -> str:
    if token[0] == "BAD":
        return str(token[1])
    if token[0] == "QUESTION_MARK":
        # Only some forms have one.
        return "unexpected character '?'"
    if token[0] == "WORD" and any(kind.startswith("OP_") for kind in expected):
        reason = _why_refused(str(token[1]))
        return f"custom op '{token[1]}' is {'unknown' if reason is None else f'not supported: {reason}'}"
    return describe_unexpected(text, token, expected)


def _why_refused(name: str) -> str | None:
    """Why the dialect of a name has no such op, if it says so."""
    load = get_dialects().get(name.partition(".")[0])
    refused: Mapping[str, str] = {} if load is None else getattr(load(), "refused", {})
    return refused.get(name)


class Parser:
    """A compiled grammar. One parse at a time: the actions work for one session."""

    def __init__(self, grammar: str):
        self._actions = SyntaxActions()
        self._lock = threading.RLock()
        self._table = TableParser(compile_grammar(grammar, START_RULES, self._actions))

    def parse(self, session: Session, tokens: Sequence[Token]) -> list[Any] | None:
        """The records (see records.py) of the top-level ops in `tokens`; None where they make no sense.

        What fits no rule is reported, and records stand in for the ops it was found in.
        """
        failures: list[SyntaxFailure] = []

        def parse_at(index: int, start: str) -> Any:
            return self._table.parse_tokens(tokens, index, start, session.source.text, prefix=True)

        def parse_line(line: Line) -> OpRecord:
            own, line.kind.tokens = line.kind.tokens, None
            # The first line of a kind may have been passed over, as part of what is wrong.
            if own is None or own[0][2] != line.start:
                own = session.tokenize(line.start, line.end)
            record: OpRecord = self._table.parse_tokens(own, 0, "op", session.source.text)
            return record

        with self._lock:
            self._actions.session = session
            session.parse_at = parse_at
            session.parse_line = parse_line
            try:
                records: list[Any] | None = self._table.parse_tokens(
                    tokens, 0, "module_text", session.source.text, failures=failures
                )
            finally:
                del self._actions.session
        for failure in failures:
            session.report(failure.offset, failure.message)
        return records


@cache
def parser_for(forms: frozenset[str], definitions: frozenset[str] = frozenset()) -> Parser:
    """The parser for the core grammar plus these alternatives of `custom_op` and the rules that they use."""
    return Parser(grammar_text(forms, definitions))


def grammar_text(forms: Iterable[str], definitions: Iterable[str] = ()) -> str:
    """The core grammar, the rules of hand-written forms, and `forms` as the alternatives of `custom_op`.

    Args:
        definitions: rules that the forms use.
    """
    core = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    alternatives = sorted({*forms, *(form.rule for form in custom_forms.FORMS.values())})
    terminals = sorted(alternative.split()[0] for alternative in alternatives)
    custom_op = "custom_op: " + "\n  | ".join(alternatives)
    rules = "\n".join([custom_forms.RULES, *sorted(definitions), f"%declare {' '.join(terminals)}", custom_op])
    keywords = sorted(set(re.findall(rf"{KEYWORD_PREFIX}[A-Z_]+", core + rules)))
    terminal_rules = [f'{keyword}: "{keyword.removeprefix(KEYWORD_PREFIX).lower()}"' for keyword in keywords]
    return "\n".join([core, rules, *terminal_rules, ""])
