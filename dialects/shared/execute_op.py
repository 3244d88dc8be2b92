"""What the ops that execute another op by name share: `corert.executeop[.seq]`, `corert_sync.executeop`.

Form: `corert.executeop(%handler) "tf.MatMul"(%a, %b) {transpose = true} {f = @g} : 1`. The first dictionary
holds the attributes passed to the executed op, the second those that name functions; the number is that of
the results. The op stores each dictionary as an array of [key, value] pairs, which keeps their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.printer import Printer

from tfrt.dialects.shared.corert_types import OP_HANDLER, TENSOR_HANDLE
from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.verification import fail

DICTIONARIES = ("op_attrs", "op_func_attrs")
"""The attributes that the form writes as dictionaries, in the order in which it writes them."""


class ExecuteOpForm(HandWrittenOp):
    """The form and the rules these ops share; the subclasses define their operands and attributes.

    `DISPATCH` are the types of what an op is dispatched by, before its inputs; where it is a chain, another one is the
    first result.
    """

    FORM: ClassVar[str] = '"(" values ")" STRING "(" opt_values ")" opt_two_dictionaries opt_result_count'
    DISPATCH: ClassVar[tuple[Attribute, ...]] = (OP_HANDLER,)

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        dispatch, op_name, arguments, dictionaries, count = parts
        chain = cls.DISPATCH[1:]
        if len(dispatch) != len(cls.DISPATCH):
            what = "an op handler and a chain" if chain else "an op handler"
            reader.refuse(dispatch[0][2], f"expected {what} in parentheses, found {len(dispatch)} values")
        types = [*cls.DISPATCH, *[TENSOR_HANDLE] * len(arguments)]
        operands = reader.values([*dispatch, *arguments], types, name[2])
        attributes: dict[str, Attribute] = {"op_name": reader.string(op_name)}
        for number, key in enumerate(DICTIONARIES):
            if key in cls.get_irdl_definition().attributes:
                attributes[key] = _as_pairs(dictionaries[number] if len(dictionaries) > number else {})
        results = [*chain, *[TENSOR_HANDLE] * _result_count(reader, count)]
        return Parts(operands, results, attributes)

    def fits_custom_form(self) -> bool:
        return set(self.attributes) == set(self.get_irdl_definition().attributes) and all(
            _has_unique_keys(self.attributes[name]) for name in DICTIONARIES if name in self.attributes
        )

    def verify_(self) -> None:
        for pair in pairs_of(self.attributes["op_attrs"]):
            if not _is_key_value(pair):
                fail(self, "each op_attr should be a key-value pair, where the key is a string")

    def _print(
        self, printer: Printer, dispatch: Iterable[SSAValue], arguments: Iterable[SSAValue], results: int
    ) -> None:
        with printer.in_parens():
            printer.print_list(dispatch, printer.print_ssa_value)
        printer.print_string(" ")
        printer.print_attribute(self.attributes["op_name"])
        with printer.in_parens():
            printer.print_list(arguments, printer.print_ssa_value)
        self._print_pairs(printer)
        if results:
            printer.print_string(f" : {results}")

    def _print_pairs(self, printer: Printer) -> None:
        """Print the dictionaries up to the last that is not empty, since their position tells them apart."""
        dictionaries = [pairs_of(self.attributes.get(name)) for name in DICTIONARIES]
        while dictionaries and not dictionaries[-1]:
            dictionaries.pop()
        for pairs in dictionaries:
            printer.print_string(" ")
            with printer.in_braces():
                printer.print_list(pairs, lambda pair: _print_pair(printer, pair))


def pairs_of(attribute: Attribute | None) -> tuple[Attribute, ...]:
    """The [key, value] pairs of `op_attrs` or `op_func_attrs`."""
    return attribute.data if isinstance(attribute, ArrayAttr) else ()


def find_value(op: Operation, key: str) -> Attribute | None:
    """The attribute `key` that `op` passes to the op it executes."""
    for pair in pairs_of(op.attributes.get("op_attrs")):
        if isinstance(pair, ArrayAttr) and pair.data[0] == StringAttr(key):
            return pair.data[1]
    return None


_MAX_RESULTS = 1 << 16


def _result_count(reader: Reader, token: Token | None) -> int:
    if token is None:
        return 0
    count = reader.integer(token)
    if not 0 <= count <= _MAX_RESULTS:
        reader.refuse(token[2], f"expected a number of results from 0 to {_MAX_RESULTS}")
    return count


def _as_pairs(dictionary: Mapping[str, Attribute]) -> Attribute:
    """[key, value] pairs in the order of the text."""
    return ArrayAttr([ArrayAttr([StringAttr(key), value]) for key, value in dictionary.items()])


def _is_key_value(pair: Attribute) -> bool:
    return isinstance(pair, ArrayAttr) and len(pair.data) == 2 and isinstance(pair.data[0], StringAttr)


def _has_unique_keys(attribute: Attribute) -> bool:
    pairs = pairs_of(attribute)
    if not all(_is_key_value(pair) for pair in pairs):
        return False
    keys = [pair.data[0] for pair in pairs if isinstance(pair, ArrayAttr)]
    return len(set(keys)) == len(keys)


def _print_pair(printer: Printer, pair: Attribute) -> None:
    assert isinstance(pair, ArrayAttr)
    key, value = pair.data
    assert isinstance(key, StringAttr)
    printer.print_identifier_or_string_literal(key.data)
    printer.print_string(" = ")
    printer.print_attribute(value)
