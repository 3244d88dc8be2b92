"""What lark does for the front end: it reads the grammar, computes the LALR(1) table, and keeps it on disk.

This is the only module that knows lark, privates of it among them: the loop over the table is ours (parser.py), and
lark gives the table to nobody but a plug-in that derives from its own; and its cache is a pickle, which could run
anything, while what is kept here is JSON, of which lark has no public reader.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Any

import lark
from lark.grammar import Rule
from lark.lexer import Lexer, TerminalDef
from lark.parse_tree_builder import ChildFilter, ChildFilterLALR_NoPlaceholders, ExpandSingleChild
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser import LALR_Parser

from tfrt.executor.support.cache_folder import cache_folder, is_private, keep

State = dict[str, "tuple[bool, Any]"]
"""For each symbol what to do: ``(True, next state)`` shifts, ``(False, (size, callback, symbol))`` reduces.

Without a callback one part is replaced by itself.
"""


@dataclass(frozen=True)
class Table:
    """A parse table: states refer to one another, and rules are resolved to their callbacks.

    Attributes:
        starts, ends: the first and the last state of each start rule.
    """

    starts: Mapping[str, State]
    ends: Mapping[str, State]


def compile_grammar(grammar: str, start_rules: Sequence[str], actions: object) -> Table:
    """The table of a grammar, from the cache where it is there.

    Args:
        actions: has a method for each rule, which takes the list of its children.
    """
    bound: dict[str, Any] = {"transformer": actions, "_plugins": {"LALR_Parser": _TablePlugin}}
    folder = cache_folder()
    digest = sha256("\n".join([grammar, lark.__version__, sys.version]).encode()).hexdigest()[:32]
    kept = None if folder is None else folder / f"grammar-{digest}.json"
    instance = None if kept is None else _read_kept(kept, bound)
    if instance is None:
        instance = lark.Lark(grammar, parser="lalr", lexer=_NoLexer, start=list(start_rules), **bound)
        if kept is not None:
            _keep(kept, start_rules, instance)
    plugin = instance.parser.parser
    assert isinstance(plugin, _TablePlugin)
    return plugin.table()


class _TablePlugin(LALR_Parser):
    """lark's plug-in point for what runs the table; this one hands it out."""

    def table(self) -> Table:
        callbacks: Mapping[Any, Callable[[list[Any]], Any]] = self.parser.callbacks
        states: dict[Any, State] = {number: {} for number in self._parse_table.states}
        rules: dict[int, tuple[int, Any, str]] = {}
        for number, actions in self._parse_table.states.items():
            state = states[number]
            for symbol, (action, argument) in actions.items():
                if action is Shift:
                    state[symbol] = (True, states[argument])
                    continue
                rule = rules.get(id(argument))
                if rule is None:
                    size = len(argument.expansion)
                    rule = (size, _direct(callbacks[argument], size), argument.origin.name)
                    rules[id(argument)] = rule
                state[symbol] = (False, rule)
        return Table(
            {name: states[number] for name, number in self._parse_table.start_states.items()},
            {name: states[number] for name, number in self._parse_table.end_states.items()},
        )


def _direct(callback: Any, size: int) -> Callable[[list[Any]], Any] | None:
    """A rule's callback for its parts, of which lark drops punctuation first, and with a `?` does nothing for one part:
    what it does is known for each rule, and need not be found out whenever it is reduced."""
    places: Sequence[int] = range(size)
    if isinstance(callback, ChildFilter):
        if type(callback) is not ChildFilterLALR_NoPlaceholders or any(expands for _, expands in callback.to_include):
            return callback
        places, callback = [place for place, _ in callback.to_include], callback.node_builder
    if isinstance(callback, ExpandSingleChild):
        if len(places) == 1:
            return None if size == 1 else itemgetter(places[0])
        callback = callback.node_builder
    if getattr(callback, "picks_first", False) and places:
        return None if size == 1 else itemgetter(places[0])
    if len(places) == size:
        return callback
    if len(places) == 1:
        (place,) = places
        return lambda parts: callback([parts[place]])
    if not places:
        return lambda parts: callback([])
    pick = itemgetter(*places)
    return lambda parts: callback(list(pick(parts)))


class _NoLexer(Lexer):
    """Tells lark that tokens come from elsewhere."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Any:
        raise AssertionError("tokens come from tfrt.compiler.frontend.lexer")


def _keep(path: Path, start_rules: Sequence[str], instance: lark.Lark) -> None:
    """Keep a compiled grammar as JSON, which, other than lark's own pickles, holds nothing that could be run."""
    data, memo = instance.memo_serialize([TerminalDef, Rule])
    data["options"] = {"parser": "lalr", "start": list(start_rules)}
    data["parser"]["lexer_conf"]["lexer_type"] = None
    with suppress(OSError):
        keep(path, json.dumps([data, memo]).encode())


def _read_kept(path: Path, bound: dict[str, Any]) -> lark.Lark | None:
    """The compiled grammar in a file of the cache; None where there is none, or it is damaged."""
    if not is_private(path):
        return None
    try:
        data, memo = json.loads(path.read_bytes(), object_hook=_with_numbers)
        data["options"]["lexer"] = data["parser"]["lexer_conf"]["lexer_type"] = _NoLexer
        return lark.Lark._load_from_dict(data, memo, **bound)
    except Exception:
        # Whatever is wrong with it, it can be made again.
        return None


def _with_numbers(object: dict[str, Any]) -> dict[Any, Any]:
    """JSON spells all keys as strings; states, tokens and rules are numbers."""
    return {int(key) if key.isdecimal() else key: value for key, value in object.items()}
