"""The names of values: what each means where it stands, and what is wrong with them.

Names live in scopes as in MLIR. A region of an op that is isolated from above starts afresh; any other sees
the names around it, and may not define them again. A name may be used before the text defines it, in a block
that the definition dominates; what is left over at the end of the isolated scope is undeclared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Attribute, Block, Operation, SSAValue

from tfrt.compiler.frontend.lexer import Token
from tfrt.compiler.frontend.records import ResultRecord
from tfrt.compiler.frontend.session import Session


class ForwardReference(SSAValue[Attribute]):
    """Stands in for a value that the text has not defined yet, or never does."""

    settled: SSAValue | None = None
    """What turned out to be meant. Ops with regions are made after it may have turned out, inside of these."""

    @property
    def owner(self) -> Operation | Block:
        raise AssertionError("a value that is not defined has no owner")


class _Scope:
    """The names that a region defines; `outer` is None where the region is isolated."""

    __slots__ = ("given_up", "offsets", "outer", "pending", "values")

    def __init__(self, outer: _Scope | None):
        self.outer = outer
        self.values: dict[str, SSAValue] = {}
        self.offsets: dict[str, int] = {}
        # Names that ops would have defined which could not be read.
        self.given_up: set[str] = set()
        # The uses of names not yet defined, kept in the isolated scope at the root.
        self.pending: dict[str, list[tuple[ForwardReference, int, tuple[Block, ...]]]] = (
            {} if outer is None else outer.pending
        )


class Scopes:
    """The names of one text, as it is built.

    Attributes:
        open_blocks: the blocks that are being filled, from the outermost one.
    """

    def __init__(self, session: Session):
        self.session = session
        self.open_blocks: tuple[Block, ...] = ()
        self._scope = _Scope(None)

    def enter(self, *, isolated: bool) -> _Scope:
        """Begin a region's scope; returns the one around it, for `leave`."""
        around = self._scope
        self._scope = _Scope(None if isolated else around)
        return around

    def leave(self, around: _Scope) -> None:
        """Go back from a region's scope to the one around it."""
        self._scope = around

    def values(self, tokens: Sequence[Token], types: Sequence[Attribute], offset: int) -> list[SSAValue]:
        """The values that `tokens` name, whose users expect `types`."""
        if len(tokens) != len(types):
            where = tokens[0][2] if tokens else offset
            self.session.report(
                where,
                f"number of operands and types do not match: got {len(tokens)} operands and {len(types)} types",
            )
            return [ForwardReference(type) for type in types]
        known = self._scope.values
        found: list[SSAValue] = []
        for token, type in zip(tokens, types):  # noqa: B905 (checked above; this loop is hot)
            value = known.get(token[1])
            if value is None or (value.type is not type and value.type != type):
                value = self._resolve(token, type)
            found.append(value)
        return found

    @property
    def known_values(self) -> Mapping[str, SSAValue]:
        """The values that have been defined in the region that is being built, by name."""
        return self._scope.values

    def define(self, name: str, value: SSAValue, offset: int) -> None:
        """Define a value, whose name starts at an offset."""
        scope = self._scope
        if (scope.outer is not None or name in scope.offsets) and not self._is_new(name, offset):
            return
        scope.offsets[name] = offset
        scope.values[name] = value
        if not name[1].isdigit():
            value.name_hint = name[1:].partition("#")[0]
        if scope.pending:
            self._settle(name, value, offset)
            self._settle(f"{name}#0", value, offset)

    def _resolve(self, token: Token, type: Attribute) -> SSAValue:
        """The slow path of `values`: names of outer scopes, spellings such as `%x#0`, and mistakes."""
        _, name, offset = token
        scope: _Scope | None = self._scope
        while scope is not None:
            value = scope.values.get(name)
            if value is None and name.endswith("#0"):
                value = scope.values.get(name[:-2])
            if value is not None:
                break
            base = name.partition("#")[0]
            if base in scope.given_up:
                return ForwardReference(type)
            if base != name and base in scope.offsets:
                note = self.session.source.note(scope.offsets[base], "defined here")
                self.session.report(offset, f"reference to invalid result number of '{base}'", note)
                return ForwardReference(type)
            scope = scope.outer
        if scope is None or value is None:
            reference = ForwardReference(type)
            self._scope.pending.setdefault(name, []).append((reference, offset, self.open_blocks))
            return reference
        if value.type != type:
            # Operands that a region re-declares are defined under their whole spelling, others without the number.
            defined_at = scope.offsets[name] if name in scope.offsets else scope.offsets[name.partition("#")[0]]
            note = self.session.source.note(defined_at, "prior use here")
            self.session.report(
                offset,
                f"use of value '{name}' expects different type than prior uses: '{type}' vs '{value.type}'",
                note,
            )
            return ForwardReference(type)
        return value

    def define_pack(self, name: str, values: Sequence[SSAValue], offset: int) -> None:
        """Define several values, as `%x#0` and so on."""
        if not self._is_new(name, offset):
            return
        self._scope.offsets[name] = offset
        hint = None if name[1].isdigit() else name[1:]
        for i, value in enumerate(values):
            self._scope.values[f"{name}#{i}"] = value
            value.name_hint = hint
            if self._scope.pending:
                self._settle(f"{name}#{i}", value, offset)
        self._scope.values[name] = values[0]
        if self._scope.pending:
            self._settle(name, values[0], offset)

    def _is_new(self, name: str, offset: int) -> bool:
        """Whether `name` is not defined yet; a diagnostic where it is."""
        scope: _Scope | None = self._scope
        while scope is not None:
            first = scope.offsets.get(name)
            if first is not None:
                note = self.session.source.note(first, "previously defined here")
                self.session.report(offset, f"redefinition of SSA value '{name}'", note)
                return False
            scope = scope.outer
        return True

    def _settle(self, name: str, value: SSAValue, offset: int) -> None:
        """Put the value that `name` turns out to be in place of references to it further up."""
        for reference, use_offset, open_blocks in self._scope.pending.pop(name, ()):
            block = value.owner if isinstance(value.owner, Block) else self.open_blocks[-1]
            if reference.type != value.type:
                note = self.session.source.note(use_offset, f"previously used here with type '{reference.type}'")
                self.session.report(offset, f"definition of SSA value '{name}' has type '{value.type}'", note)
                continue
            if block in open_blocks:
                note = self.session.source.note(offset, "operand defined here (op in the same block)")
                self.session.report(use_offset, f"operand '{name}' does not dominate this use", note)
            reference.settled = value
            reference.replace_all_uses_with(value)

    def give_up_names(self, names: Sequence[ResultRecord]) -> None:
        """Uses of these names are no mistakes, though nothing defines them."""
        scope = self._scope
        scope.given_up.update(record.name for record in names)
        for used in [name for name in scope.pending if name.partition("#")[0] in scope.given_up]:
            del scope.pending[used]

    def finish(self) -> None:
        """Report what is left over at the end of an isolated scope."""
        for name, references in self._scope.pending.items():
            offset = min(offset for _, offset, _ in references)
            self.session.report(offset, f"use of undeclared SSA value name '{name}'")
        self._scope.pending.clear()
